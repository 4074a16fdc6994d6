/** Machines reboot, one or all of them, and get another address. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Model } from '../standins/juju/model.ts';
import { deployCluster, openCluster, settleActive, type TestCluster } from './cluster.ts';
import { machineOf, served } from './nodes.ts';
import { expectWholeCluster } from './reality.ts';

describe('a cluster of three control planes and one worker', { timeout: 240_000 }, () => {
  let cluster: TestCluster;
  let model: Model;

  beforeAll(async () => {
    cluster = await openCluster();
    model = cluster.model;
    await deployCluster(cluster, { controlPlanes: 3, workers: 1 });
  }, 240_000);

  afterAll(() => cluster.close());

  it.each(['k8s/0', 'k8s/1', 'k8s-worker/0'])('is whole again after a reboot of %s', async (unit) => {
    await model.reboot(unit);
    await settleActive(model);
    expectWholeCluster(cluster);
  });

  it('is whole again after a reboot of everything at once', async () => {
    const units = ['k8s/0', 'k8s/1', 'k8s/2', 'k8s-worker/0'];
    await Promise.all(units.map((unit) => model.reboot(unit)));
    await settleActive(model);
    expectWholeCluster(cluster);
  });

  it('gives the API server of a control plane a certificate for an address that it is given in addition', async () => {
    const address = machineOf(cluster, 'k8s/1').address.replace(/\d+$/, '201');
    await model.changeAddress('k8s/1', address);
    await settleActive(model);
    expectWholeCluster(cluster);
    expect((await served(cluster, 'k8s/1', 6443)).subjectAltName).toContain(address);
    // A worker's further address is a claim until an operator accepts it.
    await model.changeAddress('k8s-worker/0', address.replace(/\d+$/, '202'));
    await model.settle({ timeoutMs: 60_000 });
    const leader = ['k8s/0', 'k8s/1', 'k8s/2'].find((unit) => model.unit(unit).leader) ?? 'k8s/0';
    expect(await model.run(leader, 'accept-addresses', { unit: 'k8s-worker/0' })).toMatchObject({
      status: 'completed',
    });
    await settleActive(model);
    expectWholeCluster(cluster);
  });
});
