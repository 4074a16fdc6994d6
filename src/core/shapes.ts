/**
 * What a foreign value has to look like, put together from small functions: each gives the value with its type, or undefined when it
 * is something else. Members that a shape does not name are left out, so that nothing travels on that nobody has looked at.
 */

import { oneLine } from './printable.ts';

export type Shape<T> = (value: unknown) => T | undefined;

type Of<S> = S extends Shape<infer T> ? T : never;
type Shapes = Readonly<Record<string, Shape<unknown>>>;
type Members<S extends Shapes> = { readonly [K in keyof S]: Of<S[K]> };

/** Characters of a text that is no certificate and no file. */
const USUAL_LENGTH = 4096;
/** Members of a list or a map. */
const USUAL_MEMBERS = 1000;

/** A text of bounded length; `pattern` has to match all of it, by its own anchors. */
export function text(longest = USUAL_LENGTH, pattern?: RegExp): Shape<string> {
  return (value) =>
    typeof value === 'string' && value.length <= longest && (pattern?.test(value) ?? true) ? value : undefined;
}

export const flag: Shape<boolean> = (value) => (typeof value === 'boolean' ? value : undefined);

export function whole(from = 0, to: number = Number.MAX_SAFE_INTEGER): Shape<number> {
  return (value) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= from && value <= to ? value : undefined;
}

/** A whole number, or its digits as text, which is how other programs write one. */
export function wholeOrDigits(from = 0, to: number = Number.MAX_SAFE_INTEGER): Shape<number> {
  const shape = whole(from, to);
  return (value) => shape(typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value);
}

/** One line of bounded length of whatever text it is: what is longer is cut, and what is not seen left out. */
export function line(longest: number): Shape<string> {
  return (value) => (typeof value === 'string' ? oneLine(value, longest) : undefined);
}

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

/** The text of a moment, RFC 3339. */
export const timestamp: Shape<string> = (value) =>
  typeof value === 'string' && value.length <= 40 && RFC_3339.test(value) && !Number.isNaN(Date.parse(value))
    ? value
    : undefined;

/** A moment, written as RFC 3339. */
export const moment: Shape<Date> = (value) => {
  const written = timestamp(value);
  return written === undefined ? undefined : new Date(written);
};

export function oneOf<const T extends string>(known: readonly T[]): Shape<T> {
  return (value) => known.find((one) => one === value);
}

export function list<T>(item: Shape<T>, most = USUAL_MEMBERS): Shape<readonly T[]> {
  return (value) => {
    if (!Array.isArray(value) || value.length > most) return undefined;
    const items: T[] = [];
    for (const one of value) {
      const read = item(one);
      if (read === undefined) return undefined;
      items.push(read);
    }
    return items;
  };
}

/** Those items of a list that fit; none when it is no list. */
export function fitting<T>(item: Shape<T>, most = USUAL_MEMBERS): Shape<readonly T[]> {
  return (value) =>
    Array.isArray(value)
      ? value.slice(0, most).flatMap((one) => {
          const read = item(one);
          return read === undefined ? [] : [read];
        })
      : [];
}

/** A map whose keys are data. */
export function record<T>(item: Shape<T>, most = USUAL_MEMBERS, key?: RegExp): Shape<Readonly<Record<string, T>>> {
  return (value) => {
    if (!isPlain(value)) return undefined;
    const entries = Object.entries(value);
    if (entries.length > most) return undefined;
    const read: [string, T][] = [];
    for (const [name, member] of entries) {
      const one = item(member);
      if (one === undefined || name === '__proto__' || (key !== undefined && !key.test(name))) return undefined;
      read.push([name, one]);
    }
    return Object.fromEntries(read);
  };
}

/**
 * An object with known members. An optional one that is absent is left out; one that is there and does not fit makes the whole object
 * not fit.
 */
export function object<R extends Shapes, O extends Shapes = Record<never, never>>(
  required: R,
  optional?: O,
): Shape<Members<R> & Partial<Members<O>>> {
  return (value) => {
    if (!isPlain(value)) return undefined;
    const read: [string, unknown][] = [];
    for (const [name, shape] of Object.entries(required)) {
      const member = shape(Object.hasOwn(value, name) ? value[name] : undefined);
      if (member === undefined) return undefined;
      read.push([name, member]);
    }
    for (const [name, shape] of Object.entries(optional ?? {})) {
      if (!Object.hasOwn(value, name) || value[name] === undefined) continue;
      const member = shape(value[name]);
      if (member === undefined) return undefined;
      read.push([name, member]);
    }
    return Object.fromEntries(read) as Members<R> & Partial<Members<O>>;
  };
}

/** Objects of several kinds, told apart by the text of one member. */
export function variant<T>(name: string, kinds: Readonly<Record<string, Shape<T>>>): Shape<T> {
  return (value) => {
    const kind = isPlain(value) && Object.hasOwn(value, name) ? value[name] : undefined;
    return typeof kind === 'string' && Object.hasOwn(kinds, kind) ? kinds[kind]?.(value) : undefined;
  };
}

/** What stands in for a value that is absent or does not fit. */
export function or<T, U>(shape: Shape<T>, otherwise: U): Shape<T | U> {
  return (value) => {
    const read = shape(value);
    return read === undefined ? otherwise : read;
  };
}

/** A value that fits the shape and the condition, too. */
export function where<T>(shape: Shape<T>, condition: (value: T) => boolean): Shape<T> {
  return (value) => {
    const read = shape(value);
    return read !== undefined && condition(read) ? read : undefined;
  };
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
