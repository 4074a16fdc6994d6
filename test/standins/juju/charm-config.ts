/** `config.yaml`: the options of a charm, and how the values that people give for them are read. */

import { CharmRefused } from './charm-refused.ts';
import { describe, mapAt, parseYamlMap, stringAt } from './charm-yaml.ts';
import type { ConfigValue } from './state.ts';

const TYPES = ['string', 'int', 'float', 'boolean', 'secret'] as const;

export type OptionType = (typeof TYPES)[number];

export interface ConfigOption {
  readonly type: OptionType;
  readonly description: string;
  readonly default: ConfigValue | undefined;
}

const GO_TYPES: Readonly<Record<OptionType, string>> = {
  string: 'string',
  int: 'int',
  float: 'float',
  boolean: 'boolean',
  secret: 'secret',
};

export function parseConfig(text: string): Readonly<Record<string, ConfigOption>> {
  const map = parseYamlMap(text, 'config.yaml');
  if (map['options'] === undefined || map['options'] === null)
    throw new CharmRefused('invalid config: empty configuration');
  const options: Record<string, ConfigOption> = {};
  for (const name of Object.keys(mapAt(map, 'options', 'invalid config'))) {
    const option = mapAt(mapAt(map, 'options', 'invalid config'), name, 'invalid config');
    const type = stringAt(option, 'type', 'invalid config') ?? 'string';
    if (!isOptionType(type)) throw new CharmRefused(`invalid config: option "${name}" has unknown type "${type}"`);
    options[name] = {
      type,
      description: stringAt(option, 'description', 'invalid config') ?? '',
      default: parseDefault(name, type, option['default']),
    };
  }
  return options;
}

/** A value as given in `juju config`: text becomes the option's type; throws with Juju's words when it is no such value. */
export function readConfigValue(
  options: Readonly<Record<string, ConfigOption>>,
  name: string,
  value: ConfigValue,
): ConfigValue {
  const option = options[name];
  if (!option) throw new Error(`unknown option "${name}"`);
  const read = coerce(option.type, value);
  if (read === undefined) {
    throw new Error(`option "${name}" expected ${GO_TYPES[option.type]}, got ${JSON.stringify(value)}`);
  }
  return read;
}

/** Whether a value that was set for an option, perhaps of another charm's revision, is one of this type as it is. */
export function isValueOf(type: OptionType | undefined, value: ConfigValue): boolean {
  switch (type) {
    case 'string':
      return typeof value === 'string';
    case 'secret':
      return typeof value === 'string' && (value === '' || value.startsWith('secret:'));
    case 'boolean':
      return typeof value === 'boolean';
    case 'int':
      return Number.isInteger(value);
    case 'float':
      return typeof value === 'number';
    default:
      return false;
  }
}

function isOptionType(type: string): type is OptionType {
  return (TYPES as readonly string[]).includes(type);
}

function parseDefault(name: string, type: OptionType, value: unknown): ConfigValue | undefined {
  if (value === undefined || value === null) return undefined;
  const fits =
    type === 'boolean'
      ? typeof value === 'boolean'
      : type === 'int'
        ? Number.isInteger(value)
        : type === 'float'
          ? typeof value === 'number'
          : typeof value === 'string' && (type === 'string' || value === '' || value.startsWith('secret:'));
  if (!fits) {
    const got = typeof value === 'string' ? `"${value}"` : describe(value);
    throw new CharmRefused(`invalid config default: option "${name}" expected ${GO_TYPES[type]}, got ${got}`);
  }
  // An empty string as default counts as no default.
  return value === '' && type === 'string' ? '' : (value as ConfigValue);
}

function coerce(type: OptionType, value: ConfigValue): ConfigValue | undefined {
  if (type === 'string') return typeof value === 'string' ? value : undefined;
  if (type === 'secret') {
    return typeof value === 'string' && (value === '' || value.startsWith('secret:')) ? value : undefined;
  }
  if (type === 'boolean') {
    if (typeof value === 'boolean') return value;
    if (['true', 'True', 'TRUE', 't', 'T', '1'].includes(String(value))) return true;
    if (['false', 'False', 'FALSE', 'f', 'F', '0'].includes(String(value))) return false;
    return undefined;
  }
  if (typeof value === 'boolean') return undefined;
  const text = String(value);
  const number = Number(text);
  if (type === 'int') return /^[+-]?[0-9]+$/.test(text) && Number.isSafeInteger(number) ? number : undefined;
  return text.trim() !== '' && Number.isFinite(number) ? number : undefined;
}
