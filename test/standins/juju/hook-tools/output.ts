/** What Juju's tools print: JSON as Go writes it, YAML, and `smart`, the default, which is neither. */

import { stringify } from 'yaml';
import { misuse } from './failure.ts';

export const FORMATS = ['smart', 'yaml', 'json'] as const;

export type Format = (typeof FORMATS)[number];

export function readFormat(value: string | undefined, byDefault: Format): Format {
  if (value === undefined) return byDefault;
  const format = FORMATS.find((each) => each === value);
  if (!format)
    throw misuse(`invalid value ${JSON.stringify(value)} for option --format: unknown format ${JSON.stringify(value)}`);
  return format;
}

export function formatValue(value: unknown, format: Format): string {
  if (format === 'json') return `${goJson(value)}\n`;
  const text = format === 'yaml' ? yaml(value) : smart(value);
  return text === '' ? '' : `${text}\n`;
}

const structs = new WeakSet<object>();

/** Fields that keep their order, as those of a Go struct do; keys of other objects are sorted, as those of a Go map are. */
export function struct<T extends object>(fields: T): T {
  structs.add(fields);
  return fields;
}

/** With `<`, `>`, `&` and the two line separators escaped, as Go's encoder does by default. */
export function goJson(value: unknown): string {
  return JSON.stringify(ordered(value) ?? null).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, ordered(inner)] as const);
  return Object.fromEntries(structs.has(value) ? entries : entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

function yaml(value: unknown): string {
  if (value === undefined) return 'null';
  return stringify(ordered(value), { lineWidth: 0, version: '1.1' }).trimEnd();
}

function smart(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return goNumber(value);
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value.join('\n');
  return yaml(value);
}

/** Floats of a million and more in exponent notation. */
function goNumber(value: number): string {
  if (Math.abs(value) < 1e6) return String(value);
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}
