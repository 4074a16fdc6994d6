/**
 * The rollout lock of the workers: a few of them at a time restart services, over all worker applications of the cluster. A worker asks in its
 * unit databag of `cluster`, and the control plane's leader grants in the application databag of each `k8s-cluster` relation
 * (`pool.ts` has the rules). A worker reads nothing of other workers, so the leader tells all of them who holds the lock, and what has failed where.
 *
 * A control plane that grants always has a list of grants there, if an empty one. One that has none (the Python charm, an earlier revision) would
 * never answer: its workers ask for nothing.
 */

import type { Databag } from '../../clients/juju/juju.ts';
import { LARGE_BOUNDS, readForeign } from '../../core/foreign-json.ts';
import { oneLine } from '../../core/printable.ts';
import type { RelationFacts } from '../../core/relation-facts.ts';
import { fitting, line, object, or, type Shape } from '../../core/shapes.ts';
import {
  type Assignment,
  assign,
  CHANGE_ID,
  type Entries,
  FAILURE,
  type FailedThere,
  failuresOf,
  GRANT_MEMBERS,
  type Grant,
  isOnTime,
  LONGEST_REASON,
  type Pool,
  type Seat,
  UNIT,
  wantsGrant,
  workOf,
} from './pool.ts';

/** In the application databag of the control plane, a list: grants of workers, and that of a control-plane node for which they wait. */
export const GRANTS = 'rolling-grants';
/** The same for what has failed for good on workers. */
export const FAILURES = 'rolling-failures';
/** Why no worker gets the lock. */
export const HELD = 'rolling-held';

/** So that what is told fits into a databag that each worker reads. */
export const MOST_SLOTS = 500;
/** What one worker says must not leave no room for what others say. */
const MOST_FAILURES_OF_ONE = 8;
const MOST_FAILURES = 256;
const LONGEST_HELD = 300;

interface WorkerGrant extends Grant {
  /** In the words of the request that was granted: a worker that changes them wakes nobody. */
  readonly work: string;
}

const WORK = or(line(LONGEST_REASON), '');
const GRANTS_SHAPE: Shape<readonly WorkerGrant[]> = fitting(object({ ...GRANT_MEMBERS, work: WORK }), MOST_SLOTS + 1);
const FAILURES_SHAPE: Shape<readonly FailedThere[]> = fitting(
  object({ unit: UNIT, id: CHANGE_ID, reason: WORK }),
  MOST_FAILURES,
);

/** As a worker sees it; undefined where the control plane grants nothing. */
export function workerSeat({ id, own, shared }: RelationFacts, unit: string, now: Date): Seat | undefined {
  if (!shared[GRANTS]) return undefined;
  const grants = grantsIn(shared);
  return {
    among: 'workers',
    relation: id,
    unit,
    own,
    now,
    alone: false,
    grants,
    holders: grants
      .filter((grant) => isOnTime(grant, now))
      .sort((one, other) => Date.parse(one.at) - Date.parse(other.at))
      .map((grant) => ({ unit: grant.unit, since: new Date(grant.at), work: grant.work })),
    failed: (readForeign(shared[FAILURES], FAILURES_SHAPE, LARGE_BOUNDS) ?? []).filter((one) => one.unit !== unit),
    done: [],
    held: shared[HELD] && oneLine(shared[HELD], LONGEST_HELD),
  };
}

/** Whether a worker holds the lock, as the control plane's databag has it. */
export function isWorkerAtWork({ shared, units }: RelationFacts): boolean {
  return grantsIn(shared).some(({ unit }) => units.has(unit));
}

export interface Workers {
  /** All relations with workers. */
  readonly relations: readonly RelationFacts[];
  readonly slots: number;
  readonly now: Date;
}

export interface WorkerGranting {
  /** What the application databag of each relation has to say, by the relation's id. */
  readonly entries: ReadonlyMap<string, Entries>;
  readonly held: Assignment['held'];
  /** Who has had the lock longest while another worker waits for it. */
  readonly behind: { readonly holder: Grant; readonly waiting: string } | undefined;
}

/** Whether a worker waits for a slot that is free. */
export function workersWant(workers: Workers): boolean {
  return wantsGrant(poolOf(workers));
}

/**
 * The leader's part.
 * @param controlPlane grant of the control-plane node that holds the control plane's lock: no worker gets one then.
 * @param trouble why no worker may get one for another reason.
 */
export function grantWorkers(
  workers: Workers,
  controlPlane: WorkerGrant | undefined,
  trouble: string | undefined,
): WorkerGranting {
  const pool = poolOf(workers);
  const { grants, waiting, held } = assign(controlPlane === undefined ? pool : { ...pool, slots: 0 }, () => trouble);
  const worded = grants.map((grant) =>
    'work' in grant ? grant : { ...grant, work: workOf(pool.bags.get(grant.unit)) },
  );
  const [next] = waiting;
  const told = next !== undefined && controlPlane !== undefined ? [...worded, controlPlane] : worded;
  const entries = {
    [GRANTS]: formatGrants(told),
    [FAILURES]: formatFailures(workers.relations),
    [HELD]: held?.why,
  };
  const [holder] = grants;
  return {
    entries: new Map(workers.relations.map(({ id, shared }) => [id, changed(shared, entries)])),
    held,
    behind: holder && next !== undefined ? { holder, waiting: next } : undefined,
  };
}

function poolOf({ relations, slots, now }: Workers): Pool & { readonly grants: readonly WorkerGrant[] } {
  return {
    bags: new Map(relations.flatMap(({ units }) => [...units])),
    // Each relation has the grants of all; its own units are those that count.
    grants: relations
      .flatMap(({ units, shared }) => grantsIn(shared).filter(({ unit }) => units.has(unit)))
      .sort((one, other) => Date.parse(one.at) - Date.parse(other.at)),
    slots: Math.min(slots, MOST_SLOTS),
    now,
  };
}

function changed(shared: Databag, entries: Entries): Entries {
  return Object.fromEntries(Object.entries(entries).filter(([key, value]) => (shared[key] ?? '') !== (value ?? '')));
}

function grantsIn(shared: Databag): readonly WorkerGrant[] {
  return readForeign(shared[GRANTS], GRANTS_SHAPE, LARGE_BOUNDS) ?? [];
}

function formatGrants(grants: readonly WorkerGrant[]): string {
  const items = grants.map(
    ({ unit, id, asked, at, work }) =>
      `{"unit": "${unit}", "id": "${id}", "asked": "${asked}", "at": "${at}", "work": ${JSON.stringify(work)}}`,
  );
  return `[${items.join(', ')}]`;
}

function formatFailures(relations: readonly RelationFacts[]): string | undefined {
  const failures = relations.flatMap(({ units }) =>
    [...units].flatMap(([unit, bag]) =>
      bag[FAILURE] === undefined ? [] : failuresOf(unit, bag).slice(0, MOST_FAILURES_OF_ONE),
    ),
  );
  const items = failures
    .slice(0, MOST_FAILURES)
    .map(
      ({ unit, id, reason }) =>
        `{"unit": "${unit}", "id": "${id}", "reason": ${JSON.stringify(oneLine(reason, LONGEST_REASON))}}`,
    );
  return items.length === 0 ? undefined : `[${items.join(', ')}]`;
}
