/**
 * The rollout lock: disruptive changes on control-plane nodes happen on one unit at a time, so that the API stays up.
 *
 * A unit that needs the lock writes a request into its databag of the peer relation; the leader writes a grant for one of them
 * into the application databag; the unit makes its change and takes the request back, whereupon the leader takes back the
 * grant. All of it lives in databags, so it survives the loss of any unit and of the leader. What ends without being taken
 * back: the unit is gone (it is no longer on the relation), or does not come back in time (the grant is a lease).
 *
 * A change that failed for good is not tried again on its unit, and not on the others either while that unit says so: what broke one
 * API server would break the next. It is forgotten as soon as it is no longer wanted.
 */

import type { Databag } from '../../clients/juju/juju.ts';
import { type Failure, type Identified, isOf, lastingFailures, parseFailures } from '../../core/failures.ts';
import { readForeign } from '../../core/foreign-json.ts';
import { line, object, or, type Shape, text, timestamp } from '../../core/shapes.ts';

type Entries = Readonly<Record<string, string | undefined>>;

/** On the peer relation. Unit databags, and for the grant that of the application. */
export const REQUEST = 'rolling-request';
export const FAILURE = 'rolling-failure';
export const GRANT = 'rolling-grant';
/** Identity of the changes that the unit has made last while it held the lock; for counting how far a rollout is. */
export const DONE = 'rollout-done';

/** Of a change: it goes into JSON as it stands, so it has no quotation marks. */
const CHANGE_ID = text(64, /^[\w.-]+$/);

/** Of what another unit says about its work. */
const LONGEST_REASON = 200;

/** How long a grant holds when nothing is heard of its unit. */
export const LEASE_MS = 45 * 60_000;

/**
 * A unit begins nothing with a grant older than this. What is left of the lease is longer than the longest disruptive change may
 * last: a snap that is refreshed, does not do well and is reverted (`apply-snap.ts`).
 */
export const LATEST_START_MS = 10 * 60_000;

export interface Grant {
  readonly unit: string;
  readonly id: string;
  /** When the request was made that it answers: it is good for no other, or a unit could begin with one that has ended. */
  readonly asked: string;
  /** RFC 3339. */
  readonly at: string;
}

interface Request {
  readonly id: string;
  readonly reason: string;
  /** RFC 3339. */
  readonly at: string;
}

const UNIT = text(200, /^[a-z][a-z0-9-]*\/\d+$/);
const GRANT_SHAPE: Shape<Grant> = object({ unit: UNIT, id: CHANGE_ID, asked: timestamp, at: timestamp });
const REQUEST_SHAPE: Shape<Request> = object({ id: CHANGE_ID, at: timestamp, reason: or(line(LONGEST_REASON), '') });

export interface Rolling {
  readonly unit: string;
  readonly leader: boolean;
  /** Our unit databag, with what is already pending. */
  readonly own: Databag;
  /** Databags of the other control planes. */
  readonly units: ReadonlyMap<string, Databag>;
  readonly shared: Databag;
  readonly now: Date;
}

export type Turn =
  /** Go ahead. */
  | { readonly kind: 'granted' }
  /** Ask for the lock with these entries in the unit databag. */
  | { readonly kind: 'ask'; readonly entries: Entries }
  /** It was asked for; somebody else holds it, or the leader has not answered. */
  | { readonly kind: 'wait'; readonly holder: Holder | undefined };

export interface Holder {
  readonly unit: string;
  readonly since: Date;
  /** What it does, in its words; empty when it does not say. */
  readonly work: string;
}

/** Another unit on which the change has failed for good, with the reason. */
export function failedElsewhere(
  rolling: Rolling | undefined,
  change: Identified,
): { readonly unit: string; readonly reason: string } | undefined {
  for (const [unit, bag] of rolling?.units ?? []) {
    const there = parseFailures(bag[FAILURE]).find((failure) => isOf(change, failure));
    if (there) return { unit, reason: there.reason };
  }
  return undefined;
}

/** Who holds the lock, as far as it has not ended. */
export function holderOf({ unit, own, units, shared, now }: Rolling): Holder | undefined {
  const grant = parseGrant(shared[GRANT]);
  const bags = new Map([[unit, own], ...units]);
  if (grant === undefined || !holds(grant, bags, now)) return undefined;
  const work = parseRequest(bags.get(grant.unit)?.[REQUEST])?.reason ?? '';
  return { unit: grant.unit, since: new Date(grant.at), work };
}

/** How far the rollout of these changes is when this unit begins with them: `1 of 3`. */
export function progressOf({ units }: Rolling, id: string): { readonly number: number; readonly of: number } {
  const done = [...units.values()].filter((bag) => bag[DONE] === id).length;
  return { number: done + 1, of: units.size + 1 };
}

/**
 * Whether this unit may make the set of disruptive changes of that id now.
 * @param reason what it is about to do, for the statuses of the others.
 */
export function turn(rolling: Rolling, id: string, reason: string): Turn {
  if (rolling.units.size === 0) return { kind: 'granted' };
  const grant = parseGrant(rolling.shared[GRANT]);
  const asked = parseRequest(rolling.own[REQUEST]);
  if (asked?.id !== id)
    return { kind: 'ask', entries: { [REQUEST]: formatRequest({ id, reason, at: rolling.now.toISOString() }) } };
  const ours = grant?.unit === rolling.unit && answers(grant, asked);
  if (ours && rolling.now.getTime() - Date.parse(grant.at) < LATEST_START_MS) return { kind: 'granted' };
  const holder = ours ? undefined : holderOf(rolling);
  return { kind: 'wait', holder: holder?.unit === rolling.unit ? undefined : holder };
}

/**
 * What the unit's databag has to say once its changes are made or given up; empty when it says so already.
 * @param made identity of the changes that were all made.
 */
export function release(own: Databag, failures: readonly Failure[], made?: string): Entries {
  const items = lastingFailures(failures).map(
    ({ id, reason }) => `{"id": "${id}", "reason": ${JSON.stringify(reason)}}`,
  );
  const text = items.length === 0 ? undefined : `[${items.join(', ')}]`;
  return {
    ...(own[REQUEST] === undefined ? {} : { [REQUEST]: undefined }),
    ...(own[FAILURE] === text ? {} : { [FAILURE]: text }),
    ...(made === undefined || own[DONE] === made ? {} : { [DONE]: made }),
  };
}

export interface Granting {
  /** For the application databag; empty when nothing is to be changed. */
  readonly entries: Entries;
  /** Why nobody got the lock although somebody waits for it. */
  readonly held?: string;
}

/**
 * The leader's part: takes back a grant that has ended, and gives the next. Nobody gets the lock while a control-plane node other
 * than the one that asks does not answer, or while one is joining.
 */
export function grantTurns(rolling: Rolling, trouble: (unit: string) => string | undefined): Granting {
  const bags = new Map([[rolling.unit, rolling.own], ...rolling.units]);
  const present = parseGrant(rolling.shared[GRANT]);
  if (present && holds(present, bags, rolling.now)) return { entries: {} };
  const waiting = [...bags]
    .flatMap(([unit, bag]) => {
      const request = parseRequest(bag[REQUEST]);
      return request ? [{ unit, request, held: trouble(unit) }] : [];
    })
    .sort((a, b) => before(a.unit, present) - before(b.unit, present) || unitNumber(a.unit) - unitNumber(b.unit));
  const ended: Entries = present ? { [GRANT]: undefined } : {};
  const [first] = waiting;
  if (first === undefined) return { entries: ended };
  const next = waiting.find(({ held }) => held === undefined);
  if (next === undefined) return { entries: ended, held: `${first.unit} waits for the rollout lock: ${first.held}` };
  const { id, at: asked } = next.request;
  return { entries: { [GRANT]: formatGrant({ unit: next.unit, id, asked, at: rolling.now.toISOString() }) } };
}

/** Round and round, from the last one that held it: units that are down and let their grant run out must not get every one. */
function before(unit: string, last: Grant | undefined): number {
  return last !== undefined && unitNumber(unit) <= unitNumber(last.unit) ? 1 : 0;
}

/** Whether somebody waits for a lock that has not been granted: only then is it worth looking whether all answer. */
export function wantsTurn({ own, units, shared, now, unit }: Rolling): boolean {
  const bags = new Map([[unit, own], ...units]);
  const present = parseGrant(shared[GRANT]);
  return !(present && holds(present, bags, now)) && [...bags.values()].some((bag) => bag[REQUEST] !== undefined);
}

function holds(grant: Grant, bags: ReadonlyMap<string, Databag>, now: Date): boolean {
  const request = parseRequest(bags.get(grant.unit)?.[REQUEST]);
  return request !== undefined && answers(grant, request) && now.getTime() - Date.parse(grant.at) < LEASE_MS;
}

function answers(grant: Grant, request: Request): boolean {
  return grant.id === request.id && grant.asked === request.at;
}

function formatRequest({ id, at, reason }: Request): string {
  return `{"id": "${id}", "at": "${at}", "reason": ${JSON.stringify(reason)}}`;
}

function formatGrant({ unit, id, asked, at }: Grant): string {
  return `{"unit": "${unit}", "id": "${id}", "asked": "${asked}", "at": "${at}"}`;
}

function parseGrant(written: string | undefined): Grant | undefined {
  return readForeign(written, GRANT_SHAPE);
}

function parseRequest(written: string | undefined): Request | undefined {
  return readForeign(written, REQUEST_SHAPE);
}

function unitNumber(unit: string): number {
  return Number(unit.split('/')[1] ?? 0);
}
