import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  decidedUnit,
  decisionKey,
  formatDecision,
  formatWish,
  parseDecision,
  parseWish,
} from '../../../src/capabilities/certificates/wire.ts';

describe('a wish', () => {
  const digest = 'a'.repeat(64);

  it('is read as it was written, with the digest of each request', () => {
    const text = formatWish({
      id: 'k8s-worker-0-1',
      requests: [
        { object: 'a', request: 'PEM\n', pair: 'kubelet', signerName: '', usages: [], key: 'never in a databag' },
        { object: 'b.c-d', request: 'another', pair: 'kubelet-client', signerName: '', usages: [], key: '' },
      ],
    });
    expect(text).not.toContain('never in a databag');
    expect(parseWish(text)).toEqual({
      id: 'k8s-worker-0-1',
      requests: [
        { object: 'a', digest: createHash('sha256').update('PEM\n').digest('hex') },
        { object: 'b.c-d', digest: createHash('sha256').update('another').digest('hex') },
      ],
      renewal: false,
    });
    const [request] = [{ object: 'a', request: 'x', pair: 'kubelet', signerName: '', usages: [], key: '' } as const];
    expect(parseWish(formatWish({ id: 'a', requests: [request], renewal: true }))?.renewal).toBe(true);
  });

  it('without a request is none: it would take the turn of a unit that has something to renew', () => {
    expect(parseWish(formatWish({ id: 'a', requests: [], renewal: true }))).toBeUndefined();
  });

  it.each(['..', '.', 'a..b', 'a/b', '-a', 'a-', 'A', '', 'a b', 'a'.repeat(254)])(
    'names no object %j, which would lead the leader elsewhere',
    (object) => {
      expect(parseWish(JSON.stringify({ id: 'a', requests: { [object]: digest } }))).toBeUndefined();
    },
  );

  it.each([
    undefined,
    '',
    'x',
    'null',
    '[]',
    '{"id": 1, "requests": []}',
    '{"id": "a"}',
    '{"id": "a", "requests": "b"}',
    '{"id": "a", "requests": ["b"]}',
    '{"id": "a", "requests": {"b": 1}}',
    '{"id": "a", "requests": {"b": null}}',
    JSON.stringify({ id: 'a', requests: { b: digest.toUpperCase() } }),
    JSON.stringify({ id: 'a'.repeat(201), requests: { b: digest } }),
    JSON.stringify({ id: 'A b', requests: { b: digest } }),
    JSON.stringify({ id: '', requests: { b: digest } }),
    JSON.stringify({ id: 'a', requests: Object.fromEntries(Array.from({ length: 11 }, (_, n) => [`b${n}`, digest])) }),
  ])('is not %j', (text) => {
    expect(parseWish(text)).toBeUndefined();
  });
});

describe('a decision', () => {
  it('is read as it was written, with the reason as one line', () => {
    const decision = { id: 'a', approved: false, reason: 'say "no"\nand why' };
    expect(parseDecision(formatDecision(decision))).toEqual({ ...decision, reason: 'say "no" and why' });
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
