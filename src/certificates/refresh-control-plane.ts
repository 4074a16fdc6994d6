/**
 * Renews certificates of a control plane through k8sd: what stood there is kept, k8sd issues and restarts, and then it is
 * seen that the new certificates are served and the services are well; if not, what stood there is put back.
 */

import { K8sdError, K8sdUnavailable } from '../k8sd/errors.ts';
import { discard, keep, type RefreshNote, readNote, restore } from './backup.ts';
import type { Doors } from './doors.ts';
import type { NodeIdentity } from './facts.ts';
import { CONTROL_PLANE_NAMES } from './names.ts';
import { RefreshFailed } from './outcome.ts';
import { isReadable, readCertificates } from './read.ts';
import { untilServed } from './verify-service.ts';

const CALL_MS = 120_000;
const SERVED_MS = 5 * 60_000;
const RESTART_MS = 5 * 60_000;
const SERVICES = ['containerd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet'];

export interface ControlPlaneRefresh {
  readonly names: readonly string[];
  readonly expirationSeconds: number;
  readonly extraSans: readonly string[];
}

export type Progress = (message: string) => Promise<void>;

/** @throws RefreshFailed when k8sd refuses, or when the node is not well with the new certificates; the former are then back. */
export async function refreshControlPlane(
  doors: Doors,
  node: NodeIdentity,
  refresh: ControlPlaneRefresh,
  progress: Progress,
): Promise<void> {
  const { files } = doors.host;
  // Its copies are of what was good: they must not be replaced before it is known how it ended.
  const unfinished = await readNote(files);
  if (unfinished !== undefined) await finishRefresh(doors, node, unfinished, progress);
  const note = await takeNote(doors, refresh.names);
  await keep(files, 'control-plane', note);
  await progress(`asking k8sd for ${refresh.names.length} new certificates`);
  try {
    await doors.k8sd(node.minor).refreshCertificates(
      {
        certificates: refresh.names.length === CONTROL_PLANE_NAMES.length ? [] : refresh.names,
        expirationSeconds: refresh.expirationSeconds,
        extraSans: refresh.extraSans,
        seed: 1,
      },
      { timeoutMs: CALL_MS },
    );
  } catch (error) {
    if (!(error instanceof K8sdError) || error instanceof K8sdUnavailable) throw error;
    await restore(files, 'control-plane');
    await discard(files);
    throw new RefreshFailed('blocked', `k8sd refuses to issue the certificates: ${error.message}`);
  }
  await progress('issued; the services restart');
  await seeThrough(doors, node, note, progress);
}

/** Brings a refresh to its end that a dispatch began and did not see through, whether k8sd had been asked or not. */
export async function finishRefresh(
  doors: Doors,
  node: NodeIdentity,
  note: RefreshNote,
  progress: Progress,
): Promise<'unchanged' | 'done'> {
  const now = fingerprints(await readCertificates(doors.host.files, 'control-plane'), note.names);
  const untouched = note.names.every((name) => now[name] !== undefined && now[name] === note.before[name]);
  await seeThrough(doors, node, untouched ? { ...note, before: {} } : note, progress);
  return untouched ? 'unchanged' : 'done';
}

async function seeThrough(doors: Doors, node: NodeIdentity, note: RefreshNote, progress: Progress): Promise<void> {
  const { files } = doors.host;
  const expectation = { role: 'control-plane', address: node.address } as const;
  const amiss = await untilServed(doors, { ...expectation, before: note.before }, SERVED_MS, progress);
  if (amiss === undefined) return discard(files);
  await progress(`the node is not well: ${amiss}; putting the former certificates back`);
  await restore(files, 'control-plane');
  await doors.host.snapd.restart('k8s', SERVICES, { timeoutMs: RESTART_MS });
  const still = await untilServed(doors, { ...expectation, before: {} }, SERVED_MS, progress);
  await discard(files);
  const end =
    still === undefined
      ? 'the former certificates are back in service'
      : `with the former certificates the node is not well either: ${still}`;
  throw new RefreshFailed('blocked', `Refresh of the certificates failed: ${amiss}; ${end}`, true);
}

async function takeNote({ host }: Doors, names: readonly string[]): Promise<RefreshNote> {
  const present = await readCertificates(host.files, 'control-plane');
  return { names, before: fingerprints(present, names), startedAt: host.now().toISOString() };
}

function fingerprints(
  certificates: Awaited<ReturnType<typeof readCertificates>>,
  names: readonly string[],
): Record<string, string> {
  const chosen = certificates.filter(isReadable).filter(({ file }) => names.includes(file.name));
  return Object.fromEntries(chosen.map(({ file, fingerprint }) => [file.name, fingerprint]));
}
