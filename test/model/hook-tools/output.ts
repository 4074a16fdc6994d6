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

/** Sorted keys, and `<`, `>`, `&` and the two line separators escaped, as Go's encoder does by default. */
export function goJson(value: unknown): string {
  return JSON.stringify(value ?? null, sortKeys).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

function yaml(value: unknown): string {
  if (value === undefined) return 'null';
  return stringify(value, sortedYaml).trimEnd();
}

const sortedYaml = { sortMapEntries: true, lineWidth: 0, version: '1.1' } as const;

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
