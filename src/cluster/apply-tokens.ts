/** Hands out join tokens through Juju secrets, and takes nodes out of the cluster whose units are gone. */

import { ClusterBusy, K8sdError, NodeExists, WaitingForUpgrade } from '../k8sd/errors.ts';
import type { K8sd } from '../k8sd/k8sd.ts';
import type { Change } from './change.ts';
import type { Doors } from './doors.ts';
import { type ClusterFacts, type ControlPlaneFacts, snapMinor } from './facts.ts';
import { awaitKubeletStop } from './kubelet-stop.ts';
import { ChangeFailed } from './outcome.ts';
import { formatAllocation, NODE_NAME, secretIdKey } from './wire.ts';

type OfferToken = Extract<Change, { kind: 'offer-token' }>;
type WithdrawToken = Extract<Change, { kind: 'withdraw-token' }>;
type RemoveNode = Extract<Change, { kind: 'remove-node' }>;
type RemoveReturnedNode = Extract<Change, { kind: 'remove-returned-node' }>;

const CALL = { timeoutMs: 120_000 };

/** One secret a unit, readable by that unit alone, as long as the relation lasts. */
export async function offerToken(doors: Doors, facts: ClusterFacts, change: OfferToken): Promise<void> {
  const { juju } = doors;
  const { relation, unit, node, replaces } = change;
  const token = await newToken(doors, doors.k8sd(snapMinor(facts.snap)), facts, change);
  const revision = replaces === undefined ? 0 : replaces.revision + 1;
  const content = { revision: String(revision), token };
  const uri =
    replaces?.uri ?? (await juju.secrets.add(content, { owner: change.as === 'leader' ? 'application' : 'unit' }));
  if (replaces) await juju.secrets.set(replaces.uri, content);
  await juju.secrets.grant(uri, relation, unit);
  const id = { [secretIdKey(unit)]: uri };
  if (change.as === 'deputy') juju.relations.setUnit(relation, id);
  else juju.relations.setApplication(relation, { ...id, [unit]: formatAllocation({ state: 'pending', node }) });
}

export async function withdrawToken({ juju }: Doors, { relation, unit, uri, as }: WithdrawToken): Promise<void> {
  await removeSecret(juju, uri);
  const gone = { [secretIdKey(unit)]: undefined };
  if (as === 'deputy') juju.relations.setUnit(relation, gone);
  else juju.relations.setApplication(relation, gone);
}

/** What cannot be removed in an orderly way (its machine is gone) is removed by force. */
export async function removeNode(doors: Doors, facts: ClusterFacts, change: RemoveNode): Promise<void> {
  const { juju } = doors;
  const { relation, unit, node, uri } = change;
  const k8sd = doors.k8sd(snapMinor(facts.snap));
  if (!ownedByAnother(facts, node, unit)) {
    if (isOfWorker(facts, relation)) await awaitKubeletStop(doors, unit, node);
    await removeFromCluster(doors, k8sd, node, change.force);
  }
  await dropToken(doors, k8sd, node);
  if (uri) await removeSecret(juju, uri);
  juju.relations.setApplication(relation, { [unit]: undefined, [secretIdKey(unit)]: undefined });
}

/** The unit of a node that is on record as gone has its name no more: what runs there is nobody's. */
export async function removeReturnedNode(
  doors: Doors,
  facts: ClusterFacts,
  { node }: RemoveReturnedNode,
): Promise<void> {
  await removeFromCluster(doors, doors.k8sd(snapMinor(facts.snap)), node, false);
}

/** An unused token could still let somebody in; but that it cannot be deleted keeps no node in the cluster. */
async function dropToken({ juju }: Doors, k8sd: K8sd, node: string): Promise<void> {
  try {
    await k8sd.deleteJoinToken(node, CALL);
  } catch (error) {
    if (!(error instanceof K8sdError)) throw error;
    juju.log.warning(`an unused join token of ${node} may be left, until it runs out after a day: ${error.message}`);
  }
}

/** k8sd stops the services of a control plane that it removes; those of a worker only the worker itself can stop. */
function isOfWorker(facts: ClusterFacts, relation: string): boolean {
  return relation !== (facts as ControlPlaneFacts).peers.id;
}

async function removeFromCluster(doors: Doors, k8sd: K8sd, name: string, force: boolean): Promise<void> {
  try {
    await k8sd.removeNode({ name, force }, CALL);
  } catch (error) {
    if (!(error instanceof K8sdError)) throw error;
    // By force k8sd would remove the node and leave its member of etcd behind.
    if (force || error instanceof ClusterBusy || error instanceof WaitingForUpgrade)
      throw new ChangeFailed('waiting', `Waiting to remove node ${name}: ${error.message}`);
    doors.juju.log.warning(`removing node ${name} failed (${error.message}); removing it by force`);
    await removeFromCluster(doors, k8sd, name, true);
  }
}

/**
 * k8sd gives a control plane the same token again as long as it is unused, also when it has run out: the old one is deleted
 * first. A node of that name that is left from a failed join stands in the way of a new token and is removed.
 */
async function newToken(doors: Doors, k8sd: K8sd, facts: ClusterFacts, change: OfferToken): Promise<string> {
  const { node: name, worker, unit } = change;
  try {
    if (change.replaces && !worker) await k8sd.deleteJoinToken(name, CALL);
    return await k8sd.joinToken({ name, worker }, CALL);
  } catch (error) {
    if (!(error instanceof NodeExists)) throw withoutToken(unit, error);
    const other = ownedByAnother(facts, name, unit);
    if (other)
      throw new ChangeFailed(
        'blocked',
        `${unit} has the node name ${name} of ${other}; give its machine another host name`,
      );
    doors.juju.log.warning(`a node ${name} is left from an earlier join of ${unit}; removing it`);
    await removeFromCluster(doors, k8sd, name, true);
    return k8sd.joinToken({ name, worker }, CALL).catch((failure) => {
      throw withoutToken(unit, failure);
    });
  }
}

function withoutToken(unit: string, error: unknown): unknown {
  if (!(error instanceof K8sdError)) return error;
  return new ChangeFailed('waiting', `Waiting for a token for ${unit}: ${error.message}`);
}

/** The unit, other than the one meant, that is in the cluster under this node name. */
function ownedByAnother(facts: ClusterFacts, node: string, unit: string): string | undefined {
  const { identity, peers, workers } = facts as ControlPlaneFacts;
  if (facts.node?.name === node && identity.unit !== unit) return identity.unit;
  const units = [peers, ...workers].flatMap((relation) => [...relation.units]);
  return units.find(([other, bag]) => other !== unit && bag[NODE_NAME] === node && bag['joined'])?.[0];
}

/** One that is gone already, or was never ours, is as good as removed. */
async function removeSecret(juju: Doors['juju'], uri: string): Promise<void> {
  if ((await juju.secrets.info({ uri })) !== undefined) await juju.secrets.remove(uri);
}
