/** Renews certificates of a control plane through k8sd, which issues them, writes the files and restarts the services. */

import { K8sdError, K8sdUnavailable } from '../../clients/k8sd/errors.ts';
import type { Clients } from '../../core/clients.ts';
import { watchRestart } from './await-restart.ts';
import { discard, readNote, restore } from './backup.ts';
import type { NodeIdentity } from './facts.ts';
import { beginRefresh, finishRefresh, type Progress, seeThrough } from './finish-refresh.ts';
import { CONTROL_PLANE_NAMES } from './names.ts';
import { RefreshFailed } from './outcome.ts';
import { forgetFailures } from './renewal/attempts.ts';

const CALL_MS = 120_000;

export interface ControlPlaneRefresh {
  readonly names: readonly string[];
  readonly expirationSeconds: number;
  readonly extraSans: readonly string[];
  /** Refresh of the whole cluster that it is a part of. */
  readonly order?: string;
}

/** @throws RefreshFailed when k8sd refuses, or when the node is not well with the new certificates; the former are then back. */
export async function refreshControlPlane(
  clients: Clients,
  node: NodeIdentity,
  refresh: ControlPlaneRefresh,
  progress: Progress,
): Promise<void> {
  const { files } = clients.host;
  // Its copies are of what was good: they must not be replaced before it is known how it ended.
  const unfinished = await readNote(files);
  if (unfinished !== undefined) await finishRefresh(clients, node, unfinished, progress);
  const note = await beginRefresh(clients, node, refresh.names, refresh.order);
  const restart = await watchRestart(clients, node, refresh.names);
  await progress(`asking k8sd for ${refresh.names.length} new certificates`);
  try {
    await clients.k8sd(node.minor).refreshCertificates(
      {
        certificates: refresh.names.length === CONTROL_PLANE_NAMES.length ? [] : refresh.names,
        expirationSeconds: refresh.expirationSeconds,
        extraSans: refresh.extraSans,
        seed: 1,
      },
      { timeoutMs: CALL_MS },
    );
    await progress('issued; the services restart');
    await restart.over();
  } catch (error) {
    // Without an answer it may be under way: the next dispatch looks at what came of it.
    if (!(error instanceof K8sdError) || error instanceof K8sdUnavailable) throw error;
    await restore(files, 'control-plane');
    await discard(files);
    throw new RefreshFailed('blocked', `k8sd refuses to issue the certificates: ${error.message}`);
  } finally {
    restart.end();
  }
  await seeThrough(clients, node, note, progress);
  forgetFailures(clients.juju.state);
}
