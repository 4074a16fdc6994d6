/** Units go: a worker, control planes, the leader, two at once. No half node is left, and the cluster goes on. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Model } from '../standins/juju/model.ts';
import type { NodeMachine } from '../standins/machines/machines.ts';
import { allActive, deployCluster, openCluster, settleActive, type TestCluster, USUALLY_JUJU_4 } from './cluster.ts';
import { machineOf } from './nodes.ts';
import { expectCleanMachine, expectWholeCluster } from './reality.ts';

describe('a cluster of three control planes and three workers', { timeout: 240_000 }, () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await openCluster(USUALLY_JUJU_4);
    await deployCluster(cluster, { controlPlanes: 3, workers: 3 });
  }, 240_000);

  afterAll(() => cluster.close());

  it('loses a worker and nothing of it stays', async () => {
    const gone = await removeUnits(cluster, 'k8s-worker/0');
    expectWholeCluster(cluster);
    for (const machine of gone) expectCleanMachine(machine);
  });

  it('loses a control plane that does not lead', async () => {
    const gone = await removeUnits(cluster, 'k8s/1');
    expectWholeCluster(cluster);
    for (const machine of gone) expectCleanMachine(machine);
  });

  it('loses its leader; another unit leads, and still hands out tokens', async () => {
    const gone = await removeUnits(cluster, 'k8s/0');
    expect(cluster.model.unit('k8s/leader').name).toBe('k8s/2');
    for (const machine of gone) expectCleanMachine(machine);
    expectWholeCluster(cluster);
    await cluster.model.addUnit('k8s', 2);
    await cluster.model.addUnit('k8s-worker');
    await settleActive(cluster.model);
    expectWholeCluster(cluster);
  });

  it('loses two workers, and a leader and another control plane, at once', async () => {
    const workers = await removeUnits(cluster, 'k8s-worker/1', 'k8s-worker/2');
    expectWholeCluster(cluster);
    const controlPlanes = await removeUnits(cluster, 'k8s/2', 'k8s/3');
    expectWholeCluster(cluster);
    for (const machine of [...workers, ...controlPlanes]) expectCleanMachine(machine);
  });
});

/** Removes units at once, waits until they are gone and all others active; gives their machines. */
async function removeUnits(cluster: TestCluster, ...units: readonly string[]): Promise<readonly NodeMachine[]> {
  const { model } = cluster;
  const machines = units.map((unit) => machineOf(cluster, unit));
  for (const unit of units) await model.removeUnit(unit);
  const gone = (now: Model) => units.every((unit) => now.state.units[unit] === undefined);
  await model.settle({ timeoutMs: 120_000, until: (now) => gone(now) && allActive(now), updateStatusEveryMs: 2_000 });
  return machines;
}
