/** The kinds of options that there are, for their declarations: each knows the type for Juju and reads a value of it. */

import type { ConfigValue } from '../clients/juju/juju.ts';
import type { Checked } from './option-problem.ts';
import type { Option, OptionType } from './options.ts';
import type { Role } from './role.ts';

/** Bytes. What goes into a file of its own, or is kept as a digest, may be longer. */
const USUAL_LENGTH = 24 * 1024;

export const CONTROL_PLANE: readonly Role[] = ['control-plane'];
export const BOTH: readonly Role[] = ['control-plane', 'worker'];

interface Common {
  readonly on: readonly Role[];
  readonly inherited?: boolean;
  /** Bytes. */
  readonly longest?: number;
}

/** @param text without blanks and line breaks around it: files and block scalars end with one that nobody means (`juju config k8s option=@file`). */
type Parse<Value> = (option: string, text: string) => Checked<Value>;

/** A text of which something is made. */
export function text<Value>(
  common: Common & { readonly default: string; readonly parse: Parse<Value> },
): Option<Value> {
  return make('string', common, common.default, (option, given) => common.parse(option, textOf(given).trim()));
}

/** A text that is kept as it was written: what is made of it takes more than a glance, and is another function's. */
export function document(common: Common & { readonly default: string }): Option<string> {
  return make('string', common, common.default, (_, given) => good(textOf(given)));
}

/** The URI of a Juju secret; empty: none. */
export function secret(common: Common): Option<string> {
  return make('secret', common, undefined, (_, given) => good(textOf(given).trim()));
}

export function flag(common: Common & { readonly default: boolean }): Option<boolean> {
  return make('boolean', common, common.default, (_, given) => good(given === true));
}

interface Whole extends Common {
  readonly from: number;
  readonly to: number;
}

/** A whole number. Where it has no default, undefined: not set. */
export function whole(common: Whole & { readonly default: number }): Option<number>;
export function whole(common: Whole): Option<number | undefined>;
export function whole(common: Whole & { readonly default?: number }): Option<number | undefined> {
  const { from, to } = common;
  return make('int', common, common.default, (option, given) => {
    if (given === undefined) return good(undefined);
    if (typeof given === 'number' && Number.isInteger(given) && given >= from && given <= to) return good(given);
    return refused(common.default, option, `must be a whole number from ${from} to ${to}`);
  });
}

/** One of some words, which is not to be empty. */
export function choice<const Word extends string>(
  words: readonly Word[],
  common: Common & { readonly default: Word },
): Option<Word> {
  const parse: Parse<Word> = (option, given) => {
    const word = words.find((one) => one === given);
    return word === undefined ? refused(common.default, option, `must be ${listed(words)}`) : good(word);
  };
  return text({ ...common, parse });
}

/** One of some words, or empty. @param empty what that means, and what stands in for a word that is none of them. */
export function choiceOrEmpty<const Word extends string, const Empty extends Word | undefined>(
  words: readonly Word[],
  common: Common & { readonly default: Word | ''; readonly empty: Empty },
): Option<Word | Empty> {
  const parse: Parse<Word | Empty> = (option, given) => {
    if (given === '') return good(common.empty);
    const word = words.find((one) => one === given);
    return word === undefined ? refused(common.empty, option, `must be ${listed(words)}`) : good(word);
  };
  return text({ ...common, parse });
}

/** Words between blanks; an operator may also use line breaks. @param wrong of the first word that does not hold: `is not a name`. */
export function words(
  common: Common & {
    readonly default: string;
    readonly holds: (word: string) => boolean;
    readonly wrong: string;
    /** Also commas. */
    readonly commas?: boolean;
  },
): Option<readonly string[]> {
  const { holds, wrong, commas = false } = common;
  return text({
    ...common,
    parse(option, given) {
      const all = given.split(commas ? /[\s,]+/ : /\s+/).filter((word) => word !== '');
      const bad = all.find((word) => !holds(word));
      if (bad === undefined) return good(all);
      return refused([], option, `has ${JSON.stringify(bad.slice(0, 80))}, which ${wrong}`);
    },
  });
}

/** A text that holds or does not. @param wrong what is said of one that does not: `must be a name`. */
export function textThat(
  common: Common & { readonly default: string; readonly holds: (text: string) => boolean; readonly wrong: string },
): Option<string> {
  return text({
    ...common,
    parse: (option, given) =>
      common.holds(given) ? good(given) : { value: given, problems: [{ option, message: common.wrong }] },
  });
}

export function good<Value>(value: Value): Checked<Value> {
  return { value, problems: [] };
}

/** @param standIn nobody acts by it. */
export function refused<Value>(standIn: Value, option: string, message: string): Checked<Value> {
  return { value: standIn, problems: [{ option, message }] };
}

function make<Value>(
  type: OptionType,
  { on: roles, inherited = false, longest = USUAL_LENGTH }: Common,
  fallback: ConfigValue | undefined,
  read: Option<Value>['read'],
): Option<Value> {
  return { type, default: fallback, roles, inherited, longest, read };
}

function textOf(given: ConfigValue | undefined): string {
  return `${given ?? ''}`;
}

/** Some words read as a sentence, many as a list. */
function listed(words: readonly string[]): string {
  return words.length > 3 ? `one of ${words.join(', ')}` : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
