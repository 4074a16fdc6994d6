/** Reads a zip archive by its central directory, with the modes that an unpacking Juju sees. Apart from the writer, so that the two check each other. */
import { crc32, inflateRawSync } from 'node:zlib';

export interface ZipFile {
  readonly path: string;
  /** Host system that the attributes are of; 3 is Unix. */
  readonly madeBy: number;
  /** Type and permissions, as `st_mode`. */
  readonly mode: number;
  readonly data: Buffer;
}

export function readZip(archive: Buffer): readonly ZipFile[] {
  const end = archive.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  const count = archive.readUInt16LE(end + 10);
  const files: ZipFile[] = [];
  let at = archive.readUInt32LE(end + 16);
  for (let index = 0; index < count; index += 1) {
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) => archive.readUInt16LE(at + offset));
    const path = archive.toString('utf8', at + 46, at + 46 + (nameLength ?? 0));
    files.push({
      path,
      madeBy: archive.readUInt8(at + 5),
      mode: archive.readUInt16LE(at + 40),
      data: contents(archive, at, path),
    });
    at += 46 + (nameLength ?? 0) + (extraLength ?? 0) + (commentLength ?? 0);
  }
  return files;
}

function contents(archive: Buffer, record: number, path: string): Buffer {
  const header = archive.readUInt32LE(record + 42);
  const start = header + 30 + archive.readUInt16LE(header + 26) + archive.readUInt16LE(header + 28);
  const packed = archive.subarray(start, start + archive.readUInt32LE(record + 20));
  const data = archive.readUInt16LE(record + 10) === 8 ? inflateRawSync(packed) : packed;
  if (crc32(data) !== archive.readUInt32LE(record + 16)) throw new Error(`${path}: wrong checksum`);
  return data;
}
