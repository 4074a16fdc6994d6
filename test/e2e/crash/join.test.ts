/** Nodes that come: at whatever call a unit is ended, the cluster becomes what it becomes without that. */

import { describe, it } from 'vitest';
import { addUnit, deploy, expectConvergence, OPTIONS } from './scenario.ts';

describe('crash points', OPTIONS, () => {
  it('of the first control plane, while it installs and bootstraps', () =>
    expectConvergence('bootstrap', {
      unit: 'k8s/0',
      prepare: (cluster) => deploy(cluster, 0, 0),
      run: (cluster) => addUnit(cluster, 'k8s'),
    }));

  it.each([
    ['of a control plane that joins', 'k8s', 'k8s/1'],
    ['of the leader, while a control plane joins', 'k8s', 'k8s/0'],
    ['of a worker that joins', 'k8s-worker', 'k8s-worker/0'],
    ['of the leader, while a worker joins', 'k8s-worker', 'k8s/0'],
  ])('%s', (name, application, unit) =>
    expectConvergence(name, {
      unit,
      prepare: (cluster) => deploy(cluster, 1, 0),
      run: (cluster) => addUnit(cluster, application),
    }),
  );
});
