/** The answers of the agent in gob: `rpc.Response`, and `ExecResponse` or nothing. Types are defined when they are first used, as Go does. */

import type { HookToolReply } from '../hook-tools/server.ts';

interface OutputType {
  readonly id: number;
  readonly name: string;
  readonly fields: readonly (readonly [name: string, type: number])[];
}

/** Numbers as a program has them that has sent other things before. */
const RESPONSE: OutputType = {
  id: 71,
  name: 'Response',
  fields: [
    ['ServiceMethod', 6],
    ['Seq', 3],
    ['Error', 6],
  ],
};
const EXEC_RESPONSE: OutputType = {
  id: 130,
  name: 'ExecResponse',
  fields: [
    ['Code', 2],
    ['Stdout', 5],
    ['Stderr', 5],
  ],
};
/** `struct{}`, which stands where an answer would be. */
const NOTHING: OutputType = { id: 131, name: '', fields: [] };

export class GobOutput {
  readonly #defined = new Set<OutputType>();

  answer(method: string, sequence: number, reply: HookToolReply): Buffer {
    const { code, stdout, stderr } = reply;
    return Buffer.concat([
      ...this.#header(method, sequence, ''),
      ...this.#value(EXEC_RESPONSE, [code === 0 ? [] : int(code), text(stdout), text(stderr)]),
    ]);
  }

  error(method: string, sequence: number, error: string): Buffer {
    return Buffer.concat([...this.#header(method, sequence, error), ...this.#value(NOTHING, [])]);
  }

  #header(method: string, sequence: number, error: string): readonly Buffer[] {
    return this.#value(RESPONSE, [text(method), sequence === 0 ? [] : uint(sequence), text(error)]);
  }

  /** Fields that are empty were zero. */
  #value(type: OutputType, fields: readonly (readonly number[] | Buffer)[]): readonly Buffer[] {
    const first = !this.#defined.has(type);
    this.#defined.add(type);
    const value = framed([Buffer.from(int(type.id)), struct(fields)]);
    return first ? [definition(type), value] : [value];
  }
}

function definition({ id, name, fields }: OutputType): Buffer {
  const common = struct([text(name), int(id)]);
  const list = fields.map(([field, type]) => struct([text(field), int(type)]));
  const structType = struct([
    common,
    fields.length === 0 ? [] : Buffer.concat([Buffer.from(uint(fields.length)), ...list]),
  ]);
  return framed([Buffer.from(int(-id)), struct([[], [], structType])]);
}

function framed(parts: readonly Buffer[]): Buffer {
  const whole = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(uint(whole.length)), whole]);
}

function struct(fields: readonly (readonly number[] | Buffer)[]): Buffer {
  const present = fields.map((field, place) => ({ place, field })).filter(({ field }) => field.length > 0);
  const parts = present.flatMap(({ place, field }, index) => [
    Buffer.from(uint(place - (present[index - 1]?.place ?? -1))),
    Buffer.from(field),
  ]);
  return Buffer.concat([...parts, Buffer.from([0])]);
}

function text(value: string): readonly number[] | Buffer {
  const bytes = Buffer.from(value, 'utf8');
  return bytes.length === 0 ? [] : Buffer.concat([Buffer.from(uint(bytes.length)), bytes]);
}

function uint(value: number): readonly number[] {
  if (value <= 0x7f) return [value];
  const digits = BigInt(value).toString(16);
  const bytes = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
  return [256 - bytes.length, ...bytes];
}

function int(value: number): readonly number[] {
  return uint(value >= 0 ? value * 2 : (-value - 1) * 2 + 1);
}
