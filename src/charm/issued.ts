/** Certificates that a provider issues for each unit: waited for before the node comes into being, and exchanged in turn once it runs. */

import {
  type CertificateWish,
  certificateInService,
  collectCertificates,
  dueForExchange,
  type NodeIdentity,
  observeRelation,
  planRelation,
  type RelationPlan,
  type Standing,
  serverAuthority,
  servingToGive,
  servingWishes,
  takeIssued,
} from '../certificates/index.ts';
import {
  BOOTSTRAP_CERTIFICATES,
  CERTIFICATE_AUTHORITY,
  type ClusterFacts,
  makesCluster,
  NOTHING_GIVEN,
  snapMinor,
} from '../cluster/index.ts';
import { sentenceIdentity } from '../core/change-identity.ts';
import type { UnitStatus } from '../juju/status.ts';
import type { Doors } from './doors.ts';
import { identify, type PlannedChange } from './planned-change.ts';
import {
  blocked,
  ENDPOINT,
  OLDEST_MINOR,
  plannedRelation,
  refusedTrust,
  type Trust,
  waitingTrust,
} from './trust-plan.ts';

/**
 * @param identity undefined while the node is in no cluster.
 * @param authority PEM of the one that the cluster is to trust, where it is known before there is a cluster.
 */
export async function withServing(
  doors: Doors,
  cluster: ClusterFacts,
  identity: NodeIdentity | undefined,
  authority?: string,
): Promise<Trust> {
  const { juju, host } = doors;
  const { role } = cluster;
  const minor = snapMinor(cluster.snap);
  if (cluster.node === undefined && cluster.snap && minor < OLDEST_MINOR)
    return refusedTrust(`bootstrap-certificates=external needs snap 1.${OLDEST_MINOR} or newer; this is 1.${minor}`);
  const nodeName = cluster.node?.name ?? cluster.nodeName;
  const apiServer = role === 'control-plane' ? cluster.apiServerSans.all : [];
  const wishes = servingWishes({ role, nodeName, addresses: cluster.boundAddresses, apiServer });
  const plan = planRelation(await observeRelation(juju, { endpoint: ENDPOINT, wishes, now: host.now() }));
  const changes = plannedRelation(doors, plan);
  if (cluster.node !== undefined) {
    if (identity === undefined) return { given: NOTHING_GIVEN, changes, reports: plan.reports };
    const issued = await planIssued(doors, identity, wishes, plan);
    return {
      given: NOTHING_GIVEN,
      changes: [...changes, ...issued.changes],
      reports: [...plan.reports, ...issued.reports],
    };
  }
  const birth = role === 'worker' ? 'worker' : makesCluster(cluster) ? 'bootstrap' : 'control-plane';
  const given = servingToGive({
    issued: await collectCertificates(juju, ENDPOINT, wishes, plan.standing),
    birth,
    nodeName,
    authority: birth === 'bootstrap' ? authority : (authorityOf(cluster) ?? ''),
    etcd: cluster.role === 'control-plane' && cluster.options.datastore === 'managed-etcd',
    now: host.now(),
  });
  const refusals = given.problems.map((problem) => blocked(`The CA charm's ${problem}`));
  return waitingTrust({ pems: given.pems, chain: given.authority }, changes, [...plan.reports, ...refusals]);
}

/** Of the cluster that there is, as its control plane tells it. */
function authorityOf(cluster: ClusterFacts): string | undefined {
  const relation = cluster.role === 'control-plane' ? cluster.peers : cluster.cluster;
  return relation?.shared[BOOTSTRAP_CERTIFICATES] ? relation.shared[CERTIFICATE_AUTHORITY] : undefined;
}

/** Of a node that runs with others: what was issued is looked at, and put into service in turn. */
async function planIssued(
  doors: Doors,
  identity: NodeIdentity,
  wishes: readonly CertificateWish[],
  { standing, changes }: RelationPlan,
): Promise<{ readonly changes: readonly PlannedChange[]; readonly reports: readonly UnitStatus[] }> {
  const { juju, host } = doors;
  const found = wishes.map(async ({ id }) => ({
    id,
    standing: standing.get(id),
    inService: await certificateInService(host.files, identity.role, id),
  }));
  const names = dueForExchange(await Promise.all(found), host.now());
  const due = wishes.filter(({ id }) => names.includes(id));
  if (due.length === 0 || changes.length > 0) return { changes: [], reports: [] };
  const { pems, problems } = servingToGive({
    issued: await collectCertificates(juju, ENDPOINT, due, standing),
    birth: identity.role,
    nodeName: identity.nodeName,
    authority: await serverAuthority(host.files),
    etcd: false,
    now: host.now(),
  });
  if (pems === undefined) return { changes: [], reports: problems.map((problem) => refused(problem)) };
  const prints = due.map(({ id }) => printOf(standing.get(id))).join(', ');
  const change: PlannedChange = {
    // With the fingerprints: what has failed is not tried again, but the next certificate is.
    id: identify('trust', { kind: 'take-issued', names, prints }),
    formerId: sentenceIdentity(`put what was issued for ${names.join(' and ')} into service (${prints})`),
    description: `put what was issued for ${names.join(' and ')} into service (${prints})`,
    work: `putting certificates of the CA charm into service (${names.join(', ')})`,
    disruptive: true,
    apply: () =>
      takeIssued(doors, identity, { names, pems }, async (message) => juju.log.info(`certificates: ${message}`)),
  };
  return { changes: [change], reports: [] };
}

/** k8sd keeps the authority that it was given at bootstrap. */
function refused(problem: string): UnitStatus {
  const way = problem.includes('is not signed by the authority')
    ? '; k8sd cannot take another authority: have the CA charm sign with the former one, or move to a new cluster'
    : '';
  return blocked(`The CA charm's ${problem}${way}; what was issued before stays in service`);
}

function printOf(standing: Standing | undefined): string {
  return standing?.state === 'issued' ? standing.fingerprint.slice(0, 11) : '';
}
