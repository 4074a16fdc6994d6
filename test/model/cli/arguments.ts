/** Command lines of the `juju` look-alike: flags anywhere, `--flag value` or `--flag=value`, some of them repeated. */

import { CommandFailure } from './failure.ts';

/** `text` keeps the last value, `list` all of them. */
export type FlagKinds = Readonly<Record<string, 'text' | 'list' | 'boolean'>>;

export interface Arguments {
  readonly positionals: readonly string[];
  text(name: string): string | undefined;
  list(name: string): readonly string[];
  boolean(name: string): boolean;
}

/** One-letter names of some flags. */
const SHORT: Readonly<Record<string, string>> = { n: 'n', h: 'help' };

export function parseArguments(kinds: FlagKinds, words: readonly string[]): Arguments {
  const values = new Map<string, string[]>();
  const positionals: string[] = [];
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') {
      positionals.push(...rest);
      break;
    }
    const match = /^(?:--([a-z][a-z-]*)|-([a-z]))(?:=(.*))?$/s.exec(word);
    if (!match) {
      positionals.push(word);
      continue;
    }
    const name = match[1] ?? SHORT[match[2] ?? ''] ?? '';
    const kind = kinds[name];
    if (kind === undefined) throw new CommandFailure(`option provided but not defined: ${word.replace(/=.*/s, '')}`, 2);
    const value = kind === 'boolean' ? (match[3] ?? 'true') : (match[3] ?? rest.shift());
    if (value === undefined) throw new CommandFailure(`option needs an argument: ${word}`, 2);
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  return {
    positionals,
    text: (name) => values.get(name)?.at(-1),
    list: (name) => values.get(name) ?? [],
    boolean: (name) => values.get(name)?.at(-1) === 'true',
  };
}

/** `key=value` words as a map. */
export function parsePairs(words: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    words.map((word) => {
      const equals = word.indexOf('=');
      if (equals <= 0) throw new CommandFailure(`expected "key=value", got "${word}"`, 2);
      return [word.slice(0, equals), word.slice(equals + 1)];
    }),
  );
}

export function required(value: string | undefined, what: string): string {
  if (value === undefined) throw new CommandFailure(`${what} not specified`, 2);
  return value;
}

export function refuseMore(positionals: readonly string[], taken: number): void {
  const more = positionals.slice(taken);
  if (more.length > 0) throw new CommandFailure(`unrecognized args: ${JSON.stringify(more)}`, 2);
}
