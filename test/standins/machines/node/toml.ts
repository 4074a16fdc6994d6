/** Writes containerd's configuration: nested tables of scalars and lists. */

import { isObject } from '../json.ts';

/** `extra` goes over `base`: tables are merged, lists appended, scalars replaced. */
export function writeToml(base: Readonly<Record<string, unknown>>, extra: unknown): string {
  return `${table(merge(base, extra) as Record<string, unknown>, []).trim()}\n`;
}

function merge(base: unknown, extra: unknown): unknown {
  if (extra === undefined) return base;
  if (Array.isArray(base) && Array.isArray(extra)) return [...base, ...extra];
  if (!isObject(base) || !isObject(extra)) return extra;
  const result: Record<string, unknown> = { ...base };
  for (const [name, value] of Object.entries(extra)) result[name] = merge(base[name], value);
  return result;
}

function table(values: Readonly<Record<string, unknown>>, path: readonly string[]): string {
  const entries = Object.entries(values);
  const scalars = entries
    .filter(([, value]) => !isObject(value))
    .map(([name, value]) => `${key(name)} = ${scalar(value)}\n`);
  const tables = entries.flatMap(([name, value]) => (isObject(value) ? [table(value, [...path, name])] : []));
  const head = path.length > 0 ? `\n[${path.map(key).join('.')}]\n` : '';
  return `${head}${scalars.join('')}${tables.join('')}`;
}

function key(name: string): string {
  return /^[A-Za-z0-9_-]+$/.test(name) ? name : JSON.stringify(name);
}

function scalar(value: unknown): string {
  return Array.isArray(value) ? `[${value.map(scalar).join(', ')}]` : JSON.stringify(value);
}
