/**
 * A lock with one or more slots that a leader grants to units: requests in their databags, grants in that of the application. All of it lives
 * there, so it survives the loss of any unit and of the leader. A grant ends when its unit takes the request back or asks for something
 * else, when the unit is gone (it is no longer on the relation), or when it does not come back in time (a grant is a lease).
 */

import type { Databag } from '../../clients/juju/juju.ts';
import { type Identified, isOf, parseFailures } from '../../core/failures.ts';
import { readForeign } from '../../core/foreign-json.ts';
import { line, object, or, type Shape, text, timestamp } from '../../core/shapes.ts';

export type Entries = Readonly<Record<string, string | undefined>>;

/** Of a unit's databag, on the relation that the lock is on. */
export const REQUEST = 'rolling-request';
export const FAILURE = 'rolling-failure';

/** Of a change: it goes into JSON as it stands, so it has no quotation marks. */
export const CHANGE_ID = text(64, /^[\w.-]+$/);
/** The same of a unit. */
export const UNIT = text(200, /^[a-z][a-z0-9-]*\/\d+$/);

/** Of what another unit says about its work. */
export const LONGEST_REASON = 200;

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

export const GRANT_MEMBERS = { unit: UNIT, id: CHANGE_ID, asked: timestamp, at: timestamp };
const REQUEST_SHAPE: Shape<Request> = object({ id: CHANGE_ID, at: timestamp, reason: or(line(LONGEST_REASON), '') });

export interface Holder {
  readonly unit: string;
  readonly since: Date;
  /** What it does, in its words; empty when it does not say. */
  readonly work: string;
}

/** A change that has failed for good on another unit. */
export interface FailedThere {
  readonly unit: string;
  readonly id: string;
  readonly reason: string;
}

/** The lock as one of its units sees it. */
export interface Seat {
  readonly among: 'control planes' | 'workers';
  /** That the lock is on. */
  readonly relation: string;
  readonly unit: string;
  /** Our unit databag on it, with what is already pending. */
  readonly own: Databag;
  readonly now: Date;
  /** Nobody else could suffer: nobody has to be asked. */
  readonly alone: boolean;
  readonly grants: readonly Grant[];
  /** Whose grants have not ended, the longest first; the unit itself may be among them. */
  readonly holders: readonly Holder[];
  readonly failed: readonly FailedThere[];
  /** Of each other unit that tells it: identity of the changes that it has made last while it held the lock. */
  readonly done: readonly (string | undefined)[];
  /** Why nobody gets the lock now, as far as that is told. */
  readonly held: string | undefined;
}

export type Turn =
  /** Go ahead. */
  | { readonly kind: 'granted' }
  /** Ask for the lock with these entries in the unit databag. */
  | { readonly kind: 'ask'; readonly entries: Entries }
  /** It was asked for; somebody else holds it, or the leader has not answered. */
  | { readonly kind: 'wait'; readonly holder: Holder | undefined };

/**
 * Whether this unit may make the set of disruptive changes of that id now.
 * @param reason what it is about to do, for the statuses of the others.
 */
export function turn({ alone, grants, unit, own, now, holders }: Seat, id: string, reason: string): Turn {
  if (alone) return { kind: 'granted' };
  const asked = parseRequest(own[REQUEST]);
  if (asked?.id !== id)
    return { kind: 'ask', entries: { [REQUEST]: formatRequest({ id, reason, at: now.toISOString() }) } };
  const ours = grants.find((grant) => grant.unit === unit && answers(grant, asked));
  if (ours && now.getTime() - Date.parse(ours.at) < LATEST_START_MS) return { kind: 'granted' };
  return { kind: 'wait', holder: ours ? undefined : holders.find((holder) => holder.unit !== unit) };
}

/** Another unit on which the change has failed for good, with the reason. */
export function failedElsewhere(seat: Pick<Seat, 'failed'> | undefined, change: Identified): FailedThere | undefined {
  return seat?.failed.find((failure) => isOf(change, failure));
}

/** How far the rollout of these changes is when this unit begins with them: `1 of 3`. */
export function progressOf({ done }: Pick<Seat, 'done'>, id: string): { readonly number: number; readonly of: number } {
  return { number: done.filter((made) => made === id).length + 1, of: done.length + 1 };
}

export interface Pool {
  /** Databags of all units that can ask. */
  readonly bags: ReadonlyMap<string, Databag>;
  /** As they were granted, in that order. */
  readonly grants: readonly Grant[];
  readonly slots: number;
  readonly now: Date;
}

export interface Assignment<G extends Grant = Grant> {
  /** Those that go on, and new ones behind them. */
  readonly grants: readonly (G | Grant)[];
  readonly waiting: readonly string[];
  /** Why nobody got a free slot although somebody waits for it. */
  readonly held?: { readonly unit: string; readonly why: string };
}

/**
 * The leader's part: takes back grants that have ended, and gives the next ones, round and round from the last one that had one: units that are
 * down and let their grant run out must not get every one.
 *
 * @param trouble why a unit may have none now.
 */
export function assign<G extends Grant>(
  { bags, grants, slots, now }: Pool & { readonly grants: readonly G[] },
  trouble: (unit: string) => string | undefined,
): Assignment<G> {
  const kept = grants.filter((grant) => holds(grant, bags, now));
  const last = grants.reduce<Grant | undefined>(
    (latest, one) => (latest && latest.at > one.at ? latest : one),
    undefined,
  );
  const holding = new Set(kept.map(({ unit }) => unit));
  const waiting = [...bags]
    .flatMap(([unit, bag]) => {
      const request = holding.has(unit) ? undefined : parseRequest(bag[REQUEST]);
      return request ? [{ unit, request }] : [];
    })
    .sort((a, b) => before(a.unit, last) - before(b.unit, last) || compareUnits(a.unit, b.unit));
  const given: Grant[] = [];
  const left: string[] = [];
  let held: Assignment['held'];
  for (const { unit, request } of waiting) {
    const free = kept.length + given.length < slots;
    const why = free ? trouble(unit) : undefined;
    if (free && why === undefined) given.push({ unit, id: request.id, asked: request.at, at: now.toISOString() });
    else left.push(unit);
    if (why !== undefined) held ??= { unit, why };
  }
  return {
    grants: [...kept, ...given],
    waiting: left,
    ...(held === undefined || given.length > 0 ? {} : { held }),
  };
}

/** Whether somebody waits for a slot that is free: only then is it worth looking whether all answer. */
export function wantsGrant({ bags, grants, slots, now }: Pool): boolean {
  const holding = new Set(grants.filter((grant) => holds(grant, bags, now)).map(({ unit }) => unit));
  return holding.size < slots && [...bags].some(([unit, bag]) => bag[REQUEST] !== undefined && !holding.has(unit));
}

export function holds(grant: Grant, bags: ReadonlyMap<string, Databag>, now: Date): boolean {
  const request = parseRequest(bags.get(grant.unit)?.[REQUEST]);
  return request !== undefined && answers(grant, request) && isOnTime(grant, now);
}

/** Within its lease. */
export function isOnTime({ at }: Grant, now: Date): boolean {
  return now.getTime() - Date.parse(at) < LEASE_MS;
}

/** What a unit says that has failed on it for good. */
export function failuresOf(unit: string, bag: Databag): readonly FailedThere[] {
  return parseFailures(bag[FAILURE]).map(({ id, reason }) => ({ unit, id, reason }));
}

/** What the unit says that it is about to do; empty when it does not say. */
export function workOf(bag: Databag | undefined): string {
  return parseRequest(bag?.[REQUEST])?.reason ?? '';
}

function answers(grant: Grant, request: Request): boolean {
  return grant.id === request.id && grant.asked === request.at;
}

function before(unit: string, last: Grant | undefined): number {
  return last !== undefined && compareUnits(unit, last.unit) <= 0 ? 1 : 0;
}

/** `k8s/2` before `k8s/10`. */
export function compareUnits(one: string, other: string): number {
  const [[name, number], [otherName, otherNumber]] = [parts(one), parts(other)];
  return name === otherName ? number - otherNumber : name < otherName ? -1 : 1;
}

function parts(unit: string): readonly [string, number] {
  const [application = '', number] = unit.split('/');
  return [application, Number(number ?? 0)];
}

function formatRequest({ id, at, reason }: Request): string {
  return `{"id": "${id}", "at": "${at}", "reason": ${JSON.stringify(reason)}}`;
}

function parseRequest(written: string | undefined): Request | undefined {
  return readForeign(written, REQUEST_SHAPE);
}
