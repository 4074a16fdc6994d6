/** Installs, holds, refreshes and removes the snap. */

import { SnapdError } from '../../clients/host/errors.ts';
import type { SnapWait } from '../../clients/host/host.ts';
import { K8sdError, WaitingForUpgrade } from '../../clients/k8sd/errors.ts';
import { ChangeFailed, ChangeRefused, ChangeUndone } from '../../core/change-failed.ts';
import type { Clients } from '../../core/clients.ts';
import { removeJournals } from './arguments-journal.ts';
import type { Change } from './change.ts';
import { type ClusterFacts, serviceAddress, snapMinor } from './facts.ts';
import { removeCredentials } from './leftovers.ts';
import { recall, remember } from './memory.ts';
import { unhealthy } from './service-health.ts';

const SNAP = 'k8s';
const INSTALL_MS = 20 * 60_000;
const HOLD_MS = 2 * 60_000;
const DAEMON_MS = 120_000;
const NODE_MS = 30_000;
/** Together they stay below what is left of the lease of a grant when the last change is begun (`rolling.ts`). */
const REFRESH_MS = 12 * 60_000;
const HEALTH_MS = 4 * 60_000;
const REVERT_MS = 10 * 60_000;

type InstallSnap = Extract<Change, { kind: 'install-snap' }>;
type RefreshSnap = Extract<Change, { kind: 'refresh-snap' }>;

export async function installSnap(clients: Clients, change: InstallSnap): Promise<void> {
  const { channel, file } = change;
  const { host, juju } = clients;
  try {
    if (file) await host.snapd.installFile(SNAP, file.path, { classic: true }, wait(clients));
    else await host.snapd.install(SNAP, { channel, classic: true }, wait(clients));
  } catch (error) {
    throw snapFailure(error, change);
  }
  remember(juju.state, 'snapFile', file?.sha256);
}

/** Held, or snapd would refresh it on one machine after the other whenever it likes. */
export async function holdSnap(clients: Clients): Promise<void> {
  try {
    await clients.host.snapd.hold(SNAP, wait(clients, HOLD_MS));
  } catch (error) {
    if (!(error instanceof SnapdError)) throw error;
    throw new ChangeFailed('waiting', `Waiting for snapd to hold the snap: ${error.message}`);
  }
}

/** Ready to say what node it is: it may call itself ready and have no use of its database. */
export async function awaitDaemon(clients: Clients, facts: ClusterFacts): Promise<void> {
  const k8sd = clients.k8sd(snapMinor(facts.snap));
  try {
    await k8sd.waitUntilReady({ timeoutMs: DAEMON_MS });
    await k8sd.node({ timeoutMs: NODE_MS });
  } catch (error) {
    if (!(error instanceof K8sdError)) throw error;
    if (!(error instanceof WaitingForUpgrade)) throw new ChangeFailed('waiting', `Waiting for k8sd: ${error.message}`);
  }
}

/** A node that does not come up with the new snap gets the previous one back. */
export async function refreshSnap(clients: Clients, facts: ClusterFacts, change: RefreshSnap): Promise<void> {
  const { snapd } = clients.host;
  const { channel, file } = change;
  try {
    if (file) await snapd.installFile(SNAP, file.path, { classic: true }, wait(clients, REFRESH_MS));
    else await snapd.refresh(SNAP, { channel }, wait(clients, REFRESH_MS));
    await snapd.hold(SNAP, wait(clients, HOLD_MS));
  } catch (error) {
    throw snapFailure(error, change);
  }
  const trouble = facts.node === undefined ? undefined : await nodeTrouble(clients, facts);
  if (trouble !== undefined) {
    const end = await revert(clients, facts);
    throw new ChangeUndone(
      `${sourceOption(change)}: the node did not come up with ${origin(change)}: ${trouble}; ${end}`,
    );
  }
  remember(clients.juju.state, 'snapFile', file?.sha256);
  remember(clients.juju.state, 'snapFileDue', undefined);
}

/** Not by a refresh: by now the channel may have another revision, which is for the rollout lock. */
export async function switchSnap(
  clients: Clients,
  { channel }: Extract<Change, { kind: 'switch-snap' }>,
): Promise<void> {
  try {
    await clients.host.snapd.switchChannel(SNAP, { channel }, wait(clients, HOLD_MS));
  } catch (error) {
    throw snapFailure(error, { kind: 'refresh-snap', channel, file: undefined });
  }
}

/**
 * The channel first: a revert leaves the snap on the channel that it was refreshed to, and whoever looks next would take the refresh for
 * done. @returns how it ended.
 */
async function revert(clients: Clients, facts: ClusterFacts): Promise<string> {
  const unswitched = await refusal(() => followAsBefore(clients, facts));
  const unreverted = await refusal(() => clients.host.snapd.revert(SNAP, wait(clients, REVERT_MS)));
  if (unreverted !== undefined) return `the previous snap could not be restored: ${unreverted}`;
  return unswitched === undefined
    ? 'the previous snap is back'
    : `the previous snap is back, but not on its channel (snap switch --channel=${facts.snap?.channel} ${SNAP}): ${unswitched}`;
}

async function followAsBefore(clients: Clients, { snap: before }: ClusterFacts): Promise<void> {
  const { snapd } = clients.host;
  const channel = before?.channel;
  if (channel === undefined || (await snapd.snap(SNAP))?.channel === channel) return;
  await snapd.switchChannel(SNAP, { channel }, wait(clients, HOLD_MS));
}

/** What snapd says when it does not do it. */
async function refusal(work: () => Promise<void>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (!(error instanceof SnapdError)) throw error;
    return error.message;
  }
}

/** The services are stopped by the removal; stopping them first gives kubelet the time to say goodbye. */
export async function removeSnap(clients: Clients): Promise<void> {
  const { host, juju } = clients;
  const running = (await host.snapd.services(SNAP))
    .filter(({ active, enabled }) => active || enabled)
    .map(({ name }) => name);
  if (running.length > 0) await host.snapd.stop(SNAP, running, { disable: true }, wait(clients));
  await removeCredentials(host.files);
  await host.snapd.remove(SNAP, wait(clients));
  await removeJournals(host.files);
  // They may hold credentials, and whatever the snap takes with it, these were ours.
  for (const path of (await recall(juju.state)).registries) await host.files.remove(path);
  for (const key of ['arguments', 'labels', 'registries', 'snapFile', 'snapFileDue', 'home', 'failures'] as const)
    remember(juju.state, key, undefined);
}

async function nodeTrouble(clients: Clients, facts: ClusterFacts): Promise<string | undefined> {
  const address = serviceAddress(facts);
  const kubelet = await unhealthy(clients, 'kubelet', address, { timeoutMs: HEALTH_MS });
  if (kubelet !== undefined) return `kubelet: ${kubelet}`;
  if (facts.role === 'worker') return undefined;
  const api = await unhealthy(clients, 'kube-apiserver', address, { timeoutMs: HEALTH_MS });
  return api === undefined ? undefined : `kube-apiserver: ${api}`;
}

function wait({ juju }: Clients, timeoutMs = INSTALL_MS): SnapWait {
  return { timeoutMs, onProgress: (summary) => juju.log.info(`snapd: ${summary}`) };
}

/** Kinds of snapd's that do not pass: nothing but another channel, another file or another store changes them. */
const LASTING: ReadonlySet<string> = new Set([
  'snap-channel-not-available',
  'snap-revision-not-available',
  'snap-architecture-not-available',
  'snap-not-found',
  'snap-needs-classic',
  'change-failed',
  // What snapd says of a file that is no snap.
  'http-400',
]);

/** What an operator can fix (a channel, a file) blocks; what may pass (store, network, another change) waits. */
function snapFailure(error: unknown, change: InstallSnap | RefreshSnap): unknown {
  if (!(error instanceof SnapdError)) return error;
  const what = `Could not install ${origin(change)}: ${error.message}`;
  if (LASTING.has(error.kind)) return new ChangeRefused(`${what}; ${remedy(error, change)}`);
  if (error.kind === 'insufficient-disk-space') return new ChangeFailed('blocked', `${what}; free some space`);
  const offline = change.file ? '' : '; on machines without a store, attach the snap as resource snap-installation';
  return new ChangeFailed('waiting', `${what}${offline}`);
}

function remedy({ kind, channels }: SnapdError, { channel, file }: InstallSnap | RefreshSnap): string {
  if (file) return 'attach another snap as resource snap-installation';
  if (kind === 'change-failed') return 'see snap changes on the machine';
  const track = channel.split('/')[0] ?? '';
  const near = channels.filter((one) => one.endsWith('/stable') || one.startsWith(`${track}/`));
  return near.length === 0
    ? 'set snap-channel to a channel that the store has'
    : `set snap-channel to one of ${near.join(', ')}`;
}

function sourceOption({ file }: RefreshSnap): string {
  return file ? 'snap-installation' : 'snap-channel';
}

function origin({ channel, file }: InstallSnap | RefreshSnap): string {
  return file ? 'the snap from resource snap-installation' : `the snap from snap-channel ${channel}`;
}
