/** Secrets of a test cluster: written at an API server, read at each, and looked at where they lie in etcd. */

import { expect } from 'vitest';
import { etcdKey } from '../standins/machines/kubernetes/store.ts';
import type { ClusterView } from '../standins/machines/machines.ts';
import type { TestCluster } from './cluster.ts';
import { machineOf } from './nodes.ts';

const ADMIN = { username: 'admin', groups: ['system:masters'] };
const SECRETS = '/api/v1/namespaces/default/secrets';

export async function writeSecret(cluster: TestCluster, unit: string, name: string): Promise<void> {
  const { api } = viewOf(cluster);
  const codec = api.encryption.get(machineOf(cluster, unit).id)?.codec;
  await api.handle({
    user: ADMIN,
    method: 'POST',
    path: SECRETS,
    query: new URLSearchParams(),
    contentType: 'application/json',
    body: JSON.stringify({ metadata: { name }, stringData: { of: name } }),
    ...(codec && { codec }),
  });
}

/** What the Secrets in etcd are under: `aesgcm:1`, `identity`. */
export function storedUnder(cluster: TestCluster): readonly string[] {
  const values = Object.values(viewOf(cluster).state.kubernetes.secrets).map((value) =>
    Buffer.from(value, 'base64').toString('latin1'),
  );
  const under = values.map((value) => /^k8s:enc:(\w+):v1:key(\d+):/.exec(value)?.slice(1, 3).join(':') ?? 'identity');
  return [...new Set(under)].sort();
}

/** Fails where an API server that runs cannot read a Secret. */
export function expectReadable(cluster: TestCluster): void {
  const { api, state } = viewOf(cluster);
  for (const [machine, { codec }] of api.encryption)
    for (const [path, raw] of Object.entries(state.kubernetes.secrets)) {
      const read = () => codec.open(etcdKey(path), Buffer.from(raw, 'base64'));
      expect(read, `${path} at machine ${machine}`).not.toThrow();
    }
}

/** Looks at every call of any unit to something outside, from now on. Throws what was found when it is asked to stop. */
export function watchReadable(cluster: TestCluster): () => void {
  const { model } = cluster;
  let problem: unknown;
  model.onOutsideCall = () => {
    try {
      if (problem === undefined) expectReadable(cluster);
    } catch (error) {
      problem = error;
    }
  };
  return () => {
    model.onOutsideCall = undefined;
    if (problem !== undefined) throw problem;
  };
}

export function viewOf({ machines }: TestCluster): ClusterView {
  const machine = machines.all().find(({ id, state }) => !state.gone && machines.cluster(id) !== undefined);
  const view = machine && machines.cluster(machine.id);
  if (view === undefined) throw new Error('there is no cluster');
  return view;
}

/** Where the rollout is, as the leader has told it. */
export function rolloutOf({ model }: TestCluster): Readonly<Record<string, unknown>> {
  return JSON.parse(model.applicationBag('k8s', 'cluster')['encryption'] ?? '{}') as Record<string, unknown>;
}

/**
 * Until all Secrets are under that, and the former key is forgotten. While they are not, time passes for the leader.
 * @param timeoutMs for what happens by itself in between
 */
export async function settleOn(cluster: TestCluster, cipher: string, timeoutMs = 120_000): Promise<void> {
  const { model } = cluster;
  for (let round = 0; round < 20; round += 1) {
    await model.settle({ timeoutMs });
    const { phase, now } = rolloutOf(cluster);
    if (phase === 'settled' && now === cipher) return;
    const leader = Object.values(model.state.units).find(({ name }) => model.unit(name).leader)?.name;
    model.updateStatus(leader);
  }
  throw new Error(`Secrets do not come to ${cipher}: ${JSON.stringify(rolloutOf(cluster))}`);
}
