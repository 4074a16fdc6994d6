/**
 * The end of a refresh, on either kind of node: the new certificates are seen in service, or what stood there before is put back.
 * Never a part of each. Also for a refresh that a dispatch began and did not live to see through.
 */

import type { Clients } from '../../core/clients.ts';
import type { Role } from '../../core/role.ts';
import { discard, keep, noteFailure, type RefreshNote, restore } from './backup.ts';
import type { NodeIdentity } from './facts.ts';
import { fileOf } from './names.ts';
import { RefreshFailed } from './outcome.ts';
import { fingerprintsOf, readCertificate, readKeyMatch } from './read.ts';
import { untilServed } from './verify-service.ts';

const SERVED_MS = 5 * 60_000;
const RESTART_MS = 5 * 60_000;

/** Services that read the certificates when they start. kube-proxy too, unless it is stopped beside Cilium. */
const SERVICES: Readonly<Record<Role, readonly string[]>> = {
  'control-plane': ['containerd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet'],
  worker: ['kubelet'],
};

export type Progress = (message: string) => Promise<void>;

/** Keeps what stands there now. From here on the refresh has to be brought to its end. */
export async function beginRefresh(
  { host }: Clients,
  { role }: NodeIdentity,
  names: readonly string[],
  order?: string,
): Promise<RefreshNote> {
  const before = await fingerprintsOf(host.files, role, names);
  const note: RefreshNote = {
    names,
    before,
    startedAt: host.now().toISOString(),
    ...(order === undefined ? {} : { order }),
  };
  await keep(host.files, role, note);
  return note;
}

/** @throws RefreshFailed when the node is not well with the new certificates; the former are back then. */
export async function seeThrough(
  clients: Clients,
  node: NodeIdentity,
  note: RefreshNote,
  progress: Progress,
): Promise<void> {
  const { names, before } = note;
  const amiss = await untilServed(clients, { ...node, names, before }, SERVED_MS, progress);
  if (amiss !== undefined) throw await putBack(clients, node, note, amiss, progress);
  await discard(clients.host.files);
}

/**
 * Brings a refresh to its end that was interrupted, whether anything had been changed yet or not. All new: the services may not
 * have been restarted. A part of them new: nobody will ever write the rest.
 */
export async function finishRefresh(
  clients: Clients,
  node: NodeIdentity,
  note: RefreshNote,
  progress: Progress,
): Promise<'unchanged' | 'done'> {
  if (note.failure !== undefined) throw await putBack(clients, node, note, note.failure, progress);
  const { files } = clients.host;
  const now = await fingerprintsOf(files, node.role, note.names);
  const changed = note.names.filter((name) => now[name] !== note.before[name]);
  const torn = await Promise.all(note.names.map((name) => isTorn(clients, node.role, name)));
  if (torn.includes(true) || (changed.length > 0 && changed.length < note.names.length))
    throw await putBack(clients, node, note, 'it was interrupted half way', progress);
  if (changed.length > 0) await restartServices(clients, node.role);
  await seeThrough(clients, node, changed.length > 0 ? note : { ...note, before: {} }, progress);
  return changed.length > 0 ? 'done' : 'unchanged';
}

/** @returns the error to throw: whatever comes of it, a refresh that was undone has failed. */
export async function putBack(
  clients: Clients,
  node: NodeIdentity,
  note: RefreshNote,
  amiss: string,
  progress: Progress,
): Promise<RefreshFailed> {
  const { files } = clients.host;
  await progress(`the node is not well: ${amiss}; putting the former certificates back`);
  await noteFailure(files, note, amiss);
  await restore(files, node.role);
  await restartServices(clients, node.role);
  const readable = Object.keys(note.before);
  const still = await untilServed(clients, { ...node, names: readable, before: {} }, SERVED_MS, progress);
  await discard(files);
  const end =
    still === undefined
      ? 'the former certificates are back in service'
      : `with the former certificates the node is not well either: ${still}`;
  return new RefreshFailed('blocked', `Refresh of the certificates failed: ${amiss}; ${end}`, true);
}

/** Takes certificates into use that the services read only when they start. */
export async function restartServices({ host }: Clients, role: Role): Promise<void> {
  const services = await host.snapd.services('k8s');
  const proxy = services.some(({ name, active }) => name === 'kube-proxy' && active) ? ['kube-proxy'] : [];
  await host.snapd.restart('k8s', [...SERVICES[role], ...proxy], { timeoutMs: RESTART_MS });
}

async function isTorn({ host }: Clients, role: Role, name: string): Promise<boolean> {
  const file = fileOf(role, name);
  return (await readCertificate(host.files, file)) !== undefined && !(await readKeyMatch(host.files, file));
}
