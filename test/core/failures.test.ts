/** Guards when a change that failed is tried again, and that what older revisions remember is still understood. */

import { describe, expect, it } from 'vitest';
import { changeIdentity, jointIdentity, sentenceIdentity } from '../../src/core/change-identity.ts';
import {
  formatFailures,
  isForOperator,
  lastingFailures,
  nextTry,
  parseFailures,
  standingFailure,
  withFailure,
} from '../../src/core/failures.ts';

const NOW = new Date('2026-12-01T10:00:00Z');
const later = (minutes: number) => new Date(NOW.getTime() + minutes * 60_000);
const CHANGE = { id: 'a', formerId: 'old' };

describe('the identity of a change', () => {
  it('is the same whatever the order of its keys, and another one with another value', () => {
    const one = changeIdentity({ kind: 'restart', set: { a: '1', b: null } });
    expect(changeIdentity({ set: { b: null, a: '1' }, kind: 'restart', more: undefined })).toBe(one);
    expect(changeIdentity({ kind: 'restart', set: { a: '1' } })).not.toBe(one);
    expect(one).toMatch(/^[0-9a-f]{16}$/);
  });

  it('minds the order of lists, and of changes that are made together', () => {
    expect(changeIdentity({ names: ['a', 'b'] })).not.toBe(changeIdentity({ names: ['b', 'a'] }));
    expect(jointIdentity(['a', 'b'])).not.toBe(jointIdentity(['b', 'a']));
  });
});

describe('a failure', () => {
  it.each(['undone', 'refused'] as const)('that is %s is not tried again, however long it is ago', (kind) => {
    const failures = withFailure([], CHANGE, { kind, reason: 'broke' }, NOW);
    expect(standingFailure(failures, CHANGE, later(100_000))?.reason).toBe('broke');
    expect(standingFailure(failures, { id: 'b' }, NOW)).toBeUndefined();
    expect(lastingFailures(failures)).toHaveLength(1);
  });

  it('that may pass is tried again after pauses that grow, is no matter of other units, and in the end is one for an operator', () => {
    let failures = withFailure([], CHANGE, { kind: 'passing', reason: 'no store' }, NOW);
    expect(lastingFailures(failures)).toEqual([]);
    expect(standingFailure(failures, CHANGE, later(0.9))).toBeDefined();
    expect(standingFailure(failures, CHANGE, later(1))).toBeUndefined();
    failures = withFailure(failures, CHANGE, { kind: 'passing', reason: 'no store' }, later(1));
    expect(standingFailure(failures, CHANGE, later(5))).toBeDefined();
    const [failure] = withFailure(failures, CHANGE, { kind: 'passing', reason: 'no store' }, later(6));
    expect(failure && nextTry(failure)).toEqual(later(21));
    expect(failure && [isForOperator(failure, later(59)), isForOperator(failure, later(60))]).toEqual([false, true]);
  });

  it('that only an operator can fix says so at once, and is tried again all the same', () => {
    const [failure] = withFailure([], CHANGE, { kind: 'passing', reason: 'disk full', blocks: true }, NOW);
    expect(failure && isForOperator(failure, NOW)).toBe(true);
    expect(standingFailure(failure ? [failure] : [], CHANGE, later(5))).toBeUndefined();
  });

  it('is kept as it was written', () => {
    const failures = withFailure([], CHANGE, { kind: 'passing', reason: 'x', blocks: true }, NOW);
    expect(parseFailures(formatFailures(failures))).toEqual(failures);
    expect(formatFailures([])).toBeUndefined();
  });

  it('that an older revision remembers holds the change back, under the identity that it had there', () => {
    const id = sentenceIdentity('kube-apiserver: set --x=1, and restart it');
    const old = parseFailures(JSON.stringify([{ id, reason: 'did not come up' }]));
    const found = standingFailure(old, { id: 'a', formerId: id }, later(10_000));
    expect(found).toEqual({ id, reason: 'did not come up', kind: 'undone' });
    expect(withFailure(old, { id: 'a', formerId: id }, { kind: 'undone', reason: 'again' }, NOW)).toHaveLength(1);
  });

  it.each(['x', '{}', '[null, 1, {"id": 2}, {"id": ""}, {"id": {"toString": 1}}]', '[', '[[]]', undefined])(
    'that makes no sense (%j) is none',
    (text) => {
      expect(parseFailures(text)).toEqual([]);
    },
  );

  it('is bounded in number and length', () => {
    const many = Array.from({ length: 100 }, (_, index) => ({ id: String(index), reason: 'x'.repeat(2_000) }));
    const read = parseFailures(JSON.stringify(many));
    expect(read.length).toBeLessThanOrEqual(32);
    expect(read.map(({ reason }) => reason.length)).toEqual(Array(read.length).fill(500));
  });
});
