/** Certificates renewed: at whatever call a unit is ended, what is served ends up being what lies in the files, with its keys. */

import { describe, it } from 'vitest';
import { deploy, expectConvergence, OPTIONS, refreshCertificates } from './scenario.ts';

describe('crash points', OPTIONS, () => {
  it.each([
    ['of a control plane that renews its certificates', 'k8s/0', 'k8s/0'],
    ['of a worker that renews its certificates', 'k8s-worker/0', 'k8s-worker/0'],
    ['of the leader, while a worker renews its certificates', 'k8s-worker/0', 'k8s/0'],
  ])('%s', (name, refreshed, unit) =>
    expectConvergence(name, {
      unit,
      prepare: (cluster) => deploy(cluster, 1, 1),
      run: (cluster) => refreshCertificates(cluster, refreshed),
    }),
  );
});
