/** Command lines as Juju's tools parse them: flags anywhere among the arguments, `--` ends them, booleans take `=value` only. */

import { misuse } from './failure.ts';

/** Long or one-letter name to what it takes; a string names the flag that it is another name of. */
export type FlagTypes = Readonly<Record<string, 'text' | 'boolean' | { readonly alias: string }>>;

export interface ParsedFlags {
  readonly positionals: readonly string[];
  text(name: string): string | undefined;
  boolean(name: string): boolean;
  /** The flag as it was typed, which complaints name: `-r` or `--relation`. */
  typed(name: string): string;
}

type Values = Map<string, { readonly value: string | boolean; readonly typed: string }>;

const TRUE = ['true', 'TRUE', 'True', '1', 't', 'T'];
const FALSE = ['false', 'FALSE', 'False', '0', 'f', 'F'];

export function parseFlags(types: FlagTypes, args: readonly string[]): ParsedFlags {
  const values: Values = new Map();
  const positionals: string[] = [];
  const rest = [...args];
  for (let argument = rest.shift(); argument !== undefined; argument = rest.shift()) {
    if (argument === '--') {
      positionals.push(...rest);
      break;
    }
    if (argument.startsWith('--')) long(types, values, argument, rest);
    else if (argument.startsWith('-') && argument.length > 1) short(types, values, argument, rest);
    else positionals.push(argument);
  }
  return {
    positionals,
    text: (name) => {
      const value = values.get(name)?.value;
      return typeof value === 'string' ? value : undefined;
    },
    boolean: (name) => values.get(name)?.value === true,
    typed: (name) => values.get(name)?.typed ?? (name.length === 1 ? `-${name}` : `--${name}`),
  };
}

function long(types: FlagTypes, values: Values, argument: string, rest: string[]): void {
  const equals = argument.indexOf('=');
  const name = equals < 0 ? argument.slice(2) : argument.slice(2, equals);
  const given = equals < 0 ? undefined : argument.slice(equals + 1);
  set(types, values, name, `--${name}`, given, rest);
}

/** `-r5`, `-r 5`, and clusters of booleans such as `-ab`. */
function short(types: FlagTypes, values: Values, argument: string, rest: string[]): void {
  for (let at = 1; at < argument.length; at += 1) {
    const name = argument.charAt(at);
    const remainder = argument.slice(at + 1);
    if (resolve(types, name, `-${name}`).type === 'boolean') {
      set(types, values, name, `-${name}`, undefined, rest);
      continue;
    }
    set(types, values, name, `-${name}`, remainder === '' ? undefined : remainder, rest);
    return;
  }
}

function set(
  types: FlagTypes,
  values: Values,
  name: string,
  shown: string,
  given: string | undefined,
  rest: string[],
): void {
  const flag = resolve(types, name, shown);
  if (flag.type === 'boolean') {
    values.set(flag.name, { value: readBoolean(shown, given), typed: shown });
    return;
  }
  const value = given ?? rest.shift();
  if (value === undefined) throw misuse(`option needs an argument: ${shown}`);
  values.set(flag.name, { value, typed: shown });
}

function resolve(types: FlagTypes, name: string, shown: string): { name: string; type: 'text' | 'boolean' } {
  const type = Object.hasOwn(types, name) ? types[name] : undefined;
  if (type === undefined) throw misuse(`option provided but not defined: ${shown}`);
  return typeof type === 'object' ? resolve(types, type.alias, shown) : { name, type };
}

function readBoolean(shown: string, given: string | undefined): boolean {
  if (given === undefined || TRUE.includes(given)) return true;
  if (FALSE.includes(given)) return false;
  throw misuse(
    `invalid value ${JSON.stringify(given)} for option ${shown}: strconv.ParseBool: parsing ${JSON.stringify(given)}: invalid syntax`,
  );
}
