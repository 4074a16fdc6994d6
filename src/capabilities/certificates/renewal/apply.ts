/** Carries out what the charm renews by itself. */

import { K8sdUnavailable } from '../../../clients/k8sd/errors.ts';
import type { Clients } from '../../../core/clients.ts';
import type { NodeIdentity } from '../facts.ts';
import type { Progress } from '../finish-refresh.ts';
import { RefreshFailed } from '../outcome.ts';
import { type ControlPlaneRefresh, refreshControlPlane } from '../refresh-control-plane.ts';
import { prepareRequests, type WorkerRefresh } from '../refresh-worker.ts';
import { rememberFailure } from './attempts.ts';

/**
 * A failure is remembered rather than thrown: it is tried again when its time comes, and does not keep other control planes from
 * trying, since without a renewal all of them come to the same end. Gives why it failed.
 */
export async function renewControlPlane(
  clients: Clients,
  node: NodeIdentity,
  refresh: ControlPlaneRefresh,
  progress: Progress,
): Promise<string | undefined> {
  return rememberingFailure(clients, node, () => refreshControlPlane(clients, node, refresh, progress));
}

/** The first step of a worker's walk: keys and requests. */
export async function beginWorkerRenewal(
  clients: Clients,
  node: NodeIdentity,
  refresh: WorkerRefresh,
): Promise<string | undefined> {
  return rememberingFailure(clients, node, () => prepareRequests(clients, node, { ...refresh, renewal: true }));
}

async function rememberingFailure(
  { juju, host }: Clients,
  { options }: NodeIdentity,
  work: () => Promise<unknown>,
): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    const failed = error instanceof RefreshFailed && error.status.status !== 'waiting';
    if (!failed && !(error instanceof K8sdUnavailable)) throw error;
    // Also where k8sd has not answered: it may never do.
    await rememberFailure(juju.state, options, host.now(), `Renewal of the certificates failed: ${cause(error)}`);
    if (!failed) throw error;
    juju.log.warning(`certificates: ${error.message}`);
    return cause(error);
  }
}

/** Without the beginning that says what an operator has not asked for. */
function cause({ message }: Error): string {
  return message.replace(/^Refresh of the certificates failed: /, '');
}
