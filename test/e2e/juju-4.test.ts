/** Juju 4.0: the same cluster grows, changes, renews its certificates and shrinks, with the events and rules of that line. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Model } from '../model/model.ts';
import { allActive, deployCluster, openCluster, settleActive, type TestCluster } from './cluster.ts';
import { machineOf } from './nodes.ts';
import { expectCleanMachine, expectWholeCluster } from './reality.ts';

describe('on Juju 4.0, a cluster of two control planes and a worker', { timeout: 240_000 }, () => {
  let cluster: TestCluster;
  let model: Model;

  beforeAll(async () => {
    cluster = await openCluster({ jujuVersion: '4.0.2' });
    model = cluster.model;
    await deployCluster(cluster, { controlPlanes: 2, workers: 1 });
  }, 240_000);

  afterAll(() => cluster.close());

  it('stands, without a word to what 4.0 no longer has', () => {
    expectWholeCluster(cluster);
    expect(model.dispatches.filter(({ exitCode }) => exitCode !== 0)).toEqual([]);
    const events = new Set(model.dispatches.map(({ event }) => event));
    expect(events).not.toContain('hooks/leader-settings-changed');
  });

  it('takes a change and an action, and a parameter that makes no sense fails the action alone', async () => {
    await model.configure('k8s', { 'kube-apiserver-extra-args': 'v=3' });
    await settleActive(model);
    for (const unit of ['k8s/0', 'k8s/1'])
      expect(machineOf(cluster, unit).services.running('kube-apiserver')?.['--v']).toBe('3');
    const refreshed = await model.run('k8s/0', 'refresh-certs', { 'expires-in': '30d' });
    expect(refreshed).toMatchObject({ status: 'completed' });
    // 4.0 takes the task, and finds out on the unit.
    const refused = await model.run('k8s/0', 'refresh-certs', { 'expires-in': '-1d' });
    expect(refused.status).toBe('failed');
    expect(refused.message).toMatch(/expires-in/);
    await settleActive(model);
    expectWholeCluster(cluster);
  });

  it('loses its leader and a worker, and grows again', async () => {
    const machines = ['k8s/0', 'k8s-worker/0'].map((unit) => machineOf(cluster, unit));
    await model.removeUnit('k8s/0');
    await model.removeUnit('k8s-worker/0');
    const gone = (now: Model) => !now.state.units['k8s/0'] && !now.state.units['k8s-worker/0'];
    await model.settle({ timeoutMs: 120_000, until: (now) => gone(now) && allActive(now), updateStatusEveryMs: 2_000 });
    expectWholeCluster(cluster);
    for (const machine of machines) expectCleanMachine(machine);
    await model.addUnit('k8s');
    await settleActive(model);
    expectWholeCluster(cluster);
    expect(model.dispatches.filter(({ exitCode }) => exitCode !== 0)).toEqual([]);
  });
});
