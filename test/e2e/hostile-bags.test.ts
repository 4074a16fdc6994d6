/**
 * One machine of a worker that an attacker owns, and that writes something bad into its databag at every hook: it is ignored and named;
 * all others join, renew, are approved and go on, and no hook fails.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deployCluster, openCluster, settleUntil, type TestCluster } from './cluster.ts';
import { machineOf } from './nodes.ts';

type Bag = Readonly<Record<string, string>>;

const LEADER = 'k8s/0';
const VICTIM = 'k8s-worker/0';
const EVIL = 'evil/0';

const METHODS = '{"toString":null,"valueOf":null,"toJSON":null,"__proto__":null}';

/** What did something to charms that trusted it. Each value by itself is tried in `test/hostile/readers.test.ts`. */
const BAD: readonly (readonly [what: string, bag: Bag])[] = [
  [
    'objects with methods of their own',
    {
      'certificate-requests': `{"id":"a","requests":{"x":${METHODS}}}`,
      'cluster-refreshed': `{"id":"a","failure":${METHODS}}`,
      'token-failure': `{"revision":0,"error":${METHODS}}`,
      'node-name': 'evil-0',
    },
  ],
  [
    'a node name of two lines, and addresses that are none',
    {
      'node-name': 'x\nunit-k8s-0: 00:00:00 ERROR juju.worker.uniter forged',
      'ingress-address': '$(reboot)',
      'private-address': 'x\ny',
      'token-failure': `{"revision":${METHODS}}`,
    },
  ],
  [
    'a node name of 1.2 MB, and JSON that is deep',
    { 'node-name': 'n'.repeat(1_200_000), 'certificate-requests': '{"requests":'.repeat(20_000) },
  ],
  [
    'a version that is none, and renewals of nothing',
    { version: '1.36.4; reboot', 'certificate-requests': '{"id":"a","requests":{},"renewal":true}' },
  ],
  ['a databag of 3 MB', { junk: 'a'.repeat(3_000_000) }],
  ['a databag that JSON makes six times as long', { junk: '\u0001'.repeat(1_000_000) }],
  ['a hundred thousand keys', Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`k${index}`, '1']))],
];

let cluster: TestCluster;
let write: (entries: Readonly<Record<string, string | undefined>>) => void;
let written: readonly string[] = [];
let joined: string;
let version: string;

beforeAll(async () => {
  cluster = await openCluster({ dispatch: 'process' });
  await deployCluster(cluster, { controlPlanes: 1, workers: 1 });
  const { model } = cluster;
  ({ joined = '', version = '' } = model.unit(VICTIM).bag('cluster'));
  const remote = model.addRemoteApplication('evil', {
    endpoints: { cluster: { interface: 'k8s-cluster', role: 'requirer' } },
  });
  await model.integrate('k8s:k8s-cluster', 'evil:cluster');
  await model.settle({ timeoutMs: 90_000 });
  write = (entries) => remote.setUnitBag('cluster', EVIL, entries);
}, 240_000);

afterAll(() => cluster.close());

/** All that stands in the databag, in the place of what stood there. */
function replace(bag: Bag): void {
  write({ ...Object.fromEntries(written.map((key) => [key, undefined])), ...bag });
  written = Object.keys(bag);
}

const agents = () =>
  Object.keys(cluster.model.state.units).map((unit) => [unit, cluster.model.unit(unit).agent.status] as const);
const allWell = () => agents().every(([, status]) => status === 'idle');

async function leaderIsReady(): Promise<void> {
  await settleUntil(cluster.model, (model) => model.unit(LEADER).workload.status === 'active' && allWell(), 90_000);
}

describe('a worker that writes something bad at every hook', { timeout: 300_000 }, () => {
  it.each(BAD)('ends no hook and blocks nobody: %s', async (_, bag) => {
    // Who says that it has joined, but names another node than its own or no version, is waited for: another test's matter.
    const claims = bag['node-name'] === 'evil-0' || bag['version'] !== undefined ? {} : { joined, version };
    replace({ ...claims, ...bag });
    await leaderIsReady();
    expect(agents()).toEqual(agents().map(([unit]) => [unit, 'idle']));
  });

  it('is named in the status of the leader while it stands there, and not a moment longer', async () => {
    const told = () => cluster.model.unit(LEADER).workload.message;
    replace({ junk: '\u0001'.repeat(1_000_000), 'node-name': 'evil-0' });
    await leaderIsReady();
    expect(told()).toMatch(
      /^Ready; .*ignoring evil\/0 \(k8s-cluster:\d+\): its databag cannot be used: relation-get printed more than/,
    );
    replace({ 'node-name': 'A_B' });
    await leaderIsReady();
    expect(told()).toMatch(/ignoring evil\/0 \(k8s-cluster:\d+\): its node-name is not a name that a node can have/);
    replace({});
    await leaderIsReady();
    expect(told()).not.toContain('evil');
  });

  it('keeps nobody from renewing and joining', async () => {
    const { model } = cluster;
    const readable = BAD.map(([, bag]) => bag).filter((bag) => !('junk' in bag) && !('k0' in bag));
    replace(Object.assign({}, ...readable) as Bag);
    const before = await machineOf(cluster, VICTIM).files.need('/etc/kubernetes/pki/kubelet.crt');
    const refreshed = await model.run(VICTIM, 'refresh-certs', {}, () => {});
    expect(refreshed.status).toBe('completed');
    await leaderIsReady();
    expect(await machineOf(cluster, VICTIM).files.need('/etc/kubernetes/pki/kubelet.crt')).not.toBe(before);
    await model.addUnit('k8s-worker');
    const added = 'k8s-worker/1';
    await settleUntil(model, () => model.unit(added).workload.status === 'active' && allWell(), 120_000);
    expect(model.unit(added).bag('cluster')['joined']).toBe(joined);
  });

  it('has forged no line of the log', () => {
    const lines = cluster.model.log().flatMap(({ message }) => message.split('\n'));
    expect(lines.filter((line) => line.startsWith('unit-k8s-0:'))).toEqual([]);
  });
});
