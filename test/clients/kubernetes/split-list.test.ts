/** Guards that a list that comes in pieces is taken apart as a reader of JSON would, wherever the pieces are cut. */
import { describe, expect, it } from 'vitest';
import { listSplitter } from '../../../src/clients/kubernetes/split-list.ts';

function split(text: string, cuts: readonly number[] = []): { items: string[]; rest: string } {
  const items: string[] = [];
  const { push, end } = listSplitter((item) => items.push(item));
  let from = 0;
  for (const cut of [...cuts, text.length]) {
    push(text.slice(from, cut));
    from = cut;
  }
  return { items, rest: end() };
}

const awkward = [
  { name: 'plain' },
  { name: 'quotes " and \\ and \\" at the end \\', 'a key with " and : [': ']}' },
  { nested: { items: [{ items: [] }, [[]]] }, empty: {}, list: [1, 'two', null, { three: 3 }] },
  { text: '"items":[', unicode: 'ä☃𝄞\u2028', control: '\u0007\n\t' },
  {},
];

const lists: readonly (readonly [string, object])[] = [
  ['typed', { kind: 'PodList', apiVersion: 'v1', metadata: { continue: 'x"y', resourceVersion: '1' }, items: awkward }],
  ['sorted by keys', { apiVersion: 'a/v1', items: awkward, kind: 'WidgetList', metadata: { note: '"items":[{}]' } }],
  ['empty', { kind: 'PodList', metadata: {}, items: [] }],
  ['null', { kind: 'PodList', metadata: {}, items: null }],
  ['with a list before', { metadata: { items: [1] }, others: [{ items: [{}] }], items: awkward }],
];

describe('a list', () => {
  it.each(lists)('that is %s is the same in one piece, in letters, and indented', (_name, list) => {
    const wanted = 'items' in list && Array.isArray(list.items) ? list.items : [];
    for (const text of [JSON.stringify(list), JSON.stringify(list, undefined, 2)]) {
      const letters = Array.from({ length: text.length }, (_, index) => index);
      const cuts = [[], letters, ...letters.map((letter) => [letter])];
      for (const where of cuts) {
        const { items, rest } = split(text, where);
        expect(items.map((item) => JSON.parse(item))).toEqual(wanted);
        expect(JSON.parse(rest)).toEqual({ ...list, ...(wanted.length > 0 ? { items: [] } : {}) });
      }
    }
  });

  it('gives each item as soon as it is there, and keeps none', () => {
    const seen: string[] = [];
    const { push } = listSplitter((item, head) => seen.push(`${item} behind ${head}`));
    push('{"kind":"PodList","items":[{"a":1},{"b"');
    expect(seen).toEqual(['{"a":1} behind {"kind":"PodList","items":[']);
    push(':2}');
    expect(seen).toHaveLength(2);
  });

  it.each([
    '',
    '[',
    '{"items":[{}',
    '{"items":[{},',
    '{"items":[1,2]}',
    '{"items":["a"]}',
    '{"items":[[]]}',
    '{"items":[nul',
    'x{',
  ])('that is %j is none', (text) => {
    const { items, rest } = split(text);
    expect(() => JSON.parse(rest)).toThrow();
    expect(items.every((item) => item === '{}')).toBe(true);
  });
});
