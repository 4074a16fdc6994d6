/** The capability: the leader grants the rollout locks, and a unit releases what an interrupted action has kept. */

import type { Capability, Plan, PlannedChange } from '../../core/capability.ts';
import { changeIdentity } from '../../core/change-identity.ts';
import type { Clients } from '../../core/clients.ts';
import { formatMinute } from '../../core/minute.ts';
import type { Node } from '../../core/node.ts';
import type { RelationFacts } from '../../core/relation-facts.ts';
import type { Report } from '../../core/report.ts';
import { keepsLease, returnLease } from './lease.ts';
import { GRANT, grantTurns, heldText, type Rolling, standingGrant, wantsTurn } from './lock.ts';
import { type Parallelism, readParallelism, slotsFor } from './options.ts';
import type { Entries } from './pool.ts';
import { rollingOf } from './rolling.ts';
import { API_PORT, silentMembers } from './silent.ts';
import { GRANTS, grantWorkers, type WorkerGranting, type Workers, workersWant } from './worker-lock.ts';

const API_MS = 3_000;
const LONGEST_HELD_MS = 60 * 60_000;
/** Longer than a change takes that goes well: a snap of a slow store. */
const LONG_AT_WORK_MS = 20 * 60_000;
const HELD_WAY = 'repair that unit, or remove it if it does not come back';

interface LockFacts {
  /** Of the leader, who grants the lock. */
  readonly rolling: Rolling | undefined;
  readonly workers: Workers;
  readonly relation: string;
  readonly joining: string | undefined;
  /** Other members whose API server accepts no connection; asked only when somebody waits for the lock. */
  readonly silent: readonly string[];
  /** The same of the leader's own; asked only when a worker waits. */
  readonly silentHere: boolean;
  /** An action of this unit took the lock in the cluster's own API and did not live to release it. */
  readonly kept: boolean;
}

type Change =
  | { readonly kind: 'grant'; readonly relation: string; readonly entries: Entries }
  | { readonly kind: 'return-lease' };

export const rolloutLock: Capability<LockFacts, Change, Parallelism> = {
  name: 'rollout lock',
  roles: ['control-plane'],
  options: async (raw) => readParallelism(raw),
  observe,
  plan: (facts) => {
    const others = facts.kept ? [RETURN] : [];
    const { changes, reports } = facts.rolling === undefined ? NOTHING : planGrants(facts.rolling, facts);
    return { changes: [...changes, ...others], reports, contributions: [] };
  },
  async apply(clients, _, change) {
    if (change.kind === 'return-lease') await returnLease(clients);
    else clients.juju.relations.setApplication(change.relation, change.entries);
  },
};

type Granted = Pick<Plan<Change>, 'changes' | 'reports'>;

const NOTHING: Granted = { changes: [], reports: [] };

const RETURN: PlannedChange<Change> = {
  change: { kind: 'return-lease' },
  id: changeIdentity({ domain: 'charm', kind: 'return-lease' }),
  description: 'release the rollout lock that an interrupted action has kept',
  disruption: 'none',
};

async function observe(clients: Clients, node: Node, parallelism: Parallelism): Promise<LockFacts | undefined> {
  const { juju, host } = clients;
  if (node.leaving || node.problems.length > 0) return undefined;
  const now = host.now();
  const rolling = node.leader ? rollingOf(node, juju.identity.unit, now) : undefined;
  const workers = {
    relations: node.workers,
    now,
    get slots() {
      return slotsFor(parallelism, node.registered.nodes.size);
    },
  };
  const workerWaits = rolling !== undefined && workersWant(workers);
  const looks = rolling !== undefined && (workerWaits || wantsTurn(rolling));
  const { address } = node;
  return {
    rolling,
    workers,
    relation: node.peers?.id ?? '',
    joining: node.joining,
    silent: looks ? await silentMembers(clients, node, API_MS) : [],
    silentHere: workerWaits && address !== undefined && !(await host.accepts(address, API_PORT, API_MS)),
    kept: node.member !== undefined && (await keepsLease(host.files)),
  };
}

function planGrants(rolling: Rolling, { workers, relation, joining, silent, silentHere }: LockFacts): Granted {
  const trouble = (deaf: readonly string[]) => {
    if (joining !== undefined) return `${joining} is joining`;
    return deaf.length === 0 ? undefined : `the API server of ${deaf.join(', ')} does not answer`;
  };
  // One that is down itself has nothing to lose, and its change may be what mends it.
  const { entries, held } = grantTurns(rolling, (asker) => trouble(silent.includes(asker) ? [] : silent));
  const after = { ...rolling, shared: { ...rolling.shared, ...withoutGaps(entries) } };
  const given = grantWorkers(workers, standingGrant(after), trouble(silentHere ? [rolling.unit, ...silent] : silent));
  return {
    changes: [
      ...planEntries(rolling.shared, relation, entries),
      ...workers.relations.flatMap(({ id, shared }) => planEntries(shared, id, given.entries.get(id) ?? {})),
    ],
    reports: [...(held === undefined ? [] : [heldUp(held, 'rollout-lock')]), ...workerReports(given, workers.now)],
  };
}

/** A key that is to go is empty for those who read it. */
function withoutGaps(entries: Entries): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(entries).map(([key, value]) => [key, value ?? '']));
}

function planEntries(
  shared: RelationFacts['shared'],
  relation: string,
  entries: Entries,
): readonly PlannedChange<Change>[] {
  if (Object.entries(entries).every(([key, value]) => (shared[key] ?? '') === (value ?? ''))) return [];
  return [
    {
      change: { kind: 'grant', relation, entries },
      id: changeIdentity({ domain: 'gate', kind: 'grant', entries }),
      description: describe(entries, relation),
      disruption: 'none',
    },
  ];
}

function describe(entries: Entries, relation: string): string {
  if (GRANT in entries)
    return entries[GRANT] ? 'grant the rollout lock to the next unit' : 'take back the rollout lock';
  return GRANTS in entries
    ? `tell the workers of ${relation} who of them holds the rollout lock`
    : `tell the workers of ${relation} what they wait for`;
}

/** A unit that is down, or that does not get into the cluster, holds up every change of the others for as long. */
function heldUp(why: string, key: string): Report {
  return { status: 'waiting', message: why, lasts: { key, atMostMs: LONGEST_HELD_MS, way: HELD_WAY } };
}

function workerReports({ held, behind }: WorkerGranting, now: Date): readonly Report[] {
  const key = 'worker-rollout-lock';
  if (held !== undefined) return [heldUp(heldText(held), key)];
  if (behind === undefined || now.getTime() - Date.parse(behind.holder.at) < LONG_AT_WORK_MS) return [];
  const { unit, at } = behind.holder;
  const since = formatMinute(new Date(at));
  return [heldUp(`${behind.waiting} waits for the rollout lock: ${unit} has held it since ${since}`, key)];
}
