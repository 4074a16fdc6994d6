/**
 * What the charms put on the wire and take from it, beside applications that behave as the existing Python charms do: their
 * worker in our cluster, our worker in theirs.
 */

import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openK8sd } from '../../src/clients/k8sd/open-k8sd.ts';
import { deployCluster, openCluster, settleActive, type TestCluster } from './cluster.ts';
import { runningArguments } from './nodes.ts';

/** Application `k8s` in this model has a cluster name that everybody can compute. */
const MODEL_UUID = '3f6a2c9e-0000-4000-8000-0123456789ab';
const CLUSTER_NAME = 'k8s-376106d671644e274a3877e86a4bdbc5';
const JUJU_KEYS = ['egress-subnets', 'ingress-address', 'private-address'];

let cluster: TestCluster;

beforeEach(async () => {
  cluster = await openCluster({ modelUuid: MODEL_UUID });
});

afterEach(() => cluster.close());

describe('a worker of the existing charms in our cluster', { timeout: 120_000 }, () => {
  it('gets its token, joins, and is removed when its unit goes, whatever its application is called', async () => {
    const { model, machines } = cluster;
    await deployCluster(cluster, { controlPlanes: 1, workers: 0 });
    const python = model.addRemoteApplication('workers-small', {
      endpoints: { cluster: { interface: 'k8s-cluster', role: 'requirer' } },
    });
    await model.integrate('k8s:k8s-cluster', 'workers-small:cluster');
    const worker = await machines.provision('python-0');
    python.setUnitBag('cluster', 'workers-small/0', { 'node-name': worker.hostname, version: '1.36.4' });
    await settleActive(model);

    const offered = model.applicationBag('k8s', 'k8s-cluster');
    const uri = offered['workers-small/0-secret-id'] ?? '';
    expect(offered).toEqual({
      'bootstrap-certificates': 'snap-managed',
      version: '1.36.4',
      'workers-small/0': `pending-${worker.hostname}`,
      // Ours; the existing charms read keys of another form only.
      'workers-small/0-addresses': expect.stringMatching(/^\["[0-9.]+"\]$/),
      'rolling-grants': '[]',
      'workers-small/0-secret-id': expect.stringMatching(/^secret:(?:\/\/[0-9a-f-]{36}\/)?[0-9a-z]{20}$/),
    });
    expect(without(model.unit('k8s/0').bag('k8s-cluster'))).toEqual({
      'node-name': model.unit('k8s/0').machine.hostname,
      'cluster-name': CLUSTER_NAME,
      joined: CLUSTER_NAME,
      version: '1.36.4',
    });
    const secret = python.readSecret(uri, 'workers-small/0');
    expect(Object.keys(secret).sort()).toEqual(['revision', 'token']);
    expect(secret['revision']).toBe('0');
    const token = JSON.parse(Buffer.from(secret['token'] ?? '', 'base64').toString()) as Record<string, unknown>;
    expect(token['_']).toBe('m!!');

    python.setUnitBag('cluster', 'workers-small/0', { joined: CLUSTER_NAME });
    await settleActive(model);
    expect(model.applicationBag('k8s', 'k8s-cluster')).toEqual({
      'bootstrap-certificates': 'snap-managed',
      version: '1.36.4',
      'workers-small/0': `joined-${worker.hostname}`,
      'workers-small/0-addresses': expect.any(String),
      'rolling-grants': '[]',
    });
    expect(() => python.readSecret(uri, 'workers-small/0')).toThrow();

    python.removeUnit('workers-small/0');
    await settleActive(model);
    const left = Object.keys(model.applicationBag('k8s', 'k8s-cluster')).filter((key) => key.includes('/'));
    expect(left).toEqual([]);
  });

  it('gets another token, of the next revision, when it says that the first one failed', async () => {
    const { model } = cluster;
    await deployCluster(cluster, { controlPlanes: 1, workers: 0 });
    const python = model.addRemoteApplication('k8s-worker', {
      endpoints: { cluster: { interface: 'k8s-cluster', role: 'requirer' } },
    });
    await model.integrate('k8s:k8s-cluster', 'k8s-worker:cluster');
    python.setUnitBag('cluster', 'k8s-worker/0', { 'node-name': 'juju-3f2a-4', version: '1.36.4' });
    await settleActive(model);
    const uri = model.applicationBag('k8s', 'k8s-cluster')['k8s-worker/0-secret-id'] ?? '';
    const first = python.readSecret(uri, 'k8s-worker/0');

    python.setUnitBag('cluster', 'k8s-worker/0', { 'token-failure': '{"revision": 0, "error": "no route to host"}' });
    await settleActive(model);
    const second = python.readSecret(uri, 'k8s-worker/0');
    expect(second['revision']).toBe('1');
    expect(second['token']).not.toBe(first['token']);
    expect(model.applicationBag('k8s', 'k8s-cluster')['k8s-worker/0-secret-id']).toBe(uri);
  });

  it('is not let down by garbage in its databag', async () => {
    const { model } = cluster;
    await deployCluster(cluster, { controlPlanes: 1, workers: 0 });
    const python = model.addRemoteApplication('odd', {
      endpoints: { cluster: { interface: 'k8s-cluster', role: 'requirer' } },
    });
    await model.integrate('k8s:k8s-cluster', 'odd:cluster');
    python.setUnitBag('cluster', 'odd/0', {
      'node-name': '../../etc\u0000',
      version: 'not a version',
      'token-failure': '[{"revision": []',
      'certificate-requests': '{"id": 7, "requests": "all"}',
      joined: 'k8s-of-somebody-else',
    });
    await model.settle({ timeoutMs: 60_000 });
    expect(model.unit('k8s/0').agent.status).toBe('idle');
    expect(model.unit('k8s/0').workload.message).toContain('ignoring odd/0 (k8s-cluster:');
    expect(model.unit('k8s/0').workload.status).toBe('active');
  });
});

describe('our worker in a cluster of the existing charms', { timeout: 120_000 }, () => {
  it.each(['application', 'unit'] as const)('finds its token in the %s databag, joins, and says so', async (place) => {
    const { model } = cluster;
    // A control plane of ours, that nobody integrates, makes the cluster; the databags are played as the Python charm writes them.
    await deployCluster(cluster, { controlPlanes: 1, workers: 0 });
    const { archives } = cluster;
    await model.deploy(archives.worker, { application: 'k8s-worker', units: 1 });
    const python = model.addRemoteApplication('python', {
      endpoints: { 'k8s-cluster': { interface: 'k8s-cluster', role: 'provider' } },
    });
    await model.integrate('python:k8s-cluster', 'k8s-worker:cluster');
    await model.settle({ timeoutMs: 60_000 });
    const asked = model.unit('k8s-worker/0').bag('cluster');
    expect(without(asked)).toEqual({ 'node-name': model.unit('k8s-worker/0').machine.hostname, version: '1.36.4' });
    expect(model.unit('k8s-worker/0').workload).toMatchObject({
      status: 'waiting',
      message: 'Waiting for Cluster token',
    });

    const token = await joinToken(model.unit('k8s/0').machine.root, {
      name: asked['node-name'] ?? '',
      worker: true,
    });
    const uri = python.addSecret({ revision: '0', token });
    python.grant(uri, 'k8s-cluster', 'k8s-worker/0');
    const id = { 'k8s-worker/0-secret-id': uri };
    python.setUnitBag('k8s-cluster', 'python/0', {
      'cluster-name': CLUSTER_NAME,
      joined: CLUSTER_NAME,
      'node-name': 'juju-py-0',
      version: '1.36.4',
      ...(place === 'unit' ? id : {}),
    });
    python.setApplicationBag('k8s-cluster', {
      'bootstrap-certificates': 'snap-managed',
      version: '1.36.4',
      'k8s-worker/0': `pending-${asked['node-name']}`,
      ...(place === 'application' ? id : {}),
    });
    await settleActive(model);
    expect(model.unit('k8s-worker/0').bag('cluster')['joined']).toBe(CLUSTER_NAME);
    // It grants no rollout lock, so that nobody asks it for one.
    await model.configure('k8s-worker', { 'kubelet-extra-args': 'max-pods=97' });
    await settleActive(model);
    expect(runningArguments(cluster, 'k8s-worker/0', 'kubelet')).toMatchObject({ '--max-pods': '97' });
    expect(model.unit('k8s-worker/0').bag('cluster')['rolling-request']).toBeUndefined();
  });

  it('reports a token that does not work with its revision, and tries the next one', async () => {
    const { model } = cluster;
    await deployCluster(cluster, { controlPlanes: 1, workers: 0 });
    const { archives } = cluster;
    await model.deploy(archives.worker, { application: 'k8s-worker', units: 1 });
    const python = model.addRemoteApplication('python', {
      endpoints: { 'k8s-cluster': { interface: 'k8s-cluster', role: 'provider' } },
    });
    await model.integrate('python:k8s-cluster', 'k8s-worker:cluster');
    await model.settle({ timeoutMs: 60_000 });
    const name = model.unit('k8s-worker/0').bag('cluster')['node-name'] ?? '';
    const control = model.unit('k8s/0').machine.root;
    const good = await joinToken(control, { name, worker: true });
    const parsed = JSON.parse(Buffer.from(good, 'base64').toString()) as Record<string, unknown>;
    const nobodys = 'worker::0000000000000000000000000000000000000000';
    const bad = Buffer.from(JSON.stringify({ ...parsed, token: nobodys, secret: nobodys })).toString('base64');
    const uri = python.addSecret({ revision: '4', token: bad });
    python.grant(uri, 'k8s-cluster', 'k8s-worker/0');
    python.setUnitBag('k8s-cluster', 'python/0', { 'cluster-name': CLUSTER_NAME, version: '1.36.4' });
    python.setApplicationBag('k8s-cluster', { 'k8s-worker/0-secret-id': uri, version: '1.36.4' });
    await model.settle({ timeoutMs: 60_000 });
    const failure = JSON.parse(model.unit('k8s-worker/0').bag('cluster')['token-failure'] ?? '{}') as Record<
      string,
      unknown
    >;
    expect(failure['revision']).toBe(4);
    expect(String(failure['error'])).not.toContain(bad);

    python.updateSecret(uri, { revision: '5', token: good });
    await settleActive(model);
    expect(model.unit('k8s-worker/0').bag('cluster')).toMatchObject({ joined: CLUSTER_NAME });
    expect(model.unit('k8s-worker/0').bag('cluster')['token-failure']).toBeUndefined();
  });
});

/** A token of the cluster's own k8sd, as the leader would ask for it. */
function joinToken(root: string, request: { name: string; worker: boolean }): Promise<string> {
  const socketPath = join(root, '/var/snap/k8s/common/var/lib/k8sd/state/control.socket');
  return openK8sd({ socketPath, minor: 36 }).joinToken(request, { timeoutMs: 10_000 });
}

/** A databag without what Juju itself writes into it. */
function without(bag: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(bag).filter(([key]) => !JUJU_KEYS.includes(key)));
}
