/** Reads regular files out of a tar archive (POSIX ustar, which npm writes), so that nothing depends on a tar program. */

/** The contents of the wanted paths that are there. */
export function untar(archive: Buffer, wanted: ReadonlySet<string>): ReadonlyMap<string, Buffer> {
  const files = new Map<string, Buffer>();
  let offset = 0;
  while (offset + block <= archive.length) {
    const header = archive.subarray(offset, offset + block);
    const path =
      text(header, 345, 155) === '' ? text(header, 0, 100) : `${text(header, 345, 155)}/${text(header, 0, 100)}`;
    if (path === '') break;
    const size = Number.parseInt(text(header, 124, 12), 8);
    const start = offset + block;
    const type = text(header, 156, 1);
    if ((type === '0' || type === '') && wanted.has(path)) files.set(path, archive.subarray(start, start + size));
    offset = start + Math.ceil(size / block) * block;
  }
  return files;
}

const block = 512;

function text(header: Buffer, offset: number, length: number): string {
  const field = header.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end === -1 ? length : end).trim();
}
