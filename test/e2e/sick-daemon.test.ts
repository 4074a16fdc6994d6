/**
 * A k8sd that answers 503, 500, garbage or nothing, at every phase, and a Kubernetes API that is away: units wait and say for
 * what, nothing is lost, and all goes on when they are well again.
 */

import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { K8sdMode } from '../standins/machines/machines.ts';
import { openCluster, settleActive, type TestCluster } from './cluster.ts';
import { fingerprints, machineOf, served } from './nodes.ts';
import { expectNoSecretsToldIn } from './secrecy.ts';

const CONTROL = 'k8s/0';
const WORKER = 'k8s-worker/0';
const SICK: readonly K8sdMode[] = ['starting', 'error', 'garbage', 'silent'];

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await openCluster();
});

afterAll(() => cluster.close());

const id = (unit: string): string => machineOf(cluster, unit).id;
const status = (unit: string): string => {
  const { status, message } = cluster.model.unit(unit).workload;
  return `${status}: ${message}`;
};

function warnings(unit: string): string {
  const lines = cluster.model.log(unit).filter(({ level }) => level === 'WARNING');
  return lines.map(({ message }) => message).join('\n');
}

async function rest(): Promise<void> {
  await cluster.model.settle({ timeoutMs: 60_000 });
}

/** Time passes, until all is active again. */
async function recovery(): Promise<void> {
  cluster.model.updateStatus();
  await settleActive(cluster.model, 60_000);
}

/** Waits until the unit has made that many more calls to the world outside. */
async function calls(unit: string, more: number): Promise<void> {
  const wanted = cluster.model.outsideCalls(unit) + more;
  await expect
    .poll(() => cluster.model.outsideCalls(unit), { timeout: 30_000, interval: 20 })
    .toBeGreaterThanOrEqual(wanted);
}

describe('k8sd that is sick', { timeout: 120_000 }, () => {
  it('when the first unit comes up: it is waited for, and a bootstrap that fails is told and tried again', async () => {
    const { model, machines } = cluster;
    await machines.provision('0');
    machines.setK8sd('0', 'starting');
    await model.deploy(cluster.archives.k8s, { application: 'k8s' });
    await expect.poll(() => machines.machine('0').services.isActive('k8sd'), { timeout: 30_000 }).toBe(true);
    for (const mode of SICK.filter((each) => each !== 'silent')) {
      machines.setK8sd('0', mode);
      await calls(CONTROL, 2);
      expect(machines.machine('0').state.k8sd.member).toBeUndefined();
    }
    machines.failNext('0', 'bootstrap', { status: 503, text: 'Database is still starting' });
    machines.failNext('0', 'bootstrap', { status: 500, text: 'no space left on device' });
    machines.failNext('0', 'bootstrap', { text: 'etcd did not start' });
    machines.setK8sd('0', 'normal');
    await recovery();
    expect(machines.cluster('0')?.state.members).toHaveLength(1);
    expect(warnings(CONTROL)).toContain('Bootstrap failed: no space left on device');
    expect(warnings(CONTROL)).toMatch(/Bootstrap failed: .*etcd did not start/);
  });

  it('at a join: the token is renewed, as is one that has expired meanwhile', async () => {
    const { model, machines } = cluster;
    const machine = String(model.state.next.machine);
    await machines.provision(machine);
    machines.failNext('0', 'join-token', { status: 500, text: 'database is locked' });
    // The worker does not get to its token until that has expired.
    model.hookToolFault = (unit, tool) =>
      unit === WORKER && tool === 'secret-get' ? { code: 1, stderr: 'ERROR connection is shut down' } : undefined;
    onTestFinished(() => {
      model.hookToolFault = undefined;
      machines.clockOffsetMs = 0;
    });
    await model.deploy(cluster.archives.worker, { application: 'k8s-worker' });
    await model.integrate('k8s:k8s-cluster', 'k8s-worker:cluster');
    const offer = () => {
      model.updateStatus(CONTROL);
      return model.applicationBag('k8s', 'k8s-cluster')['k8s-worker/0'] ?? '';
    };
    await expect.poll(offer, { timeout: 60_000, interval: 1_000 }).toMatch(/^pending-/);
    expect(warnings(CONTROL)).toContain('Waiting for a token for k8s-worker/0: database is locked');
    machines.clockOffsetMs += 30 * 86_400_000;
    // The first is lost on the token that has expired.
    for (const _ of [1, 2]) machines.failNext(machine, 'join', { text: 'containerd did not start' });
    model.hookToolFault = undefined;
    await recovery();
    expect(warnings(WORKER)).toMatch(/Waiting for another Cluster token: .*invalid token/);
    expect(warnings(WORKER)).toMatch(/Waiting for another Cluster token: .*containerd did not start/);
    expect(model.unit(WORKER).bag('cluster')['token-failure']).toBeUndefined();
    expect(model.applicationBag('k8s', 'k8s-cluster')['k8s-worker/0-secret-id']).toBeUndefined();
  });

  it('at a change of the configuration: it is made later', async () => {
    const { model, machines } = cluster;
    machines.failNext('0', 'set-config', { status: 500, text: 'database is locked' });
    await model.configure('k8s', { 'metrics-server-enabled': false });
    await rest();
    expect(warnings(CONTROL)).toMatch(/The cluster does not take the options of metrics-server: .*database is locked/);
    machines.failNext('0', 'get-config', { status: 500, text: 'database is locked' });
    model.updateStatus(CONTROL);
    await rest();
    expect(status(CONTROL)).toBe("waiting: Waiting for k8sd to tell the cluster's configuration");
    await recovery();
    expect(machines.cluster('0')?.state.config['metrics-server']).toMatchObject({ enabled: false });
  });

  it('at a refresh of certificates: the action says so, and the former ones stay', async () => {
    const { model, machines } = cluster;
    const before = await fingerprints(cluster, CONTROL);
    machines.failNext('0', 'refresh-run', { status: 500, text: 'failed to load CA' });
    const refused = await model.run(CONTROL, 'refresh-certs');
    expect(refused).toMatchObject({ status: 'failed', message: expect.stringContaining('failed to load CA') });
    for (const mode of SICK.filter((each) => each !== 'silent')) {
      machines.setK8sd('0', mode);
      const outcome = await model.run(CONTROL, 'refresh-certs');
      expect(outcome, mode).toMatchObject({
        status: 'failed',
        message: expect.stringMatching(/^k8sd is not ready; try again/),
      });
      expect(await model.run(CONTROL, 'certs-status'), mode).toMatchObject({ status: 'completed' });
    }
    machines.setK8sd('0', 'normal');
    expect(await fingerprints(cluster, CONTROL)).toEqual(before);
    await recovery();
    expect(await fingerprints(cluster, CONTROL)).toEqual(before);
  });

  it('at a refresh on a worker: what stood there before is in service again, and the next one works', async () => {
    const { model, machines } = cluster;
    const before = (await served(cluster, WORKER, 10250)).fingerprint256;
    machines.failNext(id(WORKER), 'refresh-update', { status: 500, text: 'failed to write certificates' });
    await model.run(WORKER, 'refresh-certs');
    await rest();
    expect(status(WORKER)).toContain('failed to write certificates');
    expect((await served(cluster, WORKER, 10250)).fingerprint256).toBe(before);
    await model.run(WORKER, 'refresh-certs');
    await recovery();
    expect((await served(cluster, WORKER, 10250)).fingerprint256).not.toBe(before);
    expect(status(WORKER)).toBe('active: Ready');
  });

  it.each(SICK)(
    'in a settled cluster, with %s: nothing happens to what runs, and the unit says when it is well again',
    async (mode) => {
      const { model, machines } = cluster;
      const { services } = machineOf(cluster, WORKER);
      const before = [await fingerprints(cluster, CONTROL), await fingerprints(cluster, WORKER)];
      for (const unit of [CONTROL, WORKER]) machines.setK8sd(id(unit), mode);
      model.updateStatus();
      await Promise.all([CONTROL, WORKER].map((unit) => calls(unit, mode === 'silent' ? 1 : 2)));
      expect(services.isActive('kubelet')).toBe(true);
      for (const unit of [CONTROL, WORKER]) machines.setK8sd(id(unit), 'normal');
      await recovery();
      expect([await fingerprints(cluster, CONTROL), await fingerprints(cluster, WORKER)]).toEqual(before);
    },
  );
});

describe('a Kubernetes API that is away', { timeout: 120_000 }, () => {
  it('is waited for, and actions that need it say so', async () => {
    const { model } = cluster;
    const { services } = machineOf(cluster, CONTROL);
    await services.stop('kube-apiserver');
    model.updateStatus();
    await rest();
    for (const unit of [CONTROL, WORKER]) expect(status(unit)).toMatch(/^waiting: Waiting for API Server/);
    const outcome = await model.run(CONTROL, 'pre-upgrade-check');
    expect(outcome).toMatchObject({
      status: 'failed',
      message: expect.stringMatching(/^not fit for an upgrade: .*API Server/),
    });
    const kubeconfig = await model.run(CONTROL, 'get-kubeconfig');
    expect(kubeconfig.status).toBe('completed');
    await services.start('kube-apiserver');
    await recovery();
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
