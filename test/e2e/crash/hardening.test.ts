/** A node hardened and given back: at whatever call a unit is ended, the end is the same, and nothing of the hardening is left. */

import { describe, expect, it } from 'vitest';
import { deployCluster, settleActive, type TestCluster } from '../cluster.ts';
import { expectConvergence, OPTIONS } from './scenario.ts';
import { startingPoint } from './starting-point.ts';

const withWorker = startingPoint((cluster) => deployCluster(cluster, { controlPlanes: 1, workers: 1 }));
const alone = startingPoint((cluster) => deployCluster(cluster, { controlPlanes: 1, workers: 0 }));

const AUDIT = 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]\n';

async function onAndOff(
  { model }: TestCluster,
  application: string,
  options: Record<string, string | boolean>,
): Promise<void> {
  await model.configure(application, options);
  await settleActive(model);
  await model.configure(application, {}, { reset: Object.keys(options) });
  await settleActive(model);
  const left = Object.values(model.state.units).flatMap(({ state }) => Object.keys(state));
  expect(left.filter((key) => key.startsWith('hardening/'))).toEqual([]);
}

describe('crash points', OPTIONS, () => {
  it('of a worker whose kernel, files and kubelet are hardened and given back', () =>
    expectConvergence('of a worker whose kernel, files and kubelet are hardened and given back', {
      from: withWorker,
      unit: 'k8s-worker/0',
      run: (cluster) => onAndOff(cluster, 'k8s-worker', { 'stig-mode': true }),
    }));

  it('of a control plane whose API server is given an audit policy, and loses it again', () =>
    expectConvergence('of a control plane whose API server is given an audit policy, and loses it again', {
      from: alone,
      unit: 'k8s/0',
      run: (cluster) => onAndOff(cluster, 'k8s', { 'audit-policy': AUDIT }),
    }));
});
