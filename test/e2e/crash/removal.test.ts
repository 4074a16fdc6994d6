/** Nodes that go: at whatever call a unit is ended, nothing of the node that goes is left. */

import { describe, it } from 'vitest';
import { deploy, expectConvergence, OPTIONS, removeUnit } from './scenario.ts';

describe('crash points', OPTIONS, () => {
  it.each([
    ['of a worker that goes', 1, 1, 'k8s-worker/0', 'k8s-worker/0'],
    ['of the leader, while a worker goes', 1, 1, 'k8s-worker/0', 'k8s/0'],
    ['of a control plane that goes', 2, 0, 'k8s/1', 'k8s/1'],
    ['of the leader, while a control plane goes', 2, 0, 'k8s/1', 'k8s/0'],
    ['of a leader that goes', 2, 0, 'k8s/0', 'k8s/0'],
  ])('%s', (name, controlPlanes, workers, removed, unit) =>
    expectConvergence(name, {
      unit,
      prepare: (cluster) => deploy(cluster, controlPlanes, workers),
      run: (cluster) => removeUnit(cluster, removed),
    }),
  );
});
