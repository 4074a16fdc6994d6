/**
 * The rollout lock of the control plane: disruptive changes on control-plane nodes happen on one unit at a time, so that the API stays up.
 *
 * A unit that needs the lock writes a request into its databag of the peer relation; the leader writes a grant for one of them
 * into the application databag; the unit makes its change and takes the request back, whereupon the leader takes back the
 * grant (`pool.ts` has the rules).
 *
 * A change that failed for good is not tried again on its unit, and not on the others either while that unit says so: what broke one
 * API server would break the next. It is forgotten as soon as it is no longer wanted.
 */

import type { Databag } from '../../clients/juju/juju.ts';
import { type Failure, lastingFailures } from '../../core/failures.ts';
import { readForeign } from '../../core/foreign-json.ts';
import { object, type Shape } from '../../core/shapes.ts';
import {
  assign,
  type Entries,
  FAILURE,
  failuresOf,
  GRANT_MEMBERS,
  type Grant,
  type Holder,
  holds,
  type Pool,
  REQUEST,
  type Seat,
  wantsGrant,
  workOf,
} from './pool.ts';

/** In the application databag of the peer relation. */
export const GRANT = 'rolling-grant';
/** In the unit's: identity of the changes that it has made last while it held the lock; for counting how far a rollout is. */
export const DONE = 'rollout-done';

const GRANT_SHAPE: Shape<Grant> = object(GRANT_MEMBERS);

export interface Rolling {
  readonly relation: string;
  readonly unit: string;
  readonly leader: boolean;
  /** Our unit databag, with what is already pending. */
  readonly own: Databag;
  /** Databags of the other control planes. */
  readonly units: ReadonlyMap<string, Databag>;
  readonly shared: Databag;
  readonly now: Date;
}

/** As the unit sees it. */
export function seatOf(rolling: Rolling): Seat {
  const { relation, unit, own, units, now } = rolling;
  const holder = holderOf(rolling);
  return {
    among: 'control planes',
    relation,
    unit,
    own,
    now,
    alone: units.size === 0,
    grants: grantsOf(rolling),
    holders: holder === undefined ? [] : [holder],
    failed: [...units].flatMap(([name, bag]) => failuresOf(name, bag)),
    done: [...units.values()].map((bag) => bag[DONE]),
    held: undefined,
  };
}

/** Who holds the lock, as far as it has not ended. */
export function holderOf(rolling: Rolling): Holder | undefined {
  const grant = standingGrant(rolling);
  return grant && { unit: grant.unit, since: new Date(grant.at), work: grant.work };
}

/** The grant that has not ended, with what its unit is about to do. */
export function standingGrant(rolling: Rolling): (Grant & { readonly work: string }) | undefined {
  const { bags, grants, now } = poolOf(rolling);
  const grant = grants.find((one) => holds(one, bags, now));
  return grant && { ...grant, work: workOf(bags.get(grant.unit)) };
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
 * The leader's part. Nobody gets the lock while a control-plane node other than the one that asks does not answer, or while one is joining:
 * `trouble` says so.
 */
export function grantTurns(rolling: Rolling, trouble: (unit: string) => string | undefined): Granting {
  const pool = poolOf(rolling);
  const [present] = pool.grants;
  const { grants, held } = assign(pool, trouble);
  const [next] = grants;
  const told = held === undefined ? {} : { held: heldText(held) };
  if (next !== undefined) return { entries: next === present ? {} : { [GRANT]: formatGrant(next) }, ...told };
  return { entries: present === undefined ? {} : { [GRANT]: undefined }, ...told };
}

export function heldText({ unit, why }: { readonly unit: string; readonly why: string }): string {
  return `${unit} waits for the rollout lock: ${why}`;
}

/** Whether somebody waits for a lock that has not been granted: only then is it worth looking whether all answer. */
export function wantsTurn(rolling: Rolling): boolean {
  return wantsGrant(poolOf(rolling));
}

function poolOf(rolling: Rolling): Pool {
  const { unit, own, units, now } = rolling;
  return { bags: new Map([[unit, own], ...units]), grants: grantsOf(rolling), slots: 1, now };
}

function grantsOf({ shared }: Rolling): readonly Grant[] {
  const grant = readForeign(shared[GRANT], GRANT_SHAPE);
  return grant === undefined ? [] : [grant];
}

function formatGrant({ unit, id, asked, at }: Grant): string {
  return `{"unit": "${unit}", "id": "${id}", "asked": "${asked}", "at": "${at}"}`;
}
