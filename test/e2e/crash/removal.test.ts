/** Nodes that go: at whatever call a unit is ended, nothing of the node that goes is left. */

import { describe, it } from 'vitest';
import { deployCluster } from '../cluster.ts';
import { expectConvergence, OPTIONS, removeUnit } from './scenario.ts';
import { startingPoint } from './starting-point.ts';

const withWorker = startingPoint((cluster) => deployCluster(cluster, { controlPlanes: 1, workers: 1 }));
const withOther = startingPoint((cluster) => deployCluster(cluster, { controlPlanes: 2, workers: 0 }));

describe('crash points', OPTIONS, () => {
  it.each([
    ['of a worker that goes', withWorker, 'k8s-worker/0', 'k8s-worker/0'],
    ['of the leader, while a worker goes', withWorker, 'k8s-worker/0', 'k8s/0'],
    ['of a control plane that goes', withOther, 'k8s/1', 'k8s/1'],
    ['of the leader, while a control plane goes', withOther, 'k8s/1', 'k8s/0'],
    ['of a leader that goes', withOther, 'k8s/0', 'k8s/0'],
  ])('%s', (name, from, removed, unit) =>
    expectConvergence(name, { from, unit, run: (cluster) => removeUnit(cluster, removed) }),
  );
});
