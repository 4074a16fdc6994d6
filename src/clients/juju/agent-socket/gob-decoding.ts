/**
 * Reads values that Go's `encoding/gob` wrote, by the definitions of their types that came before them in the same stream. What is read is
 * bounded in depth and count; texts and bytes are views of the message, not copies.
 */

/** A field that is not there was zero. */
export type GobStruct = ReadonlyMap<string, GobValue>;
export type GobValue = boolean | number | Buffer | GobStruct | readonly GobValue[];

/** What came is not gob, or more of it than anybody would send. The message holds nothing of the content. */
export class GobError extends Error {
  override readonly name = 'GobError';
}

/** Values of one stream. */
export interface GobDecoder {
  /** Takes one message, without its length. @returns undefined for the definition of a type. @throws GobError */
  decode(message: Buffer): GobStruct | undefined;
}

type Kind =
  | { readonly of: 'boolean' | 'signed' | 'unsigned' | 'bytes' | 'complex' }
  | { readonly of: 'struct'; readonly fields: readonly (readonly [name: string, type: number])[] }
  | { readonly of: 'list'; readonly element: number }
  | { readonly of: 'map'; readonly key: number; readonly element: number };

/** Types that both sides know from the start; those from 16 on are what a definition consists of. Text is read as bytes, a float as a number. */
const KNOWN: readonly (readonly [number, Kind])[] = [
  [1, { of: 'boolean' }],
  [2, { of: 'signed' }],
  [3, { of: 'unsigned' }],
  [4, { of: 'unsigned' }],
  [5, { of: 'bytes' }],
  [6, { of: 'bytes' }],
  [7, { of: 'complex' }],
  [16, struct(['array', 17], ['slice', 19], ['struct', 20], ['map', 23], ['coded', 24], ['coded', 24], ['coded', 24])],
  [17, struct(['common', 18], ['element', 2], ['length', 2])],
  [18, struct(['name', 6], ['id', 2])],
  [19, struct(['common', 18], ['element', 2])],
  [20, struct(['common', 18], ['fields', 22])],
  [21, struct(['name', 6], ['id', 2])],
  [22, { of: 'list', element: 21 }],
  [23, struct(['common', 18], ['key', 2], ['element', 2])],
  // Types that encode themselves. Go has no number of its own for them.
  [24, struct(['common', 18])],
];
const DEFINITION = 16;
const FIRST_OWN = 64;

const MOST_TYPES = 64;
const DEEPEST = 8;
/** Of one message: the answer of a hook tool has three. */
const MOST_VALUES = 1000;

export function createGobDecoder(): GobDecoder {
  const types = new Map<number, Kind>(KNOWN);

  const define = (type: number, definition: GobStruct): void => {
    if (type < FIRST_OWN || types.has(type)) throw new GobError(`type ${type} is defined again`);
    if (types.size >= KNOWN.length + MOST_TYPES) throw new GobError(`more than ${MOST_TYPES} types`);
    types.set(type, kindFrom(definition));
  };

  return {
    decode(message) {
      const reader = createReader(message, types);
      const type = reader.signed();
      const value = reader.struct(type < 0 ? DEFINITION : type);
      reader.end();
      if (type >= 0) return value;
      define(-type, value);
      return undefined;
    },
  };
}

function struct(...fields: readonly (readonly [string, number])[]): Kind {
  return { of: 'struct', fields };
}

function kindFrom(definition: GobStruct): Kind {
  for (const [kind, content] of definition) {
    if (!isStruct(content)) break;
    switch (kind) {
      case 'array':
      case 'slice':
        return { of: 'list', element: numberOf(content, 'element') };
      case 'map':
        return { of: 'map', key: numberOf(content, 'key'), element: numberOf(content, 'element') };
      case 'struct':
        return { of: 'struct', fields: fieldsOf(content.get('fields')) };
      case 'coded':
        return { of: 'bytes' };
    }
  }
  throw new GobError('a definition of no type');
}

function fieldsOf(list: GobValue = []): readonly (readonly [string, number])[] {
  if (!Array.isArray(list)) throw new GobError('a struct without a list of fields');
  return list.filter(isStruct).map((field) => [textOf(field, 'name'), numberOf(field, 'id')]);
}

export function isStruct(value: GobValue | undefined): value is GobStruct {
  return value instanceof Map;
}

/** A number that is not there is 0. @throws GobError where it is something else. */
export function numberOf(value: GobStruct, field: string): number {
  const found = value.get(field) ?? 0;
  if (typeof found !== 'number') throw new GobError(`${field} is not a number`);
  return found;
}

/** Text that is not there is empty. @throws GobError where it is something else. */
export function textOf(value: GobStruct, field: string): string {
  const found = value.get(field);
  if (found === undefined) return '';
  if (!Buffer.isBuffer(found)) throw new GobError(`${field} is not text`);
  return found.toString('utf8');
}

interface Reader {
  signed(): number;
  struct(type: number): GobStruct;
  /** @throws GobError where something is left. */
  end(): void;
}

function createReader(message: Buffer, types: ReadonlyMap<number, Kind>): Reader {
  let at = 0;
  let values = 0;

  const take = (length: number): Buffer => {
    if (length > message.length - at) throw new GobError('a message ends too early');
    at += length;
    return message.subarray(at - length, at);
  };

  const unsigned = (): number => {
    const first = take(1)[0] ?? 0;
    return first < 128 ? first : bigEndian(take(lengthAfter(first)));
  };

  const signed = (): number => {
    const value = unsigned();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  };

  const readStruct = (fields: readonly (readonly [string, number])[], depth: number): GobStruct => {
    const found = new Map<string, GobValue>();
    let place = -1;
    for (let distance = unsigned(); distance !== 0; distance = unsigned()) {
      place += distance;
      const field = fields[place];
      if (field === undefined) throw new GobError('a field that its type does not have');
      found.set(field[0], read(field[1], depth + 1));
    }
    return found;
  };

  const readList = (count: number, elements: readonly number[], depth: number): readonly GobValue[] => {
    const found: GobValue[] = [];
    for (let index = 0; index < count; index += 1) for (const type of elements) found.push(read(type, depth + 1));
    return found;
  };

  const read = (type: number, depth: number): GobValue => {
    values += 1;
    if (depth > DEEPEST || values > MOST_VALUES) throw new GobError('a value with too many parts');
    const kind = types.get(type);
    switch (kind?.of) {
      case 'boolean':
        return unsigned() !== 0;
      case 'signed':
        return signed();
      case 'unsigned':
        return unsigned();
      case 'bytes':
        return take(unsigned());
      case 'complex':
        return [unsigned(), unsigned()];
      case 'struct':
        return readStruct(kind.fields, depth);
      case 'list':
        return readList(unsigned(), [kind.element], depth);
      case 'map':
        return readList(unsigned(), [kind.key, kind.element], depth);
      case undefined:
        throw new GobError(`a value of the unknown type ${type}`);
    }
  };

  return {
    signed,
    struct(type) {
      const value = read(type, 0);
      if (!isStruct(value)) throw new GobError('a value that is not a struct');
      return value;
    },
    end() {
      if (at !== message.length) throw new GobError('a message goes on after its value');
    },
  };
}

/** How many bytes of a number follow its first one, which is 128 or more. @throws GobError for more than eight. */
export function lengthAfter(first: number): number {
  const length = 256 - first;
  if (length > 8) throw new GobError('a number of more than eight bytes');
  return length;
}

/** Exact up to 2^53. */
export function bigEndian(bytes: Buffer): number {
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}
