/** Decoding as Go's strict JSON decoder does it: unknown fields and wrong types are refused, null is nothing. */

import { parse as parseYaml } from 'yaml';
import { isObject, parseJson } from '../json.ts';
import { K8sdRefusal } from './envelope.ts';

export type Shape =
  | 'string'
  | 'integer'
  | 'boolean'
  | 'any'
  /** A string, or null which stays; YAML's numbers and booleans become strings where asked for. */
  | 'argument'
  | { readonly list: Shape }
  | { readonly map: Shape }
  | { readonly fields: Readonly<Record<string, Shape>> };

export interface DecodeOptions {
  /** Numbers and booleans count as strings in arguments: YAML only. */
  readonly stringify?: boolean;
  /** Unknown fields are skipped. */
  readonly lenient?: boolean;
}

/** The body of a request. Throws 400 with Go's texts. */
export function decodeBody(body: Buffer, shape: Shape, options: DecodeOptions = {}): Record<string, unknown> {
  const text = body.toString('utf8');
  if (text.trim() === '') throw new K8sdRefusal(400, 'failed to parse request: EOF');
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (error) {
    throw new K8sdRefusal(400, `failed to parse request: invalid character: ${(error as Error).message}`);
  }
  try {
    return fields(decode(value, shape, '', options));
  } catch (error) {
    throw new K8sdRefusal(400, `failed to parse request: json: ${(error as Error).message}`);
  }
}

/** The configuration text of a join. Throws with a plain message. */
export function decodeYaml(text: string, shape: Shape): Record<string, unknown> {
  const value: unknown = parseYaml(text);
  return fields(decode(value ?? {}, shape, '', { stringify: true }));
}

function decode(value: unknown, shape: Shape, path: string, options: DecodeOptions): unknown {
  if (shape === 'argument') {
    if (value === null || typeof value === 'string') return value;
    if (options.stringify === true && ['number', 'boolean', 'bigint'].includes(typeof value)) return String(value);
    throw mismatch(value, path, 'string');
  }
  if (value === null || value === undefined) return undefined;
  if (shape === 'any') return value;
  if (shape === 'integer') {
    if (typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value))) return value;
    throw mismatch(value, path, 'int');
  }
  if (typeof shape === 'string') {
    if (typeof value === shape) return value;
    throw mismatch(value, path, shape === 'boolean' ? 'bool' : shape);
  }
  if ('list' in shape) {
    if (!Array.isArray(value)) throw mismatch(value, path, '[]string');
    return value.map((entry) => decode(entry, shape.list, path, options));
  }
  if (!isObject(value)) throw mismatch(value, path, 'map' in shape ? 'map[string]string' : 'struct');
  const result: Record<string, unknown> = {};
  for (const [name, entry] of Object.entries(value)) {
    const inner = 'map' in shape ? shape.map : shape.fields[name];
    if (inner === undefined) {
      if (options.lenient === true) continue;
      throw new Error(`unknown field ${JSON.stringify(name)}`);
    }
    const decoded = decode(entry, inner, path === '' ? name : `${path}.${name}`, options);
    if (decoded !== undefined) result[name] = decoded;
  }
  return result;
}

function mismatch(value: unknown, path: string, wanted: string): Error {
  const kind = Array.isArray(value)
    ? 'array'
    : typeof value === 'object'
      ? 'object'
      : typeof value === 'boolean'
        ? 'bool'
        : typeof value === 'bigint'
          ? 'number'
          : typeof value;
  return new Error(`cannot unmarshal ${kind} into Go struct field ${path} of type ${wanted}`);
}

function fields(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {};
}

/** Typed reading of decoded fields: the shape has been checked. */
export function text(values: Readonly<Record<string, unknown>>, name: string): string {
  const value = values[name];
  return typeof value === 'string' ? value : '';
}

export function texts(values: Readonly<Record<string, unknown>>, name: string): readonly string[] {
  const value = values[name];
  return Array.isArray(value) ? value.map(String) : [];
}

export function flag(values: Readonly<Record<string, unknown>>, name: string): boolean {
  return values[name] === true;
}

export function integer(values: Readonly<Record<string, unknown>>, name: string): number {
  const value = values[name];
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : 0;
}

export function map(values: Readonly<Record<string, unknown>>, name: string): Record<string, unknown> {
  return fields(values[name]);
}
