/** Guards how nodes are taken out of a cluster whose daemon is busy or in trouble, on stand-in machines. */

import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { awaitRemoval, leaveCluster } from '../../../src/capabilities/membership/apply-membership.ts';
import { offerToken, removeNode } from '../../../src/capabilities/membership/apply-tokens.ts';
import type { ControlPlaneFacts } from '../../../src/capabilities/membership/facts.ts';
import { openHost } from '../../../src/clients/host/open-host.ts';
import type { K8sd } from '../../../src/clients/k8sd/k8sd.ts';
import { openK8sd } from '../../../src/clients/k8sd/open-k8sd.ts';
import type { Clients } from '../../../src/core/clients.ts';
import { type K8sMachines, openMachines } from '../../standins/machines/machines.ts';
import { leader, PEERS } from './facts.ts';

const options = { timeoutMs: 30_000 };
const BUSY = {
  status: 500,
  text: 'failed to remove member: cluster is unhealthy or another node is currently joining the cluster',
};

let directory: string;
let machines: K8sMachines;
/** Of the units 0 (the leader) to 3. */
const nodes: { readonly name: string; readonly k8sd: K8sd }[] = [];

beforeAll(async () => {
  directory = await mkdtemp('/tmp/kr-');
  machines = await openMachines({ directory });
  for (const id of ['0', '1', '2', '3']) {
    const { root, hostname: name, address } = await machines.provision(id);
    await openHost(root).snapd.install('k8s', { channel: '1.36-classic/stable', classic: true }, options);
    const socketPath = join(root, 'var/snap/k8s/common/var/lib/k8sd/state/control.socket');
    const k8sd = openK8sd({ socketPath, minor: 36 });
    await k8sd.waitUntilReady(options);
    const where = { name, address: `${address}:6400`, config: {} };
    const first = nodes[0];
    if (first === undefined) await k8sd.bootstrap(where, options);
    else await k8sd.join({ ...where, token: await first.k8sd.joinToken({ name, worker: false }, options) }, options);
    nodes.push({ name, k8sd });
  }
}, 120_000);

afterAll(async () => {
  await machines.close();
  await rm(directory, { recursive: true, force: true });
});

interface Written {
  readonly application: Record<string, string | undefined>;
  readonly warnings: string[];
}

/** Real machine and daemon; a clock that sleep moves; what would be told to Juju is kept. */
function doorsOf(unit: number): { readonly clients: Clients; readonly written: Written } {
  const written: Written = { application: {}, warnings: [] };
  let now = Date.parse('2026-11-23T10:00:00Z');
  const juju = {
    log: { warning: (message: string) => written.warnings.push(message) },
    relations: { setApplication: (_: string, entries: object) => Object.assign(written.application, entries) },
  };
  const clock = {
    now: () => new Date(now),
    sleep: async (ms: number) => {
      now += ms;
    },
  };
  const { root } = machines.machine(String(unit));
  const clients = {
    juju,
    host: { ...openHost(root), ...clock },
    k8sd: () => (nodes[unit] as (typeof nodes)[number]).k8sd,
    kubernetes: async () => undefined,
  };
  return { clients: clients as unknown as Clients, written };
}

/** The leader, for which a token of `k8s/9` was made for this node before. */
function onRecord(node: string): ControlPlaneFacts {
  const facts = leader();
  const shared = { ...facts.peers.shared, 'k8s/9': `pending-${node}` };
  return { ...facts, peers: { ...facts.peers, shared } };
}

const membersSeen = async () => ((await nodes[0]?.k8sd.members(options)) ?? []).map(({ name }) => name);
const nameOf = (unit: number) => nodes[unit]?.name ?? '';

describe('the leader', () => {
  const removal = (unit: number) =>
    ({
      kind: 'remove-node',
      relation: PEERS,
      unit: `k8s/${unit}`,
      node: nameOf(unit),
      force: false,
      uri: undefined,
    }) as const;

  it('does not remove by force while etcd is busy: its member would stay behind', async () => {
    const { clients, written } = doorsOf(0);
    machines.failNext('0', 'remove', BUSY);
    await expect(removeNode(clients, leader(), removal(3))).rejects.toMatchObject({
      status: { status: 'waiting', message: expect.stringContaining(`Waiting to remove node ${nameOf(3)}`) },
    });
    expect(await membersSeen()).toContain(nameOf(3));
    expect(written.application).toEqual({});
  });

  it('removes by force what cannot be removed otherwise, and forgets its unit', async () => {
    const { clients, written } = doorsOf(0);
    machines.failNext('0', 'remove', { status: 500, text: 'failed to run pre-remove hook: connection refused' });
    await removeNode(clients, leader(), removal(3));
    expect(await membersSeen()).not.toContain(nameOf(3));
    expect(Object.keys(written.application)).toEqual(['k8s/3', 'k8s/3-secret-id']);
  });

  it('removes a node whose unused token cannot be deleted, and says so', async () => {
    const { clients, written } = doorsOf(0);
    machines.failNext('0', 'delete-token', { status: 500, text: 'no' });
    await removeNode(clients, leader(), { ...removal(3), unit: 'k8s/9', node: 'never-there', force: true });
    expect(Object.keys(written.application)).toEqual(['k8s/9', 'k8s/9-secret-id']);
    expect(written.warnings).toEqual([expect.stringContaining('unused join token of never-there may be left')]);
  });

  it('waits where a token is not to be had, also after a stale node was removed for it', async () => {
    const { clients, written } = doorsOf(0);
    const stale = 'a node with this name is already part of the cluster';
    machines.failNext('0', 'join-token', { status: 500, text: stale });
    machines.failNext('0', 'join-token', { status: 500, text: 'not now' });
    const offer = { kind: 'offer-token', relation: PEERS, unit: 'k8s/9', node: 'stale', worker: true } as const;
    await expect(offerToken(clients, onRecord('stale'), { ...offer, replaces: undefined })).rejects.toMatchObject({
      status: { status: 'waiting', message: 'Waiting for a token for k8s/9: not now' },
    });
    expect(written.application).toEqual({});
  });

  it.each([true, false])('removes no node for a unit that it was not made for (worker: %s)', async (worker) => {
    const { clients, written } = doorsOf(0);
    machines.failNext('0', 'join-token', {
      status: 500,
      text: 'a node with this name is already part of the cluster',
    });
    const before = await membersSeen();
    const offer = { kind: 'offer-token', relation: PEERS, unit: 'k8s/9', node: nameOf(3), worker } as const;
    await expect(offerToken(clients, onRecord('another'), { ...offer, replaces: undefined })).rejects.toMatchObject({
      status: {
        status: 'blocked',
        message: expect.stringContaining(`a node ${nameOf(3)} exists that was not made for k8s/9`),
      },
    });
    expect(await membersSeen()).toEqual(before);
    expect(written.application).toEqual({});
  });
});

describe('a control plane that leaves', () => {
  const leaving = (unit: number) => ({ kind: 'leave-cluster', name: nameOf(unit), force: false }) as const;

  it('tries again while etcd is busy, and then goes without force', async () => {
    const { clients, written } = doorsOf(2);
    for (let time = 0; time < 3; time += 1) machines.failNext('2', 'remove', BUSY);
    await leaveCluster(clients, leader(), leaving(2));
    expect(await membersSeen()).not.toContain(nameOf(2));
    expect(written.warnings).toHaveLength(3);
    expect(written.warnings.join()).not.toContain('by force');
  });

  it('is not kept by a daemon that answers nothing but errors', async () => {
    const { clients, written } = doorsOf(1);
    machines.setK8sd('1', 'error');
    await awaitRemoval(clients, leader());
    await leaveCluster(clients, leader(), leaving(1));
    expect(written.warnings.at(-1)).toContain('by force failed');
  });
});
