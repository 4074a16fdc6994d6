/** Certificates renewed: at whatever call a unit is ended, what is served ends up being what lies in the files, with its keys. */

import { describe, it } from 'vitest';
import { deployCluster } from '../cluster.ts';
import { expectConvergence, OPTIONS, refreshCertificates } from './scenario.ts';
import { startingPoint } from './starting-point.ts';

const from = startingPoint((cluster) => deployCluster(cluster, { controlPlanes: 1, workers: 1 }));

describe('crash points', OPTIONS, () => {
  it.each([
    ['of a control plane that renews its certificates', 'k8s/0', 'k8s/0', true],
    ['of a worker that renews its certificates', 'k8s-worker/0', 'k8s-worker/0', true],
    ['of the leader, while a worker renews its certificates', 'k8s-worker/0', 'k8s/0', false],
  ])('%s', (name, refreshed, unit, action) =>
    expectConvergence(name, { from, unit, action, run: (cluster) => refreshCertificates(cluster, refreshed) }),
  );
});
