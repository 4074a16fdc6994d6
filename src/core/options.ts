/**
 * The options of the charms. Each is declared once: what Juju has to know of it, which charms have it, and how its value is read. From the
 * declarations the types of the values, `config.yaml`, the tables of the README and what a worker inherits are made; here values are read.
 */

import type { ConfigValue } from '../clients/juju/juju.ts';
import type { Checked, OptionProblem } from './option-problem.ts';
import type { Role } from './role.ts';

/** As `config.yaml` has it. */
export type OptionType = 'string' | 'int' | 'float' | 'boolean' | 'secret';

/** As Juju gives them: with their defaults, and without those that have none and are not set. */
export type RawOptions = Readonly<Record<string, ConfigValue>>;

export interface Option<Value> {
  readonly type: OptionType;
  /** Undefined: there is none, and Juju gives nothing while the option is not set. */
  readonly default: ConfigValue | undefined;
  /** The charms that have it. */
  readonly roles: readonly Role[];
  /** A worker that does not set it has the value of its control plane. Its own default would hide that, so that it has none there. */
  readonly inherited: boolean;
  /** Bytes of a text; one that is longer counts as not set. */
  readonly longest: number;
  /** @param given a text as it was written, line breaks at its ends included; undefined: neither set nor a default. */
  read(option: string, given: ConfigValue | undefined): Checked<Value>;
}

/** By name. Their order is that in which problems are reported. */
export type OptionSet = Readonly<Record<string, Option<unknown>>>;

export type ValuesOf<Declared extends OptionSet> = {
  readonly [Name in keyof Declared]: Declared[Name] extends Option<infer Value> ? Value : never;
};

/** Options that are good one by one, and not together. */
export interface Contradiction<Name extends string = string> {
  /** The one that has to change. */
  readonly option: Name;
  readonly message: string;
  /** The others: where one of them cannot be used, nothing is known of how they go together. */
  readonly beside: readonly Name[];
}

/**
 * Reads the options of a set. Where one cannot be used, what stands for it is a value of its type, so that all problems can be found at once;
 * nobody may act by it.
 *
 * @param raw may hold other options, too.
 * @param contradictions what is wrong with the values together. A problem of one option hides those in which it takes part.
 */
export function readOptions<Declared extends OptionSet>(
  declared: Declared,
  raw: RawOptions,
  contradictions: (values: ValuesOf<Declared>) => readonly Contradiction<keyof Declared & string>[] = () => [],
): Checked<ValuesOf<Declared>> {
  const read = Object.entries(declared).map(([name, option]) => [name, readOption(name, option, raw[name])] as const);
  const value = Object.fromEntries(read.map(([name, one]) => [name, one.value])) as ValuesOf<Declared>;
  const own = read.flatMap(([, one]) => one.problems);
  const wrong = new Set(own.map(({ option }) => option));
  const together = contradictions(value)
    .filter(({ option, beside }) => ![option, ...beside].some((name) => wrong.has(name)))
    .map(({ option, message }) => ({ option, message }));
  return { value, problems: inOrder(declared, [...own, ...together]) };
}

function readOption(name: string, option: Option<unknown>, given: ConfigValue | undefined): Checked<unknown> {
  const long = lengthProblem(option, given);
  if (long === undefined) return option.read(name, given ?? option.default);
  return { value: option.read(name, option.default).value, problems: [{ option: name, message: long }] };
}

/**
 * Juju takes any length; what follows from an option has to fit into a value of the unit state (64 KiB), a databag, an argument of a process
 * or a certificate. A longer one is refused by its name instead of ending a hook.
 */
export function lengthProblem({ longest }: Pick<Option<unknown>, 'longest'>, given: ConfigValue | undefined) {
  const bytes = typeof given === 'string' ? Buffer.byteLength(given) : 0;
  return bytes > longest ? `has ${bytes} bytes; at most ${longest} are taken` : undefined;
}

function inOrder(declared: OptionSet, problems: readonly OptionProblem[]): readonly OptionProblem[] {
  const names = Object.keys(declared);
  return problems.toSorted((one, other) => names.indexOf(one.option) - names.indexOf(other.option));
}

/** The default of an option as the charm of that role has it. */
export function defaultOn(role: Role, option: Option<unknown>): ConfigValue | undefined {
  return role === 'worker' && option.inherited ? undefined : option.default;
}

/** Options that Juju ought to give, since they have a default, and does not. To act by the default would turn off what nobody has turned off. */
export function missingOptions(role: Role, declared: OptionSet, raw: RawOptions): readonly string[] {
  return Object.entries(declared).flatMap(([name, option]) =>
    defaultOn(role, option) !== undefined && raw[name] === undefined ? [name] : [],
  );
}
