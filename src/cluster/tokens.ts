/**
 * Join tokens: which units get one, which offers failed, which are done.
 *
 * Control planes get theirs one after the other, since etcd takes in one learner at a time; workers all at once.
 */

import type { Databag, SecretContent } from '../juju/juju.ts';
import type { Change } from './change.ts';
import type { RelationFacts } from './facts.ts';
import {
  allocations,
  formatAllocation,
  JOINED,
  NODE_NAME,
  parseTokenFailure,
  secretIdKey,
  TOKEN_FAILURE,
} from './wire.ts';

/** After so many failed tokens a control plane no longer keeps the others waiting. */
const PATIENCE = 3;

export interface TokenFacts {
  readonly clusterName: string;
  readonly peers: RelationFacts;
  readonly workers: readonly RelationFacts[];
  readonly failedTokens: ReadonlyMap<string, SecretContent | undefined>;
}

/** The leader's offers, renewals and withdrawals, in the order in which they are to be made. */
export function planTokens(facts: TokenFacts): readonly Change[] {
  return [
    ...planRelation(facts, facts.peers, false),
    ...facts.workers.flatMap((relation) => planRelation(facts, relation, true)),
  ];
}

/** Units whose offer failed, so that the secret's revision is of interest. */
export function unitsWithFailedToken(relation: RelationFacts): readonly { unit: string; uri: string }[] {
  return [...relation.units].flatMap(([unit, bag]) => {
    const uri = relation.shared[secretIdKey(unit)];
    return uri && bag[TOKEN_FAILURE] && !bag[JOINED] ? [{ unit, uri }] : [];
  });
}

/**
 * Our join token's secret: exactly one distinct id among what all remote units, our own databag and the application say,
 * since old charms wrote it into the leader's unit databag.
 */
export function offeredSecret(unit: string, relation: RelationFacts): string | undefined {
  const bags: readonly Databag[] = [...relation.units.values(), relation.own, relation.shared];
  const ids = new Set(bags.flatMap((bag) => bag[secretIdKey(unit)] || []));
  return ids.size === 1 ? [...ids][0] : undefined;
}

function planRelation(facts: TokenFacts, relation: RelationFacts, worker: boolean): readonly Change[] {
  let joining = worker ? undefined : joiningControlPlane(relation);
  return [...relation.units].flatMap(([unit, bag]): readonly Change[] => {
    const node = bag[NODE_NAME];
    if (!node) return [];
    if (bag[JOINED]) return bag[JOINED] === facts.clusterName ? settle(relation, unit, node) : [];
    if (allocations(relation.shared).get(unit)?.state === 'joined') return [];
    const offer = planOffer(facts, relation, unit, node, worker);
    if (offer === undefined || (joining !== undefined && joining !== unit)) return [];
    if (!worker) joining = unit;
    return [offer];
  });
}

function planOffer(
  facts: TokenFacts,
  relation: RelationFacts,
  unit: string,
  node: string,
  worker: boolean,
): Change | undefined {
  const uri = relation.shared[secretIdKey(unit)];
  const offer = { kind: 'offer-token', relation: relation.id, unit, node, worker, as: 'leader' } as const;
  if (!uri) return { ...offer, replaces: undefined };
  if (!facts.failedTokens.has(unit)) return undefined;
  const content = facts.failedTokens.get(unit);
  const revision = content && Number(content['revision']);
  if (revision === undefined || !Number.isSafeInteger(revision)) return { ...offer, replaces: undefined };
  const failure = parseTokenFailure(relation.units.get(unit)?.[TOKEN_FAILURE]);
  return failure?.revision === revision ? { ...offer, replaces: { uri, revision } } : undefined;
}

function settle(relation: RelationFacts, unit: string, node: string): readonly Change[] {
  const uri = relation.shared[secretIdKey(unit)];
  const joined = formatAllocation({ state: 'joined', node });
  const changes: Change[] = [];
  if (relation.shared[unit] !== joined)
    changes.push({ kind: 'publish', relation: relation.id, scope: 'application', entries: { [unit]: joined } });
  if (uri) changes.push({ kind: 'withdraw-token', relation: relation.id, unit, uri, as: 'leader' });
  return changes;
}

/** The control plane that has a token and is expected to join with it. */
function joiningControlPlane(relation: RelationFacts): string | undefined {
  return [...allocations(relation.shared)].find(([unit, { state }]) => {
    const bag = relation.units.get(unit);
    const failures = parseTokenFailure(bag?.[TOKEN_FAILURE])?.revision ?? 0;
    return state === 'pending' && bag !== undefined && !bag[JOINED] && failures < PATIENCE;
  })?.[0];
}
