/** Command lines of the `juju` look-alike: flags anywhere, `--flag value` or `--flag=value`, some of them repeated. */

import { CommandFailure } from './failure.ts';

/** `text` keeps the last value, `list` all of them. Names of one letter come after a single dash. */
export type FlagKinds = Readonly<Record<string, 'text' | 'list' | 'boolean'>>;

export interface Arguments {
  readonly positionals: readonly string[];
  text(name: string): string | undefined;
  /** The flag's values; of several names for one flag, in turn. */
  list(...names: readonly string[]): readonly string[];
  boolean(name: string): boolean;
}

/** `flagsEndAfter`: what follows that many positional arguments belongs to another program. */
export function parseArguments(
  kinds: FlagKinds,
  words: readonly string[],
  flagsEndAfter = Number.POSITIVE_INFINITY,
): Arguments {
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
      if (positionals.length <= flagsEndAfter) continue;
      positionals.push(...rest);
      break;
    }
    const name = match[1] ?? (match[2] === 'h' ? 'help' : match[2]) ?? '';
    const kind = kinds[name];
    if (kind === undefined) throw new CommandFailure(`option provided but not defined: ${word.replace(/=.*/s, '')}`, 2);
    const value = kind === 'boolean' ? (match[3] ?? 'true') : (match[3] ?? rest.shift());
    if (value === undefined) throw new CommandFailure(`option needs an argument: ${word}`, 2);
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  return {
    positionals,
    text: (name) => values.get(name)?.at(-1),
    list: (...names) => names.flatMap((name) => values.get(name) ?? []),
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

/** `5s`, `1m30s`, as Go writes durations, in milliseconds. */
export function parseDuration(text: string, flag: string): number {
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text))
    throw new CommandFailure(`invalid value "${text}" for option ${flag}: time: invalid duration "${text}"`, 2);
  return [...text.matchAll(/([\d.]+)(ms|s|m|h)/g)].reduce(
    (total, [, amount = '0', unit = 's']) => total + Number(amount) * (units[unit] ?? 0),
    0,
  );
}

/** A whole number of one and more, such as units. */
export function parseCount(text: string | undefined, flag: string): number {
  if (text === undefined) return 1;
  const count = Number(text);
  if (!Number.isInteger(count))
    throw new CommandFailure(
      `invalid value "${text}" for option ${flag}: strconv.ParseInt: parsing "${text}": invalid syntax`,
      2,
    );
  if (count < 0) throw new CommandFailure('--num-units must be a positive integer', 2);
  return count;
}
