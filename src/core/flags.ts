/** The flags among the words of a command line, as pflag and Go's own flag package read them. */

import { type FlagKind, type FlagProgram, flagKind, flagName } from './service-flags.ts';

/** Flag with its two dashes, as `flagName` has it → value. A flag without a value is `true`. */
export type FlagValues = Readonly<Record<string, string>>;

/** One time that a flag is given. */
export interface FlagUse {
  readonly flag: string;
  readonly value: string;
  /** Of the words: the first and the last that belong to it. */
  readonly first: number;
  readonly last: number;
}

export interface FlagReading {
  readonly uses: readonly FlagUse[];
  /** Words that belong to no flag: the services of the snap refuse to start with any. */
  readonly strays: readonly string[];
}

/** @param words without the program's own name. */
export function readFlags(program: FlagProgram, words: readonly string[]): FlagReading {
  const uses: FlagUse[] = [];
  const strays: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word === '--') return { uses, strays: [...strays, ...words.slice(at + 1)] };
    const [written = '', ...rest] = shorthand(program, word).split('=');
    if (!/^--?[^-]/.test(written)) {
      strays.push(word);
      continue;
    }
    const flag = flagName(program, written);
    const takes = rest.length === 0 && takesNext(flagKind(program, flag), words[at + 1]);
    const value = rest.length > 0 ? rest.join('=') : takes ? (words[at + 1] ?? '') : 'true';
    uses.push({ flag, value, first: at, last: takes ? at + 1 : at });
    if (takes) at += 1;
  }
  return { uses, strays };
}

/** `-v2` is `-v=2`. */
function shorthand(program: FlagProgram, word: string): string {
  return program === 'etcd' ? word : word.replace(/^-v(?=\d)/, '-v=');
}

/** A flag with a value takes any word; one that the table does not have may need none, so that it leaves other flags alone. */
function takesNext(kind: FlagKind | undefined, next: string | undefined): boolean {
  if (kind === 'boolean' || next === undefined) return false;
  return kind !== undefined || !/^--?[A-Za-z]/.test(next);
}

/** Values of an `array` that is given several times are in one text, divided by this: no value of a flag has it. */
export const ARRAY_DIVIDER = '\n';

/** What each flag comes to when all its uses are taken together. */
export function valuesOf(program: FlagProgram, uses: readonly FlagUse[]): FlagValues {
  const groups = Map.groupBy(uses, ({ flag }) => flag);
  return Object.fromEntries(
    [...groups].map(([flag, group]) => [
      flag,
      together(
        flagKind(program, flag),
        group.map(({ value }) => value),
      ),
    ]),
  );
}

function together(kind: FlagKind | undefined, values: readonly string[]): string {
  const last = values.at(-1) ?? '';
  if (values.length === 1) return last;
  if (kind === 'array') return values.join(ARRAY_DIVIDER);
  if (kind !== 'list' && kind !== 'map') return last;
  const items = values.flatMap((value) => value.split(',')).filter((item) => item !== '');
  if (kind === 'list') return items.join(',');
  return [...new Map(items.map((item) => [/^[^=<]*/.exec(item)?.[0], item])).values()].join(',');
}
