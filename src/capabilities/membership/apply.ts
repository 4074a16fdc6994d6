/** Carries out one planned change. Each is idempotent: ended at any point and planned again, it comes to the same. */

import { finishArguments, rememberArguments, writeArguments } from './apply-arguments.ts';
import { askDeputy, dismissDeputy, offerSealedToken } from './apply-deputy.ts';
import { awaitRemoval, bootstrap, join, leaveCluster } from './apply-membership.ts';
import { configureCluster, labelNode, writeRegistries } from './apply-node.ts';
import { awaitDaemon, holdSnap, installSnap, refreshSnap, removeSnap, switchSnap } from './apply-snap.ts';
import { offerToken, removeNode, removeReturnedNode, withdrawToken } from './apply-tokens.ts';
import type { Change } from './change.ts';
import type { Doors } from './doors.ts';
import type { ClusterFacts } from './facts.ts';
import { removeBootstrapNote } from './given-certificates.ts';
import { removeOwnFolder } from './leftovers.ts';
import { remember } from './memory.ts';

/** Rejects with `ChangeFailed` when it cannot be made now, and with `ChangeUndone` when it was made and taken back. */
export async function applyCluster(doors: Doors, facts: ClusterFacts, change: Change): Promise<void> {
  switch (change.kind) {
    case 'install-snap':
      return installSnap(doors, change);
    case 'hold-snap':
      return holdSnap(doors);
    case 'refresh-snap':
      return refreshSnap(doors, facts, change);
    case 'switch-snap':
      return switchSnap(doors, change);
    case 'await-daemon':
      return awaitDaemon(doors, facts);
    case 'bootstrap':
      return bootstrap(doors, facts, change);
    case 'join':
      return join(doors, facts, change);
    case 'publish':
      if (change.scope === 'unit') doors.juju.relations.setUnit(change.relation, change.entries);
      else doors.juju.relations.setApplication(change.relation, change.entries);
      return;
    case 'remember':
      return remember(doors.juju.state, change.key, change.value);
    case 'offer-token':
      return offerToken(doors, facts, change);
    case 'offer-sealed-token':
      return offerSealedToken(doors, facts, change);
    case 'ask-deputy':
      return askDeputy(doors, change);
    case 'dismiss-deputy':
      return dismissDeputy(doors, change);
    case 'withdraw-token':
      return withdrawToken(doors, change);
    case 'remove-node':
      return removeNode(doors, facts, change);
    case 'remove-returned-node':
      return removeReturnedNode(doors, facts, change);
    case 'configure-cluster':
      return configureCluster(doors, facts, change);
    case 'write-arguments':
      return writeArguments(doors, facts, change.change, change.before);
    case 'remember-arguments':
      return rememberArguments(doors, change.change);
    case 'finish-arguments':
      return finishArguments(doors, facts, change.service, change.journal);
    case 'label-node':
      return labelNode(doors, change);
    case 'write-registries':
      return writeRegistries(doors, change);
    case 'await-removal':
      return awaitRemoval(doors, facts);
    case 'clear-machine':
      return removeOwnFolder(doors.host.files);
    case 'leave-cluster':
      return leaveCluster(doors, facts, change);
    case 'remove-snap':
      await removeBootstrapNote(doors.host.files);
      return removeSnap(doors);
  }
}
