/** Hands out join tokens through Juju secrets, and takes nodes out of the cluster whose units are gone. */

import { ClusterBusy, K8sdError, NodeExists, WaitingForUpgrade } from '../../clients/k8sd/errors.ts';
import type { K8sd } from '../../clients/k8sd/k8sd.ts';
import { ChangeFailed } from '../../core/change-failed.ts';
import type { Clients } from '../../core/clients.ts';
import type { Change } from './change.ts';
import { type ClusterFacts, type ControlPlaneFacts, snapMinor } from './facts.ts';
import { awaitKubeletStop } from './kubelet-stop.ts';
import { addressesKey, formatAddresses } from './records.ts';
import { allocations, formatAllocation, secretIdKey } from './wire.ts';

type OfferToken = Extract<Change, { kind: 'offer-token' }>;
type WithdrawToken = Extract<Change, { kind: 'withdraw-token' }>;
type RemoveNode = Extract<Change, { kind: 'remove-node' }>;
type RemoveReturnedNode = Extract<Change, { kind: 'remove-returned-node' }>;

export interface TokenRequest {
  readonly unit: string;
  readonly node: string;
  readonly worker: boolean;
  /** Whether an earlier token for it has failed. */
  readonly renewed: boolean;
  /** Whether an earlier token was made for this unit and this very node: what is there of that name is what is left of it. */
  readonly recorded: boolean;
}

const CALL = { timeoutMs: 120_000 };

/**
 * One secret a unit. A worker's is readable by that worker alone, as long as the relation lasts. Control planes read what their
 * application owns without a grant; Juju 4.0 refuses one over a peer relation when the hook is committed.
 */
export async function offerToken(clients: Clients, facts: ClusterFacts, change: OfferToken): Promise<void> {
  const { juju } = clients;
  const { relation, unit, node, replaces, worker } = change;
  const recorded = isOnRecord(facts, node, unit);
  const offer = { unit, node, worker, renewed: replaces !== undefined, recorded };
  const token = await newToken(clients, clients.k8sd(snapMinor(facts.snap)), facts, offer);
  const revision = replaces === undefined ? 0 : replaces.revision + 1;
  const content = { revision: String(revision), token };
  const uri = replaces?.uri ?? (await juju.secrets.add(content, { owner: 'application' }));
  if (replaces) await juju.secrets.set(replaces.uri, content);
  if (worker) await juju.secrets.grant(uri, relation, unit);
  juju.relations.setApplication(relation, {
    [secretIdKey(unit)]: uri,
    [unit]: formatAllocation({ state: 'pending', node }),
    ...(change.addresses ? { [addressesKey(unit)]: formatAddresses(change.addresses) } : {}),
  });
}

export async function withdrawToken({ juju }: Clients, { relation, unit, uri, as }: WithdrawToken): Promise<void> {
  await removeSecret(juju, uri);
  const gone = { [secretIdKey(unit)]: undefined };
  if (as === 'deputy') juju.relations.setUnit(relation, gone);
  else juju.relations.setApplication(relation, gone);
}

/** What cannot be removed in an orderly way (its machine is gone) is removed by force. */
export async function removeNode(clients: Clients, facts: ClusterFacts, change: RemoveNode): Promise<void> {
  const { juju } = clients;
  const { relation, unit, node, uri } = change;
  const k8sd = clients.k8sd(snapMinor(facts.snap));
  if (!ownedByAnother(facts, node, unit)) {
    if (isOfWorker(facts, relation)) await awaitKubeletStop(clients, unit, node);
    await removeFromCluster(clients, k8sd, node, change.force);
  }
  await dropToken(clients, k8sd, node);
  if (uri) await removeSecret(juju, uri);
  const gone = { [unit]: undefined, [secretIdKey(unit)]: undefined };
  const addresses = isOfWorker(facts, relation) ? { [addressesKey(unit)]: undefined } : {};
  juju.relations.setApplication(relation, { ...gone, ...addresses });
}

/** The unit of a node that is on record as gone has its name no more: what runs there is nobody's. */
export async function removeReturnedNode(
  clients: Clients,
  facts: ClusterFacts,
  { node }: RemoveReturnedNode,
): Promise<void> {
  await removeFromCluster(clients, clients.k8sd(snapMinor(facts.snap)), node, false);
}

/** An unused token could still let somebody in; but that it cannot be deleted keeps no node in the cluster. */
async function dropToken({ juju }: Clients, k8sd: K8sd, node: string): Promise<void> {
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

async function removeFromCluster(clients: Clients, k8sd: K8sd, name: string, force: boolean): Promise<void> {
  try {
    await k8sd.removeNode({ name, force }, CALL);
  } catch (error) {
    if (!(error instanceof K8sdError)) throw error;
    // By force k8sd would remove the node and leave its member of etcd behind.
    if (force || error instanceof ClusterBusy || error instanceof WaitingForUpgrade)
      throw new ChangeFailed('waiting', `Waiting to remove node ${name}: ${error.message}`);
    clients.juju.log.warning(`removing node ${name} failed (${error.message}); removing it by force`);
    await removeFromCluster(clients, k8sd, name, true);
  }
}

/**
 * k8sd gives a control plane the same token again as long as it is unused, also when it has run out: the old one is deleted
 * first. A node of that name that is left from a failed join stands in the way of a new token and is removed.
 */
export async function newToken(
  clients: Clients,
  k8sd: K8sd,
  facts: ClusterFacts,
  offer: TokenRequest,
): Promise<string> {
  const { node: name, worker, unit } = offer;
  try {
    if (offer.renewed && !worker) await k8sd.deleteJoinToken(name, CALL);
    return await k8sd.joinToken({ name, worker }, CALL);
  } catch (error) {
    if (!(error instanceof NodeExists)) throw withoutToken(unit, error);
    const other = ownedByAnother(facts, name, unit);
    if (other)
      throw new ChangeFailed(
        'blocked',
        `${unit} has the node name ${name} of ${other}; give its machine another host name`,
      );
    if (!offer.recorded)
      throw new ChangeFailed(
        'blocked',
        `a node ${name} exists that was not made for ${unit}; give the unit's machine another host name, or remove the node: sudo k8s kubectl delete node ${name}`,
      );
    clients.juju.log.warning(`a node ${name} is left from an earlier join of ${unit}; removing it`);
    await removeFromCluster(clients, k8sd, name, true);
    return k8sd.joinToken({ name, worker }, CALL).catch((failure) => {
      throw withoutToken(unit, failure);
    });
  }
}

function withoutToken(unit: string, error: unknown): unknown {
  if (!(error instanceof K8sdError)) return error;
  return new ChangeFailed('waiting', `Waiting for a token for ${unit}: ${error.message}`);
}

/** The unit, other than the one meant, for which the node is on record: what units say of themselves does not count. */
function ownedByAnother(facts: ClusterFacts, node: string, unit: string): string | undefined {
  const { identity, peers, workers } = facts as ControlPlaneFacts;
  if (facts.node?.name === node && identity.unit !== unit) return identity.unit;
  return [peers, ...workers]
    .flatMap(({ shared }) => [...allocations(shared)])
    .find(([other, allocation]) => other !== unit && allocation.node === node)?.[0];
}

/** Whether an earlier token of the unit was made for this very node. */
export function isOnRecord(facts: ClusterFacts, node: string, unit: string): boolean {
  const { peers, workers } = facts as ControlPlaneFacts;
  return [peers, ...workers].some(({ shared }) => allocations(shared).get(unit)?.node === node);
}

/** One that is gone already, or was never ours, is as good as removed. */
export async function removeSecret(juju: Clients['juju'], uri: string): Promise<void> {
  if ((await juju.secrets.info({ uri })) !== undefined) await juju.secrets.remove(uri);
}
