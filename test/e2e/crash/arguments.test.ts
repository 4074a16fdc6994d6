/** Arguments of running services changed: at whatever call a unit is ended, the service runs with what stands in its file. */

import { describe, it } from 'vitest';
import { settleActive } from '../cluster.ts';
import { deploy, expectConvergence, OPTIONS } from './scenario.ts';

describe('crash points', OPTIONS, () => {
  it('of a control plane that gives its API server other arguments', () =>
    expectConvergence('of a control plane that gives its API server other arguments', {
      unit: 'k8s/0',
      prepare: (cluster) => deploy(cluster, 1, 0),
      run: async ({ model }) => {
        await model.configure('k8s', {
          'kube-apiserver-extra-args': 'v=3',
          'kube-apiserver-extra-sans': 'api.example',
        });
        await settleActive(model);
      },
    }));
});
