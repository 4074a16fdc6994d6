/** Free text as an argument of a process: Linux takes 128 KiB for one argument, and no NUL. */

/** Bytes; somewhat below what Linux takes. */
const LONGEST_ARGUMENT = 120_000;

/** The text without characters that cannot be passed on. */
function passable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd');
}

/** Joins lines with newlines into as few texts as arguments can hold; a line that is too long on its own is cut between characters. */
export function joinedForArguments(lines: readonly string[], limit = LONGEST_ARGUMENT): readonly string[] {
  const texts: string[] = [];
  let text: string | undefined;
  let size = 0;
  for (const part of lines.flatMap((line) => cut(passable(line), limit))) {
    const partSize = Buffer.byteLength(part);
    if (text !== undefined && size + 1 + partSize <= limit) {
      text = `${text}\n${part}`;
      size += 1 + partSize;
      continue;
    }
    if (text !== undefined) texts.push(text);
    text = part;
    size = partSize;
  }
  return text === undefined ? texts : [...texts, text];
}

/** The beginning of a text, at most so many bytes long, cut between characters and marked where something was left out. */
export function shortened(text: string, limit: number): string {
  const [whole = ''] = cut(passable(text), limit);
  if (whole.length === passable(text).length) return whole;
  const [start = ''] = cut(whole, limit - Buffer.byteLength('…'));
  return `${start}…`;
}

function cut(text: string, limit: number): readonly string[] {
  const bytes = Buffer.from(text);
  const parts: string[] = [];
  let start = 0;
  while (bytes.length - start > limit) {
    let end = start + limit;
    while (isContinuation(bytes[end])) end -= 1;
    parts.push(bytes.toString('utf8', start, end));
    start = end;
  }
  return [...parts, bytes.toString('utf8', start)];
}

/** Whether a byte of UTF-8 belongs to the character before it. */
function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
