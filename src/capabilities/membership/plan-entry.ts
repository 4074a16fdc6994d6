/** How a control-plane unit that is in no cluster gets into one: by a bootstrap of its own, or with a token. */

import type { BootstrapConfig, ControlPlaneArguments } from '../../clients/k8sd/k8sd.ts';
import { familyOf, splitRanges, withPort } from '../../core/addresses.ts';
import type { ExtraArguments, Service } from '../../core/services.ts';
import type { Change } from './change.ts';
import { newClusterName } from './cluster-name.ts';
import { parseDeputyRequest } from './deputy.ts';
import { type ControlPlaneFacts, knownClusterName, snapMinor } from './facts.ts';
import { featuresFor } from './features.ts';
import { type KeyValues, kept } from './key-values.ts';
import { joinFailure } from './likely-cause.ts';
import {
  birthArguments,
  blocked,
  bornWith,
  type ClusterPlan,
  combine,
  NOTHING,
  planSnapRefresh,
  publish,
  report,
  waiting,
  waitingToJoin,
} from './plan-node.ts';
import { readOffer } from './tokens.ts';
import {
  allocations,
  DEPUTY,
  failedRevision,
  JOINED,
  parseTokenFailure,
  secretIdKey,
  TOKEN_FAILURE,
  VERSION,
} from './wire.ts';

const K8SD_PORT = 6400;
export const BAD_ETCD =
  'The etcd integration gives a connection_string that is not a list of URLs such as https://192.0.2.1:2379';

/** The node is in no cluster yet. */
export function planEntry(facts: ControlPlaneFacts): ClusterPlan {
  if (makesCluster(facts)) return planBootstrap(facts);
  const deputy = facts.leader ? planDeputyRequest(facts) : NOTHING;
  return combine(planSnapRefresh(facts, facts.options, undefined), deputy, planJoin(facts));
}

/**
 * Entries of units that are gone do not count: with the last member its cluster has gone, too. One that we have not met yet is
 * not gone: a unit may be made leader before it has been told of the others.
 */
function hasMember({ peers, staying }: ControlPlaneFacts): boolean {
  return [...allocations(peers.shared)].some(
    ([unit, { state }]) => state === 'joined' && (peers.units.has(unit) || staying.includes(unit)),
  );
}

/** Whether the unit is to make a cluster of its own. */
export function makesCluster(facts: ControlPlaneFacts): boolean {
  return facts.node === undefined && facts.leader && !hasJoinedPeers(facts) && !hasMember(facts);
}

function planBootstrap(facts: ControlPlaneFacts): ClusterPlan {
  const orphans = orphanedWorkers(facts);
  if (orphans.length > 0) return report(blocked(orphanMessage(facts.identity.application, orphans)));
  if (facts.etcd === 'no relation')
    return report(
      blocked(`Missing etcd relation: juju integrate ${facts.identity.application}:etcd <application of etcd>`),
    );
  if (facts.etcd === 'not ready') return report(waiting('Waiting for etcd to be ready'));
  if (facts.etcd === 'not valid') return report(blocked(BAD_ETCD));
  const address = facts.addresses[0];
  if (address === undefined) return report(waiting('Waiting for an address on the binding of endpoint cluster'));
  const family = familyProblem(facts, address);
  if (family !== undefined) return report(blocked(family));
  const refresh = planSnapRefresh(facts, facts.options, undefined);
  if (refresh.changes.length + refresh.reports.length > 0) return refresh;
  const { pems, chain, kept } = facts.given;
  // What is missing, and who has to do what about it, is told with the certificates.
  if (pems === undefined || !facts.hardened.ready) return NOTHING;
  const name = newClusterName(facts.identity.application, facts.identity.modelUuid);
  const change: Change = {
    kind: 'bootstrap',
    name: facts.nodeName,
    address: withPort(address, K8SD_PORT),
    config: { ...bootstrapConfig(facts, name), ...pems },
    note: { mode: facts.options.certificates, chain, ...(kept ? { kept } : {}) },
    born: bornWith(facts, wantedArguments(facts, name)),
  };
  return { changes: [change], reports: [] };
}

/**
 * The API server's own service has an address of the first range, and its endpoint is this node's address: kube-apiserver does not start
 * where they are of different families.
 */
function familyProblem({ options: { serviceCidr } }: ControlPlaneFacts, address: string): string | undefined {
  const [first = ''] = splitRanges(serviceCidr ?? '');
  if (first === '' || familyOf(first) === familyOf(address)) return undefined;
  const [own, other] = familyOf(address) === 4 ? ['IPv4', 'IPv6'] : ['IPv6', 'IPv4'];
  return `bootstrap-service-cidr begins with an ${other} range, but this unit joins by the ${own} address ${address}; put the ${own} range first`;
}

/**
 * Workers of a cluster whose control planes have all gone. The integration outlives them, and with it what their leader had on record;
 * a new unit may not have met a worker itself yet.
 */
function orphanedWorkers({ workers }: ControlPlaneFacts): readonly string[] {
  return workers
    .flatMap(({ shared }) =>
      [...allocations(shared)].flatMap(([unit, { state }]) => (state === 'joined' ? [unit] : [])),
    )
    .sort();
}

function orphanMessage(application: string, units: readonly string[]): string {
  const shown = units.length > 5 ? [...units.slice(0, 5), '…'] : units;
  const applications = [...new Set(units.map((unit) => unit.split('/')[0] ?? ''))];
  const remove = applications.map((worker) => `juju remove-relation ${application}:k8s-cluster ${worker}`);
  return `A new cluster waits: ${shown.join(', ')} belong to one whose control planes are gone, with what ran there; ${remove.join('; ')}, and integrate again when the new cluster is there`;
}

function bootstrapConfig(facts: ControlPlaneFacts, clusterName: string): BootstrapConfig {
  const { options, etcd } = facts;
  const external = typeof etcd === 'object' ? etcd : undefined;
  return {
    ...nodeConfig(facts, clusterName),
    'cluster-config': { ...featuresFor(snapMinor(facts.snap), options.features), ...annotations(options.annotations) },
    ...(options.taints.length > 0 ? { 'control-plane-taints': [...options.taints] } : {}),
    ...(options.podCidr ? { 'pod-cidr': options.podCidr } : {}),
    ...(options.serviceCidr ? { 'service-cidr': options.serviceCidr } : {}),
    'datastore-type': external ? 'external' : 'etcd',
    ...(external
      ? {
          'datastore-servers': [...external.servers],
          'datastore-ca-crt': external.ca,
          'datastore-client-crt': external.certificate,
          'datastore-client-key': external.key,
        }
      : {}),
  };
}

function annotations(wanted: KeyValues): { annotations?: Record<string, string> } {
  const annotations = { ...kept(wanted) };
  return Object.keys(annotations).length > 0 ? { annotations } : {};
}

/** What bootstrap and join have in common. k8sd includes the machine's own addresses; those seen from outside it cannot know. */
function nodeConfig(facts: ControlPlaneFacts, clusterName: string): ControlPlaneArguments {
  const wanted = wantedArguments(facts, clusterName);
  const extra: Record<string, Record<string, string>> = birthArguments(facts, wanted);
  if (facts.addresses.length > 1)
    extra['extra-node-kubelet-args'] = { ...extra['extra-node-kubelet-args'], '--node-ip': facts.addresses.join(',') };
  return { 'extra-sans': [...facts.apiServerSans.extra], ...extra };
}

/** The operator's arguments, and the one that the charm adds: the controller manager's cluster name, as cloud providers tag by it. */
export function wantedArguments(
  facts: ControlPlaneFacts,
  clusterName: string,
): Readonly<Partial<Record<Service, ExtraArguments>>> {
  const { arguments: wanted, datastore } = facts.options;
  const manager = { ...wanted['kube-controller-manager'], '--cluster-name': clusterName };
  return {
    ...wanted,
    'kube-controller-manager': manager,
    etcd: datastore === 'managed-etcd' ? (wanted.etcd ?? {}) : {},
  };
}

function planJoin(facts: ControlPlaneFacts): ClusterPlan {
  const {
    peers,
    offeredToken: offer,
    addresses: [address],
    snap,
  } = facts;
  const clusterName = knownClusterName(peers.own, peers.units);
  if (offer === undefined || clusterName === undefined || address === undefined)
    return report(waiting('Waiting for Cluster token'));
  const theirs = peers.shared[VERSION];
  if (theirs && snap && snap.version !== theirs)
    return report(
      blocked(
        `Snap ${snap.version} cannot join a cluster of ${theirs}; bring all to one version by another snap-channel or snap-installation, or remove this unit`,
      ),
    );
  const { token = '', revision } = readOffer(offer);
  if (token === '') return report(waiting('Waiting for Cluster token'));
  const { pems } = facts.given;
  if (pems === undefined || !facts.hardened.ready) return NOTHING;
  const failed = parseTokenFailure(peers.own[TOKEN_FAILURE]);
  if (failed?.revision === revision) return report(waitingToJoin(joinFailure(facts, failed.error)));
  const change: Change = {
    kind: 'join',
    relation: peers.id,
    revision,
    token,
    name: facts.nodeName,
    address: withPort(address, K8SD_PORT),
    config: { ...nodeConfig(facts, clusterName), ...pems },
    born: bornWith(facts, wantedArguments(facts, clusterName)),
  };
  return { changes: [change], reports: [] };
}

/**
 * A leader that is not in the cluster cannot make tokens: it names a member that shall make one for it. What the leader before it
 * had offered is used first, and cleared away when it has failed: two offers at once are none.
 */
function planDeputyRequest({ peers, offeredToken, deputyKey, identity: { unit } }: ControlPlaneFacts): ClusterPlan {
  const uri = peers.shared[secretIdKey(unit)];
  const failed = failedRevision(peers.own, offeredToken) !== undefined;
  if (uri !== undefined && offeredToken !== undefined && !failed) return NOTHING;
  const withdrawal: readonly Change[] =
    uri === undefined
      ? []
      : [
          { kind: 'withdraw-token', relation: peers.id, unit, uri, as: 'leader' },
          ...publish(peers, 'unit', { [TOKEN_FAILURE]: undefined }),
        ];
  const deputy = [...peers.units].find(([, bag]) => bag[JOINED])?.[0];
  if (deputy === undefined)
    return {
      changes: withdrawal,
      reports: [waiting('Waiting for a member of the cluster to hand out a token')],
    };
  const asked = parseDeputyRequest(peers.shared[DEPUTY]);
  const known = deputyKey !== undefined && asked?.unit === deputy && asked.for === unit && asked.key === deputyKey;
  const ask: Change = { kind: 'ask-deputy', relation: peers.id, deputy, unit, key: deputyKey };
  return { changes: known ? withdrawal : [...withdrawal, ask], reports: [] };
}

export function hasJoinedPeers({ peers }: ControlPlaneFacts): boolean {
  return [...peers.units.values()].some((bag) => bag[JOINED]);
}
