/** The files under `args/`: one flag a line, written by k8sd and read by the snap's wrapper through a shell. */

import { isIP } from 'node:net';
import { flagTypes } from './flag-types.ts';

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

/** k8sd's own reading of lines: what is before the first `=`, or the first blank, names the line. Quotes around the value go. */
export function readArguments(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const match = /^\s*(--[^=\s]+)(?:[= ](.*))?$/.exec(line);
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
    if (' \t\n'.includes(character)) {
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
      if (text.charAt(index) !== '\n') add(text.charAt(index));
      index++;
    } else if ('$`{'.includes(character)) {
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

/** Types of which a flag that is given again adds to what it was given before, with the text that divides the values. */
const ADDITIVE: Readonly<Record<string, string>> = {
  strings: ',',
  int32Slice: ',',
  mapStringString: ',',
  mapStringBool: ',',
  stringToString: ',',
  colonSeparatedMultimapStringString: ',',
  'reserved-memory': ',',
  stringArray: '\n',
  namedCertKey: '\n',
};

const types: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map(
  Object.entries(flagTypes).map(([program, byType]) => {
    const pairs = Object.entries(byType).flatMap(([type, names]) =>
      names.split(/\s+/).map((name) => [`--${name}`, type] as const),
    );
    return [program, new Map(pairs)] as const;
  }),
);

/** etcd has Go's own flags, of which these are boolean (etcd 3.6, server/embed). */
const ETCD_BOOLEANS =
  /^--(?:auto-tls|peer-auto-tls|client-cert-auth|peer-client-cert-auth|pre-vote|enable-pprof|force-new-cluster)$/;

/**
 * Flags and values that a service goes by, as pflag reads a command line (etcd: as Go's flag package does). Throws what the service ends on: a
 * word that is no flag, a flag without the value that it needs.
 */
export function parseCommandLine(service: string, words: readonly string[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    const match = /^(--?)([A-Za-z][^=]*)(?:=([\s\S]*))?$/.exec(word);
    if (match === null) throw new Error(`"${service}" does not take any arguments, got ${JSON.stringify([word])}`);
    const flag = nameOf(service, match[1] ?? '', match[2] ?? '');
    const type = types.get(service)?.get(flag);
    const boolean = service === 'etcd' ? ETCD_BOOLEANS.test(flag) : type === 'bool' || type === undefined;
    if (match[3] === undefined && !boolean && words[++index] === undefined)
      throw new Error(`flag needs an argument: ${word}`);
    const value = match[3] ?? (boolean ? 'true' : (words[index] ?? ''));
    const problem = misreadAs(type, value);
    if (problem !== undefined)
      throw new Error(`invalid argument ${JSON.stringify(value)} for ${JSON.stringify(flag)} flag: ${problem}`);
    const divider = ADDITIVE[type ?? ''];
    const before = values[flag];
    values[flag] =
      divider === undefined || !before ? value : [before, value].filter((part) => part !== '').join(divider);
  }
  return values;
}

/** What pflag says of a value that is not of its flag's type. */
function misreadAs(type: string | undefined, value: string): string | undefined {
  const quoted = JSON.stringify(value);
  switch (type) {
    case 'bool':
      return /^(?:1|t|T|true|TRUE|True|0|f|F|false|FALSE|False)$/.test(value)
        ? undefined
        : `strconv.ParseBool: parsing ${quoted}: invalid syntax`;
    case 'ip':
      return isIP(value.trim()) !== 0 || value === '' ? undefined : `failed to parse IP: ${quoted}`;
    case 'int':
    case 'int32':
      return /^[+-]?(?:\d+|0[xX][\da-fA-F]+)$/.test(value)
        ? undefined
        : `strconv.ParseInt: parsing ${quoted}: invalid syntax`;
    case 'duration':
      return /^[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+)$/.test(value)
        ? undefined
        : `time: ${/^[\d.]+$/.test(value) ? 'missing unit in' : 'invalid'} duration ${quoted}`;
    default:
      return undefined;
  }
}

function nameOf(service: string, dashes: string, name: string): string {
  if (service === 'etcd') return `--${name}`;
  if (dashes === '--') return `--${name.replaceAll('_', '-')}`;
  if (name === 'v') return '--v';
  throw new Error(`unknown shorthand flag: '${name.charAt(0)}' in -${name}`);
}
