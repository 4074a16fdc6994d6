/**
 * Writes values as Go's `encoding/gob` reads them (https://pkg.go.dev/encoding/gob, "Encoding Details"). A field whose value is zero is left
 * out, and a type is defined before its first value.
 */

/** A value, a field or a message in pieces that follow each other: the unit state is large, and is not copied to be put together. */
export type Encoded = readonly Buffer[];

/** Numbers of the types that gob knows from the start. */
export const BOOLEAN = 1;
export const UNSIGNED = 3;
export const BYTES = 5;
export const TEXT = 6;

/** Whole numbers up to 2^53: one byte below 128, else how many bytes follow, negated, and those, the largest first. */
export function encodeUnsigned(value: number): Encoded {
  if (value < 128) return [Buffer.of(value)];
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return [Buffer.of(256 - bytes.length, ...bytes)];
}

/** The sign is the lowest bit. */
export function encodeSigned(value: number): Encoded {
  return encodeUnsigned(value < 0 ? -2 * value - 1 : 2 * value);
}

/** In UTF-8. Bytes have the same form. */
export function encodeText(value: string): Encoded {
  return withLength([Buffer.from(value)]);
}

/** Elements that are encoded already. */
export function encodeSlice(elements: readonly Encoded[]): Encoded {
  return [...encodeUnsigned(elements.length), ...elements.flat()];
}

/** Fields in the order of their definition, encoded already; undefined for one that is zero. Each begins with its distance from the one before. */
export function encodeStruct(fields: readonly (Encoded | undefined)[]): Encoded {
  const parts: Buffer[] = [];
  let previous = -1;
  for (const [index, field] of fields.entries()) {
    if (field === undefined) continue;
    parts.push(...encodeUnsigned(index - previous), ...field);
    previous = index;
  }
  return [...parts, Buffer.of(0)];
}

/** A value of a type that was defined before. */
export function valueMessage(type: number, value: Encoded): Encoded {
  return withLength([...encodeSigned(type), ...value]);
}

/** Defines a struct by names and types of its fields, in order. */
export function structDefinition(type: number, name: string, fields: readonly (readonly [string, number])[]): Encoded {
  const encoded = fields.map(([field, of]) => encodeStruct([encodeText(field), encodeSigned(of)]));
  return definition(type, STRUCT, encodeStruct([common(type, name), encodeSlice(encoded)]));
}

export function sliceDefinition(type: number, name: string, element: number): Encoded {
  return definition(type, SLICE, encodeStruct([common(type, name), encodeSigned(element)]));
}

/** Places of the kinds of types in the struct that defines one. */
const SLICE = 1;
const STRUCT = 2;

function definition(type: number, kind: number, content: Encoded): Encoded {
  const fields = Array.from({ length: kind + 1 }, (_, place) => (place === kind ? content : undefined));
  return withLength([...encodeSigned(-type), ...encodeStruct(fields)]);
}

function common(type: number, name: string): Encoded {
  return encodeStruct([encodeText(name), encodeSigned(type)]);
}

function withLength(parts: Encoded): Encoded {
  return [...encodeUnsigned(parts.reduce((sum, { length }) => sum + length, 0)), ...parts];
}
