/**
 * PEM as Go's `encoding/pem` reads it, since Go programs read what the charms hand on; and a text that somebody wrote by hand brought
 * into that form, or refused with the reason.
 */

export interface PemBlock {
  /** `CERTIFICATE`, `RSA PRIVATE KEY` and so on. */
  readonly label: string;
  /** Whether there are headers (RFC 1421), as in a key that is encrypted in the old way. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
}

export interface PemText {
  readonly blocks: readonly PemBlock[];
  /** Why something that looks like PEM is none, as the end of a sentence that begins with the text's name. */
  readonly problem?: string;
}

/** Longer texts hold no certificates. */
const LONGEST_TEXT = 1024 * 1024;
/** More than any chain has. */
const MOST_BLOCKS = 100;
const START = '-----BEGIN ';
const END = '\n-----END ';
const DASHES = '-----';

/**
 * The first block of a text and what follows it, as `pem.Decode` has it: it skips what is no block, and takes a block only where its
 * boundaries fill their lines. Undefined: there is none.
 */
export function decodePem(text: string): { readonly block: PemBlock; readonly rest: string } | undefined {
  let rest = text;
  for (let next = 0; next >= 0 && next <= rest.length; ) {
    rest = rest.slice(next);
    let end = rest.indexOf(END);
    if (end < 0) return undefined;
    next = end + END.length;
    // Of several beginnings without an end between them the last one counts.
    const begin = rest.slice(0, end).lastIndexOf(START);
    if (begin < 0 || (begin > 0 && rest[begin - 1] !== '\n')) continue;
    const first = lineAt(rest, begin + START.length);
    rest = rest.slice(first.next);
    end -= first.next;
    next -= first.next;
    if (!first.line.endsWith(DASHES)) continue;
    const label = first.line.slice(0, -DASHES.length);
    const headers: [string, string][] = [];
    for (;;) {
      if (rest === '') return undefined;
      const { line, next: after } = lineAt(rest, 0);
      const colon = line.indexOf(':');
      if (colon < 0) break;
      headers.push([line.slice(0, colon).trim(), line.slice(colon + 1).trim()]);
      rest = rest.slice(after);
      end -= after;
      next -= after;
    }
    if (headers.length > 0 && end < 0) continue;
    const trailer = `${label}${DASHES}`;
    if (!rest.startsWith(trailer, next) || lineAt(rest, next + trailer.length).line !== '') continue;
    const bytes = end > 0 ? decodeBase64(rest.slice(0, end)) : new Uint8Array();
    if (bytes === undefined) continue;
    const block = { label, headers: Object.fromEntries(headers), bytes };
    return { block, rest: rest.slice(lineAt(rest, end + END.length - 1).next) };
  }
  return undefined;
}

/** All blocks of a text as it is, up to a hundred. */
export function pemBlocks(text: string): readonly PemBlock[] {
  const blocks: PemBlock[] = [];
  for (let found = decodePem(text); found !== undefined && blocks.length < MOST_BLOCKS; found = decodePem(found.rest))
    blocks.push(found.block);
  return blocks;
}

/**
 * All blocks of a text from outside. What editors, mail and `openssl pkcs12` leave around and between blocks is forgiven: byte order
 * marks, blanks before lines, line ends of Windows, missing line breaks before a block. What Go would make nothing of even then is a
 * problem. Hand on what `encodePem` makes of the blocks, never the text.
 */
export function readPem(text: string): PemText {
  if (text.length > LONGEST_TEXT) return { blocks: [], problem: 'is larger than a megabyte' };
  const tidy = text
    .replaceAll('\uFEFF', '')
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/^[ \t]+/gm, '')
    .replaceAll(/([^\n])(?=-----BEGIN )/g, '$1\n');
  const blocks = pemBlocks(tidy);
  const begun = tidy.match(/^-----BEGIN /gm)?.length ?? 0;
  if (blocks.length >= MOST_BLOCKS) return { blocks: [], problem: `has more than ${MOST_BLOCKS} blocks of PEM` };
  if (begun === blocks.length) return { blocks };
  return { blocks, problem: whyNot(tidy) };
}

/** The form that `pem.Encode` writes and everybody reads: lines of 64 characters, a line break at the end. */
export function encodePem(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.map((line) => `${line}\n`).join('')}-----END ${label}-----\n`;
}

function whyNot(text: string): string {
  if (/\\[nr]/.test(text))
    return 'has a backslash and an n where line breaks belong; give the file itself, as in <key>#file=<path>';
  if (/-----BEGIN [^\n]{1,60}-----[ \t]+\S/.test(text))
    return 'has its line breaks replaced by blanks; give the file itself, as in <key>#file=<path>';
  return 'has a block of PEM that is cut off or damaged';
}

/** Without blanks at its end and without its line break, and where the next one begins. */
function lineAt(text: string, from: number): { readonly line: string; readonly next: number } {
  const at = text.indexOf('\n', from);
  const end = at < 0 ? text.length : at;
  const stop = at > from && text[at - 1] === '\r' ? at - 1 : end;
  return { line: trimRight(text.slice(from, stop)), next: at < 0 ? end : at + 1 };
}

function trimRight(line: string): string {
  let end = line.length;
  while (end > 0 && (line[end - 1] === ' ' || line[end - 1] === '\t')) end -= 1;
  return line.slice(0, end);
}

/** `base64.StdEncoding`: line breaks are skipped, padding must be there, nothing else is forgiven. */
function decodeBase64(text: string): Uint8Array | undefined {
  const compact = text.replaceAll(/[ \t\r\n]/g, '');
  if (compact.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(compact)) return undefined;
  return Buffer.from(compact, 'base64');
}
