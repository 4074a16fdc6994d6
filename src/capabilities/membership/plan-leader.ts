/** What the leader does for its cluster: tokens, removals, what others read about the cluster, and whose turn it is. */

import type { Databag } from '../../clients/juju/juju.ts';
import type { RelationFacts } from '../../core/relation-facts.ts';
import type { Report } from '../../core/report.ts';
import { certificateMode, keptAuthorities } from './certificate-mode.ts';
import type { Change, Entries } from './change.ts';
import { departedEntries, planReturned } from './departed.ts';
import { parseDeputyRequest } from './deputy.ts';
import type { ControlPlaneFacts } from './facts.ts';
import { heldBackReports } from './offer-delay.ts';
import { planConfiguration } from './plan-configuration.ts';
import { type ClusterPlan, combine, publish, waiting } from './plan-node.ts';
import { recordReports, withRecords } from './records.ts';
import { planTokens } from './tokens.ts';
import {
  allocations,
  BOOTSTRAP_CERTIFICATES,
  CERTIFICATE_AUTHORITY,
  CLUSTER_NAME,
  DEPUTY,
  JOINED,
  KEPT_AUTHORITIES,
  NODE_NAME,
  secretIdKey,
  VERSION,
} from './wire.ts';

/** A unit that is in the cluster tells its version with its next hook. */
const LONGEST_SILENT_MS = 30 * 60_000;
/** Workers are upgraded after control planes, maybe in the next maintenance window. */
const LONGEST_UPGRADE_MS = 24 * 60 * 60_000;
const MOST_NAMED = 5;

export function planLeader(facts: ControlPlaneFacts, clusterName: string): ClusterPlan {
  const { peers, workers } = facts;
  const removals = planRemovals(facts);
  const { failedTokens, now } = facts;
  const offers = facts.memory.offers ?? {};
  const tokens = planTokens({ clusterName, node: facts.node?.name, peers, workers, failedTokens, offers, now });
  return combine(
    {
      changes: [
        ...removals,
        ...planReturned(facts),
        ...publish(peers, 'application', departedEntries(facts, removals)),
        ...withRecords(facts, tokens),
      ],
      reports: [...recordReports(facts), ...heldBackReports([peers, ...workers], failedTokens, { offers, now })],
    },
    planAnnouncements(facts, clusterName),
    planConfiguration(facts),
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
  // A control plane joins beside control planes; that a worker is late, or says so, is nothing to it.
  const peersUniform = strays(facts, facts.peers).length === 0;
  const isUniform = (relation: RelationFacts) =>
    relation === facts.peers ? peersUniform : strayVersions === undefined;
  const authority = facts.peers.shared[CERTIFICATE_AUTHORITY] ?? facts.bootstrapped?.chain;
  const kept = keptAuthorities(facts);
  const trust: Entries = {
    [BOOTSTRAP_CERTIFICATES]: certificateMode(facts),
    ...(authority ? { [CERTIFICATE_AUTHORITY]: authority } : {}),
    ...(Object.keys(kept).length > 0 ? { [KEPT_AUTHORITIES]: JSON.stringify(kept) } : {}),
  };
  const ours: Entries = { ...identity(facts), [CLUSTER_NAME]: clusterName, [JOINED]: clusterName };
  const changes = [
    ...relations.flatMap((relation) =>
      publish(relation, 'application', {
        ...(relation.shared[BOOTSTRAP_CERTIFICATES] ? {} : trust),
        ...(relation.units.size > 0 && isUniform(relation) ? { [VERSION]: version } : {}),
      }),
    ),
    ...dismissal(facts.peers),
    ...publish(facts.peers, 'application', {
      [facts.identity.unit]: `joined-${facts.node?.name}`,
    }),
    ...facts.workers.flatMap((relation) => publish(relation, 'unit', ours)),
    ...facts.containerd.flatMap((relation) =>
      publish(relation, 'application', { 'custom-registries': facts.options.registriesText }),
    ),
  ];
  return { changes, reports: strayVersions ? [strayVersions] : [] };
}

/** A leader that is a member needs no deputy. */
function dismissal({ id, shared }: RelationFacts): readonly Change[] {
  if (!shared[DEPUTY]) return [];
  return [{ kind: 'dismiss-deputy', relation: id, key: parseDeputyRequest(shared[DEPUTY])?.key }];
}

/** Units that announce no version, or another one than ours. */
function versionReport(facts: ControlPlaneFacts): Report | undefined {
  const [late, lateWorkers] = [
    strays(facts, facts.peers),
    facts.workers.flatMap((relation) => strays(facts, relation)),
  ];
  const silent = [...late, ...lateWorkers].find(([, bag]) => !bag[VERSION]);
  if (silent) {
    const way = `see juju status ${silent[0]} and juju debug-log --include ${silent[0]}`;
    return {
      ...waiting(`Waiting for version from ${silent[0]}`),
      lasts: { key: 'version', atMostMs: LONGEST_SILENT_MS, way },
    };
  }
  const counts = [count(late.length, 'Control Plane'), count(lateWorkers.length, 'Worker')];
  const texts = counts.filter((text) => text !== undefined);
  if (texts.length === 0) return undefined;
  const units = [...late, ...lateWorkers].slice(0, MOST_NAMED).map(([unit]) => unit);
  const way = `see juju status ${units.join(' ')}, and set the same snap-channel everywhere`;
  return {
    ...waiting(`Waiting for ${texts.join(', ')} to upgrade`),
    lasts: { key: 'upgrade', atMostMs: LONGEST_UPGRADE_MS, way },
  };
}

/** Of the relation's units those of another version, and members without one. Workers that had no token are not in the cluster. */
function strays({ snap, peers }: ControlPlaneFacts, relation: RelationFacts): readonly (readonly [string, Databag])[] {
  const recorded = relation === peers ? undefined : allocations(relation.shared);
  return [...relation.units].filter(
    ([unit, bag]) =>
      recorded?.has(unit) !== false && (bag[VERSION] ? bag[VERSION] !== snap?.version : bag[JOINED] !== undefined),
  );
}

function count(number: number, noun: string): string | undefined {
  return number === 0 ? undefined : `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** What every unit tells of itself. */
export function identity(facts: ControlPlaneFacts): Entries {
  return { [NODE_NAME]: facts.node?.name ?? facts.nodeName, [VERSION]: facts.snap?.version };
}
