/** A node hardened and given back: at whatever call a unit is ended, the end is the same, and nothing of the hardening is left. */

import { describe, expect, it } from 'vitest';
import { deployCluster, settleActive } from '../cluster.ts';
import { expectConvergence, OPTIONS } from './scenario.ts';
import { startingPoint } from './starting-point.ts';

const withWorker = startingPoint((cluster) => deployCluster(cluster, { controlPlanes: 1, workers: 1 }));
const alone = startingPoint((cluster) => deployCluster(cluster, { controlPlanes: 1, workers: 0 }));

const AUDIT = 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]\n';

describe('crash points', OPTIONS, () => {
  it('of a worker whose kernel, files and kubelet are hardened and given back', () =>
    expectConvergence('of a worker whose kernel, files and kubelet are hardened and given back', {
      from: withWorker,
      unit: 'k8s-worker/0',
      run: async ({ model }) => {
        await model.configure('k8s-worker', { 'stig-mode': true });
        await settleActive(model);
        await model.configure('k8s-worker', {}, { reset: ['stig-mode'] });
        await settleActive(model);
        const left = Object.keys(model.unit('k8s-worker/0').state);
        expect(left.filter((key) => key.startsWith('hardening/'))).toEqual([]);
      },
    }));

  it('of a control plane whose API server is given an audit policy', () =>
    expectConvergence('of a control plane whose API server is given an audit policy', {
      from: alone,
      unit: 'k8s/0',
      run: async ({ model }) => {
        await model.configure('k8s', { 'audit-policy': AUDIT });
        await settleActive(model);
      },
    }));
});
