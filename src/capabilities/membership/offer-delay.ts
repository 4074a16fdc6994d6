/**
 * How long a unit whose join keeps failing waits for its next token. Each renewal costs a revision of a Juju secret and hooks on both
 * sides, and a unit reports failures as fast as it likes: the first renewals come at once, the later ones more and more slowly.
 */

import type { Databag, SecretContent } from '../../clients/juju/juju.ts';
import type { UnitStatus } from '../../clients/juju/status.ts';
import { failedRevision, parseTokenFailure, TOKEN_FAILURE } from './wire.ts';

/** When a token was last offered to each unit, RFC 3339: in the unit state of the leader, or of its deputy. Another one begins anew. */
export type Offers = Readonly<Record<string, string>>;

export interface OfferFacts {
  readonly offers: Offers;
  readonly now: Date;
}

const MINUTE = 60_000;
/** After so many tokens each renewal waits. */
const AT_ONCE = 2;
const LONGEST_MS = 15 * MINUTE;

/** When a token may be renewed; undefined: at once. @param revision of the token that has failed, from 0. */
export function nextOffer(unit: string, revision: number, { offers }: Pick<OfferFacts, 'offers'>): Date | undefined {
  const last = offers[unit];
  if (last === undefined || revision < AT_ONCE) return undefined;
  const delay = Math.min(LONGEST_MS, MINUTE * 2 ** Math.min(revision - AT_ONCE, 10));
  return new Date(Date.parse(last) + delay);
}

/** Whether the renewal has to wait. A clock that was set back does not make it wait for longer than usual. */
export function isHeldBack(unit: string, revision: number, facts: OfferFacts): boolean {
  const next = nextOffer(unit, revision, facts);
  if (next === undefined) return false;
  const left = next.getTime() - facts.now.getTime();
  return left > 0 && left <= LONGEST_MS;
}

/** Units whose next token waits, for the operator. The leader itself is well. */
export function heldBackReports(
  relations: readonly { readonly units: ReadonlyMap<string, Databag> }[],
  failedTokens: ReadonlyMap<string, SecretContent | undefined>,
  facts: OfferFacts,
): readonly UnitStatus[] {
  return relations.flatMap(({ units }) =>
    [...units].flatMap(([unit, bag]): readonly UnitStatus[] => {
      const revision = failedRevision(bag, failedTokens.get(unit));
      if (revision === undefined || !isHeldBack(unit, revision, facts)) return [];
      return [heldBackReport(unit, revision, bag, facts)];
    }),
  );
}

/** @param bag the unit's, which says why it failed. */
export function heldBackReport(
  unit: string,
  revision: number,
  bag: Databag | undefined,
  facts: OfferFacts,
): UnitStatus {
  const time = nextOffer(unit, revision, facts)?.toISOString().slice(11, 16);
  const why = parseTokenFailure(bag?.[TOKEN_FAILURE])?.error ?? '';
  const message = `${unit} failed to join ${revision + 1} times; it gets its next token after ${time} UTC: ${why}`;
  return { status: 'active', message };
}

/** The times of offers that are made now beside those of units that are there: what is remembered of others is of no use. */
export function rememberOffers(
  { offers, now }: OfferFacts,
  present: readonly string[],
  renewed: readonly string[],
): { readonly kind: 'remember'; readonly key: 'offers'; readonly value: string } {
  const kept = Object.entries(offers).filter(([unit]) => present.includes(unit));
  const times = [...kept, ...renewed.map((unit) => [unit, now.toISOString()] as const)];
  return { kind: 'remember', key: 'offers', value: JSON.stringify(Object.fromEntries(times)) };
}
