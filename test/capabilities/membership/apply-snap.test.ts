/** Guards that a snap with which a node does not come up is gone afterwards, and still counts as one that was wanted and failed. */

import { describe, expect, it } from 'vitest';
import { refreshSnap, switchSnap } from '../../../src/capabilities/membership/apply-snap.ts';
import { planSnapRefresh } from '../../../src/capabilities/membership/plan-node.ts';
import { SnapdError } from '../../../src/clients/host/errors.ts';
import type { Snap } from '../../../src/clients/host/host.ts';
import { ChangeUndone } from '../../../src/core/change-failed.ts';
import type { Clients } from '../../../src/core/clients.ts';
import { memoryState } from '../hardening/state.ts';
import { leader } from './facts.ts';

const OLD = '1.35-classic/stable';
const NEW = '1.36-classic/stable';
const BEFORE: Snap = {
  name: 'k8s',
  version: '1.35.5',
  revision: '1',
  channel: OLD,
  confinement: 'classic',
  heldUntil: 'x',
};
const WISH = { 'snap-channel': NEW };

/** A snapd as it is (overlord/snapstate): a revert takes back the revision, not the channel. Services come up with revision 1 only. */
function machine(faults: { readonly switch?: SnapdError } = {}) {
  let snap: Snap = BEFORE;
  let nowMs = Date.parse('2026-11-23T10:00:00Z');
  const asked: string[] = [];
  const snapd = {
    snap: async () => snap,
    refresh: async (_: string, { channel }: { channel: string }) => {
      asked.push('refresh');
      snap = { ...snap, channel, revision: '2', version: '1.36.4' };
    },
    switchChannel: async (_: string, { channel }: { channel: string }) => {
      asked.push(`switch to ${channel}`);
      if (faults.switch !== undefined) throw faults.switch;
      snap = { ...snap, channel };
    },
    revert: async () => {
      asked.push('revert');
      snap = { ...snap, revision: '1', version: '1.35.5' };
    },
    hold: async () => undefined,
    services: async () =>
      ['kubelet', 'kube-apiserver'].map((name) => ({ name, active: snap.revision === '1', enabled: true })),
  };
  const host = {
    snapd,
    now: () => new Date(nowMs),
    sleep: async (ms: number) => {
      nowMs += ms;
    },
  };
  const log = { info: () => undefined, warning: () => undefined };
  const clients = { host, juju: { state: memoryState(), log } } as unknown as Clients;
  return { clients, asked, snap: () => snap };
}

const facts = leader({ snap: BEFORE }, WISH);

describe('a snap with which the node does not come up', () => {
  it('is still wanted after it was reverted, so that its failure is remembered, reported, and tried on no other unit', async () => {
    const { clients, asked, snap } = machine();
    const attempt = refreshSnap(clients, facts, { kind: 'refresh-snap', channel: NEW, file: undefined });
    await expect(attempt).rejects.toThrow(/^snap-channel: .*the previous snap is back$/);
    await expect(attempt).rejects.toBeInstanceOf(ChangeUndone);
    expect(asked).toEqual(['refresh', `switch to ${OLD}`, 'revert']);
    expect(snap()).toEqual(BEFORE);
    const next = leader({ snap: snap() }, WISH);
    expect(planSnapRefresh(next, next.options, undefined).changes).toMatchObject([
      { kind: 'refresh-snap', channel: NEW },
    ]);
  });

  it('is reverted also where snapd does not let it follow the channel as before, and that is said', async () => {
    const { clients, snap } = machine({ switch: new SnapdError('change-failed', 'cannot switch') });
    const attempt = refreshSnap(clients, facts, { kind: 'refresh-snap', channel: NEW, file: undefined });
    await expect(attempt).rejects.toThrow(
      /the previous snap is back, but not on its channel \(snap switch --channel=1.35-classic\/stable k8s\): cannot switch$/,
    );
    expect(snap().revision).toBe('1');
  });
});

it('another channel with the same revision is followed without a refresh, whatever the store has there by now', async () => {
  const { clients, asked, snap } = machine();
  await switchSnap(clients, { kind: 'switch-snap', channel: NEW });
  expect(asked).toEqual([`switch to ${NEW}`]);
  expect(snap()).toEqual({ ...BEFORE, channel: NEW });
});
