/**
 * Join tokens: which units get one, which offers failed, which are done.
 *
 * Control planes get theirs one after the other, since etcd takes in one learner at a time; workers all at once.
 */

import type { Databag, SecretContent } from '../../clients/juju/juju.ts';
import type { RelationFacts } from '../../core/relation-facts.ts';
import type { Change } from './change.ts';
import { isHeldBack, type Offers, rememberOffers } from './offer-delay.ts';
import { recordedNodes } from './records.ts';
import {
  type Allocation,
  allocations,
  failedRevision,
  formatAllocation,
  JOINED,
  NODE_NAME,
  parseTokenFailure,
  secretIdKey,
  TOKEN_FAILURE,
  VERSION,
} from './wire.ts';

/** After so many failed tokens a control plane no longer keeps the others waiting. */
const PATIENCE = 3;

export interface TokenFacts {
  readonly clusterName: string;
  /** Our own node. */
  readonly node: string | undefined;
  readonly peers: RelationFacts;
  readonly workers: readonly RelationFacts[];
  readonly failedTokens: ReadonlyMap<string, SecretContent | undefined>;
  readonly offers: Offers;
  readonly now: Date;
}

/** The leader's offers, renewals and withdrawals, in the order in which they are to be made. */
export function planTokens(facts: TokenFacts): readonly Change[] {
  // Of two that ask under one name in the same dispatch the first gets it.
  const nodes = new Map(recordedNodes([facts.peers, ...facts.workers]));
  const changes = [
    ...planRelation(facts, facts.peers, false, nodes),
    ...facts.workers.flatMap((relation) => planRelation(facts, relation, true, nodes)),
  ];
  return [...changes, ...planOfferTimes(facts, changes)];
}

function planOfferTimes({ offers, now, peers, workers }: TokenFacts, changes: readonly Change[]): readonly Change[] {
  const renewed = changes.flatMap((change) =>
    change.kind === 'offer-token' && change.replaces !== undefined ? [change.unit] : [],
  );
  const present = [peers, ...workers].flatMap(({ units }) => [...units.keys()]);
  return renewed.length === 0 ? [] : [rememberOffers({ offers, now }, present, renewed)];
}

/** Units whose offer failed, so that the secret's revision is of interest. `offers`: the databag that holds the secrets' ids. */
export function unitsWithFailedToken(
  relation: RelationFacts,
  offers: Databag,
): readonly { unit: string; uri: string }[] {
  return [...relation.units].flatMap(([unit, bag]) => {
    const uri = offers[secretIdKey(unit)];
    return uri && bag[TOKEN_FAILURE] && !bag[JOINED] ? [{ unit, uri }] : [];
  });
}

/** What a token's secret says. Another charm wrote it: a revision that is no number counts as the first. */
export function readOffer({ token, revision }: SecretContent): { token?: string; revision: number } {
  const number = Number(revision ?? 0);
  return { ...(token ? { token } : {}), revision: Number.isSafeInteger(number) ? number : 0 };
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

/** @param nodes the unit that has each node; whom a token is planned for is added. */
function planRelation(
  facts: TokenFacts,
  relation: RelationFacts,
  worker: boolean,
  nodes: Map<string, string>,
): readonly Change[] {
  let joining = worker ? undefined : joiningControlPlane(relation);
  const allocated = allocations(relation.shared);
  return [...relation.units].flatMap(([unit, bag]): readonly Change[] => {
    const node = bag[NODE_NAME];
    if (!node) return [];
    const recorded = allocated.get(unit);
    // A worker that has joined was on record before: its token was made for a node.
    if (bag[JOINED] && bag[JOINED] === facts.clusterName && (recorded !== undefined || !worker))
      return settle(relation, unit, recorded, node);
    if (bag[JOINED] || recorded?.state === 'joined') return [];
    if (node === facts.node || (nodes.get(node) ?? unit) !== unit) return [];
    const offer = planOffer(facts, relation, unit, node, worker);
    if (offer === undefined || (joining !== undefined && joining !== unit)) return [];
    if (!worker) joining = unit;
    nodes.set(node, unit);
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
  const offer = { kind: 'offer-token', relation: relation.id, unit, node, worker } as const;
  if (!uri) return { ...offer, replaces: undefined };
  if (!facts.failedTokens.has(unit)) return undefined;
  const content = facts.failedTokens.get(unit);
  if (!Number.isSafeInteger(Number(content?.['revision'] ?? Number.NaN))) return { ...offer, replaces: undefined };
  const revision = failedRevision(relation.units.get(unit), content);
  if (revision === undefined || isHeldBack(unit, revision, facts)) return undefined;
  return { ...offer, replaces: { uri, revision } };
}

/** The name on record stays: a token is bound to it, and what a unit says of itself later must not name another's node. */
function settle(
  relation: RelationFacts,
  unit: string,
  recorded: Allocation | undefined,
  said: string,
): readonly Change[] {
  const uri = relation.shared[secretIdKey(unit)];
  const joined = formatAllocation({ state: 'joined', node: recorded?.node ?? said });
  const changes: Change[] = [];
  if (recorded?.state !== 'joined')
    changes.push({ kind: 'publish', relation: relation.id, scope: 'application', entries: { [unit]: joined } });
  if (uri) changes.push({ kind: 'withdraw-token', relation: relation.id, unit, uri, as: 'leader' });
  return changes;
}

/** The control plane that has a token and is expected to join with it. One of another version cannot; it keeps nobody waiting. */
export function joiningControlPlane(relation: RelationFacts): string | undefined {
  return [...allocations(relation.shared)].find(([unit, { state }]) => {
    const bag = relation.units.get(unit);
    if (state !== 'pending' || bag === undefined || bag[JOINED] || !isOfVersion(bag, relation.shared)) return false;
    return (parseTokenFailure(bag[TOKEN_FAILURE])?.revision ?? 0) < PATIENCE;
  })?.[0];
}

function isOfVersion(bag: Databag, { [VERSION]: cluster }: Databag): boolean {
  return !bag[VERSION] || !cluster || bag[VERSION] === cluster;
}
