/** What the crash tests have in common: what they do, and what they say of it. */

import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { settleActive, settleUntil, type TestCluster } from '../cluster.ts';
import { firstEnd } from '../short-lives.ts';
import { type Scenario, tryCrashPoints } from './crash-points.ts';

/** For tests with up to a thousand runs each (`CRASH_POINTS=all`), which mostly wait. */
export const OPTIONS = { timeout: 7_200_000, concurrent: true };

/** In seconds. */
export const DAY = 86_400;

/** Prints how many points were tried. */
export async function expectConvergence(name: string, scenario: Scenario): Promise<void> {
  const { points, tried } = await tryCrashPoints(scenario);
  const states = tried.map(({ phase, what }) => `  ${phase} ${what}`);
  console.log([`${name}: ${points} crash points, ${tried.length} states tried`, ...states].join('\n'));
  expect(tried.length).toBeGreaterThan(scenario.only === undefined ? 1 : 0);
}

export async function removeUnit({ model }: TestCluster, unit: string): Promise<void> {
  await model.removeUnit(unit);
  await settleUntil(model, () => model.state.units[unit] === undefined);
  await settleActive(model);
}

/** A refresh that was ended is taken up by the next hook; where nothing had begun yet, the operator runs it again. */
export async function refreshCertificates({ model, machines }: TestCluster, unit: string): Promise<void> {
  const { machine } = model.unit(unit);
  const certificate = join(machines.machine(machine.id).root, 'etc/kubernetes/pki/kubelet.crt');
  const isRenewed = async () => new X509Certificate(await readFile(certificate)).validToDate.getTime() < in31Days();
  await model.run(unit, 'refresh-certs', { 'expires-in': '30d' });
  model.updateStatus(unit);
  await settleActive(model);
  if (await isRenewed()) return;
  const again = await model.run(unit, 'refresh-certs', { 'expires-in': '30d' });
  expect(again).toMatchObject({ status: 'completed' });
  // An action sets no status; the next hook does.
  model.updateStatus(unit);
  await settleActive(model);
  expect(await isRenewed()).toBe(true);
}

/** Of certificates that are soon over. A renewal that was ended is taken up by the next hook. */
export async function renewByItself(cluster: TestCluster, unit: string): Promise<void> {
  const { model } = cluster;
  const renewed = async () => (await firstEnd(cluster, unit)).getTime() > Date.now() + 2 * DAY * 1000;
  await vi.waitUntil(
    async () => {
      model.updateStatus(unit);
      await model.settle({ timeoutMs: 60_000 });
      return renewed();
    },
    { timeout: 120_000, interval: 100 },
  );
  await settleActive(model);
}

function in31Days(): number {
  return Date.now() + 31 * DAY * 1000;
}
