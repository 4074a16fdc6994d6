/** What a control-plane unit has to do next: get into the cluster, be a member of it, and leave it. */

import type { Change, Entries } from './change.ts';
import { newClusterName } from './cluster-name.ts';
import { parseDeputyRequest, parseSealedOffer, TOKEN_OFFER } from './deputy.ts';
import { type ControlPlaneFacts, knownClusterName } from './facts.ts';
import { planLabels } from './labels.ts';
import { heldBackReport, isHeldBack, rememberOffers } from './offer-delay.ts';
import { immutableReports } from './plan-configuration.ts';
import { hasJoinedPeers, planEntry, wantedArguments } from './plan-entry.ts';
import { identity, planLeader } from './plan-leader.ts';
import {
  blocked,
  type ClusterPlan,
  combine,
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
import { boundAddressesEntry } from './records.ts';
import {
  CLUSTER_NAME,
  DEPUTY,
  JOINED,
  NODE_NAME,
  parseTokenFailure,
  TOKEN_FAILURE,
  tokenHolder,
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
      ...publish(facts.peers, 'unit', { ...identity(facts), ...boundAddressesEntry(facts) }),
      ...planUpgradeRelation(facts, facts.leader),
    ],
    reports: [],
  };
  if (facts.daemon === 'upgrading')
    return combine(common, planSnapRefresh(facts, facts.options, undefined), {
      changes: [],
      reports: [waiting('k8sd waits until all control planes run the same snap')],
    });
  return combine(common, facts.node === undefined ? planEntry(facts) : planMember(facts));
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
    {
      changes: [
        ...planRegistries(facts, facts.options.registries),
        ...planLabels(facts, 'control-plane', facts.options),
      ],
      reports: [],
    },
    planDeputy(facts),
    facts.leader ? planLeader(facts, clusterName) : { changes: [], reports: immutableReports(facts) },
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

/** Makes a token in the place of a leader that asks for it, and clears away what it no longer has to offer. */
function planDeputy({ identity: { unit }, peers, leader, memory, now }: ControlPlaneFacts): ClusterPlan {
  const request = leader ? undefined : parseDeputyRequest(peers.shared[DEPUTY]);
  const bag = request?.unit === unit ? peers.units.get(request.for) : undefined;
  const node = bag?.[JOINED] ? undefined : bag?.[NODE_NAME];
  const offer = parseSealedOffer(peers.own[TOKEN_OFFER]);
  // An earlier revision of the charm had a secret of the unit for each.
  const secrets = Object.entries(peers.own).flatMap(([key, uri]) =>
    tokenHolder(key).map(
      (holder): Change => ({ kind: 'withdraw-token', relation: peers.id, unit: holder, uri, as: 'deputy' }),
    ),
  );
  if (request?.key === undefined || node === undefined)
    return { changes: [...secrets, ...publish(peers, 'unit', { [TOKEN_OFFER]: undefined })], reports: [] };
  const ours = offer?.for === request.for && offer.key === request.key ? offer : undefined;
  const failed = ours !== undefined && parseTokenFailure(bag?.[TOKEN_FAILURE])?.revision === ours.revision;
  if (ours !== undefined && !failed) return { changes: secrets, reports: [] };
  const { for: asker, key } = request;
  const times = { offers: memory.offers ?? {}, now };
  if (ours !== undefined && isHeldBack(asker, ours.revision, times))
    return { changes: secrets, reports: [heldBackReport(asker, ours.revision, bag, times)] };
  const revision = ours === undefined ? 0 : ours.revision + 1;
  const changes: Change[] = [{ kind: 'offer-sealed-token', relation: peers.id, unit: asker, node, key, revision }];
  if (ours !== undefined) changes.push(rememberOffers(times, [...peers.units.keys()], [asker]));
  return { changes: [...secrets, ...changes], reports: [] };
}

/**
 * Leaving: the leader takes itself out, since nobody else may; any other unit waits for the leader to do it, as long as
 * somebody stays who could; then services and snap go. Nothing is left to wait for when the whole application goes.
 */
function planDeparture(facts: ControlPlaneFacts): ClusterPlan {
  const final = facts.event.kind === 'stop' || facts.event.kind === 'remove';
  const remember: readonly Change[] = facts.memory.leaving ? [] : [{ kind: 'remember', key: 'leaving', value: 'yes' }];
  const clear: readonly Change[] = final && facts.leftovers ? [{ kind: 'clear-machine' }] : [];
  if (!final || facts.snap === undefined)
    return { changes: [...remember, ...clear], reports: [{ status: 'maintenance', message: 'Leaving the cluster' }] };
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
