/** What a worker unit has to do next: get into the cluster of the control plane that it is integrated with, and leave it. */

import type { UnitStatus } from '../../clients/juju/status.ts';
import type { WorkerJoinConfig } from '../../clients/k8sd/k8sd.ts';
import { withPort } from '../../core/addresses.ts';
import type { RelationFacts } from '../../core/relation-facts.ts';
import type { Change, Entries } from './change.ts';
import { knownClusterName, snapMinor, type WorkerFacts } from './facts.ts';
import { planLabels } from './labels.ts';
import { joinFailure } from './likely-cause.ts';
import {
  birthArguments,
  blocked,
  bornWith,
  type ClusterPlan,
  combine,
  planHold,
  planPreparation,
  planRegistries,
  planServiceArguments,
  planSnapRefresh,
  planUpgradeRelation,
  publish,
  waiting,
  waitingToJoin,
} from './plan-node.ts';
import { joinAddressEntry } from './records.ts';
import { readOffer } from './tokens.ts';
import { JOINED, minorOf, NODE_NAME, parseTokenFailure, TOKEN_FAILURE, VERSION } from './wire.ts';

const K8SD_PORT = 6400;

export function planWorker(facts: WorkerFacts): ClusterPlan {
  if (facts.leaving) return planDeparture(facts);
  if (hasLostItsCluster(facts)) return { changes: [{ kind: 'remove-snap' }], reports: [] };
  const preparation = planPreparation(facts, facts.options);
  if (preparation) return preparation;
  const { cluster } = facts;
  const common: ClusterPlan = { changes: [...planHold(facts), ...planUpgradeRelation(facts, false)], reports: [] };
  if (cluster === undefined) return combine(common, { changes: [], reports: [missingIntegration(facts)] });
  const identity: Entries = {
    [NODE_NAME]: facts.node?.name ?? facts.nodeName,
    [VERSION]: facts.snap?.version,
    ...joinAddressEntry(facts),
  };
  return combine(
    common,
    { changes: publish(cluster, 'unit', identity), reports: [] },
    facts.node === undefined ? planJoin(facts, cluster) : planMember(facts, cluster),
  );
}

/** While it is installed, a unit has not been told of its integrations yet; nobody is to be called for that. */
function missingIntegration({ event, identity }: WorkerFacts): UnitStatus {
  return event.kind === 'install'
    ? { status: 'maintenance', message: 'Waiting for the cluster integration' }
    : blocked(`Missing cluster integration: juju integrate k8s:k8s-cluster ${identity.application}:cluster`);
}

/**
 * The integration with its cluster is gone, or another one has taken its place. A worker's k8sd cannot be moved, so the snap
 * goes with all its state; a fresh one can join again.
 */
function hasLostItsCluster({ node, cluster, memory }: WorkerFacts): boolean {
  if (node === undefined) return false;
  return cluster === undefined || (memory.home !== undefined && memory.home !== cluster.id);
}

function planJoin(facts: WorkerFacts, cluster: RelationFacts): ClusterPlan {
  const {
    offeredToken: offer,
    addresses: [address],
    snap,
  } = facts;
  const clusterName = knownClusterName(cluster.own, cluster.units);
  const refresh = planSnapRefresh(facts, facts.options, controlPlaneVersion(cluster));
  if (refresh.changes.length > 0) return refresh;
  if (offer === undefined || clusterName === undefined || address === undefined)
    return { changes: [], reports: [...refresh.reports, waiting('Waiting for Cluster token')] };
  const theirs = controlPlaneVersion(cluster);
  if (theirs && snapMinor(snap) > (minorOf(theirs) ?? snapMinor(snap)))
    return {
      changes: [],
      reports: [
        blocked(
          `Snap ${snap?.version} is newer than the cluster's ${theirs}; set snap-channel or attach snap-installation accordingly`,
        ),
      ],
    };
  const { token = '', revision } = readOffer(offer);
  if (token === '') return { changes: [], reports: [waiting('Waiting for Cluster token')] };
  const { pems } = facts.given;
  if (pems === undefined || !facts.hardened.ready) return { changes: [], reports: refresh.reports };
  const failed = parseTokenFailure(cluster.own[TOKEN_FAILURE]);
  if (failed?.revision === revision) return { changes: [], reports: [waitingToJoin(joinFailure(facts, failed.error))] };
  const change: Change = {
    kind: 'join',
    relation: cluster.id,
    revision,
    token,
    name: facts.nodeName,
    address: withPort(address, K8SD_PORT),
    config: { ...joinConfig(facts), ...pems },
    born: bornWith(facts, facts.options.arguments),
  };
  return { changes: [change], reports: [] };
}

function joinConfig(facts: WorkerFacts): WorkerJoinConfig {
  const { options, addresses } = facts;
  const extra: Record<string, Record<string, string>> = birthArguments(facts, options.arguments);
  const kubelet = {
    ...extra['extra-node-kubelet-args'],
    ...(options.taints.length > 0 ? { '--register-with-taints': options.taints.join(',') } : {}),
    ...(addresses.length > 1 ? { '--node-ip': addresses.join(',') } : {}),
  };
  return { ...extra, ...(Object.keys(kubelet).length > 0 ? { 'extra-node-kubelet-args': kubelet } : {}) };
}

function planMember(facts: WorkerFacts, cluster: RelationFacts): ClusterPlan {
  if (facts.node?.role === 'control-plane')
    return {
      changes: [],
      reports: [blocked('This machine is a control plane of a cluster; remove the unit and use another machine')],
    };
  const clusterName = knownClusterName(cluster.own, cluster.units);
  const remember: readonly Change[] =
    facts.memory.home === cluster.id ? [] : [{ kind: 'remember', key: 'home', value: cluster.id }];
  const membership: Entries = { ...(clusterName ? { [JOINED]: clusterName } : {}), [TOKEN_FAILURE]: undefined };
  return combine(
    {
      changes: [...remember, ...publish(cluster, 'unit', membership)],
      reports: cluster.units.size === 0 ? [waiting('No control plane is left')] : [],
    },
    planServiceArguments(facts, facts.options.arguments),
    planSnapRefresh(facts, facts.options, controlPlaneVersion(cluster)),
    {
      changes: [...planRegistries(facts, facts.registries), ...planLabels(facts, 'worker', facts.options)],
      reports: [],
    },
  );
}

/**
 * The oldest that a control plane runs: no kubelet may be newer than any of its API servers. Where not each of them tells its own
 * (existing charms), what the leader has on record; that one moves on only when the workers have moved, too.
 */
function controlPlaneVersion({ units, shared }: RelationFacts): string | undefined {
  const versions = [...units.values()].map((bag) => bag[VERSION] ?? '');
  if (versions.length === 0 || versions.includes('')) return shared[VERSION];
  return versions.reduce((oldest, version) => ((minorOf(version) ?? 0) < (minorOf(oldest) ?? 0) ? version : oldest));
}

/** The services stop before the control plane hears that the unit has gone: a running kubelet would register its node anew. */
function planDeparture(facts: WorkerFacts): ClusterPlan {
  const { event } = facts;
  const remember: readonly Change[] = facts.memory.leaving ? [] : [{ kind: 'remember', key: 'leaving', value: 'yes' }];
  const last =
    event.kind === 'stop' ||
    event.kind === 'remove' ||
    (event.kind === 'relation-broken' && event.endpoint === 'cluster');
  const remove: readonly Change[] = last && facts.snap !== undefined ? [{ kind: 'remove-snap' }] : [];
  const gone = event.kind === 'stop' || event.kind === 'remove';
  const clear: readonly Change[] =
    gone && facts.snap === undefined && facts.leftovers ? [{ kind: 'clear-machine' }] : [];
  return {
    changes: [...remember, ...remove, ...clear],
    reports: [{ status: 'maintenance', message: 'Leaving the cluster' }],
  };
}
