/**
 * Nodes that come: at whatever call a unit is ended, the cluster becomes what it becomes without that. The units are there before,
 * held back by an option that is refused, so that a run begins with the first thing that they do.
 */

import { describe, it } from 'vitest';
import { deployCluster, settleActive, type TestCluster } from '../cluster.ts';
import { expectConvergence, OPTIONS } from './scenario.ts';
import { startingPoint } from './starting-point.ts';

const HELD_BACK_BY = 'kubelet-extra-args';
const HELD_BACK = { [HELD_BACK_BY]: 'v=$(refused)' };

const first = startingPoint(async (cluster) => {
  await cluster.model.deploy(cluster.archives.k8s, { application: 'k8s', config: HELD_BACK });
  await settleHeldBack(cluster, 'k8s');
});
const second = startingPoint(async (cluster) => {
  await deployCluster(cluster, { controlPlanes: 1, workers: 0 });
  await cluster.model.configure('k8s', HELD_BACK);
  await cluster.model.addUnit('k8s');
  await settleHeldBack(cluster, 'k8s');
});
const worker = startingPoint(async (cluster) => {
  await deployCluster(cluster, { controlPlanes: 1, workers: 0 });
  await cluster.model.deploy(cluster.archives.worker, { application: 'k8s-worker', config: HELD_BACK });
  await cluster.model.integrate('k8s:k8s-cluster', 'k8s-worker:cluster');
  await settleHeldBack(cluster, 'k8s-worker');
});

describe('crash points', OPTIONS, () => {
  it.each([
    ['of the first control plane, while it installs and bootstraps', first, 'k8s', 'k8s/0'],
    ['of a control plane that joins', second, 'k8s', 'k8s/1'],
    ['of the leader, while a control plane joins', second, 'k8s', 'k8s/0'],
    ['of a worker that joins', worker, 'k8s-worker', 'k8s-worker/0'],
    ['of the leader, while a worker joins', worker, 'k8s-worker', 'k8s/0'],
  ])('%s', (name, from, application, unit) =>
    expectConvergence(name, {
      from,
      unit,
      run: async ({ model }) => {
        await model.configure(application, {}, { reset: [HELD_BACK_BY] });
        await settleActive(model);
      },
    }),
  );
});

async function settleHeldBack({ model }: TestCluster, application: string): Promise<void> {
  const isHeldBack = () =>
    Object.values(model.state.units).every(
      (unit) => unit.application !== application || unit.workload.status === 'blocked',
    );
  await model.settle({ timeoutMs: 60_000, until: isHeldBack });
}
