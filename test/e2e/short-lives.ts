/** Certificates that will soon run out, put in the place of those of a unit: issued long ago by the same authorities for the same keys. */

import { X509Certificate } from 'node:crypto';
import { CONTROL_PLANE_NAMES, fileOf, WORKER_NAMES } from '../../src/capabilities/certificates/names.ts';
import { issueLeaf } from '../standins/machines/pki/issue.ts';
import type { TestCluster } from './cluster.ts';
import { machineOf } from './nodes.ts';

const LONG_AGO_MS = 300 * 86_400_000;
const FIELD = /client-certificate-data: *"?([A-Za-z0-9+/=]+)"?/;

function namesOf(unit: string): readonly string[] {
  return unit.startsWith('k8s-worker/') ? WORKER_NAMES : CONTROL_PLANE_NAMES;
}

/** Those that k8sd issues. As they are from then on, services are restarted to serve them. */
export async function shortenLives(cluster: TestCluster, unit: string, secondsLeft: number): Promise<void> {
  const machine = machineOf(cluster, unit);
  const pems = cluster.machines.cluster(machine.id)?.state.pems ?? {};
  const notAfter = new Date(Math.floor(Date.now() / 1000 + secondsLeft) * 1000);
  for (const name of namesOf(unit)) {
    const { path, authority } = fileOf(unit.startsWith('k8s-worker/') ? 'worker' : 'control-plane', name);
    const key = pems[`${authority}-key`];
    if (!key) continue;
    const text = await machine.files.need(path);
    const present = new X509Certificate(pemIn(text));
    const pem = await issueLeaf({
      subject: {
        commonName: /^CN=(.*)$/m.exec(present.subject)?.[1] ?? '',
        organizations: [...present.subject.matchAll(/^O=(.*)$/gm)].map(([, organization]) => organization ?? ''),
      },
      publicKey: present.publicKey.export({ type: 'spki', format: 'der' }),
      issuer: { certificate: pems[`${authority}-crt`] ?? '', key },
      sans: (present.subjectAltName ?? '').split(', ').flatMap((san) => san.replace(/^(DNS|IP Address):/, '') || []),
      validity: { notBefore: new Date(Date.now() - LONG_AGO_MS), notAfter },
    });
    const data = `client-certificate-data: ${Buffer.from(pem).toString('base64')}`;
    await machine.files.write(path, path.endsWith('.conf') ? text.replace(FIELD, data) : pem, 0o600);
  }
  for (const service of ['kube-apiserver', 'kubelet'])
    if (machine.services.isActive(service)) await machine.services.restart(service);
}

/** When the one of the unit's certificates ends that ends first. */
export async function firstEnd(cluster: TestCluster, unit: string): Promise<Date> {
  const machine = machineOf(cluster, unit);
  const ends = await Promise.all(
    namesOf(unit).map(async (name) => {
      const { path } = fileOf(unit.startsWith('k8s-worker/') ? 'worker' : 'control-plane', name);
      return new X509Certificate(pemIn(await machine.files.need(path))).validToDate.getTime();
    }),
  );
  return new Date(Math.min(...ends));
}

function pemIn(text: string): string {
  const data = FIELD.exec(text)?.[1];
  return data === undefined ? text : Buffer.from(data, 'base64').toString();
}
