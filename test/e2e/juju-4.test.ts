/** Juju 4.0: the same cluster grows, changes, renews its certificates and shrinks, with the events and rules of that line. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Model } from '../standins/juju/model.ts';
import {
  allActive,
  deployCluster,
  openCluster,
  settleActive,
  settleUntil,
  type TestCluster,
  toldBy,
} from './cluster.ts';
import { machineOf, runningArguments } from './nodes.ts';
import { expectCleanMachine, expectWholeCluster } from './reality.ts';
import { expectNoSecretsToldIn } from './secrecy.ts';
import { rolloutOf, settleOn } from './stored-secrets.ts';

const JUJU_4 = { jujuVersion: '4.0.2' };

describe('on Juju 4.0, a cluster of three control planes and a worker', { timeout: 240_000 }, () => {
  let cluster: TestCluster;
  let model: Model;

  beforeAll(async () => {
    cluster = await openCluster(JUJU_4);
    model = cluster.model;
    await deployCluster(cluster, { controlPlanes: 3, workers: 1 });
  }, 240_000);

  afterAll(() => cluster.close());

  const failed = () => model.dispatches.filter(({ exitCode }) => exitCode !== 0);

  it('stands, without a word to what 4.0 no longer has', () => {
    expectWholeCluster(cluster);
    expect(failed()).toEqual([]);
    const events = new Set(model.dispatches.map(({ event }) => event));
    expect(events).not.toContain('hooks/leader-settings-changed');
  });

  it('takes a change and an action, and a parameter that makes no sense fails the action alone', async () => {
    await model.configure('k8s', { 'kube-apiserver-extra-args': 'v=3' });
    await settleActive(model);
    for (const unit of ['k8s/0', 'k8s/1', 'k8s/2'])
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

  it('takes a reset of an option with the next event, as 4.0 tells of it by none of its own', async () => {
    const before = model.dispatches.length;
    await model.configure('k8s', {}, { reset: ['kube-apiserver-extra-args'] });
    await model.settle({ timeoutMs: 60_000 });
    expect(model.dispatches.slice(before)).toEqual([]);
    await settleUntil(model, () => runningArguments(cluster, 'k8s/2', 'kube-apiserver')?.['--v'] !== '3');
    await settleActive(model);
    for (const unit of ['k8s/0', 'k8s/1', 'k8s/2'])
      expect(runningArguments(cluster, unit, 'kube-apiserver')?.['--v']).toBeUndefined();
  });

  it('gives a kubeconfig under one bare id, again and again', async () => {
    const ids = [];
    for (let time = 0; time < 2; time += 1) {
      const { results } = await model.run('k8s/1', 'get-kubeconfig');
      ids.push(String(results['secret-id']));
      expect(String(results['works-until'])).toMatch(/^\d{4}-\d{2}-\d{2}T/);
    }
    expect(ids[0]).toMatch(/^[0-9a-v]{20}$/);
    expect(ids[1]).toBe(ids[0]);
    expect(model.secretContent(`secret:${ids[0]}`)['kubeconfig']).toContain('kind: Config');
    await model.settle({ timeoutMs: 60_000 });
  });

  it('rotates the key of Secrets', async () => {
    const before = rolloutOf(cluster);
    expect(await model.run('k8s/leader', 'rotate-encryption-key')).toMatchObject({ status: 'completed' });
    await settleOn(cluster, 'aesgcm:2');
    expect(rolloutOf(cluster)['digest']).not.toBe(before['digest']);
  });

  it('lets in a leader that has never joined; what passes between it and its deputy tells nobody a token', async () => {
    await model.addUnit('k8s');
    await model.moveLeadership('k8s/3');
    await settleUntil(model, (now) => allActive(now) && now.unit('k8s/3').workload.message === 'Ready');
    expect(model.unit('k8s/leader').name).toBe('k8s/3');
    expect(model.log().filter(({ message }) => message.includes('in the place of the leader'))).not.toEqual([]);
    expect(model.applicationBag('k8s', 'cluster')['deputy']).toBeUndefined();
    expect(failed()).toEqual([]);
    await expectNoSecretsToldIn(cluster);
  });

  it('loses its leader and a worker, and grows again', async () => {
    const machines = ['k8s/3', 'k8s-worker/0'].map((unit) => machineOf(cluster, unit));
    await model.removeUnit('k8s/3');
    await model.removeUnit('k8s-worker/0');
    const gone = (now: Model) => !now.state.units['k8s/3'] && !now.state.units['k8s-worker/0'];
    await model.settle({ timeoutMs: 120_000, until: (now) => gone(now) && allActive(now), updateStatusEveryMs: 2_000 });
    for (const machine of machines) expectCleanMachine(machine);
    await model.addUnit('k8s-worker');
    await settleActive(model);
    expect(failed()).toEqual([]);
  });
});

describe.each(['3.6.9', '4.0.2'])('on Juju %s', { timeout: 120_000 }, (jujuVersion) => {
  it('a secret of the operator that is not granted blocks, and says the command', async () => {
    const cluster = await openCluster({ jujuVersion });
    try {
      const { model } = cluster;
      const uri = model.addSecret({ 'ca-crt': 'x', 'ca-key': 'y' });
      const { archives } = cluster;
      const config = { 'bootstrap-certificates': 'provided', 'ca-certificates': uri };
      await model.deploy(archives.k8s, { application: 'k8s', config });
      await model.settle({ timeoutMs: 60_000, until: (now) => now.unit('k8s/0').workload.status === 'blocked' });
      expect(toldBy(model, 'k8s/0')).toContain(`juju grant-secret ${uri} k8s`);
      expect(model.dispatches.filter(({ exitCode }) => exitCode !== 0)).toEqual([]);
    } finally {
      await cluster.close();
    }
  });
});
