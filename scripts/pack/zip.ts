/**
 * A zip writer for reproducible archives: the same entries give the same bytes, on every machine and in every time zone. It takes data
 * that is deflated already, so that the Node binary, nearly all of an archive, is deflated once and not once per archive.
 */
import { crc32 } from 'node:zlib';

export interface ZipEntry {
  /** Relative, with `/`. */
  readonly path: string;
  /** Unix permissions, such as 0o755. */
  readonly mode: number;
  /** CRC-32 of the data as it was. */
  readonly crc32: number;
  /** Bytes of the data as it was. */
  readonly size: number;
  /** The data as a raw deflate stream. */
  readonly deflated: Buffer;
}

/** Describes data for an archive. `deflated` has to be the raw deflate stream of `data`. */
export function zipEntry(path: string, mode: number, data: Buffer, deflated: Buffer): ZipEntry {
  return { path, mode, crc32: crc32(data), size: data.length, deflated };
}

/** The whole archive: regular files only, sorted by path, below 4 GiB and 65536 entries. */
export function zip(entries: readonly ZipEntry[]): Buffer {
  const sorted = entries.toSorted((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of sorted) {
    const header = localHeader(entry);
    files.push(header, entry.deflated);
    directory.push(directoryRecord(entry, offset));
    offset += header.length + entry.deflated.length;
  }
  const records = Buffer.concat(directory);
  return Buffer.concat([...files, records, endOfDirectory(sorted.length, records.length, offset)]);
}

/** Field by field as in PKWARE's APPNOTE.TXT 4.3.7. */
function localHeader(entry: ZipEntry): Buffer {
  const name = Buffer.from(entry.path);
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  commonFields(entry, name).copy(header, 4);
  return Buffer.concat([header, name]);
}

/** APPNOTE.TXT 4.3.12. */
function directoryRecord(entry: ZipEntry, offset: number): Buffer {
  const name = Buffer.from(entry.path);
  const record = Buffer.alloc(46);
  record.writeUInt32LE(0x02014b50, 0);
  record.writeUInt16LE(madeByUnix, 4);
  commonFields(entry, name).copy(record, 6);
  record.writeUInt32LE(((regularFile | entry.mode) << 16) >>> 0, 38);
  record.writeUInt32LE(offset, 42);
  return Buffer.concat([record, name]);
}

/** What both headers have in the same order, from "version needed to extract" to "extra field length". */
function commonFields(entry: ZipEntry, name: Buffer): Buffer {
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(version, 0);
  fields.writeUInt16LE(namesAreUtf8, 2);
  fields.writeUInt16LE(deflateMethod, 4);
  fields.writeUInt16LE(midnight, 6);
  fields.writeUInt16LE(firstOfJanuary1980, 8);
  fields.writeUInt32LE(entry.crc32, 10);
  fields.writeUInt32LE(entry.deflated.length, 14);
  fields.writeUInt32LE(entry.size, 18);
  fields.writeUInt16LE(name.length, 22);
  return fields;
}

/** APPNOTE.TXT 4.3.16. */
function endOfDirectory(entries: number, size: number, offset: number): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries, 8);
  end.writeUInt16LE(entries, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return end;
}

const version = 20;
const madeByUnix = (3 << 8) | version;
const namesAreUtf8 = 1 << 11;
const deflateMethod = 8;
const midnight = 0;
const firstOfJanuary1980 = (1 << 5) | 1;
const regularFile = 0o100000;
