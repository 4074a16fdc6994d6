/**
 * Changes that restart services on workers: as many at a time as `rollout-parallelism` says, whatever application they are of; a change with which
 * one kubelet does not come up goes no further; and all of it comes to an end.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  deployCluster,
  openCluster,
  resetOptions,
  settleActive,
  settleUntil,
  type TestCluster,
  toldBy,
} from './cluster.ts';
import { argumentText, machineOf, runningArguments } from './nodes.ts';
import { restartsSince } from './restarts.ts';
import { expectNoSecretsToldIn } from './secrecy.ts';

const WORKERS = ['k8s-worker/0', 'k8s-worker/1', 'workers-gpu/0'];
const APPLICATIONS = ['k8s-worker', 'workers-gpu'];
const KUBELET = 'kubelet';

let cluster: TestCluster;
let original: readonly string[];

beforeAll(async () => {
  cluster = await openCluster();
  const { model, archives } = cluster;
  await deployCluster(cluster, { controlPlanes: 1, workers: 2 });
  await model.deploy(archives.worker, { application: 'workers-gpu', units: 1 });
  await model.integrate('k8s:k8s-cluster', 'workers-gpu:cluster');
  await settleActive(model);
  // Long enough that two restarts at once could not miss each other.
  cluster.machines.delays.restartGap = 800;
}, 240_000);

afterAll(() => cluster.close());

describe('an argument of kubelet', { timeout: 240_000 }, () => {
  it('that it does not start with is tried on one worker, and the others say on which', async () => {
    const { model } = cluster;
    original = await texts();
    const trial = restartsSince(cluster, KUBELET);
    await configureAll('no-such-flag=1');
    await settleUntil(model, () => WORKERS.every((unit) => model.unit(unit).workload.status === 'blocked'));
    expect(trial.restarted()).toHaveLength(1);
    expect(await texts()).toEqual(original);
    const [tried = ''] = WORKERS.filter((unit) => trial.restarted().includes(machineOf(cluster, unit).id));
    expect(toldBy(model, tried)).toContain(`to try again: juju run ${tried} retry`);
    for (const unit of WORKERS.filter((one) => one !== tried))
      expect(toldBy(model, unit)).toContain(
        `blocked: not tried here, since it failed on ${tried}: kubelet-extra-args: `,
      );
  });

  it('that is corrected is taken on by one worker at a time, and who waits says for whom', async () => {
    const { model } = cluster;
    const rollout = restartsSince(cluster, KUBELET);
    const seen = statusesSeen();
    await configureAll('max-pods=97');
    await settleActive(model);
    expect(rollout.most()).toBe(1);
    expect(rollout.restarted()).toEqual(WORKERS.map((unit) => machineOf(cluster, unit).id).sort());
    for (const unit of WORKERS) expect(runningArguments(cluster, unit, KUBELET)).toMatchObject({ '--max-pods': '97' });
    const held =
      /^waiting: Waiting for the rollout lock: [\w-]+\/\d has held it since 20\d\d-\d\d-\d\d \d\d:\d\d UTC \(restarting kubelet \(kubelet-extra-args\)\), for /;
    expect(seen.end().filter((text) => held.test(text)).length).toBeGreaterThan(0);
    nobodyAsksAnyMore();
  });

  it('is shown by plan with the lock that it needs', async () => {
    const { results } = await cluster.model.run('k8s-worker/0', 'plan', { config: 'kubelet-extra-args=max-pods=55' });
    expect(results['changes']).toContain('(with the rollout lock)');
    expect(results['rollout-lock']).toBe(
      'free; the leader of the control plane grants it to as many workers as its option rollout-parallelism says',
    );
  });

  it('that is taken back leaves what stood there before, on as many workers at a time as the option says', async () => {
    const { model } = cluster;
    await model.configure('k8s', { 'rollout-parallelism': '70%' });
    await settleActive(model);
    const rollout = restartsSince(cluster, KUBELET);
    await Promise.all(APPLICATIONS.map((application) => resetOptions(model, application, ['kubelet-extra-args'])));
    await settleActive(model);
    expect(rollout.restarted()).toHaveLength(3);
    // 70% of three workers.
    expect(rollout.most()).toBe(2);
    expect(await texts()).toEqual(original);
    nobodyAsksAnyMore();
  });

  it('waits while a control-plane node does not answer, and the leader says so', async () => {
    const { model } = cluster;
    const services = machineOf(cluster, 'k8s/0').services;
    await services.stop('kube-apiserver');
    const rollout = restartsSince(cluster, KUBELET);
    await model.configure('k8s-worker', { 'kubelet-extra-args': 'max-pods=98' });
    const why = 'the API server of k8s/0 does not answer';
    await settleUntil(model, () =>
      ['k8s-worker/0', 'k8s-worker/1'].every((unit) =>
        toldBy(model, unit).startsWith(`waiting: Waiting for the rollout lock, which no worker gets now: ${why}, for `),
      ),
    );
    expect(rollout.restarted()).toEqual([]);
    expect((await model.run('k8s/0', 'plan')).results['reports']).toContain(
      `k8s-worker/0 waits for the rollout lock: ${why}`,
    );
    await services.start('kube-apiserver');
    await settleActive(model);
    expect(rollout.restarted()).toHaveLength(2);
    nobodyAsksAnyMore();
  });
});

describe('an option that cannot be used', { timeout: 240_000 }, () => {
  it('is named with what would be right', async () => {
    const { model } = cluster;
    await model.configure('k8s', { 'rollout-parallelism': '0%' });
    await settleUntil(model, () => model.unit('k8s/0').workload.status === 'blocked');
    expect(toldBy(model, 'k8s/0')).toContain('rollout-parallelism');
    await resetOptions(model, 'k8s', ['rollout-parallelism']);
    await settleActive(model);
  });
});

describe('all of it', () => {
  it('told no secret', async () => {
    await expectNoSecretsToldIn(cluster);
  });

  it('gave the stand-ins no trouble of their own', () => {
    expect(cluster.machines.failures).toEqual([]);
  });
});

async function configureAll(value: string): Promise<void> {
  const { model } = cluster;
  await Promise.all(APPLICATIONS.map((one) => model.configure(one, { 'kubelet-extra-args': value })));
}

function texts(): Promise<readonly string[]> {
  return Promise.all(WORKERS.map((unit) => argumentText(cluster, unit, KUBELET)));
}

function nobodyAsksAnyMore(): void {
  const { model } = cluster;
  for (const unit of WORKERS)
    expect(Object.keys(model.unit(unit).bag('cluster')).filter((key) => key.startsWith('rolling'))).toEqual([]);
  const relations = Object.values(model.state.relations).filter(({ endpoints }) =>
    endpoints.some(({ name }) => name === 'k8s-cluster'),
  );
  expect(relations).toHaveLength(APPLICATIONS.length);
  for (const { applications } of relations) {
    const { settings = {} } = applications['k8s'] ?? {};
    const told = Object.entries(settings).filter(([key]) => key.startsWith('rolling'));
    expect(told).toEqual([['rolling-grants', '[]']]);
  }
}

/** Statuses that the workers show from now on. */
function statusesSeen() {
  const told = new Set<string>();
  const timer = setInterval(() => {
    for (const unit of WORKERS) told.add(toldBy(cluster.model, unit));
  }, 20);
  return {
    end: () => {
      clearInterval(timer);
      return [...told];
    },
  };
}
