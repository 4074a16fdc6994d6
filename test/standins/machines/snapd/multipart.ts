/** Reads `multipart/form-data`, as far as snapd's upload of a local file needs it. */

export interface Form {
  readonly fields: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<string, { readonly name: string; readonly content: Buffer }>>;
}

/** Undefined when it is not multipart, or broken. */
export function parseForm(contentType: string, body: Buffer): Form | undefined {
  const boundary = /^multipart\/form-data;.*boundary=(?:"([^"]+)"|([^;]+))/i.exec(contentType);
  const mark = boundary?.[1] ?? boundary?.[2];
  if (mark === undefined) return undefined;
  const fields: Record<string, string> = {};
  const files: Record<string, { name: string; content: Buffer }> = {};
  const delimiter = Buffer.from(`--${mark}`);
  let position = body.indexOf(delimiter);
  if (position < 0) return undefined;
  while (position >= 0) {
    const start = position + delimiter.length;
    if (body.subarray(start, start + 2).toString() === '--') return { fields, files };
    const end = body.indexOf(Buffer.concat([Buffer.from('\r\n'), delimiter]), start);
    const headersEnd = body.indexOf('\r\n\r\n', start);
    if (end < 0 || headersEnd < 0) return undefined;
    const headers = body.subarray(start, headersEnd).toString();
    const content = body.subarray(headersEnd + 4, end);
    const name = /[; ]name="([^"]*)"/.exec(headers)?.[1];
    const filename = /filename="([^"]*)"/.exec(headers)?.[1];
    if (name === undefined) return undefined;
    if (filename === undefined) fields[name] = content.toString();
    else files[name] = { name: filename, content: Buffer.from(content) };
    position = end + 2;
  }
  return undefined;
}
