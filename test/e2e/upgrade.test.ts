/** Upgrades, of the charm and of the snap: nothing restarts for the one; the other goes round the control planes, then the workers. */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packedArchives } from '../archives.ts';
import type { Model } from '../standins/juju/model.ts';
import { openCluster, settleActive, type TestCluster } from './cluster.ts';
import { machineOf } from './nodes.ts';
import { expectWholeCluster, unitsOf } from './reality.ts';
import { restartsSince } from './restarts.ts';

describe('a cluster of 1.35, of two control planes and a worker', { timeout: 300_000 }, () => {
  let cluster: TestCluster;
  let model: Model;
  const everybody = () => [...unitsOf(model, 'k8s'), ...unitsOf(model, 'k8s-worker')];
  const versions = () => everybody().map((unit) => machineOf(cluster, unit).state.snapd.snap?.version);

  beforeAll(async () => {
    cluster = await openCluster({ dispatch: 'process' });
    model = cluster.model;
    const archives = await packedArchives();
    const channel = { 'snap-channel': '1.35-classic/stable' };
    await model.deploy(archives.k8s, {
      application: 'k8s',
      units: 2,
      config: { ...channel, 'kube-apiserver-extra-args': 'v=4', 'node-labels': 'zone=a' },
    });
    await model.deploy(archives.worker, { application: 'k8s-worker', units: 1, config: channel });
    await model.integrate('k8s:k8s-cluster', 'k8s-worker:cluster');
    await settleActive(model);
  }, 240_000);

  afterAll(() => cluster.close());

  it('stands', () => {
    expectWholeCluster(cluster, { kubeProxy: true });
    expect(new Set(versions())).toEqual(new Set(['1.35.5']));
  });

  it('takes another charm without a restart of anything, and knows its configuration afterwards', async () => {
    const { machines, directory } = cluster;
    const archives = await packedArchives();
    const before = machines.serviceEvents.length;
    await model.refresh('k8s', await repacked(archives.k8s, join(directory, 'k8s.charm')));
    await model.refresh('k8s-worker', await repacked(archives.worker, join(directory, 'k8s-worker.charm')));
    await settleActive(model);
    expectWholeCluster(cluster, { kubeProxy: true });
    expect(machines.serviceEvents.slice(before)).toEqual([]);
    const plan = await model.run('k8s/1', 'plan');
    expect(plan.results['plan'] ?? plan.results).toMatchObject(
      /nothing|no change/i.exec(JSON.stringify(plan.results)) ? {} : { plan: 'nothing' },
    );
    expect(machineOf(cluster, 'k8s/1').services.running('kube-apiserver')?.['--v']).toBe('4');
  });

  it('keeps workers from running ahead of the control plane, and takes all along to 1.36, one control plane at a time', async () => {
    const { machines } = cluster;
    const before = machines.serviceEvents.length;
    await model.configure('k8s-worker', { 'snap-channel': '1.36-classic/stable' });
    await model.settle({ timeoutMs: 60_000 });
    expect(model.unit('k8s-worker/0').workload).toMatchObject({
      status: 'waiting',
      message: "snap-channel is newer than the control plane's 1.35.5; waiting for it",
    });
    expect(machines.serviceEvents.slice(before)).toEqual([]);

    const restarts = restartsSince(cluster);
    await model.configure('k8s', { 'snap-channel': '1.36-classic/stable' });
    await settleActive(model);
    expectWholeCluster(cluster);
    expect(new Set(versions())).toEqual(new Set(['1.36.4']));
    for (const unit of everybody()) expect(model.unit(unit).bag('cluster')['version']).toBe('1.36.4');
    expect(model.applicationBag('k8s', 'k8s-cluster')['version']).toBe('1.36.4');
    expect(restarts.most()).toBe(1);
  });

  it('refuses to go back, touching nothing, until the option is put right', async () => {
    const { machines } = cluster;
    const before = machines.serviceEvents.length;
    await model.configure('k8s', { 'snap-channel': '1.34-classic/stable' });
    await model.settle({ timeoutMs: 60_000 });
    for (const unit of unitsOf(model, 'k8s'))
      expect(model.unit(unit).workload).toMatchObject({
        status: 'blocked',
        // The leader has more to tell.
        message: expect.stringMatching(/^snap-channel goes back from 1\.36; set 1\.36 or 1\.37(?:;|$)/),
      });
    expect(machines.serviceEvents.slice(before)).toEqual([]);
    await model.configure('k8s', { 'snap-channel': '1.36-classic/stable' });
    await settleActive(model);
    expectWholeCluster(cluster);
  });

  it('blocks a unit that gets a newer snap from the channel than the others have, until they have it, too', async () => {
    const { machines } = cluster;
    machines.publish('1.36-classic/stable', '1.36.6');
    machines.publish('1.36-classic/candidate', '1.36.6');
    await model.addUnit('k8s');
    await model.settle({ timeoutMs: 60_000 });
    expect(new Set(versions().slice(0, 2))).toEqual(new Set(['1.36.4']));
    expect(model.unit('k8s/2').workload).toMatchObject({
      status: 'blocked',
      message: expect.stringContaining('Snap 1.36.6 cannot join a cluster of 1.36.4; bring all to one version'),
    });
    await model.configure('k8s', { 'snap-channel': '1.36-classic/candidate' });
    await model.configure('k8s-worker', { 'snap-channel': '1.36-classic/candidate' });
    await settleActive(model);
    expectWholeCluster(cluster);
    expect(new Set(versions())).toEqual(new Set(['1.36.6']));
  });
});

/** The same archive under another digest: a comment at its end is another byte for the controller, and nothing for a unit. */
async function repacked(archive: string, target: string): Promise<string> {
  const bytes = await readFile(archive);
  bytes.writeUInt16LE(1, bytes.length - 2);
  await writeFile(target, Buffer.concat([bytes, Buffer.from('2')]));
  return target;
}
