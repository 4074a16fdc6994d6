/**
 * What a Go server makes of the gob that a client sends: one message after the other from a growing buffer, checked as `encoding/gob` checks
 * it. Shares nothing with what the charms write gob with; `test/real/jujuc.test.ts` compares both with Go.
 */

/** As Go words it; whoever meets it decides what becomes of the connection. */
export class GobInputError extends Error {
  override readonly name = 'GobInputError';
}

export interface WireField {
  readonly name: string;
  readonly id: number;
}

export type WireType =
  | { readonly struct: readonly WireField[]; readonly name: string }
  | { readonly slice: number; readonly name: string };

export interface WireValue {
  readonly id: number;
  readonly value: unknown;
}

const BOOL = 1;
const INT = 2;
const UINT = 3;
const FLOAT = 4;
const BYTES = 5;
const STRING = 6;
const NAMES: Readonly<Record<number, string>> = {
  [BOOL]: 'bool',
  [INT]: 'int',
  [UINT]: 'uint',
  [FLOAT]: 'float',
  [BYTES]: 'bytes',
  [STRING]: 'string',
};

export class GobInput {
  #bytes: Buffer = Buffer.alloc(0);
  readonly #types = new Map<number, WireType>();

  push(chunk: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
  }

  /** Undefined until a value has come as a whole, with the definitions before it. Throws `GobInputError`; the bad message is then gone. */
  next(): WireValue | undefined {
    for (;;) {
      const message = this.#cut();
      if (message === undefined) return undefined;
      const cursor = new Cursor(message);
      const id = cursor.int();
      if (id >= 0) {
        const value = this.#topLevel(cursor, id);
        if (!cursor.done) throw new GobInputError('extra data in buffer');
        return { id, value };
      }
      if (this.#types.has(-id)) throw new GobInputError('gob: duplicate type received');
      this.#types.set(-id, definition(cursor));
      if (!cursor.done) throw new GobInputError('extra data in buffer');
    }
  }

  type(id: number): WireType | undefined {
    return this.#types.get(id);
  }

  /** `[]string`, `string`, `Request`. */
  typeName(id: number): string {
    return NAMES[id] ?? this.#types.get(id)?.name ?? `unknown type id ${id}`;
  }

  #cut(): Buffer | undefined {
    const [first] = this.#bytes;
    if (first === undefined) return undefined;
    const more = first <= 0x7f ? 0 : 256 - first;
    if (more > 8) throw new GobInputError('gob: encoded unsigned integer out of range');
    if (this.#bytes.length < 1 + more) return undefined;
    const length = new Cursor(this.#bytes).uint();
    if (length >= 2 ** 33) throw new GobInputError('gob: message too big');
    const end = 1 + more + length;
    if (this.#bytes.length < end) return undefined;
    const message = this.#bytes.subarray(1 + more, end);
    this.#bytes = this.#bytes.subarray(end);
    return message;
  }

  #topLevel(cursor: Cursor, id: number): unknown {
    const type = this.#types.get(id);
    if (type === undefined && NAMES[id] === undefined)
      throw new GobInputError('gob: unknown type id or corrupted data');
    if (type !== undefined && 'struct' in type) return this.#struct(cursor, type.struct);
    // One byte of nothing stands before a value that is no struct.
    if (cursor.uint() !== 0) throw new GobInputError('gob: decode: corrupted data: non-zero delta for singleton');
    return this.#value(cursor, id);
  }

  #struct(cursor: Cursor, fields: readonly WireField[]): Record<string, unknown> {
    const found: Record<string, unknown> = {};
    let index = -1;
    for (;;) {
      const delta = cursor.uint();
      if (delta === 0) return found;
      index += delta;
      const field = fields[index];
      if (field === undefined) throw new GobInputError('gob: bad data: field numbers out of bounds');
      found[field.name] = this.#value(cursor, field.id);
    }
  }

  #value(cursor: Cursor, id: number): unknown {
    switch (id) {
      case BOOL:
        return cursor.uint() !== 0;
      case INT:
        return cursor.int();
      case UINT:
      case FLOAT:
        return cursor.uint();
      case BYTES:
        return cursor.bytes();
      case STRING:
        return cursor.bytes().toString('utf8');
    }
    const type = this.#types.get(id);
    if (type === undefined) throw new GobInputError('gob: unknown type id or corrupted data');
    if ('struct' in type) return this.#struct(cursor, type.struct);
    const count = cursor.uint();
    if (count > cursor.left) throw new GobInputError(`gob: length of ${type.name} exceeds input size (${count} bytes)`);
    return Array.from({ length: count }, () => this.#value(cursor, type.slice));
  }
}

/** A `wireType`, of which a client of hook tools sends two kinds. */
function definition(cursor: Cursor): WireType {
  const kind = cursor.uint();
  const type = kind === 2 ? sliceType(cursor) : kind === 3 ? structType(cursor) : undefined;
  if (type === undefined || cursor.uint() !== 0) throw new GobInputError('gob: unknown type id or corrupted data');
  return type;
}

function sliceType(cursor: Cursor): WireType {
  const { name, rest } = common(cursor);
  let slice = 0;
  for (let place = rest; place !== undefined; place = cursor.place(place, 1)) slice = cursor.int();
  return { name, slice };
}

function structType(cursor: Cursor): WireType {
  const { name, rest } = common(cursor);
  if (rest === undefined) return { name, struct: [] };
  const struct = Array.from({ length: cursor.count() }, () => {
    const field = { name: '', id: 0 };
    for (let place = cursor.place(-1, 1); place !== undefined; place = cursor.place(place, 1)) {
      if (place === 0) field.name = cursor.bytes().toString('utf8');
      else field.id = cursor.int();
    }
    return field;
  });
  cursor.place(1, 1);
  return { name, struct };
}

/** The name of a type and its number; then the place of the field that follows, if one does. */
function common(cursor: Cursor): { name: string; rest: number | undefined } {
  if (cursor.place(-1, 1) !== 0) throw new GobInputError('gob: unknown type id or corrupted data');
  let name = '';
  for (let place = cursor.place(-1, 1); place !== undefined; place = cursor.place(place, 1)) {
    if (place === 0) name = cursor.bytes().toString('utf8');
    else cursor.int();
  }
  return { name, rest: cursor.place(0, 1) };
}

class Cursor {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  get done(): boolean {
    return this.left === 0;
  }

  uint(): number {
    const first = this.#byte();
    if (first <= 0x7f) return first;
    const count = 256 - first;
    if (count > 8) throw new GobInputError('gob: encoded unsigned integer out of range');
    let value = 0n;
    for (let index = 0; index < count; index += 1) value = value * 256n + BigInt(this.#byte());
    return Number(value);
  }

  int(): number {
    const value = this.uint();
    return value % 2 === 1 ? -((value + 1) / 2) : value / 2;
  }

  bytes(): Buffer {
    const length = this.uint();
    if (length > this.left) throw new GobInputError(`bad string or bytes length: ${length}`);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  count(): number {
    const count = this.uint();
    if (count > this.left) throw new GobInputError('gob: length exceeds input size');
    return count;
  }

  /** Of the next field of a struct, after `before`; undefined at its end. */
  place(before: number, last: number): number | undefined {
    const delta = this.uint();
    if (delta === 0) return undefined;
    if (before + delta > last) throw new GobInputError('gob: bad data: field numbers out of bounds');
    return before + delta;
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new GobInputError('unexpected EOF');
    this.#at += 1;
    return byte;
  }
}
