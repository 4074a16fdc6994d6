/**
 * Go's 64-bit integers over JSON. A JavaScript number is exact up to 2^53 - 1 only, so larger integers are kept as their decimal
 * text when read, and refused when written.
 */
import { BadRequest } from './errors.ts';

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;

/** As `JSON.parse`, but integers that a number cannot hold become their decimal text. */
export function parseJson(text: string): unknown {
  const keepLargeIntegers: Reviver = (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && /^-?\d+$/.test(source) && !Number.isSafeInteger(value)
      ? source
      : value;
  return JSON.parse(text, keepLargeIntegers as (key: string, value: unknown) => unknown);
}

/** A Go `time.Duration`: integer nanoseconds. Throws `BadRequest` when it is negative or longer than about 104 days. */
export function nanoseconds(what: string, milliseconds: number): number {
  const value = Math.round(milliseconds * 1e6);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new BadRequest(0, `${what}: ${milliseconds} ms cannot be sent exactly; use between 0 and 104 days`);
  }
  return value;
}

/** Throws `BadRequest` unless it is an exact integer of at least `minimum`. */
export function exactInteger(what: string, value: number, minimum: number): number {
  if (!Number.isSafeInteger(value) || value < minimum) {
    throw new BadRequest(0, `${what}: must be a whole number from ${minimum} to ${Number.MAX_SAFE_INTEGER}`);
  }
  return value;
}
