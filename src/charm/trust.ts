/**
 * Where a unit's certificates come from when not from k8sd: what is asked of a provider, what k8sd is to be given when the node comes
 * into being, and what is to be put into service later.
 */

import {
  applyRelation,
  authoritiesToGive,
  clusterAuthorities,
  collectCertificates,
  describeRelationChange,
  EXTERNAL_NAMES,
  FORGET_ALL,
  hasAsked,
  intermediateWishes,
  type NodeIdentity,
  observeRelation,
  planRelation,
  type RelationChange,
  type RelationPlan,
  servingToGive,
  servingWishes,
} from '../certificates/index.ts';
import {
  BOOTSTRAP_CERTIFICATES,
  CERTIFICATE_AUTHORITY,
  type ClusterFacts,
  type ControlPlaneFacts,
  certificateMode,
  type GivenCertificates,
  makesCluster,
  NOTHING_GIVEN,
  snapMinor,
} from '../cluster/index.ts';
import type { Juju } from '../juju/juju.ts';
import type { UnitStatus } from '../juju/status.ts';
import type { Doors } from './doors.ts';
import { planIssued } from './issued.ts';
import type { PlannedChange } from './planned-change.ts';
import { compareProvided, readProvided } from './provided.ts';

const ENDPOINT = 'certificates';

/** From here on k8sd takes certificates that were issued outside of it once the node runs. */
const OLDEST_MINOR = 33;

export interface Trust {
  readonly given: GivenCertificates;
  readonly changes: readonly PlannedChange[];
  readonly reports: readonly UnitStatus[];
}

const NOTHING: Trust = { given: NOTHING_GIVEN, changes: [], reports: [] };

/** Dispatches in which a provider was asked or answered: Juju drops a secret's new value when the secret goes in the same dispatch. */
const busy = new WeakSet<Juju>();

/** Who issues a certificate of the node where it is not k8sd. */
export function managersOf(cluster: ClusterFacts): NodeIdentity['managers'] {
  if (certificateMode(cluster) !== 'external') return {};
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
  if (mode === 'provided' && cluster.role === 'control-plane' && cluster.leader) return withProvided(doors, cluster);
  return (await hasAsked(doors.juju, ENDPOINT)) ? withdraw(doors) : NOTHING;
}

/** Issued to each unit: waited for before the node comes into being, and exchanged by what is issued later. */
async function withServing(doors: Doors, cluster: ClusterFacts, identity: NodeIdentity | undefined): Promise<Trust> {
  const { juju, host } = doors;
  const { role } = cluster;
  const minor = snapMinor(cluster.snap);
  if (cluster.node === undefined && cluster.snap && minor < OLDEST_MINOR)
    return waitingTrust(
      { pems: undefined, chain: '' },
      [],
      [
        {
          status: 'blocked',
          message: `bootstrap-certificates=external needs snap 1.${OLDEST_MINOR} or newer; this is 1.${minor}`,
        },
      ],
    );
  const nodeName = cluster.node?.name ?? cluster.nodeName;
  const apiServer = role === 'control-plane' ? cluster.apiServerSans.all : [];
  const wishes = servingWishes({ role, nodeName, addresses: cluster.boundAddresses, apiServer });
  const plan = planRelation(await observeRelation(juju, { endpoint: ENDPOINT, wishes, now: host.now() }));
  const changes = plannedRelation(doors, plan);
  if (cluster.node !== undefined) {
    if (identity === undefined) return { given: NOTHING_GIVEN, changes, reports: plan.reports };
    const issued = await planIssued(doors, identity, ENDPOINT, wishes, plan);
    return {
      given: NOTHING_GIVEN,
      changes: [...changes, ...issued.changes],
      reports: [...plan.reports, ...issued.reports],
    };
  }
  const birth = role === 'worker' ? 'worker' : makesCluster(cluster) ? 'bootstrap' : 'control-plane';
  const { pems, authority, problems } = servingToGive({
    issued: await collectCertificates(juju, ENDPOINT, wishes, plan.standing),
    birth,
    nodeName,
    authority: birth === 'bootstrap' ? undefined : (authorityOf(cluster) ?? ''),
    etcd: managesEtcd(cluster),
    now: host.now(),
  });
  return waitingTrust({ pems, chain: authority }, changes, [...plan.reports, ...blockedBy(problems)]);
}

async function askForAuthorities(doors: Doors, cluster: ControlPlaneFacts): Promise<Trust> {
  const { juju, host } = doors;
  const etcd = managesEtcd(cluster);
  const wishes = intermediateWishes(etcd);
  const plan = planRelation(await observeRelation(juju, { endpoint: ENDPOINT, wishes, now: host.now() }));
  const found = await collectCertificates(juju, ENDPOINT, wishes, plan.standing);
  const issued = clusterAuthorities(etcd).map((authority) => ({ authority, issued: found[authority.id] }));
  const { pems, chain, problems } = authoritiesToGive({ issued, nodeName: cluster.nodeName, etcd, now: host.now() });
  const changes = plannedRelation(doors, plan);
  return waitingTrust({ pems, chain }, changes, [...plan.reports, ...blockedBy(problems)]);
}

async function withProvided(doors: Doors, cluster: ControlPlaneFacts): Promise<Trust> {
  if (cluster.node !== undefined) return { ...NOTHING, reports: await compareProvided(doors, cluster) };
  if (!makesCluster(cluster)) return NOTHING;
  const { pems, chain, reports } = await readProvided(doors, cluster);
  return waitingTrust({ pems, chain }, [], reports);
}

/** Something is told whenever something is missing. */
function waitingTrust(
  given: GivenCertificates,
  changes: readonly PlannedChange[],
  reports: readonly UnitStatus[],
): Trust {
  const silent = given.pems === undefined && reports.length === 0;
  const waiting: UnitStatus = { status: 'waiting', message: 'Waiting for the certificates of the CA charm' };
  return { given, changes, reports: silent ? [waiting] : reports };
}

/**
 * What the keys were for has happened: k8sd has them now, and nobody else needs them.
 * Requests stay where they are: to withdraw one would tell the provider to revoke the authority of a running cluster.
 */
async function afterBootstrap(doors: Doors, cluster: ControlPlaneFacts): Promise<Trust> {
  const { juju } = doors;
  const over = cluster.leader && !busy.has(juju) && (await hasAsked(juju, ENDPOINT));
  return { ...NOTHING, changes: over ? FORGET_ALL.map((change) => plannedChange(doors, change)) : [] };
}

/** The cluster is, or is to be, made in another way than was asked for. */
async function withdraw(doors: Doors): Promise<Trust> {
  const { juju, host } = doors;
  const plan = planRelation(await observeRelation(juju, { endpoint: ENDPOINT, wishes: [], now: host.now() }));
  return { ...NOTHING, changes: plannedRelation(doors, plan) };
}

/** Of the cluster that there is, as its control plane tells it. */
function authorityOf(cluster: ClusterFacts): string | undefined {
  const relation = cluster.role === 'control-plane' ? cluster.peers : cluster.cluster;
  return relation?.shared[BOOTSTRAP_CERTIFICATES] ? relation.shared[CERTIFICATE_AUTHORITY] : undefined;
}

function managesEtcd(cluster: ClusterFacts): boolean {
  return cluster.role === 'control-plane' && cluster.options.datastore === 'managed-etcd';
}

function plannedRelation(doors: Doors, { changes }: RelationPlan): readonly PlannedChange[] {
  return changes.map((change) => plannedChange(doors, change));
}

function plannedChange(doors: Doors, change: RelationChange): PlannedChange {
  return {
    description: describeRelationChange(change),
    disruptive: false,
    apply: () => {
      busy.add(doors.juju);
      return applyRelation(doors.juju, ENDPOINT, change);
    },
  };
}

function blockedBy(problems: readonly string[]): readonly UnitStatus[] {
  return problems.map((problem) => ({ status: 'blocked', message: `The CA charm's ${problem}` }));
}
