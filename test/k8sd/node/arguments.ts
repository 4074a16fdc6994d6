/** The files under `args/`: one flag a line, written by k8sd and read by the snap's wrapper through a shell. */

export type Arguments = Readonly<Record<string, string>>;

/** Sorted lines `--flag="value"`, without any escaping. */
export function writeArguments(values: Arguments): string {
  const lines = Object.entries(values).map(([flag, value]) => `${flag}="${value}"`);
  return `${lines.sort().join('\n')}\n`;
}

/** Defaults with an operator's values over them; null takes a default away. */
export function mergeArguments(defaults: Arguments, extra: Readonly<Record<string, unknown>> | undefined): Arguments {
  const merged: Record<string, string> = { ...defaults };
  for (const [flag, value] of Object.entries(extra ?? {})) {
    if (value === null) delete merged[flag];
    else merged[flag] = String(value);
  }
  return merged;
}

/** k8sd's own reading: the part before `=` names the line. Quotes around the value go. */
export function readArguments(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const match = /^\s*(--[^=\s]+)(?:=(.*))?$/.exec(line);
    if (match?.[1] !== undefined) values[match[1]] = (match[2] ?? '').trim().replace(/^(["'])(.*)\1$/, '$2');
  }
  return values;
}

/**
 * What the wrapper makes of the file: the words of a shell. Expansions and control operators, which a real shell would
 * carry out as root, are refused here: nothing that a charm writes may need them.
 */
export function shellWords(text: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  let index = 0;
  const add = (more: string): void => {
    word = (word ?? '') + more;
  };
  while (index < text.length) {
    const character = text.charAt(index++);
    if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (character === '#' && word === undefined) {
      while (index < text.length && text.charAt(index) !== '\n') index++;
    } else if (character === "'") {
      const end = text.indexOf("'", index);
      if (end < 0) throw new Error("unexpected EOF while looking for matching `''");
      add(text.slice(index, end));
      index = end + 1;
    } else if (character === '"') {
      const quoted = doubleQuoted(text, index);
      add(quoted.value);
      index = quoted.end;
    } else if (character === '\\') {
      add(text.charAt(index++));
    } else if ('$`'.includes(character)) {
      throw new Error(`shell expansion in arguments: ${character}`);
    } else if (';&<>()|'.includes(character)) {
      throw new Error(`syntax error near unexpected token \`${character}'`);
    } else add(character);
  }
  if (word !== undefined) words.push(word);
  return words;
}

function doubleQuoted(text: string, start: number): { readonly value: string; readonly end: number } {
  let value = '';
  for (let index = start; index < text.length; index++) {
    const character = text.charAt(index);
    if (character === '"') return { value, end: index + 1 };
    if (character === '$' || character === '`') throw new Error(`shell expansion in arguments: ${character}`);
    if (character === '\\' && '$`"\\\n'.includes(text.charAt(index + 1))) value += text.charAt(++index);
    else value += character;
  }
  throw new Error('unexpected EOF while looking for matching `"\'');
}

/** Flags and values of a process. A word that is no flag is a stray argument, which the services refuse. */
export function parseCommandLine(words: readonly string[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const word of words) {
    const match = /^(--?[A-Za-z][A-Za-z0-9-]*)(?:=([\s\S]*))?$/.exec(word);
    if (match?.[1] === undefined) throw new Error(`unknown command ${JSON.stringify(word)}`);
    values[match[1].startsWith('--') ? match[1] : `-${match[1]}`] = match[2] ?? 'true';
  }
  return values;
}
