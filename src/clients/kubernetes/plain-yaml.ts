/**
 * Reads the plain part of YAML that kubeconfigs are written in: block maps and lists of plain words and quoted text. A dispatch
 * that asks the API server reads one, and the YAML library would take a tenth of its time. Whatever is not surely plain is left to
 * the library.
 */

interface Line {
  readonly indent: number;
  readonly text: string;
}

/** Cannot be told here what the text means. */
class NotPlain extends Error {}

const KEY = /^([A-Za-z][A-Za-z0-9_-]*):(?: +(\S.*))?$/;
/** No blanks, and nothing that YAML gives a meaning to, so that it stands for itself. */
const WORD = /^[A-Za-z/](?:[A-Za-z0-9+/=._@:[\]-]*[A-Za-z0-9+/=._@[\]-])?$/;
const QUOTED = /^"([^"\\]*)"$|^'([^']*)'$/;
/** Words that YAML does not take for text. */
const TYPED = /^(?:true|false|null)$/i;

/** Undefined: not plain. Otherwise what any reader of YAML gives. */
export function parsePlainYaml(text: string): unknown {
  try {
    const reader = { lines: linesOf(text), at: 0 };
    const value = block(reader, 0);
    return reader.at === reader.lines.length ? value : undefined;
  } catch (error) {
    if (error instanceof NotPlain) return undefined;
    throw error;
  }
}

interface Reader {
  readonly lines: Line[];
  at: number;
}

function linesOf(text: string): Line[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const content = line.trimStart();
      const indent = line.length - content.length;
      if (line.slice(0, indent) !== ' '.repeat(indent) || content !== content.trimEnd()) throw new NotPlain();
      return { indent, text: content };
    });
}

function block(reader: Reader, indent: number): unknown {
  const first = reader.lines[reader.at];
  if (first?.indent !== indent) throw new NotPlain();
  return first.text.startsWith('- ') ? list(reader, indent) : map(reader, indent);
}

function list(reader: Reader, indent: number): unknown[] {
  const items: unknown[] = [];
  for (;;) {
    const line = reader.lines[reader.at];
    if (line?.indent !== indent || !line.text.startsWith('- ')) return items;
    const text = line.text.slice(2);
    if (KEY.test(text)) {
      // The rest of the item is a map whose first line stands behind the dash.
      reader.lines[reader.at] = { indent: indent + 2, text };
      items.push(map(reader, indent + 2));
    } else {
      reader.at += 1;
      items.push(scalar(text));
    }
  }
}

function map(reader: Reader, indent: number): Record<string, unknown> {
  const entries = new Map<string, unknown>();
  for (;;) {
    const line = reader.lines[reader.at];
    if (line === undefined || line.indent < indent || (line.indent === indent && line.text.startsWith('- ')))
      return Object.fromEntries(entries);
    const [, key, rest] = (line.indent === indent && KEY.exec(line.text)) || [];
    if (key === undefined || TYPED.test(key) || entries.has(key)) throw new NotPlain();
    reader.at += 1;
    entries.set(key, rest === undefined ? nested(reader, indent) : scalar(rest));
  }
}

/** What belongs to a key stands deeper; a list may also stand as deep as its key. */
function nested(reader: Reader, indent: number): unknown {
  const next = reader.lines[reader.at];
  if (next === undefined) throw new NotPlain();
  if (next.indent > indent) return block(reader, next.indent);
  if (next.indent === indent && next.text.startsWith('- ')) return list(reader, indent);
  throw new NotPlain();
}

function scalar(text: string): unknown {
  if (text === '{}') return {};
  if (text === '[]') return [];
  const quoted = QUOTED.exec(text);
  if (quoted) return quoted[1] ?? quoted[2] ?? '';
  if (!WORD.test(text) || TYPED.test(text)) throw new NotPlain();
  return text;
}
