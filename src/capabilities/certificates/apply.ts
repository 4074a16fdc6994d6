/** Carries out one planned change of certificates. */

import { SnapdError } from '../../clients/host/errors.ts';
import { K8sdUnavailable } from '../../clients/k8sd/errors.ts';
import { KubernetesError } from '../../clients/kubernetes/errors.ts';
import type { Clients } from '../../core/clients.ts';
import { clearLeftovers } from './backup.ts';
import { type Change, certificatesOf } from './change.ts';
import { clearRefreshReport, endClusterRefresh, reportRefresh } from './cluster-refresh/apply.ts';
import { ORDER } from './cluster-refresh/wire.ts';
import { decideRequests, sweepRequests } from './decide.ts';
import type { CertificateFacts, NodeIdentity } from './facts.ts';
import { finishRefresh } from './finish-refresh.ts';
import { fileOf } from './names.ts';
import { RefreshFailed } from './outcome.ts';
import { isReadable, readCertificate } from './read.ts';
import { refreshControlPlane } from './refresh-control-plane.ts';
import { endRefresh, submitRequests, takeCertificates } from './refresh-worker.ts';
import { beginWorkerRenewal, renewControlPlane } from './renewal/apply.ts';
import { forgetFailures, rememberFailure } from './renewal/attempts.ts';
import { missingSans } from './sans.ts';
import { formatWish, REQUESTS } from './wire.ts';

/** Rejects with `RefreshFailed` when it cannot be done now, or was undone. */
export async function applyCertificates(clients: Clients, facts: CertificateFacts, change: Change): Promise<void> {
  try {
    await apply(clients, facts, change);
  } catch (error) {
    const awaited = awaitedBy(error);
    if (awaited !== undefined)
      throw new RefreshFailed('waiting', `Waiting for ${awaited}: ${(error as Error).message}`);
    throw error;
  }
}

/** What has not answered, where that mends itself: the change is taken up by the next dispatch. */
function awaitedBy(error: unknown): string | undefined {
  if (error instanceof KubernetesError) return 'the API server';
  if (error instanceof K8sdUnavailable) return 'k8sd';
  return error instanceof SnapdError ? 'snapd' : undefined;
}

async function apply(clients: Clients, facts: CertificateFacts, change: Change): Promise<void> {
  const { node, relation, clusterRefresh } = facts;
  const { juju } = clients;
  const tell = (order: string | undefined, failure = '') =>
    reportRefresh(juju, clusterRefresh.relation, order, failure);
  const progress = async (message: string) => juju.log.info(`certificates: ${message}`);
  switch (change.kind) {
    case 'finish-refresh': {
      const { note } = change;
      const failed = (reason: string) => tell(note.order, reason);
      const outcome = await recordFailure(clients, node, failed, () => finishRefresh(clients, node, note, progress));
      if (outcome === 'done') {
        forgetFailures(juju.state);
        tell(note.order);
      }
      return juju.log.warning(
        `an interrupted refresh of certificates was taken up: ${outcome === 'done' ? 'it is complete' : 'nothing had been changed'}`,
      );
    }
    case 'clear-leftovers':
      return clearLeftovers(clients.host.files);
    case 'refresh-sans':
      await refreshControlPlane(
        clients,
        node,
        { names: change.names, expirationSeconds: change.expirationSeconds, extraSans: change.extraSans },
        progress,
      );
      return checkNames(clients, change.names, change.missing);
    case 'renew':
      return tell(change.order, await renewControlPlane(clients, node, change, progress));
    case 'begin-renewal': {
      const { expirationSeconds, order } = change;
      const failure = await beginWorkerRenewal(clients, node, {
        expirationSeconds,
        extraSans: [],
        ...(order ? { order } : {}),
      });
      return failure === undefined ? undefined : tell(order, failure);
    }
    case 'report-refresh':
      return tell(change.id, change.failure);
    case 'clear-refresh-report':
      return clearRefreshReport(juju, clusterRefresh.relation);
    case 'clear-refresh-order':
      return juju.relations.setApplication(change.relation, { [ORDER]: undefined });
    case 'end-cluster-refresh':
      return endClusterRefresh(juju, change.order, change.relations, clients.host.now(), change.summary);
    case 'announce-requests':
      await submitRequests(clients, change.journal);
      return juju.relations.setUnit(change.relation, { [REQUESTS]: formatWish(change.journal) });
    case 'take-certificates': {
      const { journal } = change;
      const failed = (reason: string) => tell(journal.order, reason);
      await recordFailure(clients, node, failed, () => takeCertificates(clients, node, journal));
      tell(journal.order);
      if (relation) juju.relations.setUnit(relation, { [REQUESTS]: undefined });
      forgetFailures(juju.state);
      return juju.log.info('certificates: the new ones are in service');
    }
    case 'give-up-refresh':
      await endRefresh(clients);
      if (relation) juju.relations.setUnit(relation, { [REQUESTS]: undefined });
      await remember(clients, node, `Refresh of the certificates failed: ${change.reason}`);
      tell(facts.journal?.order, change.reason);
      return juju.log.warning(`refresh of the certificates given up: ${change.reason}`);
    case 'clear-announcement':
      return juju.relations.setUnit(change.relation, { [REQUESTS]: undefined });
    case 'decide-requests':
      return decideRequests(clients, change.wish);
    case 'clear-decision':
      await sweepRequests(clients, change.decision);
      return juju.relations.setApplication(change.decision.relation, { [change.decision.key]: undefined });
  }
}

/** What is still missing will be missing after the next refresh, too; each of them restarts the API server. */
async function checkNames({ host }: Clients, names: readonly string[], wanted: readonly string[]): Promise<void> {
  for (const name of names) {
    const issued = await readCertificate(host.files, fileOf('control-plane', name));
    const missing = issued && isReadable(issued) ? missingSans(issued.sans, wanted) : [];
    if (missing.length > 0)
      throw new RefreshFailed('blocked', `k8sd issues ${certificatesOf([name])} without ${missing.join(', ')}`, true);
  }
}

/** The reason stays visible after the refresh has been forgotten. What only has to wait is not a failure. */
async function recordFailure<T>(
  clients: Clients,
  node: NodeIdentity,
  tell: (reason: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof RefreshFailed) || error.status.status === 'waiting') throw error;
    await remember(clients, node, error.message);
    tell(error.message);
    throw error;
  }
}

/** Whoever asked for it: what failed is not renewed at once. */
async function remember({ juju, host }: Clients, { options }: NodeIdentity, reason: string): Promise<void> {
  await rememberFailure(juju.state, options, host.now(), reason);
}
