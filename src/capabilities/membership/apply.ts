/** Carries out one planned change. Each is idempotent: ended at any point and planned again, it comes to the same. */

import type { Clients } from '../../core/clients.ts';
import { finishArguments, rememberArguments, writeArguments } from './apply-arguments.ts';
import { askDeputy, dismissDeputy, offerSealedToken } from './apply-deputy.ts';
import { awaitRemoval, bootstrap, join, leaveCluster } from './apply-membership.ts';
import { configureCluster, labelNode, writeRegistries } from './apply-node.ts';
import { awaitDaemon, holdSnap, installSnap, refreshSnap, removeSnap, switchSnap } from './apply-snap.ts';
import { offerToken, removeNode, removeReturnedNode, withdrawToken } from './apply-tokens.ts';
import type { Change } from './change.ts';
import type { ClusterFacts } from './facts.ts';
import { removeBootstrapNote } from './given-certificates.ts';
import { removeOwnFolder } from './leftovers.ts';
import { remember } from './memory.ts';

/** Rejects with `ChangeFailed` when it cannot be made now, and with `ChangeUndone` when it was made and taken back. */
export async function applyCluster(clients: Clients, facts: ClusterFacts, change: Change): Promise<void> {
  switch (change.kind) {
    case 'install-snap':
      return installSnap(clients, change);
    case 'hold-snap':
      return holdSnap(clients);
    case 'refresh-snap':
      return refreshSnap(clients, facts, change);
    case 'switch-snap':
      return switchSnap(clients, change);
    case 'await-daemon':
      return awaitDaemon(clients, facts);
    case 'bootstrap':
      return bootstrap(clients, facts, change);
    case 'join':
      return join(clients, facts, change);
    case 'publish':
      if (change.scope === 'unit') clients.juju.relations.setUnit(change.relation, change.entries);
      else clients.juju.relations.setApplication(change.relation, change.entries);
      return;
    case 'remember':
      return remember(clients.juju.state, change.key, change.value);
    case 'offer-token':
      return offerToken(clients, facts, change);
    case 'offer-sealed-token':
      return offerSealedToken(clients, facts, change);
    case 'ask-deputy':
      return askDeputy(clients, change);
    case 'dismiss-deputy':
      return dismissDeputy(clients, change);
    case 'withdraw-token':
      return withdrawToken(clients, change);
    case 'remove-node':
      return removeNode(clients, facts, change);
    case 'remove-returned-node':
      return removeReturnedNode(clients, facts, change);
    case 'configure-cluster':
      return configureCluster(clients, facts, change);
    case 'write-arguments':
      return writeArguments(clients, facts, change.change, change.before);
    case 'remember-arguments':
      return rememberArguments(clients, change.change);
    case 'finish-arguments':
      return finishArguments(clients, facts, change.service, change.journal);
    case 'label-node':
      return labelNode(clients, change);
    case 'write-registries':
      return writeRegistries(clients, change);
    case 'await-removal':
      return awaitRemoval(clients, facts);
    case 'clear-machine':
      return removeOwnFolder(clients.host.files);
    case 'leave-cluster':
      return leaveCluster(clients, facts, change);
    case 'remove-snap':
      await removeBootstrapNote(clients.host.files);
      return removeSnap(clients);
  }
}
