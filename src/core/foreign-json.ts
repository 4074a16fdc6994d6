/**
 * JSON that somebody else wrote: a remote unit, a provider, another version of this charm, a file on the machine.
 *
 * It is bounded before it is parsed, and nobody outside reads its members but through a shape (`shapes.ts`). It is never coerced:
 * `String(x)`, `Number(x)` and a template call the object's own `toString` or `valueOf`, and `{"toString": null}` makes them throw.
 */

import type { Shape } from './shapes.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

export interface Bounds {
  /** Characters. */
  readonly length: number;
  /** Lists and objects inside each other. */
  readonly depth: number;
  /** Lists, objects and their members, all together. */
  readonly values: number;
}

/** One value of a unit's databag, or of the unit state: Juju keeps no more than 64 KiB of the latter. */
export const USUAL_BOUNDS: Bounds = { length: 256 * 1024, depth: 16, values: 20_000 };

/** What an application writes for all units of ours in one value, such as the certificates of a large cluster. */
export const LARGE_BOUNDS: Bounds = { length: 16 * 1024 * 1024, depth: 16, values: 100_000 };

/** Members that change what JavaScript does with an object when it is copied, printed or compared. */
const OBJECT_METHODS: readonly string[] = [
  '__proto__',
  'constructor',
  'hasOwnProperty',
  'isPrototypeOf',
  'propertyIsEnumerable',
  'then',
  'toJSON',
  'toLocaleString',
  'toString',
  'valueOf',
];

/** What the text says, by its shape; undefined when it is absent, not JSON, larger than the bounds, or of another shape. */
export function readForeign<T>(
  text: string | undefined,
  shape: Shape<T>,
  bounds: Bounds = USUAL_BOUNDS,
): T | undefined {
  return shape(parseForeign(text, bounds));
}

/** Undefined for what is absent, not JSON, or larger than the bounds. Objects have no member that is a method of every object. */
export function parseForeign(text: string | undefined, bounds: Bounds = USUAL_BOUNDS): unknown {
  if (text === undefined || !isWithin(text, bounds)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    dropObjectMethods(value);
    return value;
  } catch {
    return undefined;
  }
}

/** The members of a JSON object; none when it is something else. */
export function parseObject(text: string | undefined, bounds: Bounds = USUAL_BOUNDS): JsonObject {
  const value = parseForeign(text, bounds);
  return isObject(value) ? value : {};
}

/** The objects of a JSON list; none when it is no list. */
export function parseObjects(text: string | undefined, bounds: Bounds = USUAL_BOUNDS): readonly JsonObject[] {
  return objectsOf(parseForeign(text, bounds));
}

/** The objects of a list; none when it is no list. */
export function objectsOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A text as it stands; empty for what is none. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Counted in the text, so that nothing of it is built that is too large. */
function isWithin(text: string, { length, depth, values }: Bounds): boolean {
  if (text.length > length) return false;
  let level = 0;
  let count = 0;
  let inside = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (inside) {
      if (code === BACKSLASH) at += 1;
      else if (code === QUOTE) inside = false;
      continue;
    }
    if (code === QUOTE) inside = true;
    else if (code === BRACE || code === BRACKET) {
      level += 1;
      count += 1;
    } else if (code === END_BRACE || code === END_BRACKET) level -= 1;
    else if (code === COMMA) count += 1;
    if (level > depth || count > values) return false;
  }
  return true;
}

const [QUOTE, BACKSLASH, BRACE, END_BRACE, BRACKET, END_BRACKET, COMMA] = [0x22, 0x5c, 0x7b, 0x7d, 0x5b, 0x5d, 0x2c];

/** Of a value that was just parsed, and that nobody else has. */
function dropObjectMethods(root: unknown): void {
  const rest: unknown[] = [root];
  for (let value = rest.pop(); rest.length > 0 || value !== undefined; value = rest.pop()) {
    if (typeof value !== 'object' || value === null) continue;
    if (!Array.isArray(value))
      for (const name of OBJECT_METHODS) if (Object.hasOwn(value, name)) Reflect.deleteProperty(value, name);
    for (const member of Object.values(value)) if (typeof member === 'object' && member !== null) rest.push(member);
  }
}
