/** What a control-plane unit has to do next: get into the cluster, and as its leader keep the cluster as it is wanted. */

import type { UnitStatus } from '../juju/status.ts';
import type { BootstrapConfig, ControlPlaneArguments } from '../k8sd/k8sd.ts';
import { withPort } from './addresses.ts';
import type { Change, Entries } from './change.ts';
import { newClusterName } from './cluster-name.ts';
import type { Service } from './default-arguments.ts';
import { departedEntries, planReturned } from './departed.ts';
import type { EtcdAccess } from './etcd.ts';
import type { ExtraArguments } from './extra-arguments.ts';
import { type ControlPlaneFacts, knownClusterName, type RelationFacts, snapMinor } from './facts.ts';
import {
  annotationChanges,
  FIRST_WITH_KUBE_PROXY,
  featureChanges,
  featuresFor,
  fixedOptions,
  leaveFixed,
} from './features.ts';
import { planLabels } from './labels.ts';
import {
  birthArguments,
  blocked,
  type ClusterPlan,
  combine,
  NOTHING,
  planHold,
  planPreparation,
  planRegistries,
  planServiceArguments,
  planSnapRefresh,
  planUpgradeRelation,
  publish,
  waiting,
} from './plan-node.ts';
import { grantTurns, type Rolling } from './rolling.ts';
import { failedRevision, joiningControlPlane, planTokens, readOffer } from './tokens.ts';
import {
  allocations,
  BOOTSTRAP_CERTIFICATES,
  CLUSTER_NAME,
  DEPUTY,
  JOINED,
  NODE_NAME,
  parseObject,
  parseTokenFailure,
  secretIdKey,
  TOKEN_FAILURE,
  VERSION,
} from './wire.ts';

const K8SD_PORT = 6400;
const BAD_ETCD =
  'The etcd integration gives a connection_string that is not a list of URLs such as https://192.0.2.1:2379';

export function planControlPlane(facts: ControlPlaneFacts): ClusterPlan {
  if (facts.leaving) return planDeparture(facts);
  const preparation = planPreparation(facts, facts.options);
  if (preparation) return preparation;
  if (facts.peers.id === '') return report({ status: 'maintenance', message: 'Waiting for the peer relation' });
  const common: ClusterPlan = {
    changes: [
      ...planHold(facts),
      ...publish(facts.peers, 'unit', identity(facts)),
      ...planUpgradeRelation(facts, facts.leader),
    ],
    reports: [],
  };
  if (facts.daemon === 'upgrading')
    return combine(common, planSnapRefresh(facts, facts.options, undefined), planTurns(facts), {
      changes: [],
      reports: [waiting('k8sd waits until all control planes run the same snap')],
    });
  return combine(common, facts.node === undefined ? planEntry(facts) : planMember(facts));
}

/** The rolling facts of this unit, for its own turn and, on the leader, for everybody's. */
export function rollingOf(facts: ControlPlaneFacts): Rolling {
  const {
    identity: { unit },
    leader,
    peers,
    now,
  } = facts;
  const members = [...peers.units].filter(([, bag]) => bag[JOINED]);
  return { unit, leader, own: peers.own, units: new Map(members), shared: peers.shared, now };
}

function identity(facts: ControlPlaneFacts): Entries {
  return { [NODE_NAME]: facts.node?.name ?? facts.nodeName, [VERSION]: facts.snap?.version };
}

/** The node is in no cluster yet. */
function planEntry(facts: ControlPlaneFacts): ClusterPlan {
  const clusterExists = hasJoinedPeers(facts) || hasMember(facts);
  if (facts.leader && !clusterExists) return planBootstrap(facts);
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

function planBootstrap(facts: ControlPlaneFacts): ClusterPlan {
  const orphan = facts.workers.flatMap(({ units }) => [...units]).find(([, bag]) => bag[JOINED]);
  if (orphan)
    return report(
      blocked(
        `${orphan[0]} belongs to a cluster whose control plane is gone; remove its integration before a new cluster is made`,
      ),
    );
  if (facts.etcd === 'no relation') return report(blocked('Missing etcd relation'));
  if (facts.etcd === 'not ready') return report(waiting('Waiting for etcd to be ready'));
  if (facts.etcd === 'not valid') return report(blocked(BAD_ETCD));
  const address = facts.addresses[0];
  if (address === undefined) return report(waiting('Waiting for an address on the binding of endpoint cluster'));
  const refresh = planSnapRefresh(facts, facts.options, undefined);
  if (refresh.changes.length + refresh.reports.length > 0) return refresh;
  const name = newClusterName(facts.identity.application, facts.identity.modelUuid);
  const change: Change = {
    kind: 'bootstrap',
    name: facts.nodeName,
    address: withPort(address, K8SD_PORT),
    config: bootstrapConfig(facts, name),
  };
  return { changes: [change], reports: [] };
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

function annotations(wanted: Readonly<Record<string, string>>): { annotations?: Record<string, string> } {
  return Object.keys(wanted).length > 0 ? { annotations: { ...wanted } } : {};
}

/** What bootstrap and join have in common. k8sd includes the machine's own addresses; those seen from outside it cannot know. */
function nodeConfig(facts: ControlPlaneFacts, clusterName: string): ControlPlaneArguments {
  const wanted = wantedArguments(facts, clusterName);
  const extra: Record<string, Record<string, string>> = birthArguments(wanted);
  if (facts.addresses.length > 1)
    extra['extra-node-kubelet-args'] = { ...extra['extra-node-kubelet-args'], '--node-ip': facts.addresses.join(',') };
  return { 'extra-sans': [...new Set([...facts.options.extraSans, ...facts.addresses])], ...extra };
}

/** The operator's arguments, and the one that the charm adds: the controller manager's cluster name, as cloud providers tag by it. */
function wantedArguments(
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
        `Snap ${snap.version} cannot join a cluster of ${theirs}; set snap-channel or attach snap-installation accordingly`,
      ),
    );
  const { token = '', revision } = readOffer(offer);
  if (token === '') return report(waiting('Waiting for Cluster token'));
  const failed = parseTokenFailure(peers.own[TOKEN_FAILURE]);
  if (failed?.revision === revision) return report(waiting(`Waiting for another Cluster token: ${failed.error}`));
  const change: Change = {
    kind: 'join',
    relation: peers.id,
    revision,
    token,
    name: facts.nodeName,
    address: withPort(address, K8SD_PORT),
    config: nodeConfig(facts, clusterName),
  };
  return { changes: [change], reports: [] };
}

/**
 * A leader that is not in the cluster cannot make tokens: it names a member that shall make one for it. What the leader before it
 * had offered is used first, and cleared away when it has failed: two offers at once are none.
 */
function planDeputyRequest({ peers, offeredToken, identity: { unit } }: ControlPlaneFacts): ClusterPlan {
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
  const wanted = deputy && `{"unit": "${deputy}", "for": "${unit}"}`;
  return {
    changes: [...withdrawal, ...(wanted ? publish(peers, 'application', { [DEPUTY]: wanted }) : [])],
    reports: wanted ? [] : [waiting('Waiting for a member of the cluster to hand out a token')],
  };
}

/** The node is in the cluster. */
function planMember(facts: ControlPlaneFacts): ClusterPlan {
  if (facts.node?.role === 'worker')
    return report(blocked('This machine is a worker of a cluster; remove the unit and use another machine'));
  if (facts.members === undefined && !facts.peers.own[JOINED] && hasJoinedPeers(facts))
    return report(waiting('Waiting for k8sd to tell who is in the cluster'));
  if (isStranger(facts))
    return report(
      blocked('This unit has made a cluster of its own while another one existed; remove the unit and add one'),
    );
  const { peers, identity: us } = facts;
  const clusterName = knownClusterName(peers.own, peers.units) ?? newClusterName(us.application, us.modelUuid);
  const membership: Entries = {
    [JOINED]: clusterName,
    [TOKEN_FAILURE]: undefined,
    ...(facts.leader ? { [CLUSTER_NAME]: clusterName } : {}),
  };
  return combine(
    { changes: [...publish(peers, 'unit', membership), ...planVersionForWorkers(facts)], reports: [] },
    planServiceArguments(facts, wantedArguments(facts, clusterName)),
    planSnapRefresh(facts, facts.options, undefined),
    { changes: [...planRegistries(facts, facts.options.registries), ...planLabels(facts, facts.options)], reports: [] },
    planDeputy(facts),
    facts.leader ? planLeader(facts, clusterName) : NOTHING,
  );
}

/** From each control plane, as the leader's goes along with what else it tells: workers follow the oldest. */
function planVersionForWorkers({ leader, workers, snap }: ControlPlaneFacts): readonly Change[] {
  return leader ? [] : workers.flatMap((relation) => publish(relation, 'unit', { [VERSION]: snap?.version }));
}

function hasJoinedPeers({ peers }: ControlPlaneFacts): boolean {
  return [...peers.units.values()].some((bag) => bag[JOINED]);
}

/** In a cluster without having been let into this one: a leader lost its leadership while it bootstrapped. */
function isStranger({ node, members, peers }: ControlPlaneFacts): boolean {
  if (peers.own[JOINED] || members === undefined) return false;
  const theirs = [...peers.units.values()].filter((bag) => bag[JOINED]).map((bag) => bag[NODE_NAME]);
  return theirs.length > 0 && node !== undefined && !members.some(({ name }) => theirs.includes(name));
}

/** Offers a token in the name of a leader that asks for it, and clears away what it no longer has to offer. */
function planDeputy({ identity: { unit }, peers, leader, failedTokens }: ControlPlaneFacts): ClusterPlan {
  const request = leader ? undefined : parseObject(peers.shared[DEPUTY]);
  const asker = request?.['unit'] === unit ? String(request['for']) : undefined;
  const bag = asker === undefined ? undefined : peers.units.get(asker);
  const node = bag?.[JOINED] ? undefined : bag?.[NODE_NAME];
  const base = { relation: peers.id, as: 'deputy' } as const;
  const changes: Change[] = [];
  for (const [key, uri] of Object.entries(peers.own)) {
    const offered = /^(.+)-secret-id$/.exec(key)?.[1];
    if (offered !== undefined && (offered !== asker || node === undefined))
      changes.push({ ...base, kind: 'withdraw-token', unit: offered, uri });
  }
  if (asker === undefined || node === undefined) return { changes, reports: [] };
  const offer = { ...base, kind: 'offer-token', unit: asker, node, worker: false } as const;
  const uri = peers.own[secretIdKey(asker)];
  const revision = failedRevision(bag, failedTokens.get(asker));
  if (uri === undefined) changes.push({ ...offer, replaces: undefined });
  else if (revision !== undefined) changes.push({ ...offer, replaces: { uri, revision } });
  return { changes, reports: [] };
}

function planLeader(facts: ControlPlaneFacts, clusterName: string): ClusterPlan {
  const { peers, workers } = facts;
  const removals = planRemovals(facts);
  return combine(
    {
      changes: [
        ...removals,
        ...planReturned(facts),
        ...publish(peers, 'application', departedEntries(facts, removals)),
        ...planTokens({ clusterName, peers, workers, failedTokens: facts.failedTokens }),
      ],
      reports: [],
    },
    planAnnouncements(facts, clusterName),
    planConfiguration(facts),
    planTurns(facts),
  );
}

/** Nodes whose units are gone. A control plane that we have only not met yet is not. */
export function planRemovals(facts: ControlPlaneFacts): readonly Change[] {
  return [facts.peers, ...facts.workers].flatMap((relation) =>
    [...allocations(relation.shared)]
      .filter(([unit]) => unit !== facts.identity.unit && !relation.units.has(unit) && !facts.staying.includes(unit))
      .map(
        ([unit, { state, node }]): Change => ({
          kind: 'remove-node',
          relation: relation.id,
          unit,
          node,
          force: state === 'pending',
          uri: relation.shared[secretIdKey(unit)],
        }),
      ),
  );
}

/** What workers, control planes and other charms read about the cluster. */
function planAnnouncements(facts: ControlPlaneFacts, clusterName: string): ClusterPlan {
  const version = facts.snap?.version;
  const relations = [facts.peers, ...facts.workers];
  const strayVersions = versionReport(facts);
  const shared: Entries = { [BOOTSTRAP_CERTIFICATES]: 'snap-managed' };
  const ours: Entries = { ...identity(facts), [CLUSTER_NAME]: clusterName, [JOINED]: clusterName };
  const changes = [
    ...relations.flatMap((relation) =>
      publish(relation, 'application', {
        ...(relation.shared[BOOTSTRAP_CERTIFICATES] ? {} : shared),
        ...(relation.units.size > 0 && strayVersions === undefined ? { [VERSION]: version } : {}),
      }),
    ),
    ...publish(facts.peers, 'application', {
      [DEPUTY]: undefined,
      [facts.identity.unit]: `joined-${facts.node?.name}`,
    }),
    ...facts.workers.flatMap((relation) => publish(relation, 'unit', ours)),
    ...facts.containerd.flatMap((relation) =>
      publish(relation, 'application', { 'custom-registries': facts.options.registriesText }),
    ),
  ];
  return { changes, reports: strayVersions ? [strayVersions] : [] };
}

/** Units that announce no version, or another one than ours. */
function versionReport(facts: ControlPlaneFacts): UnitStatus | undefined {
  const silent = [facts.peers, ...facts.workers].flatMap(({ units }) =>
    [...units].filter(([, bag]) => bag[JOINED] && !bag[VERSION]),
  );
  if (silent[0]) return waiting(`Waiting for version from ${silent[0][0]}`);
  const differ = (relation: RelationFacts) =>
    [...relation.units.values()].filter((bag) => bag[VERSION] && bag[VERSION] !== facts.snap?.version).length;
  const counts = [
    count(differ(facts.peers), 'Control Plane'),
    count(
      facts.workers.reduce((sum, relation) => sum + differ(relation), 0),
      'Worker',
    ),
  ];
  const late = counts.filter((text) => text !== undefined);
  return late.length === 0 ? undefined : waiting(`Waiting for ${late.join(', ')} to upgrade`);
}

function count(number: number, noun: string): string | undefined {
  return number === 0 ? undefined : `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function planConfiguration(facts: ControlPlaneFacts): ClusterPlan {
  const { configuration, options, memory, etcd } = facts;
  if (configuration === undefined) return report(waiting("Waiting for k8sd to tell the cluster's configuration"));
  const wanted = featuresFor(snapMinor(facts.snap), options.features);
  const fixed = fixedOptions(wanted, configuration.config);
  const features = featureChanges(leaveFixed(wanted, fixed), configuration.config);
  const annotated = annotationChanges(options.annotations, configuration.config.annotations ?? {}, memory.annotations);
  const datastore = typeof etcd === 'object' ? datastoreChange(etcd, configuration.datastore ?? {}) : undefined;
  const config = { ...features, ...(Object.keys(annotated).length > 0 ? { annotations: annotated } : {}) };
  // One that is to go is forgotten when it is gone: k8sd may refuse, and it would stay for ever.
  const going = Object.keys(annotated).filter((key) => !Object.hasOwn(options.annotations, key));
  const ours = [...Object.keys(options.annotations), ...going].sort();
  const changes: Change[] = [];
  if (Object.keys(config).length > 0 || datastore) changes.push({ kind: 'configure-cluster', config, datastore });
  if (ours.join(' ') !== [...memory.annotations].sort().join(' '))
    changes.push({ kind: 'remember', key: 'annotations', value: ours.length > 0 ? JSON.stringify(ours) : undefined });
  const bad = etcd === 'not valid' ? [blocked(BAD_ETCD)] : [];
  const fixedReports = fixed.map(({ option, feature, present }) =>
    blocked(`${option} cannot change while ${feature}-enabled is true; set it back to ${present}`),
  );
  return { changes, reports: [...bad, ...immutableReports(facts), ...fixedReports, ...unsupportedReports(facts)] };
}

/** Rotated client certificates and moved servers of an external etcd arrive this way. */
function datastoreChange(etcd: EtcdAccess, present: Readonly<Record<string, unknown>>) {
  const wanted = {
    servers: [...etcd.servers],
    'ca-crt': etcd.ca,
    'client-crt': etcd.certificate,
    'client-key': etcd.key,
  };
  const same = Object.entries(wanted).every(([key, value]) => JSON.stringify(present[key]) === JSON.stringify(value));
  return same ? undefined : { type: 'external' as const, ...wanted };
}

/** Options that the installed snap has no word for. */
function unsupportedReports({ snap, options }: ControlPlaneFacts): readonly UnitStatus[] {
  if (snapMinor(snap) >= FIRST_WITH_KUBE_PROXY || options.features.network?.['kube-proxy-enabled'] === undefined)
    return [];
  return [blocked(`kube-proxy-enabled needs snap 1.${FIRST_WITH_KUBE_PROXY} or newer; reset it until then`)];
}

/** Options that were read at bootstrap and have been changed since. */
function immutableReports({ configuration, options }: ControlPlaneFacts): readonly UnitStatus[] {
  const datastore = configuration?.datastore?.['type'] === 'external' ? 'etcd' : 'managed-etcd';
  const pairs: readonly (readonly [string, string | undefined, string | undefined])[] = [
    ['bootstrap-pod-cidr', options.podCidr, configuration?.podCidr],
    ['bootstrap-service-cidr', options.serviceCidr, configuration?.serviceCidr],
    ['bootstrap-datastore', options.datastore, datastore],
  ];
  return pairs
    .filter(
      ([, wanted, present]) => wanted !== undefined && present !== undefined && present !== '' && wanted !== present,
    )
    .map(([option, , present]) => blocked(`${option} cannot change after bootstrap; set it back to ${present}`));
}

function planTurns(facts: ControlPlaneFacts): ClusterPlan {
  if (!facts.leader) return NOTHING;
  const joining = joiningControlPlane(facts.peers);
  const { silent } = facts;
  const { entries, held } = grantTurns(rollingOf(facts), (asker) => {
    if (joining !== undefined) return `${joining} is joining`;
    // One that is down itself has nothing to lose, and its change may be what mends it.
    if (silent.length === 0 || silent.includes(asker)) return undefined;
    return `the API server of ${silent.join(', ')} does not answer`;
  });
  return { changes: publish(facts.peers, 'application', entries), reports: held ? [waiting(held)] : [] };
}

/**
 * Leaving: the leader takes itself out, since nobody else may; any other unit waits for the leader to do it, as long as
 * somebody stays who could; then services and snap go. Nothing is left to wait for when the whole application goes.
 */
function planDeparture(facts: ControlPlaneFacts): ClusterPlan {
  const final = facts.event.kind === 'stop' || facts.event.kind === 'remove';
  const remember: readonly Change[] = facts.memory.leaving ? [] : [{ kind: 'remember', key: 'leaving', value: 'yes' }];
  if (!final || facts.snap === undefined)
    return { changes: remember, reports: [{ status: 'maintenance', message: 'Leaving the cluster' }] };
  const changes: Change[] = [...remember];
  if (facts.node !== undefined) {
    if (facts.staying.length === 0) changes.push({ kind: 'remove-snap' });
    else if (facts.leader)
      changes.push({ kind: 'leave-cluster', name: facts.node.name, force: false }, { kind: 'remove-snap' });
    else
      changes.push(
        { kind: 'await-removal' },
        { kind: 'leave-cluster', name: facts.node.name, force: false },
        { kind: 'remove-snap' },
      );
  } else changes.push({ kind: 'remove-snap' });
  return { changes, reports: [{ status: 'maintenance', message: 'Leaving the cluster' }] };
}

function report(status: UnitStatus): ClusterPlan {
  return { changes: [], reports: [status] };
}
