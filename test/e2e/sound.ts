/** Whether all certificates of a cluster are what they have to be: to a second implementation, and on the wire. */

import { X509Certificate } from 'node:crypto';
import { expect } from 'vitest';
import { settleActive, type TestCluster } from './cluster.ts';
import { machineOf, served } from './nodes.ts';
import { CONTROL_PLANE_LEAVES, complaintsOfOpenssl, WORKER_LEAVES } from './openssl.ts';
import { restartsSince } from './restarts.ts';

const SERVED = { apiserver: 6443, kubelet: 10250 } as const;

function isWorker(unit: string): boolean {
  return unit.startsWith('k8s-worker/');
}

/** What a unit serves, with which certificate. */
function servedBy(unit: string): readonly (keyof typeof SERVED)[] {
  return isWorker(unit) ? ['kubelet'] : ['apiserver', 'kubelet'];
}

/** Every leaf verifies, for its purpose and its names; what is served is what lies in the file, and from the cluster's authority. */
export async function expectSound(cluster: TestCluster, units: readonly string[]): Promise<void> {
  const complaints = units.map((unit) =>
    complaintsOfOpenssl(cluster, unit, isWorker(unit) ? WORKER_LEAVES : CONTROL_PLANE_LEAVES),
  );
  expect((await Promise.all(complaints)).flat()).toEqual([]);
  for (const unit of units) {
    const { files } = machineOf(cluster, unit);
    const authority = new X509Certificate(await files.need('/etc/kubernetes/pki/ca.crt'));
    for (const name of servedBy(unit)) {
      const onWire = await served(cluster, unit, SERVED[name]);
      const inFile = new X509Certificate(await files.need(`/etc/kubernetes/pki/${name}.crt`));
      expect([unit, name, onWire.fingerprint256]).toEqual([unit, name, inFile.fingerprint256]);
      expect([unit, name, onWire.verify(authority.publicKey)]).toEqual([unit, name, true]);
    }
  }
}

/** By unit and name: what is served now. */
export async function allServed(
  cluster: TestCluster,
  units: readonly string[],
): Promise<Readonly<Record<string, X509Certificate>>> {
  const pairs = units.flatMap((unit) =>
    servedBy(unit).map(async (name) => [`${unit} ${name}`, await served(cluster, unit, SERVED[name])] as const),
  );
  return Object.fromEntries(await Promise.all(pairs));
}

export function serialsOf(certificates: Readonly<Record<string, X509Certificate>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(certificates).map(([what, { serialNumber }]) => [what, serialNumber]));
}

/** Does something after which every service has another certificate, without two API servers down at once. */
export async function expectAllRenewed(
  cluster: TestCluster,
  units: readonly string[],
  work: () => Promise<void>,
): Promise<void> {
  const before = serialsOf(await allServed(cluster, units));
  const restarts = restartsSince(cluster);
  await work();
  const after = serialsOf(await allServed(cluster, units));
  expect(Object.keys(before).filter((what) => after[what] === before[what])).toEqual([]);
  expect(restarts.most()).toBe(1);
  await expectSound(cluster, units);
}

/** By the action, on all units at the same time. */
export async function refreshAll({ model }: TestCluster, units: readonly string[]): Promise<void> {
  const outcomes = await Promise.all(units.map((unit) => model.run(unit, 'refresh-certs', { 'expires-in': '40d' })));
  expect(outcomes.map(({ status, message }) => [status, message])).toEqual(outcomes.map(() => ['completed', '']));
  await settleActive(model);
}
