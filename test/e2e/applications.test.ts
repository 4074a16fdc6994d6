/** Applications and integrations come and go, whatever they are called: what belongs to them joins, leaves, and joins again. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Model } from '../standins/juju/model.ts';
import type { NodeMachine } from '../standins/machines/machines.ts';
import { allActive, deployCluster, openCluster, settleActive, type TestCluster, USUALLY_JUJU_4 } from './cluster.ts';
import { machineOf } from './nodes.ts';
import { expectCleanMachine, expectWholeCluster, kubernetesNodes, unitsOf } from './reality.ts';

const MISSING = {
  status: 'blocked',
  message: 'Missing cluster integration: juju integrate k8s:k8s-cluster workers-gpu:cluster',
};

describe('a cluster with workers of two applications', { timeout: 240_000 }, () => {
  let cluster: TestCluster;
  let model: Model;

  beforeAll(async () => {
    cluster = await openCluster(USUALLY_JUJU_4);
    model = cluster.model;
    await deployCluster(cluster, { controlPlanes: 1, workers: 1 });
    await model.deploy(cluster.archives.worker, { application: 'workers-gpu', units: 2 });
    await model.integrate('k8s:k8s-cluster', 'workers-gpu:cluster');
    await settleActive(model);
  }, 240_000);

  afterAll(() => cluster.close());

  it('has the workers of both', () =>
    expectWholeCluster(cluster, { workerApplications: ['k8s-worker', 'workers-gpu'] }));

  it('loses a unit of the one that has another name', async () => {
    const machine = machineOf(cluster, 'workers-gpu/0');
    await model.removeUnit('workers-gpu/0');
    await untilGone(model, 'workers-gpu/0');
    expectWholeCluster(cluster, { workerApplications: ['k8s-worker', 'workers-gpu'] });
    expectCleanMachine(machine);
  });

  it('lets workers go whose integration is removed; they say what is missing, and join again once it is back', async () => {
    const machine = machineOf(cluster, 'workers-gpu/1');
    await model.removeRelation('k8s:k8s-cluster', 'workers-gpu:cluster');
    await model.settle({ timeoutMs: 60_000 });
    expect(model.unit('workers-gpu/1').workload).toMatchObject(MISSING);
    expect(runningOutside(machine)).toEqual([]);
    expectWholeCluster(cluster, { workerApplications: ['k8s-worker'] });

    await model.integrate('k8s:k8s-cluster', 'workers-gpu:cluster');
    await settleActive(model);
    expectWholeCluster(cluster, { workerApplications: ['k8s-worker', 'workers-gpu'] });
  });

  it('loses one application of workers and keeps the other, although k8sd is in trouble at that very moment', async () => {
    const machine = machineOf(cluster, 'k8s-worker/0');
    const control = machineOf(cluster, 'k8s/0');
    // Once in an orderly way, once by force; then the relation is gone, and with it what was on record there.
    for (const text of ['database is locked', 'database is locked'])
      cluster.machines.failNext(control.id, 'remove', { status: 500, text });
    await model.removeApplication('k8s-worker');
    await untilGone(model, 'k8s-worker/0');
    const left = () => machine.hostname in kubernetesNodes(cluster, control);
    await model.settle({ timeoutMs: 60_000, until: (now) => !left() && allActive(now), updateStatusEveryMs: 2_000 });
    expect(model.state.applications['k8s-worker']).toBeUndefined();
    expectWholeCluster(cluster, { workerApplications: ['workers-gpu'] });
    expectCleanMachine(machine);
  });

  it('goes with its last control plane; the workers can join the next one', async () => {
    const old = machineOf(cluster, 'k8s/0');
    await model.removeApplication('k8s');
    await untilGone(model, 'k8s/0');
    expectCleanMachine(old);
    expect(model.unit('workers-gpu/1').workload).toMatchObject(MISSING);
    expect(runningOutside(machineOf(cluster, 'workers-gpu/1'))).toEqual([]);

    await model.deploy(cluster.archives.k8s, { application: 'k8s-prod' });
    await model.integrate('k8s-prod:k8s-cluster', 'workers-gpu:cluster');
    await settleActive(model);
    const names = ['k8s-prod/0', 'workers-gpu/1'].map((unit) => machineOf(cluster, unit).hostname);
    expect(kubernetesNodes(cluster, machineOf(cluster, 'k8s-prod/0'))).toEqual(
      Object.fromEntries(names.map((name) => [name, 'ready'])),
    );
  });

  it('goes altogether, and leaves clean machines', async () => {
    await model.addUnit('k8s-prod', 2);
    await settleActive(model);
    const units = [...unitsOf(model, 'k8s-prod'), ...unitsOf(model, 'workers-gpu')];
    const machines = units.map((unit) => machineOf(cluster, unit));
    await model.removeApplication('workers-gpu');
    await model.removeApplication('k8s-prod');
    await untilGone(model, ...units);
    expect(model.state.applications).toEqual({});
    expect(model.secrets()).toEqual([]);
    for (const machine of machines) expectCleanMachine(machine);
    expect(cluster.machines.failures).toEqual([]);
  });
});

async function untilGone(model: Model, ...units: readonly string[]): Promise<void> {
  const gone = (now: Model) => units.every((unit) => now.state.units[unit] === undefined);
  const rest = (now: Model) => allActive(now) || !Object.keys(now.state.applications).includes('k8s');
  await model.settle({ timeoutMs: 120_000, until: (now) => gone(now) && rest(now), updateStatusEveryMs: 2_000 });
}

/** Services that run on a machine whose unit is in no cluster, beside k8sd, which waits for one. */
function runningOutside(machine: NodeMachine): readonly string[] {
  expect(machine.state.k8sd.member).toBeUndefined();
  return Object.entries(machine.state.services).flatMap(([name, { active }]) =>
    active && name !== 'k8sd' ? [name] : [],
  );
}
