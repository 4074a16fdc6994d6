/** What the crash tests have in common: where they begin, and what they say of it. */

import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { packedArchives } from '../../archives.ts';
import { settleActive, type TestCluster } from '../cluster.ts';
import { type Scenario, tryCrashPoints } from './crash-points.ts';

/** For tests with up to a thousand runs each (`CRASH_POINTS=all`), which mostly wait. */
export const OPTIONS = { timeout: 7_200_000, concurrent: true };

/** Prints how many points were tried. */
export async function expectConvergence(name: string, scenario: Scenario): Promise<void> {
  const { points, tried } = await tryCrashPoints(scenario);
  const states = tried.map(({ phase, what }) => `  ${phase} ${what}`);
  console.log([`${name}: ${points} crash points, ${tried.length} states tried`, ...states].join('\n'));
  expect(tried.length).toBeGreaterThan(1);
}

/** Both applications, related, with that many units each. */
export async function deploy({ model }: TestCluster, controlPlanes: number, workers: number): Promise<void> {
  const archives = await packedArchives();
  await model.deploy(archives.k8s, { application: 'k8s', units: controlPlanes });
  await model.deploy(archives.worker, { application: 'k8s-worker', units: workers });
  await model.integrate('k8s:k8s-cluster', 'k8s-worker:cluster');
  await settleActive(model);
}

export async function removeUnit({ model }: TestCluster, unit: string): Promise<void> {
  await model.removeUnit(unit);
  await model.settle({
    timeoutMs: 120_000,
    until: () => model.state.units[unit] === undefined,
    updateStatusEveryMs: 2_000,
  });
  await settleActive(model);
}

/** A refresh that was ended is taken up by the next hook; where nothing had begun yet, the operator runs it again. */
export async function refreshCertificates({ model, machines }: TestCluster, unit: string): Promise<void> {
  const { machine } = model.unit(unit);
  const certificate = join(machines.machine(machine.id).root, 'etc/kubernetes/pki/kubelet.crt');
  const isRenewed = async () => new X509Certificate(await readFile(certificate)).validToDate.getTime() < in31Days();
  await model.run(unit, 'refresh-certs', { 'expires-in': '30d' });
  model.updateStatus();
  await settleActive(model);
  if (await isRenewed()) return;
  const again = await model.run(unit, 'refresh-certs', { 'expires-in': '30d' });
  expect(again).toMatchObject({ status: 'completed' });
  // An action sets no status; the next hook does.
  model.updateStatus();
  await settleActive(model);
  expect(await isRenewed()).toBe(true);
}

function in31Days(): number {
  return Date.now() + 31 * 86_400_000;
}
