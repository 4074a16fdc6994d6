import { describe, expect, it } from 'vitest';
import {
  decidedUnit,
  decisionKey,
  formatDecision,
  formatWish,
  parseDecision,
  parseWish,
} from '../../src/certificates/wire.ts';

describe('a wish', () => {
  it('is read as it was written', () => {
    const text = formatWish('k8s-worker-0-1', ['a', 'b']);
    expect(text).toBe('{"id": "k8s-worker-0-1", "requests": ["a", "b"]}');
    expect(parseWish(text)).toEqual({ id: 'k8s-worker-0-1', requests: ['a', 'b'] });
  });

  it.each([
    undefined,
    '',
    'x',
    'null',
    '[]',
    '{"id": 1, "requests": []}',
    '{"id": "a"}',
    '{"id": "a", "requests": "b"}',
    '{"id": "a", "requests": [1]}',
    '{"id": "a", "requests": ["../nodes/x"]}',
    '{"id": "a", "requests": ["A"]}',
    '{"id": "a", "requests": [""]}',
    JSON.stringify({ id: 'a', requests: Array.from({ length: 11 }, () => 'b') }),
  ])('is not %j', (text) => {
    expect(parseWish(text)).toBeUndefined();
  });
});

describe('a decision', () => {
  it('is read as it was written, whatever the reason', () => {
    const decision = { id: 'a', approved: false, reason: 'say "no"\n' };
    expect(parseDecision(formatDecision(decision))).toEqual(decision);
  });

  it.each([undefined, '', '{', '{"id": "a"}', '{"id": "a", "approved": "yes"}', '{"approved": true}'])(
    'is not %j',
    (text) => {
      expect(parseDecision(text)).toBeUndefined();
    },
  );

  it('stands under its unit, and only such keys are decisions', () => {
    expect(decidedUnit(decisionKey('workers-small/12'))).toBe('workers-small/12');
    for (const key of ['bootstrap-certificates', 'k8s-worker/0', 'k8s-worker/0-secret-id', 'x-certificates'])
      expect(decidedUnit(key)).toBeUndefined();
  });
});
