/** Leadership moves, also to where it is of no use; machines are lost for good. There is one cluster all the while, and it works. */

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Model } from '../standins/juju/model.ts';
import { allActive, deployCluster, openCluster, settleActive, type TestCluster } from './cluster.ts';
import { machineOf } from './nodes.ts';
import { expectWholeCluster } from './reality.ts';

describe('a cluster that loses leaders and machines', { timeout: 240_000 }, () => {
  let cluster: TestCluster;
  let model: Model;

  beforeAll(async () => {
    cluster = await openCluster();
    model = cluster.model;
    await deployCluster(cluster, { controlPlanes: 1, workers: 1 });
  }, 240_000);

  afterAll(() => cluster.close());

  it('is not made a second time by a leader that has never joined; a member lets it in', async () => {
    await model.addUnit('k8s');
    await model.moveLeadership('k8s/1');
    await settleActive(model);
    expect(model.unit('k8s/leader').name).toBe('k8s/1');
    expect(model.log().filter(({ message }) => message.includes('bootstrap a cluster'))).toHaveLength(1);
    expectWholeCluster(cluster);
  });

  it('goes on under a leader that is made one in the middle of somebody else joining', async () => {
    await model.addUnit('k8s');
    cluster.machines.delays.join = 1_000;
    await vi.waitUntil(() => model.unit('k8s/2').workload.message === 'Joining cluster', { timeout: 60_000 });
    cluster.machines.delays.join = 50;
    await model.moveLeadership('k8s/0');
    await model.addUnit('k8s-worker');
    await settleActive(model);
    expectWholeCluster(cluster);
  });

  it('outlives the machine of a worker, of a control plane and of the leader, and grows again', async () => {
    await lose(cluster, 'k8s-worker/1');
    expectWholeCluster(cluster);
    await lose(cluster, 'k8s/1');
    expectWholeCluster(cluster);
    await model.addUnit('k8s');
    await settleActive(model);
    expectWholeCluster(cluster);

    await model.loseMachine('k8s/0');
    await model.moveLeadership('k8s/2');
    await model.settle({ timeoutMs: 60_000 });
    await model.removeUnit('k8s/0', { force: true });
    await settleActive(model);
    expectWholeCluster(cluster);
    await model.addUnit('k8s');
    await settleActive(model);
    expectWholeCluster(cluster);
  });

  it('says of a lost control plane that is still there why nobody gets a turn, and goes on when it is removed', async () => {
    await model.loseMachine('k8s/2');
    await model.moveLeadership('k8s/3');
    const lost = machineOf(cluster, 'k8s/2').hostname;
    await model.configure('k8s', { 'kube-apiserver-extra-args': 'v=3' });
    await model.settle({ timeoutMs: 60_000 });
    expect(model.status().applications['k8s']?.status.message).toContain('the API server of k8s/2 does not answer');
    expect(model.unit('k8s/4').workload).toMatchObject({ status: 'waiting' });
    expect(lost).toBeDefined();
    await model.removeUnit('k8s/2', { force: true });
    await settleActive(model);
    expectWholeCluster(cluster);
    for (const unit of ['k8s/3', 'k8s/4'])
      expect(machineOf(cluster, unit).services.running('kube-apiserver')?.['--v']).toBe('3');
  });
});

/** The machine is gone; later somebody removes the unit by force, as there is no agent to ask. */
async function lose({ model }: TestCluster, unit: string): Promise<void> {
  await model.loseMachine(unit);
  model.updateStatus();
  await model.settle({ timeoutMs: 60_000 });
  await model.removeUnit(unit, { force: true });
  await model.settle({ timeoutMs: 120_000, until: allActive, updateStatusEveryMs: 2_000 });
}
