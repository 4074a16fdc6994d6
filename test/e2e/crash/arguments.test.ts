/** Arguments of running services changed: at whatever call a unit is ended, the service runs with what stands in its file. With
 * dispatches that are processes, ended by a signal. */

import { describe, it } from 'vitest';
import { deployCluster, settleActive } from '../cluster.ts';
import { expectConvergence, OPTIONS } from './scenario.ts';
import { startingPoint } from './starting-point.ts';

const from = startingPoint((cluster) => deployCluster(cluster, { controlPlanes: 1, workers: 0 }), 'process');

describe('crash points', OPTIONS, () => {
  it('of a control plane that gives its API server other arguments', () =>
    expectConvergence('of a control plane that gives its API server other arguments', {
      from,
      unit: 'k8s/0',
      // A turn is taken as for a renewal (`renewal.test.ts`).
      only: /^(?!.*leases)/,
      run: async ({ model }) => {
        await model.configure('k8s', {
          'kube-apiserver-extra-args': 'v=3',
          'kube-apiserver-extra-sans': 'api.example',
        });
        await settleActive(model);
      },
    }));
});
