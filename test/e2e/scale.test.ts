/** A cluster grows: control planes one after the other, since etcd takes in one at a time, and workers all at once. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deployCluster, openCluster, settleActive, type TestCluster } from './cluster.ts';
import { expectWholeCluster, unitsOf } from './reality.ts';

describe('a cluster of one control plane and one worker', { timeout: 240_000 }, () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await openCluster({ dispatch: 'process' });
    await deployCluster(cluster, { controlPlanes: 1, workers: 1 });
  }, 240_000);

  afterAll(() => cluster.close());

  it('stands', () => expectWholeCluster(cluster));

  it('takes in two control planes, never two at once, and three workers beside each other', async () => {
    const { model, machines } = cluster;
    // Long enough for joins that are under way together to be seen together.
    machines.delays.join = 1_000;
    const seen = { controlPlanes: 0, workers: 0 };
    const sampler = setInterval(() => {
      seen.controlPlanes = Math.max(seen.controlPlanes, joining(cluster, 'k8s'));
      seen.workers = Math.max(seen.workers, joining(cluster, 'k8s-worker'));
    }, 20);
    try {
      await model.addUnit('k8s', 2);
      await model.addUnit('k8s-worker', 3);
      await settleActive(model);
    } finally {
      clearInterval(sampler);
    }
    expect(seen.controlPlanes).toBe(1);
    expect(seen.workers).toBeGreaterThan(1);
    // No join had to be tried twice.
    expect(model.log().filter(({ message }) => message.includes('failed'))).toEqual([]);
    expectWholeCluster(cluster);
  });
});

/** Units that are between a token and their place in the cluster. */
function joining({ model }: TestCluster, application: string): number {
  return unitsOf(model, application).filter((unit) => model.unit(unit).workload.message === 'Joining cluster').length;
}
