/**
 * Arguments that kubelet does not start with, given at the first deployment: the node never registers, and only an operator can do
 * something about it. The status names the option and what kubelet says in its log, `plan` does not call the unit ready, and with the
 * option put right the node comes up.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Model } from '../standins/juju/model.ts';
import { openCluster, resetOptions, settleActive, type TestCluster, toldBy, USUALLY_JUJU_4 } from './cluster.ts';

let cluster: TestCluster;
let model: Model;

beforeAll(async () => {
  cluster = await openCluster(USUALLY_JUJU_4);
  ({ model } = cluster);
});

afterAll(() => cluster.close());

describe('an argument that kubelet does not know, at the first deployment', { timeout: 240_000 }, () => {
  const UNITS = ['k8s/0', 'k8s-worker/0'];

  it('blocks each unit, with the option and the reason of the log', async () => {
    const { archives } = cluster;
    const config = { 'kubelet-extra-args': 'container-runtime=remote' };
    await model.deploy(archives.k8s, { application: 'k8s', units: 1, config });
    await model.deploy(archives.worker, { application: 'k8s-worker', units: 1, config });
    await model.integrate('k8s:k8s-cluster', 'k8s-worker:cluster');
    await model.settle({
      timeoutMs: 200_000,
      until: () => UNITS.every((unit) => toldBy(model, unit).startsWith('blocked')),
    });
    for (const unit of UNITS)
      expect(toldBy(model, unit)).toBe(
        'blocked: kubelet-extra-args: kubelet is not running: unknown flag: --container-runtime; see snap logs k8s.kubelet on the machine',
      );
    for (const unit of UNITS)
      expect((await model.run(unit, 'plan')).results['status']).toMatch(
        /^blocked: kubelet-extra-args: kubelet is not running/,
      );
  });

  it('is forgotten with the option', async () => {
    await resetOptions(model, 'k8s', ['kubelet-extra-args']);
    await resetOptions(model, 'k8s-worker', ['kubelet-extra-args']);
    await settleActive(model);
  });
});
