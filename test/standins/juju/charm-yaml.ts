/** YAML files of a charm, read as Juju's parser reads them (YAML 1.1), and the few shapes that they are made of. */

import { parse } from 'yaml';
import { CharmRefused } from './charm-refused.ts';

export type YamlMap = Readonly<Record<string, unknown>>;

export function parseYamlMap(text: string, what: string): YamlMap {
  let value: unknown;
  try {
    value = parse(text, { version: '1.1' });
  } catch (error) {
    throw new CharmRefused(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (value === null || value === undefined) return {};
  if (!isMap(value)) throw new CharmRefused(`${what}: expected map, got ${describe(value)}`);
  return value;
}

export function isMap(value: unknown): value is YamlMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** A map, an empty one when absent or null. */
export function mapAt(map: YamlMap, key: string, what: string): YamlMap {
  const value = map[key];
  if (value === undefined || value === null) return {};
  if (!isMap(value)) throw new CharmRefused(`${what}: ${key}: expected map, got ${describe(value)}`);
  return value;
}

export function stringAt(map: YamlMap, key: string, what: string): string | undefined {
  const value = map[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw new CharmRefused(`${what}: ${key}: expected string, got ${describe(value)}`);
  return value;
}

export function booleanAt(map: YamlMap, key: string, what: string): boolean {
  const value = map[key];
  if (value === undefined || value === null) return false;
  if (typeof value !== 'boolean') throw new CharmRefused(`${what}: ${key}: expected bool, got ${describe(value)}`);
  return value;
}

/** As Go prints a value and its type: `float64(24.04)`. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (typeof value === 'string') return `string("${value}")`;
  if (typeof value === 'number') return Number.isInteger(value) ? `int(${value})` : `float64(${value})`;
  if (typeof value === 'boolean') return `bool(${value})`;
  return Array.isArray(value) ? 'list' : 'map';
}
