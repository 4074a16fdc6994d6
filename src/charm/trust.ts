/**
 * Where a unit's certificates come from when not from k8sd: what is asked of a provider, and what k8sd is to be given when the node
 * comes into being.
 */

import {
  applyRelation,
  authoritiesToGive,
  clusterAuthorities,
  collectCertificate,
  describeRelationChange,
  FORGET_ALL,
  hasAsked,
  intermediateWishes,
  observeRelation,
  planRelation,
  type RelationChange,
  type RelationPlan,
} from '../certificates/index.ts';
import {
  type CertificateMode,
  type ClusterFacts,
  type ControlPlaneFacts,
  certificateMode,
  type GivenCertificates,
  makesCluster,
  NOTHING_GIVEN,
} from '../cluster/index.ts';
import type { Juju } from '../juju/juju.ts';
import type { UnitStatus } from '../juju/status.ts';
import type { Doors } from './doors.ts';
import type { PlannedChange } from './planned-change.ts';

const ENDPOINT = 'certificates';

export interface Trust {
  readonly given: GivenCertificates;
  readonly changes: readonly PlannedChange[];
  readonly reports: readonly UnitStatus[];
}

const NOTHING: Trust = { given: NOTHING_GIVEN, changes: [], reports: [] };

/** Dispatches in which a provider was asked or answered: Juju drops a secret's new value when the secret goes in the same dispatch. */
const busy = new WeakSet<Juju>();

export async function observeTrust(doors: Doors, cluster: ClusterFacts): Promise<Trust> {
  const mode = certificateMode(cluster);
  if (mode === undefined || cluster.leaving || cluster.problems.length > 0 || cluster.role === 'worker') return NOTHING;
  if (cluster.node !== undefined) return afterBirth(doors, cluster, mode);
  if (mode === 'intermediate-ca' && makesCluster(cluster)) return askForAuthorities(doors, cluster);
  return cluster.leader && (await hasAsked(doors.juju, ENDPOINT)) ? withdraw(doors) : NOTHING;
}

async function askForAuthorities(doors: Doors, cluster: ControlPlaneFacts): Promise<Trust> {
  const { juju, host } = doors;
  const etcd = cluster.options.datastore === 'managed-etcd';
  const wishes = intermediateWishes(etcd);
  const plan = planRelation(await observeRelation(juju, { endpoint: ENDPOINT, wishes, now: host.now() }));
  const issued = await Promise.all(
    clusterAuthorities(etcd).map(async (authority, index) => {
      const wish = wishes[index];
      const pair = wish && (await collectCertificate(juju, ENDPOINT, wish, plan.standing.get(authority.id)));
      return { authority, issued: pair };
    }),
  );
  const { pems, chain, reports } = authoritiesToGive({ issued, nodeName: cluster.nodeName, etcd, now: host.now() });
  const told = [...plan.reports, ...reports];
  return {
    given: { pems, chain },
    changes: plannedRelation(doors, plan),
    reports: pems === undefined && told.length === 0 ? [waiting('Waiting for the certificates of the CA charm')] : told,
  };
}

/**
 * What the keys were for has happened: k8sd has them now, and nobody else needs them.
 * Requests stay where they are: to withdraw one would tell the provider to revoke the authority of a running cluster.
 */
async function afterBirth(doors: Doors, cluster: ControlPlaneFacts, mode: CertificateMode): Promise<Trust> {
  if (mode === 'snap-managed') return NOTHING;
  const { juju } = doors;
  const over = cluster.leader && !busy.has(juju) && (await hasAsked(juju, ENDPOINT));
  return {
    given: NOTHING_GIVEN,
    changes: over ? FORGET_ALL.map((change) => plannedChange(doors, change)) : [],
    reports: [],
  };
}

/** The cluster is to be made in another way than was asked for. */
async function withdraw(doors: Doors): Promise<Trust> {
  const { juju, host } = doors;
  const plan = planRelation(await observeRelation(juju, { endpoint: ENDPOINT, wishes: [], now: host.now() }));
  return { ...NOTHING, changes: plannedRelation(doors, plan) };
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

function waiting(message: string): UnitStatus {
  return { status: 'waiting', message };
}
