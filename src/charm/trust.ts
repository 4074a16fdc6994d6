/**
 * Where a unit's certificates come from when not from k8sd: what is asked of a provider, what k8sd is to be given when the node comes
 * into being, and what is to be put into service later.
 */

import {
  authoritiesToGive,
  clusterAuthorities,
  collectCertificates,
  EXTERNAL_NAMES,
  FORGET_ALL,
  hasAsked,
  intermediateWishes,
  type NodeIdentity,
  observeRelation,
  planRelation,
} from '../certificates/index.ts';
import { type ClusterFacts, type ControlPlaneFacts, certificateMode, makesCluster } from '../cluster/index.ts';
import type { Doors } from './doors.ts';
import { withServing } from './issued.ts';
import { managersOfProvided, withProvided } from './provided.ts';
import { blocked, ENDPOINT, NOTHING, plannedRelation, type Trust, waitingTrust, wasAsked } from './trust-plan.ts';

/** Who issues a certificate of the node where it is not k8sd. */
export async function managersOf(doors: Doors, cluster: ClusterFacts): Promise<NodeIdentity['managers']> {
  const mode = certificateMode(cluster);
  if (mode === 'provided') return managersOfProvided(doors, cluster);
  if (mode !== 'external') return {};
  return Object.fromEntries(EXTERNAL_NAMES[cluster.role].map((name) => [name, 'relation'] as const));
}

/** @param identity undefined while the node is in no cluster. */
export async function observeTrust(
  doors: Doors,
  cluster: ClusterFacts,
  identity: NodeIdentity | undefined,
): Promise<Trust> {
  const mode = certificateMode(cluster);
  if (cluster.leaving || cluster.problems.length > 0) return NOTHING;
  if (mode === 'external') return withServing(doors, cluster, identity);
  if (mode === 'intermediate-ca' && cluster.role === 'control-plane') {
    if (cluster.node !== undefined) return afterBootstrap(doors, cluster);
    if (makesCluster(cluster)) return askForAuthorities(doors, cluster);
  }
  const provided = mode === 'provided' ? await withProvided(doors, cluster, identity) : undefined;
  if (provided?.asks) return provided.trust;
  const withdrawn = (await hasAsked(doors.juju, ENDPOINT)) ? await withdraw(doors) : [];
  const trust = provided?.trust ?? NOTHING;
  return { ...trust, changes: [...trust.changes, ...withdrawn] };
}

async function askForAuthorities(doors: Doors, cluster: ControlPlaneFacts): Promise<Trust> {
  const { juju, host } = doors;
  const etcd = cluster.options.datastore === 'managed-etcd';
  const wishes = intermediateWishes(etcd);
  const plan = planRelation(await observeRelation(juju, { endpoint: ENDPOINT, wishes, now: host.now() }));
  const found = await collectCertificates(juju, ENDPOINT, wishes, plan.standing);
  const issued = clusterAuthorities(etcd).map((authority) => ({ authority, issued: found[authority.id] }));
  const { pems, chain, problems } = authoritiesToGive({ issued, nodeName: cluster.nodeName, etcd, now: host.now() });
  const refusals = problems.map((problem) => blocked(`The CA charm's ${problem}`));
  return waitingTrust({ pems, chain }, plannedRelation(doors, plan), [...plan.reports, ...refusals]);
}

/**
 * What the keys were for has happened: k8sd has them now, and nobody else needs them.
 * Requests stay where they are: to withdraw one would tell the provider to revoke the authority of a running cluster.
 */
async function afterBootstrap(doors: Doors, cluster: ControlPlaneFacts): Promise<Trust> {
  const { juju } = doors;
  const over = cluster.leader && !wasAsked(juju) && (await hasAsked(juju, ENDPOINT));
  return { ...NOTHING, changes: over ? plannedRelation(doors, { changes: FORGET_ALL }) : [] };
}

/** The cluster is, or is to be, made in another way than was asked for. */
async function withdraw(doors: Doors): Promise<Trust['changes']> {
  const { juju, host } = doors;
  return plannedRelation(
    doors,
    planRelation(await observeRelation(juju, { endpoint: ENDPOINT, wishes: [], now: host.now() })),
  );
}
