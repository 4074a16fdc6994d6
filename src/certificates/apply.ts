/** Carries out one planned change of certificates. */

import { KubernetesError } from '../kubernetes/errors.ts';
import type { Change } from './change.ts';
import { decideRequests } from './decide.ts';
import type { Doors } from './doors.ts';
import type { CertificateFacts } from './facts.ts';
import { fileOf } from './names.ts';
import { FAILURE_KEY } from './observe.ts';
import { RefreshFailed } from './outcome.ts';
import { isReadable, readCertificate } from './read.ts';
import { finishRefresh, refreshControlPlane } from './refresh-control-plane.ts';
import { endRefresh, submitRequests, takeCertificates } from './refresh-worker.ts';
import { missingSans } from './sans.ts';
import { formatWish, REQUESTS } from './wire.ts';

/** Rejects with `RefreshFailed` when it cannot be done now, or was undone. */
export async function applyCertificates(doors: Doors, facts: CertificateFacts, change: Change): Promise<void> {
  try {
    await apply(doors, facts, change);
  } catch (error) {
    if (error instanceof KubernetesError)
      throw new RefreshFailed('waiting', `Waiting for the API server: ${error.message}`);
    throw error;
  }
}

async function apply(doors: Doors, { node, relation }: CertificateFacts, change: Change): Promise<void> {
  const { juju } = doors;
  const progress = async (message: string) => juju.log.info(`certificates: ${message}`);
  switch (change.kind) {
    case 'finish-refresh': {
      const outcome = await finishRefresh(doors, node, change.note, progress);
      return juju.log.warning(
        `an interrupted refresh of certificates was taken up: ${outcome === 'done' ? 'it is complete' : 'nothing had been changed'}`,
      );
    }
    case 'refresh-sans':
      await refreshControlPlane(
        doors,
        node,
        { names: ['apiserver'], expirationSeconds: change.expirationSeconds, extraSans: change.extraSans },
        progress,
      );
      return checkNames(doors, change.missing);
    case 'announce-requests':
      await submitRequests(doors, change.journal);
      return juju.relations.setUnit(change.relation, {
        [REQUESTS]: formatWish(
          change.journal.id,
          change.journal.requests.map(({ object }) => object),
        ),
      });
    case 'take-certificates':
      await recordFailure(doors, () => takeCertificates(doors, node, change.journal));
      if (relation) juju.relations.setUnit(relation, { [REQUESTS]: undefined });
      juju.state.set(FAILURE_KEY, undefined);
      return juju.log.info('certificates: the new ones are in service');
    case 'give-up-refresh':
      await endRefresh(doors);
      if (relation) juju.relations.setUnit(relation, { [REQUESTS]: undefined });
      juju.state.set(FAILURE_KEY, `Refresh of the certificates failed: ${change.reason}`);
      return juju.log.warning(`refresh of the certificates given up: ${change.reason}`);
    case 'clear-announcement':
      return juju.relations.setUnit(change.relation, { [REQUESTS]: undefined });
    case 'decide-requests':
      return decideRequests(doors, change.wish);
    case 'clear-decision':
      return juju.relations.setApplication(change.relation, { [change.key]: undefined });
  }
}

/** What is still missing will be missing after the next refresh, too; each of them restarts the API server. */
async function checkNames({ host }: Doors, wanted: readonly string[]): Promise<void> {
  const issued = await readCertificate(host.files, fileOf('control-plane', 'apiserver'));
  const missing = issued && isReadable(issued) ? missingSans(issued.sans, wanted) : [];
  if (missing.length > 0)
    throw new RefreshFailed('blocked', `k8sd issues the API server's certificate without ${missing.join(', ')}`, true);
}

/** The reason stays visible after the refresh has been forgotten. What only has to wait is not a failure. */
async function recordFailure({ juju }: Doors, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof RefreshFailed && error.status.status !== 'waiting') juju.state.set(FAILURE_KEY, error.message);
    throw error;
  }
}
