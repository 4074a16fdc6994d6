/** Sees that certificates which lie in files are the ones that are served, and that the node's services are well with them. */

import type { Doors } from './doors.ts';
import { fileOf, type Role } from './names.ts';
import { fingerprintOf, isReadable, readCertificate } from './read.ts';

const POLL_MS = 500;
const TLS_MS = 3_000;
const API_PORT = 6443;
const KUBELET_PORT = 10250;

/** Services that must run after a refresh. kube-proxy is not among them: beside Cilium it is stopped. */
const REQUIRED: Readonly<Record<Role, readonly string[]>> = {
  'control-plane': ['containerd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet'],
  worker: ['containerd', 'kubelet'],
};

export interface Expectation {
  readonly role: Role;
  readonly address: string | undefined;
  /** Fingerprints that must no longer be served, by certificate name. */
  readonly before: Readonly<Record<string, string>>;
}

/** @returns undefined when all is well, else what was still amiss when the time was over. Tells each new state through `progress`. */
export async function untilServed(
  doors: Doors,
  expectation: Expectation,
  timeoutMs: number,
  progress: (message: string) => Promise<void>,
): Promise<string | undefined> {
  const { host } = doors;
  const deadline = host.now().getTime() + timeoutMs;
  let told = '';
  for (;;) {
    const amiss = await firstAmiss(doors, expectation);
    if (amiss === undefined) return undefined;
    if (host.now().getTime() > deadline) return amiss;
    if (amiss !== told) await progress(`waiting: ${amiss}`);
    told = amiss;
    await host.sleep(POLL_MS);
  }
}

async function firstAmiss(doors: Doors, { role, address, before }: Expectation): Promise<string | undefined> {
  const ports = role === 'control-plane' ? { apiserver: API_PORT, kubelet: KUBELET_PORT } : { kubelet: KUBELET_PORT };
  for (const [name, port] of Object.entries(ports)) {
    const amiss = await servedAmiss(doors, role, name, address, port, before[name]);
    if (amiss !== undefined) return amiss;
  }
  const services = await doors.host.snapd.services('k8s');
  const down = REQUIRED[role].filter((name) => !services.some((service) => service.name === name && service.active));
  if (down.length > 0) return `${down.join(', ')} not running`;
  const kubernetes = await doors.kubernetes();
  if (kubernetes === undefined) return 'no kubeconfig';
  return (await kubernetes.ready()) ? undefined : 'the API server is not ready';
}

async function servedAmiss(
  { host }: Doors,
  role: Role,
  name: string,
  address: string | undefined,
  port: number,
  before: string | undefined,
): Promise<string | undefined> {
  const file = await readCertificate(host.files, fileOf(role, name));
  if (file === undefined || !isReadable(file)) return `the certificate of ${name} cannot be read`;
  if (file.fingerprint === before) return `the certificate of ${name} has not been replaced yet`;
  if (address === undefined) return undefined;
  const peer = await host.servedCertificate(address, port, TLS_MS);
  if (peer === undefined) return `${name} does not answer on port ${port}`;
  return fingerprintOf(peer.certificate) === file.fingerprint
    ? undefined
    : `${name} still serves its former certificate`;
}
