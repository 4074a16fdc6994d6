/** What happens to the nodes of a running cluster: another snap file is attached, somebody changes labels by hand. */

import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openHost } from '../../src/clients/host/open-host.ts';
import { openKubernetes } from '../../src/clients/kubernetes/open-kubernetes.ts';
import type { Model } from '../standins/juju/model.ts';
import { allActive, deployCluster, openCluster, type TestCluster, USUALLY_JUJU_4 } from './cluster.ts';

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await openCluster(USUALLY_JUJU_4);
  await deployCluster(cluster, { controlPlanes: 2, workers: 1 });
}, 240_000);

afterAll(() => cluster.close());

it('takes an attached snap file, also where a unit has to wait for its turn, and an empty file leads back to the channel', async () => {
  const { model, directory } = cluster;
  const file = join(directory, 'k8s.snap');
  const stored = await snapOf(model, 'k8s/1');
  // Begins as a SquashFS does; what follows tells the stand-in which snap it is.
  await writeFile(file, Buffer.concat([Buffer.from('hsqs\nk8s 1.36.4\n'), randomBytes(100_000)]));
  await model.attachResource('k8s', 'snap-installation', file);
  await settleWith(model, 'x1');
  expect((await snapOf(model, 'k8s/0'))?.heldUntil).toBeDefined();
  await writeFile(file, '');
  await model.attachResource('k8s', 'snap-installation', file);
  await settleWith(model, stored?.revision ?? '');
  expect(await snapOf(model, 'k8s/1')).toEqual(stored);
}, 120_000);

it('gives a node its labels again when somebody has changed them', async () => {
  const { model } = cluster;
  await model.configure('k8s', { 'node-labels': 'tier=control zone=a' });
  await model.configure('k8s-worker', { 'node-labels': 'tier=work' });
  await model.settle({ timeoutMs: 60_000 });
  expect(labelsOf('k8s/1')).toMatchObject({ tier: 'control', zone: 'a' });
  const { root } = model.unit('k8s/0').machine;
  const administrator = await openHost(root).files.read('/etc/kubernetes/admin.conf');
  const kubernetes = await openKubernetes(administrator ?? '', { timeoutMs: 10_000 });
  for (const { name } of await kubernetes.nodes())
    await kubernetes.labelNode(name, { tier: null, zone: 'b', rack: '7' });
  model.updateStatus();
  await model.settle({ timeoutMs: 60_000, until: allActive });
  for (const unit of ['k8s/0', 'k8s/1'])
    expect(labelsOf(unit)).toMatchObject({ tier: 'control', zone: 'a', rack: '7' });
  expect(labelsOf('k8s-worker/0')).toMatchObject({ tier: 'work', zone: 'b' });
  await model.configure('k8s', { 'node-labels': '' });
  await model.settle({ timeoutMs: 60_000, until: allActive });
  expect(Object.keys(labelsOf('k8s/1'))).not.toContain('tier');
}, 120_000);

it('takes over nodes that another program has set up, without touching a service', async () => {
  const { model, machines } = cluster;
  await model.configure('k8s', { 'kube-apiserver-extra-args': 'v=4', 'node-labels': 'zone=a' });
  await model.settle({ timeoutMs: 60_000, until: allActive });
  // What is left where the existing charms have been: databags, files and nodes, and nothing of what ours remember.
  for (const unit of Object.values(model.state.units)) {
    unit.state = {};
    const agent = join(model.directory, 'agents', `unit-${unit.name.replace('/', '-')}`);
    await rm(join(agent, 'charm', '.told-to-juju.json'), { force: true });
    await rm(join(model.unit(unit.name).machine.root, 'var/lib/k8s-charm'), { recursive: true, force: true });
  }
  const before = changesOfSnaps();
  const bags = ['k8s/0', 'k8s/1'].map((unit) => model.unit(unit).bag('cluster'));
  const { archives } = cluster;
  await model.refresh('k8s', archives.k8s);
  await model.refresh('k8s-worker', archives.worker);
  await model.settle({ timeoutMs: 60_000, until: allActive });
  expect(changesOfSnaps()).toEqual(before);
  expect(['k8s/0', 'k8s/1'].map((unit) => model.unit(unit).bag('cluster'))).toEqual(bags);

  await model.configure('k8s', { 'kube-apiserver-extra-args': '' });
  await model.settle({ timeoutMs: 60_000, until: allActive });
  expect(machines.service('1', 'kube-apiserver').running).not.toHaveProperty('--v');
}, 120_000);

/** Kinds of the changes that snapd was asked for, on all machines. */
function changesOfSnaps(): readonly string[] {
  return cluster.machines
    .all()
    .flatMap(({ id, state }) => Object.values(state.snapd.changes).map(({ kind }) => `${id} ${kind}`));
}

function labelsOf(unit: string): Readonly<Record<string, string>> {
  const { hostname } = cluster.model.unit(unit).machine;
  const node = cluster.machines
    .cluster('0')
    ?.nodes()
    .find(({ metadata }) => metadata.name === hostname);
  return node?.metadata.labels ?? {};
}

function snapOf(model: Model, unit: string) {
  return openHost(model.unit(unit).machine.root).snapd.snap('k8s');
}

async function settleWith(model: Model, revision: string): Promise<void> {
  await model.settle({ timeoutMs: 100_000, until: allActive, updateStatusEveryMs: 2_000 });
  for (const unit of ['k8s/0', 'k8s/1']) expect((await snapOf(model, unit))?.revision).toBe(revision);
}
