/**
 * Certificates that run out, on a whole cluster: they are renewed before they do, one control plane at a time; and what fails leaves
 * the former ones in service. The same when an operator asks all units for it.
 */

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  deployCluster,
  openCluster,
  resetOptions,
  settleActive,
  settleUntil,
  type TestCluster,
  toldBy,
  USUALLY_JUJU_4,
} from './cluster.ts';
import { fingerprints, machineOf, served } from './nodes.ts';
import { restartsSince } from './restarts.ts';
import { expectNoSecretsToldIn } from './secrecy.ts';
import { firstEnd, shortenLives } from './short-lives.ts';
import { expectSound } from './sound.ts';

const CONTROL_PLANES = ['k8s/0', 'k8s/1', 'k8s/2'];
const WORKERS = ['k8s-worker/0', 'k8s-worker/1'];
const ALL = [...CONTROL_PLANES, ...WORKERS];
const MINUTES = 60;
/** In seconds: what is left of certificates when their renewal is let go on. */
const SOON = 180;
const DAY_MS = 86_400_000;

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await openCluster(USUALLY_JUJU_4);
  await deployCluster(cluster, { controlPlanes: 3, workers: 2 });
  // Long enough that two restarts at once could not miss each other.
  cluster.machines.delays.restartGap = 600;
}, 240_000);

afterAll(() => cluster.close());

describe('certificates that run out', { timeout: 240_000 }, () => {
  it('are told of and left alone where renewal is off', async () => {
    const { model } = cluster;
    for (const application of ['k8s', 'k8s-worker'])
      await model.configure(application, { 'certificate-renew-before': '' });
    await settleActive(model);
    for (const unit of ALL) await shortenLives(cluster, unit, SOON);
    const before = await Promise.all(ALL.map((unit) => fingerprints(cluster, unit)));
    model.updateStatus();
    await model.settle({ timeoutMs: 60_000 });
    expect(await Promise.all(ALL.map((unit) => fingerprints(cluster, unit)))).toEqual(before);
    for (const unit of ALL)
      expect(model.unit(unit).workload.message).toContain('certificates expire in less than a day');
  });

  it('are renewed before they do where it is on, and no two API servers are away at once', async () => {
    const { model } = cluster;
    const ends = await Promise.all(ALL.map((unit) => firstEnd(cluster, unit)));
    const restarts = restartsSince(cluster);
    for (const application of ['k8s', 'k8s-worker'])
      await resetOptions(model, application, ['certificate-renew-before']);
    await untilRenewed(ALL);
    expect(Math.min(...ends.map((end) => end.getTime()))).toBeGreaterThan(Date.now());
    expect(restarts.most()).toBe(1);
    expect(restarts.count()).toBe(CONTROL_PLANES.length);
    for (const unit of ALL) expect(await daysLeft(unit)).toBeGreaterThan(364);
    for (const unit of CONTROL_PLANES)
      expect(inDays((await served(cluster, unit, 6443)).validToDate)).toBeGreaterThan(364);
    for (const unit of WORKERS) expect(inDays((await served(cluster, unit, 10250)).validToDate)).toBeGreaterThan(364);
    await settleReady();
    await expectSound(cluster, ALL);
    // Nobody keeps asking, nothing is left over, and nothing is done again.
    for (const unit of CONTROL_PLANES)
      expect(Object.keys(model.unit(unit).bag('cluster')).filter((key) => key.startsWith('rolling'))).toEqual([]);
    for (const unit of WORKERS) expect(model.unit(unit).bag('cluster')['certificate-requests']).toBeUndefined();
    expect(
      Object.keys(model.applicationBag('k8s', 'k8s-cluster')).filter((key) => /\d-certificates$/.test(key)),
    ).toEqual([]);
    const after = await Promise.all(ALL.map((unit) => fingerprints(cluster, unit)));
    model.updateStatus();
    await model.settle({ timeoutMs: 60_000 });
    expect(await Promise.all(ALL.map((unit) => fingerprints(cluster, unit)))).toEqual(after);
  });

  it('stay in service where k8sd refuses, with the reason in the status; under another option it is tried at once', async () => {
    const { model, machines } = cluster;
    const [unit = ''] = CONTROL_PLANES;
    machines.failNext(machineOf(cluster, unit).id, 'refresh-run', { status: 500, text: 'no luck today' });
    await shortenLives(cluster, unit, 30 * MINUTES);
    const before = await fingerprints(cluster, unit);
    model.updateStatus(unit);
    const told =
      /Renewal of the certificates failed: k8sd refuses .*no luck today; tried again after 2\d{3}-\d\d-\d\d \d\d:\d\d UTC/;
    await settleUntil(model, () => told.test(toldBy(model, unit)));
    expect(toldBy(model, unit)).toMatch(/^active: /);
    model.updateStatus();
    await model.settle({ timeoutMs: 60_000 });
    expect(await fingerprints(cluster, unit)).toEqual(before);
    expect((await served(cluster, unit, 6443)).validToDate).toEqual(await firstEnd(cluster, unit));
    await model.configure('k8s', { 'certificate-validity': '200d' });
    await untilRenewed([unit]);
    expect(await daysLeft(unit)).toBeLessThan(201);
    await settleReady();
  });

  it('and have ended on all control planes, so that nobody gets through to an API server, are renewed all the same', async () => {
    for (const unit of CONTROL_PLANES) await shortenLives(cluster, unit, -60 * MINUTES);
    cluster.model.updateStatus();
    await untilRenewed(CONTROL_PLANES);
    await settleReady();
  });
});

describe('a refresh of the whole cluster', { timeout: 240_000 }, () => {
  const ask = (unit: string, parameters: Record<string, string> = {}) =>
    cluster.model.run(unit, 'refresh-certs', { scope: 'cluster', ...parameters });
  const news = async (unit: string) => (await cluster.model.run(unit, 'certs-status')).results['cluster-refresh'];
  const isOver = () => String(cluster.model.applicationBag('k8s', 'cluster')['cluster-refresh']).includes('ended');
  const settleOver = () => settleUntil(cluster.model, isOver);

  it('is asked of the leader, with what makes sense for all', async () => {
    const refused = [
      ['k8s/1', {}, 'scope=cluster is for the leader: juju run k8s/leader refresh-certs scope=cluster'],
      [
        'k8s-worker/0',
        {},
        'scope=cluster is for the leader of the control plane: juju run k8s/leader refresh-certs scope=cluster',
      ],
      ['k8s/0', { certificates: 'kubelet' }, 'certificates is of one unit; leave it out with scope=cluster'],
      ['k8s/0', { 'expires-in': '11y' }, 'expires-in must be at most 10y'],
    ] as const;
    for (const [unit, parameters, message] of refused)
      expect(await ask(unit, parameters)).toMatchObject({ status: 'failed', message });
    expect(cluster.model.applicationBag('k8s', 'cluster')['cluster-refresh']).toBeUndefined();
  });

  it('is done by all units in turn; who cannot says why, and it ends', async () => {
    const { model, machines } = cluster;
    machines.failNext(machineOf(cluster, 'k8s/1').id, 'refresh-run', { status: 500, text: 'no luck today' });
    const before = await fingerprints(cluster, 'k8s/1');
    const restarts = restartsSince(cluster);
    expect(await ask('k8s/0', { 'expires-in': '40d' })).toMatchObject({
      status: 'completed',
      results: { status: 'requested', units: '5' },
    });
    expect(await ask('k8s/0', { 'expires-in': '40d' })).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('under way already'),
    });
    await settleOver();
    expect(await news('k8s/0')).toMatch(
      /^refreshed 4 of 5 units; failed: k8s\/1 \(k8sd refuses .*no luck today\); ended 2/,
    );
    expect(restarts.most()).toBe(1);
    expect(await fingerprints(cluster, 'k8s/1')).toEqual(before);
    for (const unit of ['k8s/0', 'k8s/2', ...WORKERS]) expect(Math.round(await daysLeft(unit))).toBeLessThan(42);
    await model.settle({ timeoutMs: 60_000 });
    for (const unit of ALL) expect(model.unit(unit).bag('cluster')['cluster-refreshed']).toBeUndefined();
    expect(model.applicationBag('k8s', 'k8s-cluster')['cluster-refresh']).toBeUndefined();
  });

  it('goes on when the leader leaves in the middle of it', async () => {
    const { model } = cluster;
    expect(await ask('k8s/0', { 'expires-in': '299d' })).toMatchObject({ status: 'completed' });
    await model.removeUnit('k8s/0');
    await model.settle({ timeoutMs: 120_000, until: () => model.state.units['k8s/0'] === undefined });
    await settleOver();
    expect(await news('k8s/leader')).toMatch(/^refreshed 4 of 4 units; ended 2/);
    for (const unit of ['k8s/1', 'k8s/2', ...WORKERS]) expect(Math.round(await daysLeft(unit))).toBe(299);
    const said = model.log().map(({ message }) => message);
    expect(said.join('\n')).toContain('certificates of the cluster: refreshed 4 of 4 units');
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

function inDays(end: Date): number {
  return (end.getTime() - Date.now()) / DAY_MS;
}

async function daysLeft(unit: string): Promise<number> {
  return inDays(await firstEnd(cluster, unit));
}

/** While they are not, time passes. */
async function untilRenewed(units: readonly string[]): Promise<void> {
  const { model } = cluster;
  const renewed = async () => (await Promise.all(units.map(daysLeft))).every((days) => days > 100);
  await vi.waitUntil(
    async () => {
      model.updateStatus();
      await model.settle({ timeoutMs: 60_000 });
      return renewed();
    },
    { timeout: 120_000, interval: 500 },
  );
}

async function settleReady(): Promise<void> {
  const { model } = cluster;
  const until = () => ALL.every((unit) => model.unit(unit).workload.message === 'Ready');
  await settleUntil(model, until);
}
