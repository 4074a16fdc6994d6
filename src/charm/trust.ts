/**
 * Where a unit's certificates come from when not from k8sd: what is asked of a provider, what k8sd is to be given when the node comes
 * into being, and what is to be put into service later.
 */

import {
  authoritiesToGive,
  briefAuthority,
  type CertificateOptions,
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
import {
  blocked,
  ENDPOINT,
  NOTHING,
  plannedRelation,
  refusedTrust,
  type Trust,
  tooBrief,
  waitingTrust,
  wasAsked,
} from './trust-plan.ts';

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
  options: CertificateOptions,
): Promise<Trust> {
  const mode = certificateMode(cluster);
  if (cluster.leaving || cluster.problems.length > 0) return NOTHING;
  if (mode === 'external') return withServing(doors, cluster, identity, options);
  if (mode === 'intermediate-ca' && cluster.role === 'control-plane') {
    if (cluster.node !== undefined) return afterBootstrap(doors, cluster);
    if (makesCluster(cluster)) return askForAuthorities(doors, cluster, options);
  }
  const provided = mode === 'provided' ? await withProvided(doors, cluster, identity, options) : undefined;
  if (provided?.asks) return provided.trust;
  const useless = mode === 'provided' ? undefined : uselessSecret(doors, cluster, mode);
  if (useless !== undefined) return useless;
  const withdrawn = (await hasAsked(doors.juju, ENDPOINT)) ? await withdraw(doors) : [];
  const trust = provided?.trust ?? NOTHING;
  return { ...trust, changes: [...trust.changes, ...withdrawn] };
}

async function askForAuthorities(
  doors: Doors,
  cluster: ControlPlaneFacts,
  options: CertificateOptions,
): Promise<Trust> {
  const { juju, host } = doors;
  const etcd = cluster.options.datastore === 'managed-etcd';
  const wishes = intermediateWishes(etcd);
  const facts = await observeRelation(juju, { endpoint: ENDPOINT, wishes, now: host.now() });
  const plan = planRelation(facts);
  const found = await collectCertificates(juju, ENDPOINT, wishes, plan.standing);
  const issued = clusterAuthorities(etcd).map((authority) => ({ authority, issued: found[authority.id] }));
  const given = authoritiesToGive({ issued, nodeName: cluster.nodeName, etcd, now: host.now() });
  const refusals = given.problems.map((problem) => blocked(`The CA charm's ${problem}`));
  const chains = Object.fromEntries(issued.map(({ authority, issued: pair }) => [authority.name, pair?.chain ?? '']));
  const brief = given.pems && briefAuthority(chains, options.minimumCaSeconds, host.now());
  const tooShort =
    brief === undefined ? [] : [tooBrief(brief, juju.identity.application, facts.relation?.application ?? '')];
  const pems = brief === undefined ? given.pems : undefined;
  const reports = [...plan.reports, ...refusals, ...tooShort];
  return waitingTrust({ pems, chain: given.chain }, plannedRelation(doors, plan), reports);
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

/** Certificates that nobody looks at: before there is a cluster that is a mistake which nothing could put right afterwards. */
function uselessSecret({ juju }: Doors, cluster: ClusterFacts, mode: string | undefined): Trust | undefined {
  // A worker that has not heard from its control plane does not know yet.
  if (cluster.options.caCertificates === '' || mode === undefined) return undefined;
  const { application } = juju.identity;
  const reset = `juju config ${application} --reset ca-certificates`;
  if (cluster.role === 'control-plane' && makesCluster(cluster))
    return refusedTrust(
      `ca-certificates is set, and bootstrap-certificates is ${mode}: juju config ${application} bootstrap-certificates=provided, or ${reset}`,
    );
  const message = `ca-certificates has no effect in a cluster of bootstrap-certificates=${mode}: ${reset}`;
  return cluster.node === undefined ? undefined : { ...NOTHING, reports: [{ status: 'active', message }] };
}

/** The cluster is, or is to be, made in another way than was asked for. */
async function withdraw(doors: Doors): Promise<Trust['changes']> {
  const { juju, host } = doors;
  return plannedRelation(
    doors,
    planRelation(await observeRelation(juju, { endpoint: ENDPOINT, wishes: [], now: host.now() })),
  );
}
