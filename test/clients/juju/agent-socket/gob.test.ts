/** What is read of gob: whatever comes instead is refused with a reason, within bounds, and never crashes or hangs the program. */

import { describe, expect, it } from 'vitest';
import {
  createGobDecoder,
  GobError,
  type GobStruct,
  numberOf,
  textOf,
} from '../../../../src/clients/juju/agent-socket/gob-decoding.ts';
import { createMessageReader } from '../../../../src/clients/juju/agent-socket/gob-messages.ts';
import {
  encodeSigned,
  encodeSlice,
  encodeStruct,
  encodeText,
  encodeUnsigned,
  sliceDefinition,
  structDefinition,
  valueMessage,
} from './gob-bytes.ts';

/** All values of a stream. */
function read(stream: Buffer, limit = 1_000_000): readonly (GobStruct | undefined)[] {
  const decoder = createGobDecoder();
  const found: (GobStruct | undefined)[] = [];
  const reader = createMessageReader({
    limit: () => limit,
    message(content) {
      const value = content && decoder.decode(content);
      if (value !== undefined || content === undefined) found.push(value);
    },
  });
  reader.push(stream);
  return found;
}

const ANSWER = structDefinition(80, 'ExecResponse', [
  ['Code', 2],
  ['Stdout', 5],
  ['Stderr', 5],
]);
const GOOD = Buffer.concat([
  ANSWER,
  valueMessage(80, encodeStruct([encodeSigned(1), encodeText('out'), encodeText('ERROR é')])),
]);

describe('numbers', () => {
  it.each([
    [0, '00'],
    [7, '07'],
    [127, '7f'],
    [128, 'ff80'],
    [256, 'fe0100'],
    [65_535, 'feffff'],
    [2 ** 32, 'fb0100000000'],
    [Number.MAX_SAFE_INTEGER, 'f91fffffffffffff'],
  ])('%d is written as the documentation of gob says', (value, bytes) => {
    expect(encodeUnsigned(value).toString('hex')).toBe(bytes);
  });

  it.each([0, 1, -1, 63, 64, -64, -65, -129, 2 ** 31, -(2 ** 31)])('%d comes back as it was', (value) => {
    const [found] = read(Buffer.concat([ANSWER, valueMessage(80, encodeStruct([encodeSigned(value)]))]));
    expect(found && numberOf(found, 'Code')).toBe(value);
  });
});

describe('values', () => {
  it('are read by the names of their fields; what is not there is zero', () => {
    const [found] = read(GOOD);
    expect(found && [numberOf(found, 'Code'), textOf(found, 'Stdout'), textOf(found, 'Stderr')]).toEqual([
      1,
      'out',
      'ERROR é',
    ]);
    const [empty] = read(Buffer.concat([ANSWER, valueMessage(80, encodeStruct([]))]));
    expect(empty && [numberOf(empty, 'Code'), textOf(empty, 'Stdout')]).toEqual([0, '']);
  });

  it('may have fields of other kinds, which a later Juju may add', () => {
    const later = Buffer.concat([
      structDefinition(90, 'Later', [
        ['Code', 2],
        ['Words', 91],
        ['Took', 4],
        ['Done', 1],
        ['Inner', 80],
      ]),
      sliceDefinition(91, '[]string', 6),
      ANSWER,
    ]);
    const words = encodeSlice([encodeText('a'), encodeText('')]);
    const value = encodeStruct([
      encodeSigned(2),
      words,
      encodeUnsigned(5),
      encodeUnsigned(1),
      encodeStruct([encodeSigned(9)]),
    ]);
    const [found] = read(Buffer.concat([later, valueMessage(90, value)]));
    expect(found && [numberOf(found, 'Code'), [...found.keys()]]).toEqual([
      2,
      ['Code', 'Words', 'Took', 'Done', 'Inner'],
    ]);
  });

  it('of another type than is asked for are refused', () => {
    const [found] = read(GOOD);
    expect(() => found && numberOf(found, 'Stdout')).toThrow(GobError);
    expect(() => found && textOf(found, 'Code')).toThrow(GobError);
  });
});

describe('streams', () => {
  it('come in any pieces', () => {
    for (let cut = 0; cut < GOOD.length; cut += 1) {
      const decoder = createGobDecoder();
      const found: unknown[] = [];
      const reader = createMessageReader({
        limit: () => 1000,
        message: (content) => found.push(content && decoder.decode(content)),
      });
      reader.push(GOOD.subarray(0, cut));
      reader.push(GOOD.subarray(cut));
      expect(found).toHaveLength(2);
    }
  });

  it('with a message that is too large are read on after it', () => {
    const large = valueMessage(80, encodeStruct([undefined, encodeText('x'.repeat(5000))]));
    const values = read(Buffer.concat([ANSWER, large, valueMessage(80, encodeStruct([encodeSigned(3)]))]), 1000);
    expect(values.map((value) => value && numberOf(value, 'Code'))).toEqual([undefined, 3]);
  });

  it.each<readonly [string, Buffer]>([
    ['HTTP', Buffer.from(`HTTP/1.1 400 Bad Request\r\n\r\n${'x'.repeat(100)}`)],
    ['zeros', Buffer.alloc(100)],
    ['a length of nine bytes', Buffer.from([0xf7, 1, 1, 1, 1, 1, 1, 1, 1, 1])],
    ['a message of 2^56 bytes', Buffer.from([0xf8, 1, 0, 0, 0, 0, 0, 0, 0])],
    ['a value of a type that was not defined', valueMessage(99, encodeStruct([]))],
    ['a value that is no struct', valueMessage(3, Buffer.of(0, 5))],
    ['a type that is defined twice', Buffer.concat([ANSWER, ANSWER])],
    ['a type of the language defined anew', structDefinition(6, 'string', [])],
    ['a text that is longer than its message', Buffer.concat([ANSWER, valueMessage(80, Buffer.of(2, 100, 1))])],
    ['a field that its type does not have', Buffer.concat([ANSWER, valueMessage(80, Buffer.of(9, 1, 0))])],
    ['something after a value', Buffer.concat([ANSWER, valueMessage(80, Buffer.of(0, 0))])],
    [
      'types without end',
      Buffer.concat(Array.from({ length: 1000 }, (_, index) => structDefinition(100 + index, 'T', [['F', 2]]))),
    ],
    [
      'a type that holds itself, without end',
      Buffer.concat([
        structDefinition(80, 'T', [['Next', 80]]),
        valueMessage(80, Buffer.concat([Buffer.alloc(100_000, 1), Buffer.alloc(100_000)])),
      ]),
    ],
    [
      'more values than anybody sends',
      Buffer.concat([
        structDefinition(80, 'T', [['Many', 81]]),
        sliceDefinition(81, '[]bool', 1),
        valueMessage(80, encodeStruct([Buffer.concat([encodeUnsigned(500_000), Buffer.alloc(500_000)])])),
      ]),
    ],
    [
      'a slice that is longer than its message',
      Buffer.concat([
        structDefinition(80, 'T', [['Many', 81]]),
        sliceDefinition(81, '[]bool', 1),
        valueMessage(80, encodeStruct([encodeUnsigned(2 ** 40)])),
      ]),
    ],
  ])('of %s are refused', (_, stream) => {
    expect(() => read(stream)).toThrow(GobError);
  });

  it('in which any byte is another give a value or are refused', () => {
    for (const flip of [0x01, 0x80, 0xff]) {
      for (const place of GOOD.keys()) {
        const spoilt = Buffer.from(GOOD);
        spoilt[place] = (GOOD[place] ?? 0) ^ flip;
        try {
          read(spoilt);
        } catch (error) {
          expect(error).toBeInstanceOf(GobError);
        }
      }
    }
  });
});
