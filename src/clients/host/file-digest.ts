/** Size and digest of a file that another program names by the operating system's path, as resources are. */

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';

export interface FileDigest {
  /** Bytes. */
  readonly size: number;
  /** Hexadecimal. */
  readonly sha256: string;
  /** The first bytes, four at most: by them one kind of file is told from another. */
  readonly head: Uint8Array;
}

/** Reads the file as a stream, whatever its size. Throws when it cannot be read. */
export async function fileDigest(path: string): Promise<FileDigest> {
  const { size } = await stat(path);
  const hash = createHash('sha256');
  let head = Buffer.alloc(0);
  for await (const part of createReadStream(path)) {
    hash.update(part as Buffer);
    if (head.length < 4) head = Buffer.concat([head, part as Buffer]).subarray(0, 4);
  }
  return { size, sha256: hash.digest('hex'), head };
}
