/**
 * Nodes that come: at whatever call a unit is ended, the cluster becomes what it becomes without that. The units are there before,
 * held back by an option that is refused, so that a run begins with the first thing that they do.
 */

import { describe, it } from 'vitest';
import { settleActive, type TestCluster } from '../cluster.ts';
import { deploy, expectConvergence, OPTIONS } from './scenario.ts';

const HELD_BACK_BY = 'kubelet-extra-args';

describe('crash points', OPTIONS, () => {
  it.each([
    ['of the first control plane, while it installs and bootstraps', 0, 'k8s', 'k8s/0'],
    ['of a control plane that joins', 1, 'k8s', 'k8s/1'],
    ['of the leader, while a control plane joins', 1, 'k8s', 'k8s/0'],
    ['of a worker that joins', 1, 'k8s-worker', 'k8s-worker/0'],
    ['of the leader, while a worker joins', 1, 'k8s-worker', 'k8s/0'],
  ])('%s', (name, controlPlanes, application, unit) =>
    expectConvergence(name, {
      unit,
      prepare: async (cluster) => {
        await deploy(cluster, controlPlanes, 0);
        await holdBackUnit(cluster, application);
      },
      run: async ({ model }) => {
        await model.configure(application, {}, { reset: [HELD_BACK_BY] });
        await settleActive(model);
      },
    }),
  );
});

async function holdBackUnit({ model }: TestCluster, application: string): Promise<void> {
  await model.configure(application, { [HELD_BACK_BY]: 'v=$(refused)' });
  await model.addUnit(application);
  const isHeldBack = () =>
    Object.values(model.state.units).every(
      (unit) => unit.application !== application || unit.workload.status === 'blocked',
    );
  await model.settle({ timeoutMs: 60_000, until: isHeldBack });
}
