/** How the snap gets onto a machine: from the store, or from an attached file where there is none; and what is said when it does not. */

import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packedArchives } from '../archives.ts';
import type { Model } from '../standins/juju/model.ts';
import { openCluster, resetOptions, settleActive, type TestCluster } from './cluster.ts';
import { machineOf } from './nodes.ts';
import { expectWholeCluster } from './reality.ts';

const NO_STORE =
  'cannot get details for snap "k8s": Post "https://api.snapcraft.io/v2/snaps/refresh": dial tcp: i/o timeout';

describe('machines without a store', { timeout: 240_000 }, () => {
  let cluster: TestCluster;
  let model: Model;
  let file: string;

  beforeAll(async () => {
    cluster = await openCluster({ dispatch: 'process' });
    model = cluster.model;
    file = join(cluster.directory, 'k8s.snap');
    await writeFile(file, '');
  });

  afterAll(() => cluster.close());

  it('wait, and say why, as long as the resource is an empty file', async () => {
    const { machines } = cluster;
    const archives = await packedArchives();
    machines.storeProblem = NO_STORE;
    await model.deploy(archives.k8s, { application: 'k8s', resources: { 'snap-installation': file } });
    await model.deploy(archives.worker, { application: 'k8s-worker', resources: { 'snap-installation': file } });
    await model.integrate('k8s:k8s-cluster', 'k8s-worker:cluster');
    await model.settle({ timeoutMs: 60_000 });
    for (const unit of ['k8s/0', 'k8s-worker/0'])
      expect(model.unit(unit).workload).toMatchObject({
        status: 'waiting',
        message:
          `Could not install the snap from snap-channel 1.36-classic/stable: ${NO_STORE}` +
          '; on machines without a store, attach the snap as resource snap-installation',
      });
  });

  it('refuse a file that is no snap, and install one that is', async () => {
    await writeFile(file, 'PK this is no snap');
    await model.attachResource('k8s', 'snap-installation', file);
    await model.settle({ timeoutMs: 60_000 });
    expect(model.unit('k8s/0').workload).toMatchObject({
      status: 'blocked',
      message: expect.stringMatching(/^Could not install the snap from resource snap-installation: .* is invalid/),
    });
    await writeFile(file, Buffer.concat([Buffer.from('hsqs\nk8s 1.36.4\n'), randomBytes(100_000)]));
    await model.attachResource('k8s', 'snap-installation', file);
    await model.attachResource('k8s-worker', 'snap-installation', file);
    await settleActive(model);
    expectWholeCluster(cluster);
    for (const unit of ['k8s/0', 'k8s-worker/0'])
      expect(machineOf(cluster, unit).state.snapd.snap).toMatchObject({ version: '1.36.4', revision: 'x1' });
  });

  it('take in units that find the file from the beginning', async () => {
    await model.addUnit('k8s');
    await model.addUnit('k8s-worker');
    await settleActive(model);
    expectWholeCluster(cluster);
    expect(machineOf(cluster, 'k8s/1').state.snapd.snap).toMatchObject({ revision: 'x1' });
    expect(machineOf(cluster, 'k8s/1').state.snapd.snap?.heldUntil).toBeDefined();
  });
});

describe('a store that fails', { timeout: 120_000 }, () => {
  let cluster: TestCluster;
  let model: Model;

  beforeAll(async () => {
    cluster = await openCluster({ dispatch: 'process' });
    model = cluster.model;
  });

  afterAll(() => cluster.close());

  it('is tried again, with the reason shown; a channel that does not exist blocks until it is put right', async () => {
    const { k8s } = await packedArchives();
    await model.deploy(k8s, { application: 'k8s', config: { 'snap-channel': '1.99-classic/stable' } });
    await model.settle({ timeoutMs: 60_000 });
    expect(model.unit('k8s/0').workload).toMatchObject({
      status: 'blocked',
      message: expect.stringMatching(
        /^Could not install the snap from snap-channel 1\.99-classic\/stable: no snap revision on specified channel; set snap-channel to one of .*1\.36-classic\/stable/,
      ),
    });
    const { id } = machineOf(cluster, 'k8s/0');
    cluster.machines.failNext(id, 'snap install', { text: 'cannot mount squashfs image: no space left on device' });
    await resetOptions(model, 'k8s', ['snap-channel']);
    await model.settle({ timeoutMs: 60_000 });
    expect(model.unit('k8s/0').workload).toMatchObject({
      status: 'blocked',
      message: expect.stringContaining('no space left on device'),
    });
    await settleActive(model);
    expectWholeCluster(cluster, { workerApplications: [] });
  });
});
