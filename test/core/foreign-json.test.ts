import { describe, expect, it } from 'vitest';
import { parseForeign, parseObject, parseObjects, readForeign } from '../../src/core/foreign-json.ts';
import {
  fitting,
  flag,
  line,
  list,
  moment,
  object,
  oneOf,
  or,
  record,
  text,
  timestamp,
  variant,
  whole,
  wholeOrDigits,
} from '../../src/core/shapes.ts';

const BOUNDS = { length: 100, depth: 3, values: 5 };

describe('foreign JSON', () => {
  it.each([
    ['x', undefined],
    ['', undefined],
    [undefined, undefined],
    ['[[[1]]]', [[[1]]]],
    ['[[[[1]]]]', undefined],
    ['{"a":{"b":{"c":1}}}', { a: { b: { c: 1 } } }],
    ['{"a":{"b":{"c":{}}}}', undefined],
    ['[1,2,3,4,5]', [1, 2, 3, 4, 5]],
    ['[1,2,3,4,5,6]', undefined],
    // What stands in a text does not count.
    ['"[[[[[{{{{{,,,,,,,,"', '[[[[[{{{{{,,,,,,,,'],
    [String.raw`["\"[[[[[", "\\"]`, ['"[[[[[', '\\']],
    [JSON.stringify('x'.repeat(98)), 'x'.repeat(98)],
    [JSON.stringify('x'.repeat(99)), undefined],
  ])('is parsed within its bounds: %j', (written, expected) => {
    expect(parseForeign(written, BOUNDS)).toEqual(expected);
  });

  it('has no methods of its own, however deep', () => {
    const value = parseForeign(
      '{"a":[{"toString":null,"valueOf":1,"toJSON":{},"__proto__":{"x":1},"constructor":0,"then":2,"b":3}]}',
    );
    expect(value).toEqual({ a: [{ b: 3 }] });
    expect(`${(value as { a: unknown[] }).a[0]}`).toBe('[object Object]');
    expect(Reflect.get({}, 'x')).toBeUndefined();
    // Escapes in names do not help.
    expect(parseForeign(String.raw`{"to\u0053tring":null}`)).toEqual({});
  });

  it('gives objects and lists of objects, and nothing where there are none', () => {
    for (const written of ['null', '1', '"a"', '[]', '{"a":', '\u0000', undefined])
      expect(parseObject(written)).toEqual({});
    expect(parseObjects('[1, null, {"a": 1}, [], "x"]')).toEqual([{ a: 1 }]);
    expect(parseObjects('{"a": 1}')).toEqual([]);
  });
});

describe('a shape', () => {
  it.each([
    [text(3), 'abc', 'abc'],
    [text(3), 'abcd', undefined],
    [text(9, /^[a-z]+$/), 'a\n', undefined],
    [text(), 1, undefined],
    [text(), { toString: null }, undefined],
    [flag, 'true', undefined],
    [whole(1, 5), 5, 5],
    [whole(1, 5), 6, undefined],
    [whole(), 1.5, undefined],
    [whole(), 2 ** 53, undefined],
    [whole(), '1', undefined],
    [wholeOrDigits(), '12', 12],
    [wholeOrDigits(), '0x10', undefined],
    [wholeOrDigits(), '1e3', undefined],
    [wholeOrDigits(), ' 1', undefined],
    [wholeOrDigits(), '99999999999999999999', undefined],
    [wholeOrDigits(), [5], undefined],
    [line(5), 'a\nb', 'a b'],
    [line(5), 'abcdefgh', 'abcd…'],
    [line(5), null, undefined],
    [timestamp, '2026-12-01T06:00:00Z', '2026-12-01T06:00:00Z'],
    [timestamp, '2026-12-01', undefined],
    [timestamp, '2026-13-01T06:00:00Z', undefined],
    [timestamp, '+275760-09-13T00:00:00.001Z', undefined],
    [timestamp, 0, undefined],
    [moment, '2026-12-01T06:00:00Z', new Date('2026-12-01T06:00:00Z')],
    [moment, 'never', undefined],
    [oneOf(['a', 'b']), 'b', 'b'],
    [oneOf(['a', 'b']), ['b'], undefined],
    [list(whole(), 2), [1, 2], [1, 2]],
    [list(whole(), 2), [1, 2, 3], undefined],
    [list(whole()), [1, '2'], undefined],
    [list(whole()), { length: 0 }, undefined],
    [fitting(whole(), 2), [1, '2', 3], [1]],
    [fitting(whole()), 'x', []],
    [record(whole(), 1), { a: 1 }, { a: 1 }],
    [record(whole(), 1), { a: 1, b: 2 }, undefined],
    [record(whole(), 9, /^[a-z]$/), { A: 1 }, undefined],
    [record(whole()), [1], undefined],
    [object({ a: whole() }), { a: 1, b: 2 }, { a: 1 }],
    [object({ a: whole() }), { b: 2 }, undefined],
    [object({ a: whole() }), Object.create({ a: 1 }), undefined],
    [object({}, { a: whole() }), {}, {}],
    [object({}, { a: whole() }), { a: 'x' }, undefined],
    [object({ a: or(whole(), 7) }), {}, { a: 7 }],
    [variant('k', { a: object({ k: text() }) }), { k: 'a' }, { k: 'a' }],
    [variant('k', { a: object({ k: text() }) }), { k: 'toString' }, undefined],
    [variant('k', { a: object({ k: text() }) }), { k: { toString: null } }, undefined],
  ])('%# of %j is %j', (shape, value, expected) => {
    expect((shape as (value: unknown) => unknown)(value)).toEqual(expected);
  });

  it('keeps `__proto__` out of a map', () => {
    expect(readForeign('{"__proto__": 1}', record(whole()))).toEqual({});
    expect(record(whole())(JSON.parse('{"__proto__": 1}'))).toBeUndefined();
  });
});
