/** `pem.Decode` of Go, by which k8sd and the services read every certificate and key. Written from what it says of itself, on bytes. */

const NEWLINE = 10;
const ENDING = Buffer.from('-----');

export interface GoBlock {
  readonly type: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
}

/** Each block in turn, as a loop over `rest` finds them. */
export function decodeAll(text: string): readonly GoBlock[] {
  const found: GoBlock[] = [];
  let lines = linesOf(Buffer.from(text));
  for (;;) {
    const next = decode(lines);
    if (next === undefined) return found;
    found.push(next.block);
    lines = next.rest;
  }
}

/** Without line break, carriage return and trailing blanks; `open` for what no line break follows. */
interface Line {
  readonly raw: Buffer;
  readonly text: Buffer;
}

function linesOf(data: Buffer): readonly Line[] {
  const lines: Line[] = [];
  for (let from = 0; from < data.length; ) {
    const at = data.indexOf(NEWLINE, from);
    const end = at < 0 ? data.length : at;
    const raw = data.subarray(from, end);
    // A carriage return belongs to the line break, so that a last line without one keeps it.
    const text = at >= 0 && raw.at(-1) === 13 ? raw.subarray(0, -1) : raw;
    lines.push({ raw, text: trimEnd(text) });
    from = end + 1;
  }
  return lines;
}

function trimEnd(line: Buffer): Buffer {
  let end = line.length;
  while (end > 0 && (line[end - 1] === 32 || line[end - 1] === 9)) end -= 1;
  return line.subarray(0, end);
}

/** An END counts at the beginning of any line but the first of what is left; the last BEGIN before it must begin a line, too. */
function decode(lines: readonly Line[]): { block: GoBlock; rest: readonly Line[] } | undefined {
  let from = 0;
  for (let end = 1; end < lines.length; end += 1) {
    if (!lines[end]?.raw.toString('latin1').startsWith('-----END ')) continue;
    const begin = lastBegin(lines, from, end);
    const block = begin === undefined ? undefined : blockOf(lines, begin, end);
    if (block === 'none') return undefined;
    if (block !== undefined) return { block, rest: lines.slice(end + 1) };
    from = end;
  }
  return undefined;
}

function lastBegin(lines: readonly Line[], from: number, end: number): number | undefined {
  for (let index = end - 1; index >= from; index -= 1) {
    const at = lines[index]?.raw.lastIndexOf('-----BEGIN ') ?? -1;
    if (at > 0) return undefined;
    if (at === 0) return index;
  }
  return undefined;
}

function blockOf(lines: readonly Line[], begin: number, end: number): GoBlock | 'none' | undefined {
  const first = lines[begin]?.text.subarray('-----BEGIN '.length) ?? Buffer.alloc(0);
  if (first.length < ENDING.length || !first.subarray(-ENDING.length).equals(ENDING)) return undefined;
  const type = first.subarray(0, -ENDING.length);
  const headers: Record<string, string> = {};
  let body = begin + 1;
  for (; ; body += 1) {
    const line = lines[body]?.text;
    if (line === undefined) return 'none';
    const colon = line.indexOf(':');
    if (colon < 0) break;
    headers[line.subarray(0, colon).toString().trim()] = line
      .subarray(colon + 1)
      .toString()
      .trim();
  }
  // The headers have swallowed the end.
  if (body > end) return 'none';
  if (body === end && Object.keys(headers).length > 0) return 'none';
  const last = lines[end]?.text.subarray('-----END '.length);
  if (!last?.equals(Buffer.concat([type, ENDING]))) return undefined;
  const bytes = base64(Buffer.concat(lines.slice(body, end).flatMap(({ raw }) => [raw, Buffer.from('\n')])));
  return bytes && { type: type.toString(), headers, bytes };
}

/** Blanks are taken out, line breaks skipped; padding has to be there and to be the end. */
function base64(data: Buffer): Buffer | undefined {
  const text = data.toString('latin1').replace(/[ \t\r\n]/g, '');
  const bytes = Buffer.from(text, 'base64');
  const padded = text.length % 4 === 0 && /^[A-Za-z0-9+/]*(={0,2})$/.test(text);
  return padded ? bytes : undefined;
}
