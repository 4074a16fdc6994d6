/** Guards who gets the rollout lock from the leader, control-plane nodes and workers, and what is reported while nobody gets it. */

import { describe, expect, it } from 'vitest';
import type { ControlPlaneFacts } from '../../../src/capabilities/membership/facts.ts';
import { nodeOf } from '../../../src/capabilities/membership/node.ts';
import type { Clients } from '../../../src/core/clients.ts';
import { withWaits } from '../../../src/core/waits.ts';
import { rolloutLock } from '../../../src/engine/gate/capability.ts';
import { controlPlaneBag, leader, VERSION, WORKERS, workerBag } from '../../capabilities/membership/facts.ts';

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
    const deaf = silent.map((unit) =>
      unit === 'k8s/0' ? node.address : facts.peers.units.get(unit)?.['ingress-address'],
    );
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

  describe('of the workers', () => {
    const worker = '{"id": "w", "at": "2026-11-23T09:59:00.000Z", "reason": "restarting kubelet"}';
    const grantedAt = (at: string) =>
      `[{"unit": "k8s-worker/0", "id": "w", "asked": "2026-11-23T09:59:00.000Z", "at": "${at}", "work": ""}]`;
    /** @param others workers that ask beside k8s-worker/0. */
    const withWorkers = (
      facts: ControlPlaneFacts,
      grants?: string,
      others: readonly number[] = [],
    ): ControlPlaneFacts => ({
      ...facts,
      workers: facts.workers.map((relation) => ({
        ...relation,
        units: new Map(
          [0, ...others].map((number) => [`k8s-worker/${number}`, workerBag(number, { 'rolling-request': worker })]),
        ),
        shared: { ...relation.shared, ...(grants === undefined ? {} : { 'rolling-grants': grants }) },
      })),
    });
    const grantedToWorker = [
      { relation: WORKERS, entries: { 'rolling-grants': expect.stringContaining('"k8s-worker/0"') } },
    ];

    it('is granted where no control-plane node wants it, and all answer', async () => {
      const { changes, reports } = await planned(withWorkers(leader()));
      expect(changes).toMatchObject(grantedToWorker);
      expect(reports).toEqual([]);
    });

    it('is announced before anybody asks', async () => {
      expect((await planned(leader())).changes).toEqual([
        { kind: 'grant', relation: WORKERS, entries: { 'rolling-grants': '[]' } },
      ]);
    });

    it('is not granted in the same moment as that of a control-plane node, which workers are told of', async () => {
      const { changes, reports } = await planned(withWorkers(asking(), '[]'));
      expect(changes).toMatchObject([
        { entries: { 'rolling-grant': expect.stringContaining('"k8s/1"') } },
        {
          relation: WORKERS,
          entries: { 'rolling-grants': expect.stringMatching(/^\[\{"unit": "k8s\/1", [^{]*\}\]$/) },
        },
      ]);
      expect(reports).toEqual([]);
    });

    it.each<[string, ControlPlaneFacts, readonly string[], string]>([
      ['a control-plane node does not answer', leader(), ['k8s/1'], 'the API server of k8s/1 does not answer'],
      ["the leader's own API server does not", leader(), ['k8s/0'], 'the API server of k8s/0 does not answer'],
      ['a control-plane node is joining', asking({}, third(VERSION), pending), [], 'k8s/2 is joining'],
    ])('is not granted while %s', async (_, facts, silent, why) => {
      const { changes, reports } = await planned(withWorkers(facts, '[]'), silent);
      expect(changes).toEqual([{ kind: 'grant', relation: WORKERS, entries: { 'rolling-held': why } }]);
      expect(reports).toContainEqual(
        expect.objectContaining({ status: 'waiting', message: `k8s-worker/0 waits for the rollout lock: ${why}` }),
      );
    });

    it('that is held for long while others wait is reported by the leader', async () => {
      const late = withWorkers(leader(), grantedAt('2026-11-23T09:30:00.000Z'), [1]);
      expect((await planned(late)).reports).toMatchObject([
        {
          status: 'waiting',
          message: 'k8s-worker/1 waits for the rollout lock: k8s-worker/0 has held it since 2026-11-23 09:30 UTC',
          lasts: { atMostMs: 3_600_000 },
        },
      ]);
      expect((await planned(withWorkers(leader(), grantedAt('2026-11-23T09:55:00.000Z'), [1]))).reports).toEqual([]);
    });
  });
});
