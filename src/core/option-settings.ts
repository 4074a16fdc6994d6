/**
 * Options as an operator would set them, without setting them: the parameter of an action that shows what would follow. What Juju would refuse
 * in `juju config` is refused here, too.
 */

import type { ConfigValue } from '../clients/juju/juju.ts';
import { parseBoundedYaml, type YamlBounds } from './bounded-yaml.ts';
import { defaultOn, type Option, type OptionSet, type RawOptions } from './options.ts';
import { isNear } from './parameters.ts';
import type { Role } from './role.ts';
import { readShellWords } from './shell-words.ts';

/** By name; undefined: as after `juju config --reset`. */
export type Settings = ReadonlyMap<string, ConfigValue | undefined>;

/** Several times as many as there are. */
const MOST = 500;
/** Of a message. */
const MOST_PROBLEMS = 10;
/** Characters. More than the longest option may have. */
const LONGEST = 768 * 1024;
const YAML: YamlBounds = { length: LONGEST, depth: 4, nodes: 10_000 };
/** A mapping begins with a brace, a document's dashes, or a name and a colon; pairs begin with a name and an equals sign. */
const MAPPING = /^(?:\{|---\s|[\w-]+\s*:(?:\s|$))/;
const FORM = 'must be options as name=value, separated by spaces, or a YAML mapping of options to values';
/** As Go's strconv.ParseBool, with which Juju reads them. */
const TRUE: ReadonlySet<unknown> = new Set([true, 'true', 'True', 'TRUE', 't', 'T', '1']);
const FALSE: ReadonlySet<unknown> = new Set([false, 'false', 'False', 'FALSE', 'f', 'F', '0']);

/**
 * @param parameter the name of the parameter, for messages.
 * @param given `cis-mode=true kubelet-extra-args="v=4 max-pods=50"`, words quoted as in a shell; or a YAML mapping, as text or as Juju has read
 * it, in which null resets an option. Absent or empty: no settings.
 * @param declared the options of this charm. @param elsewhere those of the other one, for who asks the wrong unit.
 * @throws Error with the text for the operator, which names all that is wrong.
 */
export async function readSettings(
  parameter: string,
  given: unknown,
  declared: OptionSet,
  elsewhere: OptionSet,
): Promise<Settings> {
  const settings = new Map<string, ConfigValue | undefined>();
  const problems: string[] = [];
  const entries = await entriesOf(parameter, given);
  if (entries.length > MOST) throw new Error(`${parameter} has ${entries.length} options; at most ${MOST} are taken`);
  for (const [name, value] of entries) {
    const option = Object.hasOwn(declared, name) ? declared[name] : undefined;
    const reading = option === undefined ? unknown(name, declared, elsewhere) : convert(name, option, value);
    if ('problem' in reading) problems.push(reading.problem);
    else if (settings.has(name)) problems.push(`${name} is given twice`);
    else settings.set(name, reading.value);
  }
  if (problems.length > 0) throw new Error(`${parameter}: ${listed(problems)}`);
  return settings;
}

/** The options as they would be. */
export function withSettings(raw: RawOptions, settings: Settings, declared: OptionSet, role: Role): RawOptions {
  const next = new Map(Object.entries(raw));
  for (const [name, set] of settings) {
    const option = declared[name];
    const value = set ?? (option && defaultOn(role, option));
    if (value === undefined) next.delete(name);
    else next.set(name, value);
  }
  return Object.fromEntries(next);
}

async function entriesOf(parameter: string, given: unknown): Promise<readonly (readonly [string, unknown])[]> {
  if (given === undefined || given === null) return [];
  if (typeof given !== 'string') return pairsOf(parameter, given);
  const text = given.trim();
  if (text.length > LONGEST)
    throw new Error(`${parameter} has ${text.length} characters; at most ${LONGEST} are taken`);
  if (!MAPPING.test(text)) return readShellWords(text).map((word) => pairIn(parameter, word));
  const reading = await parseBoundedYaml(text, YAML);
  if ('problem' in reading) throw new Error(`${parameter} ${reading.problem}`);
  return pairsOf(parameter, reading.value);
}

function pairsOf(parameter: string, value: unknown): readonly (readonly [string, unknown])[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${parameter} ${FORM}`);
  return Object.entries(value);
}

function pairIn(parameter: string, { text, broken }: ReturnType<typeof readShellWords>[number]) {
  const at = text.indexOf('=');
  const name = at < 0 ? text : text.slice(0, at);
  if (broken) throw new Error(`${parameter}: quote the value of ${shown(name)}`);
  if (at < 1) throw new Error(`${parameter}: ${shown(text)} has no value; it ${FORM}`);
  const value = text.slice(at + 1);
  // Juju's client reads such files; what it hands on here is their names.
  if (value.startsWith('@')) throw new Error(`${parameter}: give the text of ${shown(name)} itself, not a file`);
  return [name, value] as const;
}

type Reading = { readonly value: ConfigValue | undefined } | { readonly problem: string };

function unknown(name: string, declared: OptionSet, elsewhere: OptionSet): Reading {
  if (Object.hasOwn(elsewhere, name)) {
    const other = elsewhere[name]?.roles[0] === 'control-plane' ? 'control-plane units' : 'workers';
    return { problem: `${name} is an option of ${other}; run plan on one of them` };
  }
  const near = Object.keys(declared).find((one) => isNear(name.toLowerCase().replaceAll('_', '-'), one));
  return { problem: `there is no option ${shown(name)}${near === undefined ? '' : ` (did you mean ${near}?)`}` };
}

/** Messages do not repeat values: some are secret. */
function convert(name: string, { type }: Option<unknown>, value: unknown): Reading {
  if (value === null) return { value: undefined };
  switch (type) {
    case 'boolean':
      if (TRUE.has(value) || FALSE.has(value)) return { value: TRUE.has(value) };
      return { problem: `${name} must be true or false` };
    case 'int':
      return numberOf(value, /^[+-]?\d+$/, Number.isSafeInteger) ?? { problem: `${name} must be a whole number` };
    case 'float':
      return numberOf(value, /\d/, Number.isFinite) ?? { problem: `${name} must be a number` };
    case 'secret':
      if (typeof value === 'string' && (value === '' || value.startsWith('secret:'))) return { value };
      return { problem: `${name} must be the URI of a secret, such as secret:d2abc` };
    case 'string':
      return typeof value === 'string' ? { value } : { problem: `${name} must be text; put it in quotes` };
  }
}

function numberOf(value: unknown, form: RegExp, holds: (number: number) => boolean): Reading | undefined {
  const number = typeof value === 'string' && form.test(value) ? Number(value) : value;
  return typeof number === 'number' && holds(number) ? { value: number } : undefined;
}

function listed(problems: readonly string[]): string {
  const more = problems.length - MOST_PROBLEMS;
  return [...problems.slice(0, MOST_PROBLEMS), ...(more > 0 ? [`${more} more`] : [])].join('; ');
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 60));
}
