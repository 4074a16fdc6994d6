/**
 * Guards that a change which keeps failing is reported as blocked in the end, and one that comes further each time is not; and that failures
 * are not forgotten while a plan is cut short.
 */

import { describe, expect, it } from 'vitest';
import type { NodeIdentity } from '../../src/certificates/index.ts';
import { isWhole, reportOf } from '../../src/charm/reconcile.ts';
import { ChangeFailed } from '../../src/cluster/index.ts';
import { type Waits, withWaits } from '../../src/core/waits.ts';
import { EncryptionFailed } from '../../src/hardening/index.ts';

const MINUTE = 60_000;
const START = Date.parse('2026-12-01T00:00:00Z');

/** Statuses of a unit on which a change ends like this every five minutes, for two hours. */
function statuses(end: (dispatch: number) => ChangeFailed | EncryptionFailed): ReadonlySet<string> {
  let waits: Waits = {};
  const seen = Array.from({ length: 24 }, (_, dispatch) => {
    const next = withWaits([reportOf({ id: 'a' }, end(dispatch))], waits, new Date(START + dispatch * 5 * MINUTE));
    waits = next.waits;
    return next.reports[0]?.status ?? '';
  });
  return new Set(seen);
}

describe('a change that is not done after two hours', () => {
  it('is for an operator when it fails each time', () => {
    expect(statuses(() => new ChangeFailed('waiting', 'no'))).toEqual(new Set(['waiting', 'blocked']));
    expect(statuses(() => new EncryptionFailed('waiting', 'no', 'list 500'))).toEqual(new Set(['waiting', 'blocked']));
  });

  it('only takes its time when it comes further each time', () => {
    expect(statuses((dispatch) => new EncryptionFailed('waiting', 'on', `list ${dispatch}`))).toEqual(
      new Set(['waiting']),
    );
  });
});

describe('a plan without a change that has failed', () => {
  const identity = { nodeName: 'a' } as NodeIdentity;
  const services = {};

  it('is all that is wanted where nothing cuts it short: the failure can be forgotten', () => {
    expect(isWhole({ identity, cluster: { hardened: { ready: true, services } } })).toBe(true);
    expect(isWhole({ identity, cluster: { hardened: { ready: true, services, awaits: [] } } })).toBe(true);
  });

  it.each([
    ['nobody knows the node', { identity: undefined, cluster: { hardened: { ready: true, services } } }],
    ['a file that arguments name cannot be written', { identity, cluster: { hardened: { ready: false, services } } }],
    [
      'the API server is to get its encryption first',
      { identity, cluster: { hardened: { ready: true, services, awaits: ['kube-apiserver'] as const } } },
    ],
  ])('is not all while %s: what harmed the node would be tried once more', (_, view) => {
    expect(isWhole(view)).toBe(false);
  });
});
