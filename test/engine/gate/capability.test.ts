/** Guards who gets the rollout lock from the leader, and what is reported while nobody gets it. */

import { describe, expect, it } from 'vitest';
import type { ControlPlaneFacts } from '../../../src/capabilities/membership/facts.ts';
import { nodeOf } from '../../../src/capabilities/membership/node.ts';
import type { Clients } from '../../../src/core/clients.ts';
import { withWaits } from '../../../src/core/waits.ts';
import { rolloutLock } from '../../../src/engine/gate/capability.ts';
import { controlPlaneBag, leader, VERSION } from '../../capabilities/membership/facts.ts';

const NOW = new Date('2026-11-23T10:00:00Z');

describe('the rollout lock', () => {
  const request = '{"id": "a", "at": "2026-11-23T09:59:00.000Z", "reason": "restart"}';
  const asking = (
    more: Partial<ControlPlaneFacts> = {},
    units: [string, Record<string, string>][] = [],
    shared = {},
  ) => {
    const { peers, workers } = leader();
    const told = workers.map((relation) => ({ ...relation, shared: { ...relation.shared, 'rolling-grants': '[]' } }));
    const all = new Map<string, Record<string, string>>([
      ['k8s/1', controlPlaneBag(1, { 'rolling-request': request })],
      ...units,
    ]);
    return leader({ peers: { ...peers, units: all, shared: { ...peers.shared, ...shared } }, workers: told, ...more });
  };

  /** @param silent units whose API server accepts no connection. */
  const planned = async (facts: ControlPlaneFacts, silent: readonly string[] = []) => {
    const node = nodeOf(facts, [], {});
    const deaf = silent.map((unit) => facts.peers.units.get(unit)?.['ingress-address']);
    const clients = {
      juju: { identity: { unit: 'k8s/0' } },
      host: {
        now: () => NOW,
        accepts: async (address: string) => !deaf.includes(address),
        files: { read: async () => undefined },
      },
    } as unknown as Clients;
    const observed = await rolloutLock.observe?.(clients, node, { workers: 1 });
    if (observed === undefined) throw new Error('there is nothing to be said');
    const plan = rolloutLock.plan?.(observed, { node, contributions: [], foreseen: {} });
    return { changes: plan?.changes.map(({ change }) => change), reports: plan?.reports ?? [] };
  };
  const granted = [{ kind: 'grant', entries: { 'rolling-grant': expect.stringContaining('"k8s/1"') } }];

  it('is granted by the leader', async () => {
    expect((await planned(asking())).changes).toMatchObject(granted);
  });

  const third = (version: string): [string, Record<string, string>][] => [['k8s/2', { 'node-name': 'c', version }]];
  const pending = { 'k8s/2': 'pending-c', 'k8s/2-secret-id': 'secret:c' };

  it.each<[string, ControlPlaneFacts, readonly string[], string]>([
    [
      'another API server is silent',
      asking({}, [['k8s/2', controlPlaneBag(2)]]),
      ['k8s/2'],
      'k8s/1 waits for the rollout lock: the API server of k8s/2 does not answer',
    ],
    ['one is joining', asking({}, third(VERSION), pending), [], 'k8s/1 waits for the rollout lock: k8s/2 is joining'],
  ])('is not granted while %s', async (_, facts, silent, message) => {
    const { changes, reports } = await planned(facts, silent);
    expect(changes).toEqual([]);
    expect(reports).toMatchObject([{ status: 'waiting', message, lasts: { atMostMs: 3_600_000 } }]);
    // A unit that is gone for good would hold up the others for ever, and nobody would look.
    expect(withWaits(reports, { 'rollout-lock': '2026-11-22T09:00:00Z' }, NOW).reports).toEqual([
      {
        status: 'blocked',
        message: `${message} (since 2026-11-22 09:00 UTC); repair that unit, or remove it if it does not come back`,
      },
    ]);
  });

  it.each<[string, ControlPlaneFacts, readonly string[]]>([
    [
      'the silent one is the one that asks: its change may mend it',
      asking({}, [['k8s/2', controlPlaneBag(2)]]),
      ['k8s/1', 'k8s/2'],
    ],
    ['the one that joins waits for the cluster to be upgraded', asking({}, third('1.37.0'), pending), []],
    [
      'k8sd of the leader waits for the others to be upgraded',
      asking({ daemon: 'upgrading', node: undefined, arguments: {} }),
      [],
    ],
  ])('is granted although %s', async (_, facts, silent) => {
    expect((await planned(facts, silent)).changes).toMatchObject(granted);
  });
});
