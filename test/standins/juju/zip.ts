/** Reads zip files: the central directory, and one member at a time. As much of the format as charms use, checked. */

import { crc32, inflateRawSync } from 'node:zlib';

export interface ZipEntry {
  readonly name: string;
  /** Unix mode with the file type bits; 0 when the archive was not made by a Unix host, as Juju then sees it. */
  readonly mode: number;
  readonly size: number;
  readonly compressedSize: number;
  readonly method: number;
  readonly crc: number;
  readonly offset: number;
}

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LOCAL_HEADER = 0x04034b50;
const UNIX_HOST = 3;

/** Entries in the order of the archive. Throws when the bytes are not a zip file. */
export function zipEntries(archive: Buffer): readonly ZipEntry[] {
  const end = endOfDirectory(archive);
  const count = archive.readUInt16LE(end + 10);
  let at = archive.readUInt32LE(end + 16);
  const entries: ZipEntry[] = [];
  for (let index = 0; index < count; index += 1) {
    if (archive.readUInt32LE(at) !== DIRECTORY_ENTRY) throw new Error('zip: not a valid zip file');
    const nameLength = archive.readUInt16LE(at + 28);
    const host = archive.readUInt16LE(at + 4) >> 8;
    entries.push({
      name: archive.toString('utf8', at + 46, at + 46 + nameLength),
      mode: host === UNIX_HOST ? archive.readUInt32LE(at + 38) >>> 16 : 0,
      method: archive.readUInt16LE(at + 10),
      crc: archive.readUInt32LE(at + 16),
      compressedSize: archive.readUInt32LE(at + 20),
      size: archive.readUInt32LE(at + 24),
      offset: archive.readUInt32LE(at + 42),
    });
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return entries;
}

/** Content of one entry. Throws when it is damaged. */
export function zipContent(archive: Buffer, entry: ZipEntry): Buffer {
  if (archive.readUInt32LE(entry.offset) !== LOCAL_HEADER) throw new Error('zip: not a valid zip file');
  const start = entry.offset + 30 + archive.readUInt16LE(entry.offset + 26) + archive.readUInt16LE(entry.offset + 28);
  const stored = archive.subarray(start, start + entry.compressedSize);
  const content = inflate(stored, entry);
  if (content.length !== entry.size || crc32(content) !== entry.crc) throw new Error('zip: checksum error');
  return content;
}

function inflate(stored: Buffer, entry: ZipEntry): Buffer {
  if (entry.method === 0) return stored;
  if (entry.method === 8) return inflateRawSync(stored);
  throw new Error('zip: unsupported compression algorithm');
}

function endOfDirectory(archive: Buffer): number {
  const earliest = Math.max(0, archive.length - 22 - 0xffff);
  for (let at = archive.length - 22; at >= earliest; at -= 1) {
    if (archive.readUInt32LE(at) === END_OF_DIRECTORY) return at;
  }
  throw new Error('zip: not a valid zip file');
}
