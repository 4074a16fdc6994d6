/**
 * The words of a text as bash reads them in `declare -a args="($(cat file))"`, which is how the snap's start scripts read an argument file
 * (canonical/k8s-snap, k8s/lib.sh). What bash would expand is not expanded: the word keeps its text and says that it is not literal.
 */

export interface ShellWord {
  /** Without quotes and escapes. */
  readonly text: string;
  /** Offsets of the word as it is written: `source.slice(start, end)`. */
  readonly start: number;
  readonly end: number;
  /** False: bash would expand something in it (`$X`, a command, braces), so that the program gets another word. */
  readonly literal: boolean;
  /** True: bash cannot read on from here (a quote that does not end, `;`, `&`). The word is the rest of its line. */
  readonly broken: boolean;
}

const BLANKS = ' \t\n';
/** End a word, and are a syntax error in an array. */
const OPERATORS = ';&|<>()';
/** In a word that begins with a dash no home folder is meant, and no file: one called `--flag=…` would have to lie there. */
const UNQUOTED_EXPANSION = /[$`]|\{[^{}]*(?:,|\.\.)[^{}]*\}|^[^-].*[~*?]|^[~*?]/s;

export function readShellWords(source: string): readonly ShellWord[] {
  const words: ShellWord[] = [];
  let at = 0;
  while (at < source.length) {
    if (BLANKS.includes(source.charAt(at))) at += 1;
    else if (source.startsWith('\\\n', at)) at += 2;
    else if (source.charAt(at) === '#') at = lineEnd(source, at);
    else {
      const word = readWord(source, at);
      words.push(word);
      at = word.end;
    }
  }
  return words;
}

function readWord(source: string, start: number): ShellWord {
  let text = '';
  /** What stands outside of quotes: only there braces and patterns mean something. */
  let unquoted = '';
  let literal = true;
  let at = start;
  while (at < source.length) {
    const character = source.charAt(at);
    if (BLANKS.includes(character)) break;
    if (OPERATORS.includes(character)) return broken(source, start);
    if (character === '"' || character === "'") {
      const quoted = character === "'" ? singleQuoted(source, at + 1) : doubleQuoted(source, at + 1);
      if (quoted === undefined) return broken(source, start);
      // `$'…'` and `$"…"` are quotes of their own kind.
      if (!quoted.literal || source.charAt(at - 1) === '$') literal = false;
      text += quoted.text;
      at = quoted.end;
    } else if (character === '\\') {
      const next = source.charAt(at + 1);
      text += next === '\n' ? '' : next || '\\';
      at += 2;
    } else {
      const plain = runFrom(PLAIN, source, at);
      text += plain;
      unquoted += plain;
      at += plain.length;
    }
  }
  return {
    text,
    start,
    end: Math.min(at, source.length),
    literal: literal && !UNQUOTED_EXPANSION.test(unquoted),
    broken: false,
  };
}

function broken(source: string, start: number): ShellWord {
  const end = lineEnd(source, start);
  return { text: source.slice(start, end), start, end, literal: true, broken: true };
}

interface Quoted {
  readonly text: string;
  /** Behind the closing quote. */
  readonly end: number;
  readonly literal: boolean;
}

function singleQuoted(source: string, from: number): Quoted | undefined {
  const end = source.indexOf("'", from);
  return end < 0 ? undefined : { text: source.slice(from, end), end: end + 1, literal: true };
}

/** What means nothing but itself, outside of quotes and inside of double ones. */
const PLAIN = /[^ \t\n;&|<>()"'\\]+/y;
const PLAIN_QUOTED = /[^"$`\\]+/y;

function runFrom(pattern: RegExp, source: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0] ?? '';
}

/** A backslash escapes only `$`, a backquote, `"`, itself and the end of the line (bash, Double Quotes). */
function doubleQuoted(source: string, from: number): Quoted | undefined {
  let text = '';
  let literal = true;
  for (let at = from; at < source.length; at += 1) {
    const plain = runFrom(PLAIN_QUOTED, source, at);
    text += plain;
    at += plain.length;
    const character = source.charAt(at);
    if (character === '"') return { text, end: at + 1, literal };
    if (character === '$' || character === '`') literal = false;
    const next = source.charAt(at + 1);
    if (character === '\\' && next !== '' && '$`"\\\n'.includes(next)) {
      text += next === '\n' ? '' : next;
      at += 1;
    } else text += character;
  }
  return undefined;
}

function lineEnd(source: string, from: number): number {
  const end = source.indexOf('\n', from);
  return end < 0 ? source.length : end;
}
