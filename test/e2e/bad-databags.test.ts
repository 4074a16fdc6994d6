/**
 * What the other side of a relation writes is not trusted: garbage in any key that the charms read neither breaks a hook nor
 * touches what belongs to others, and is forgotten when sense takes its place.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openK8sd } from '../../src/clients/k8sd/open-k8sd.ts';
import { deployCluster, openCluster, settleActive, type TestCluster, USUALLY_JUJU_4 } from './cluster.ts';
import { fingerprints, machineOf, runningArguments } from './nodes.ts';
import { expectNoSecretsToldIn } from './secrecy.ts';

type Bag = Readonly<Record<string, string>>;

const WORKER = 'k8s-worker/0';
const LONG = 'x'.repeat(20_000);
/** What is no JSON, or JSON of another shape than wished for. */
const NO_SENSE = ['{', '[]', 'null', '{"id": 7}', `{"${LONG}": 1}`, '{"__proto__": {"id": "x"}}', '\u0000\u0007'];

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await openCluster(USUALLY_JUJU_4);
  await deployCluster(cluster, { controlPlanes: 2, workers: 1 });
}, 120_000);

afterAll(() => cluster.close());

/** What belongs to the units that behave. */
async function ours() {
  const { model, machines } = cluster;
  const view = machines.cluster(machineOf(cluster, 'k8s/0').id);
  return structuredClone({
    files: await Promise.all(['k8s/0', 'k8s/1', WORKER].map((unit) => fingerprints(cluster, unit))),
    nodes: view
      ?.nodes()
      .map(({ metadata }) => metadata.uid)
      .sort(),
    config: view?.state.config,
    members: view?.state.members.map(({ name }) => name),
    peers: model.applicationBag('k8s', 'cluster'),
    worker: model.unit(WORKER).bag('cluster'),
  });
}

async function rest(): Promise<void> {
  await cluster.model.settle({ timeoutMs: 60_000 });
  for (const unit of Object.keys(cluster.model.state.units))
    expect(cluster.model.unit(unit).agent.status, unit).toBe('idle');
}

/** As if the unit had written it on the peer relation: past the charm, which would not. An empty value takes the key out. */
function put(unit: string, whose: 'unit' | 'application', entries: Bag): void {
  const { relations } = cluster.model.state;
  const peers = Object.values(relations).find(
    ({ endpoints }) => endpoints.length === 1 && endpoints[0]?.name === 'cluster',
  );
  const member = whose === 'unit' ? peers?.units[unit] : peers?.applications['k8s'];
  if (member === undefined) throw new Error(`${unit} has no peer relation`);
  for (const [key, value] of Object.entries(entries))
    if (value === '') delete member.settings[key];
    else member.settings[key] = value;
  member.version += 1;
}

describe('a control plane', { timeout: 120_000 }, () => {
  it('is not let down by a worker that writes garbage, and serves it when it writes sense', async () => {
    const { model } = cluster;
    const python = model.addRemoteApplication('odd', {
      endpoints: { cluster: { interface: 'k8s-cluster', role: 'requirer' } },
    });
    await model.integrate('k8s:k8s-cluster', 'odd:cluster');
    await rest();
    const relation = Object.values(model.state.relations).at(-1)?.id ?? 0;
    const offered = () => model.applicationBag('k8s', relation);
    const before = await ours();
    const write = async (entries: Bag) => {
      python.setUnitBag('cluster', 'odd/0', { version: '1.36.4', ...entries });
      await rest();
      expect(await ours(), JSON.stringify(entries).slice(0, 200)).toEqual(before);
      const gone = Object.fromEntries(Object.keys(entries).map((key) => [key, undefined]));
      python.setUnitBag('cluster', 'odd/0', {
        ...gone,
        'ingress-address': '127.77.1.1',
        'private-address': '127.77.1.1',
      });
    };
    const keys = ['node-name', 'token-failure', 'certificate-requests', 'version', 'cluster-name', 'ingress-address'];
    await write({ 'node-name': '$(reboot)' });
    expect(model.unit('k8s/0').workload.status).toBe('active');
    expect(model.unit('k8s/0').workload.message).toMatch(
      /ignoring odd\/0 \(k8s-cluster:\d+\): its node-name is not a name that a node can have/,
    );
    for (const text of NO_SENSE) await write(Object.fromEntries(keys.map((key) => [key, text])));
    const garbage: readonly Bag[] = [
      { 'token-failure': '{"revision": 1e99, "error": []}' },
      { 'certificate-requests': '{"id": "a", "requests": ["no-such-request"]}' },
      { 'certificate-requests': '{"id": "b", "requests": ["../../nodes/x", "A B"]}' },
      { 'odd/0-secret-id': 'secret:ffffffffffffffffffff', 'k8s-worker/0-secret-id': 'file:///etc/passwd' },
      { 'rolling-grant': '{', deputy: '{"unit": "k8s/1", "for": "odd/0"}' },
    ];
    for (const entries of garbage) await write(entries);

    // Whatever was offered meanwhile has failed, it says; and so it gets another one.
    python.setUnitBag('cluster', 'odd/0', { 'node-name': 'odd-0', 'token-failure': '{"revision": 0, "error": "no"}' });
    await settleActive(model, 60_000);
    expect(offered()['odd/0']).toBe('pending-odd-0');
    const { revision, token } = python.readSecret(offered()['odd/0-secret-id'] ?? '', 'odd/0');
    expect(revision).toBe('1');
    expect(Buffer.from(token ?? '', 'base64').toString()).toContain('m!!');

    // It says that it is another's node; what is on record stays, and nobody else's node goes with the unit.
    const { joined = '' } = model.unit(WORKER).bag('cluster');
    for (const unit of [WORKER, 'k8s/1'])
      await write({ 'node-name': machineOf(cluster, unit).hostname, joined, 'token-failure': '' });
    expect(offered()['odd/0']).toBe('joined-odd-0');
    python.removeUnit('odd/0');
    await settleActive(model, 60_000);
    const { 'departed-nodes': departed, ...peers } = (await ours()).peers;
    expect(JSON.parse(departed ?? '[]')).toMatchObject([{ node: 'odd-0' }]);
    expect({ ...(await ours()), peers }).toEqual(before);
  });

  it('and garbage on the peer relation, where only charms write, costs nobody anything', async () => {
    const { model } = cluster;
    const before = await ours();
    for (const text of ['{', '[null, 7]', '{"id": {}, "unit": 7, "at": "never"}']) {
      put('k8s/1', 'unit', { 'rolling-request': text, 'rolling-failure': text, 'token-failure': text });
      put('k8s/0', 'application', { 'rolling-grant': text, deputy: text, 'departed-nodes': text });
      model.updateStatus();
      await rest();
    }
    put('k8s/1', 'unit', { 'rolling-request': '', 'rolling-failure': '', 'token-failure': '' });
    put('k8s/0', 'application', { 'rolling-grant': '', deputy: '', 'departed-nodes': '' });
    model.updateStatus();
    await settleActive(model, 60_000);
    const { 'departed-nodes': _, ...peers } = before.peers;
    expect(await ours()).toEqual({ ...before, peers });
    // Turns still work.
    await model.configure('k8s', { 'kube-scheduler-extra-args': 'v=2' });
    await settleActive(model, 60_000);
    expect(runningArguments(cluster, 'k8s/1', 'kube-scheduler')).toMatchObject({ '--v': '2' });
  });

  it('takes nothing from an etcd that tells no sense, and says what is missing', async () => {
    const { model } = cluster;
    const { archives } = cluster;
    await model.deploy(archives.k8s, { application: 'other', config: { 'bootstrap-datastore': 'etcd' } });
    const etcd = model.addRemoteApplication('etcd', { endpoints: { db: { interface: 'etcd', role: 'provider' } } });
    await model.integrate('other:etcd', 'etcd:db');
    await rest();
    expect(model.unit('other/0').workload).toMatchObject({
      status: 'waiting',
      message: 'Waiting for etcd to be ready',
    });
    const pem = { client_ca: 'a', client_cert: 'b', client_key: 'c' };
    etcd.setUnitBag('db', 'etcd/0', { connection_string: 'https://192.0.2.1:2379,$(reboot)', ...pem });
    await rest();
    expect(model.unit('other/0').workload).toMatchObject({
      status: 'blocked',
      message:
        'The etcd integration gives a connection_string that is not a list of URLs such as https://192.0.2.1:2379',
    });
    expect(machineOf(cluster, 'other/0').state.k8sd.member).toBeUndefined();
  });
});

describe('a worker', { timeout: 120_000 }, () => {
  it('waits while its control plane writes garbage, and joins when it writes sense', async () => {
    const { model } = cluster;
    const { archives } = cluster;
    await model.deploy(archives.worker, { application: 'w' });
    const python = model.addRemoteApplication('python', {
      endpoints: {
        'k8s-cluster': { interface: 'k8s-cluster', role: 'provider' },
        containerd: { interface: 'containerd', role: 'provider' },
      },
    });
    await model.integrate('python:k8s-cluster', 'w:cluster');
    await model.integrate('python:containerd', 'w:containerd');
    await rest();
    const name = model.unit('w/0').bag('cluster')['node-name'] ?? '';
    const nobody = python.addSecret({ revision: '0', token: 'nobody may read this' });
    const empty = python.addSecret({ revision: 'first' });
    python.grant(empty, 'k8s-cluster', 'w/0');
    const noToken = python.addSecret({ revision: '3', token: 'bm90IGEgdG9rZW4=' });
    python.grant(noToken, 'k8s-cluster', 'w/0');
    const offers: readonly Bag[] = [
      ...NO_SENSE.map((text) => ({ 'w/0-secret-id': text, version: text, 'w/0-certificates': text, 'w/0': text })),
      { 'w/0-secret-id': '--help' },
      { 'w/0-secret-id': nobody },
      { 'w/0-secret-id': empty },
      { 'w/0-secret-id': noToken },
    ];
    for (const entries of offers) {
      python.setUnitBag('k8s-cluster', 'python/0', { 'cluster-name': 'k8s-x', version: '1.36.4' });
      python.setApplicationBag('k8s-cluster', { version: '1.36.4', ...entries });
      await rest();
      expect(model.unit('w/0').workload.status, JSON.stringify(entries).slice(0, 200)).toBe('waiting');
      expect(machineOf(cluster, 'w/0').state.k8sd.member).toBeUndefined();
      python.setApplicationBag('k8s-cluster', Object.fromEntries(Object.keys(entries).map((key) => [key, undefined])));
    }
    for (const text of ['{', '[{"url": 7}]', '[{"url": "https://r.example", "host": "../../x"}]']) {
      python.setApplicationBag('containerd', { 'custom-registries': text });
      await rest();
      expect(model.unit('w/0').workload.message).toContain('containerd-custom-registries of the control plane');
    }
    python.setApplicationBag('containerd', { 'custom-registries': '[]' });

    const socketPath = `${machineOf(cluster, 'k8s/0').root}/var/snap/k8s/common/var/lib/k8sd/state/control.socket`;
    const token = await openK8sd({ socketPath, minor: 36 }).joinToken({ name, worker: true }, { timeoutMs: 10_000 });
    const good = python.addSecret({ revision: '4', token });
    python.grant(good, 'k8s-cluster', 'w/0');
    python.setApplicationBag('k8s-cluster', { version: '1.36.4', 'w/0-secret-id': good });
    await model.settle({
      timeoutMs: 60_000,
      until: () => model.unit('w/0').workload.status === 'active',
      updateStatusEveryMs: 2_000,
    });
    expect(model.unit('w/0').bag('cluster')['joined']).toBe('k8s-x');
  });
});

describe('all of it', () => {
  it('told no secret', async () => {
    await expectNoSecretsToldIn(cluster);
  });

  it('gave the stand-ins no trouble of their own', () => {
    expect(cluster.machines.failures).toEqual([]);
  });
});
