/** What a control-plane unit has to do next: get into the cluster, and as its leader keep the cluster as it is wanted. */

import type { UnitStatus } from '../juju/status.ts';
import type { Change, Entries } from './change.ts';
import { newClusterName } from './cluster-name.ts';
import { departedEntries, planReturned } from './departed.ts';
import type { EtcdAccess } from './etcd.ts';
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
import { BAD_ETCD, hasJoinedPeers, planEntry, wantedArguments } from './plan-entry.ts';
import {
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
  report,
  waiting,
} from './plan-node.ts';
import { grantTurns, type Rolling } from './rolling.ts';
import { failedRevision, joiningControlPlane, planTokens } from './tokens.ts';
import {
  allocations,
  BOOTSTRAP_CERTIFICATES,
  CLUSTER_NAME,
  DEPUTY,
  JOINED,
  NODE_NAME,
  parseObject,
  secretIdKey,
  TOKEN_FAILURE,
  VERSION,
} from './wire.ts';

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
