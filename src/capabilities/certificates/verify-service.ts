/** Sees that certificates which lie in files are the ones that are served, and that the node's services are well with them. */

import type { Clients } from '../../core/clients.ts';
import type { Role } from '../../core/role.ts';
import { fileOf } from './names.ts';
import { fingerprintOf, isReadable, readCertificate, readKeyMatch } from './read.ts';

const POLL_MS = 500;
const TLS_MS = 3_000;
const PORTS: Readonly<Record<Role, Readonly<Record<string, number>>>> = {
  'control-plane': { apiserver: 6443, kubelet: 10250 },
  worker: { kubelet: 10250 },
};

/** Services that must run after a refresh. kube-proxy is not among them: beside Cilium it is stopped. */
const REQUIRED: Readonly<Record<Role, readonly string[]>> = {
  'control-plane': ['containerd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet'],
  worker: ['containerd', 'kubelet'],
};

export interface Expectation {
  readonly role: Role;
  readonly address: string | undefined;
  /** Certificates that must be there, each with its own key. */
  readonly names: readonly string[];
  /** Fingerprints that must no longer be there, by certificate name. */
  readonly before: Readonly<Record<string, string>>;
}

/** @returns undefined when all is well, else what was still amiss when the time was over. Tells each new state through `progress`. */
export async function untilServed(
  clients: Clients,
  expectation: Expectation,
  timeoutMs: number,
  progress: (message: string) => Promise<void>,
): Promise<string | undefined> {
  const { host } = clients;
  const deadline = host.now().getTime() + timeoutMs;
  let told = '';
  for (;;) {
    const amiss = await firstAmiss(clients, expectation);
    if (amiss === undefined) return undefined;
    if (host.now().getTime() > deadline) return amiss;
    if (amiss !== told) await progress(`waiting: ${amiss}`);
    told = amiss;
    await host.sleep(POLL_MS);
  }
}

async function firstAmiss(clients: Clients, expectation: Expectation): Promise<string | undefined> {
  return (
    (await fileAmiss(clients, expectation)) ??
    (await servedAmiss(clients, expectation)) ??
    (await nodeAmiss(clients, expectation))
  );
}

/** Most certificates are not served, or not on a port of this node; of them the files alone tell that they are whole. */
async function fileAmiss({ host }: Clients, { role, names, before }: Expectation): Promise<string | undefined> {
  for (const name of names) {
    const file = await readCertificate(host.files, fileOf(role, name));
    if (file === undefined || !isReadable(file)) return `the certificate of ${name} cannot be read`;
    if (file.fingerprint === before[name]) return `the certificate of ${name} has not been replaced yet`;
    if (!(await readKeyMatch(host.files, file.file))) return `the key of ${name} is not the one of its certificate`;
  }
  return undefined;
}

async function servedAmiss({ host }: Clients, { role, address }: Expectation): Promise<string | undefined> {
  if (address === undefined) return undefined;
  for (const [name, port] of Object.entries(PORTS[role])) {
    const file = await readCertificate(host.files, fileOf(role, name));
    if (file === undefined || !isReadable(file)) return `the certificate of ${name} cannot be read`;
    const peer = await host.servedCertificate(address, port, TLS_MS);
    if (peer === undefined) return `${name} does not answer on port ${port}`;
    if (fingerprintOf(peer.certificate) !== file.fingerprint) return `${name} still serves another certificate`;
  }
  return undefined;
}

async function nodeAmiss(clients: Clients, { role }: Expectation): Promise<string | undefined> {
  const services = await clients.host.snapd.services('k8s');
  const down = REQUIRED[role].filter((name) => !services.some((service) => service.name === name && service.active));
  if (down.length > 0) return `${down.join(', ')} not running`;
  const kubernetes = await clients.kubernetes();
  if (kubernetes === undefined) return 'no kubeconfig';
  return (await kubernetes.ready()) ? undefined : 'the API server is not ready';
}
