/**
 * Observe, plan, apply; and again, until nothing is left to change. What cannot be changed now is reported and left for the next
 * dispatch. Of disruptive changes it is remembered that they failed: tried at every hook, they would keep the cluster busy for ever.
 */

import { DiskFull } from '../clients/host/errors.ts';
import type { Charm } from '../core/capability.ts';
import { ChangeFailed } from '../core/change-failed.ts';
import { changeIdentity, jointIdentity } from '../core/change-identity.ts';
import type { Clients } from '../core/clients.ts';
import { type Failure, withFailure } from '../core/failures.ts';
import type { Node } from '../core/node.ts';
import type { Report } from '../core/report.ts';
import type { Role } from '../core/role.ts';
import { recallFailures, rememberFailures } from './failure-memory.ts';
import { leaseReport, lockReport, sortDisruptive, stillWanted, workOfAll } from './gate/disruptive.ts';
import { returnLease, tryLease } from './gate/lease.ts';
import { release } from './gate/lock.ts';
import { progressOf, type Seat, turn } from './gate/pool.ts';
import { seatIn } from './gate/rolling.ts';
import { isDisruptive, type Planned } from './planned.ts';
import { type Snapshot, takeSnapshot } from './snapshot.ts';

/** More than the longest way from an empty machine to a settled leader; beyond it two changes undo each other. */
const MOST_ROUNDS = 25;

/** How long a change that is made without the lock may keep failing before somebody has to look. */
const LONGEST_FAILING_MS = 30 * 60_000;

export interface Reconciliation {
  readonly snapshot: Snapshot;
  readonly reports: readonly Report[];
  /** Whether anything was changed at all. */
  readonly changed: boolean;
}

/** What becomes of the changes of one dispatch. */
interface Progress {
  /** Changes that failed in this dispatch, and are left for the next. */
  readonly failed: Map<string, Report>;
  /** Identity of the disruptive changes that were all made while the unit held the lock. */
  made: string | undefined;
}

export async function reconcile(clients: Clients, role: Role, charm: Charm): Promise<Reconciliation> {
  const progress: Progress = { failed: new Map(), made: undefined };
  const { failed } = progress;
  let changed = false;
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const snapshot = await takeSnapshot(clients, role, charm);
    const ordinary = snapshot.changes.filter((change) => !isDisruptive(change) && !failed.has(change.id));
    if (ordinary.length > 0) {
      for (const change of ordinary) {
        const error = await attempt(clients, change);
        if (error !== undefined) failed.set(change.id, reportOf(change, error));
      }
      changed = true;
      continue;
    }
    const disruptive = await takeTurn(clients, snapshot, progress);
    // To ask for the lock changes nothing on the node: there is nothing that would have to settle first.
    if (disruptive === 'asked') continue;
    if (disruptive !== 'again')
      return { snapshot, changed, reports: [...snapshot.reports, ...failed.values(), ...disruptive] };
    changed = true;
  }
  const { changes } = await takeSnapshot(clients, role, charm);
  throw new Error(`the changes do not come to an end: ${changes.map(({ description }) => description).join('; ')}`);
}

/**
 * Failures whose cause may have gone: with another revision of the charm, or another resource, what could not be begun is tried again;
 * when an option changes, what may pass. What harmed the node is not, as long as it is the same change.
 */
export async function forgetOutdatedFailures({ juju }: Clients): Promise<void> {
  const { kind } = juju.event;
  if (kind !== 'upgrade-charm' && kind !== 'config-changed' && kind !== 'start') return;
  const failures = await recallFailures(juju.state);
  const kept = failures.filter(
    (failure) => failure.kind === 'undone' || (kind !== 'upgrade-charm' && failure.kind === 'refused'),
  );
  if (kept.length < failures.length) rememberFailures(juju.state, kept);
}

/** Ends well, or with what went wrong; anything else is a bug and ends the dispatch. @param which of how many nodes this is. */
async function attempt({ juju }: Clients, change: Planned, which = ''): Promise<ChangeFailed | undefined> {
  juju.log.info(change.description);
  if (change.work !== undefined) await juju.setStatus({ status: 'maintenance', message: `${change.work}${which}` });
  try {
    await change.apply();
    return undefined;
  } catch (thrown) {
    const error = thrown instanceof DiskFull ? new ChangeFailed('blocked', thrown.message) : thrown;
    if (!(error instanceof ChangeFailed)) throw error;
    juju.log.warning(`${change.description}: ${error.message}`);
    return error;
  }
}

/** A change that is made without the lock and has failed. One that comes further each time does not fail, however long it takes. */
export function reportOf({ id, wait }: Pick<Planned, 'id' | 'wait'>, { status, progress }: ChangeFailed): Report {
  const key = progress === undefined ? (wait ?? id) : changeIdentity({ id, progress });
  return { ...status, lasts: { key, atMostMs: LONGEST_FAILING_MS } };
}

/** Disruptive changes: at once where nobody else could suffer, on other nodes with the lock. */
async function takeTurn(
  clients: Clients,
  { node, changes: all, whole }: Snapshot,
  progress: Progress,
): Promise<'again' | 'asked' | readonly Report[]> {
  const { juju, host } = clients;
  const { unit } = juju.identity;
  const seat = seatIn(node, unit, host.now());
  const wanted = all.filter(isDisruptive);
  const failures = whole ? stillWanted(node.failures, wanted) : node.failures;
  if (failures.length < node.failures.length) rememberFailures(juju.state, failures);
  const { open, reports } = sortDisruptive(wanted, { unit, seat, failures, now: host.now() });
  const changes = open.filter(({ id }) => !progress.failed.has(id));
  if (changes.length === 0)
    return seat !== undefined && releaseLock(clients, seat, failures, progress.made) ? 'again' : reports;
  const id = jointIdentity(changes.map((change) => change.id));
  const work = { id, changes, failures, progress, seat };
  if (seat === undefined) return makeDisruptive(clients, work, () => true);
  const decision = turn(seat, id, workOfAll(changes));
  switch (decision.kind) {
    case 'ask':
      juju.relations.setUnit(seat.relation, decision.entries);
      return 'asked';
    case 'wait':
      return [...reports, lockReport(seat, decision.holder, changes)];
    case 'granted': {
      const mayBegin = () => turn({ ...seat, now: host.now() }, id, '').kind === 'granted';
      const make = () => makeDisruptive(clients, work, mayBegin);
      // Actions that disturb others are those of control planes.
      if (seat.among === 'workers') return make();
      const busy = await whileOthersWait(clients, node, make);
      return busy === undefined ? 'again' : [...reports, leaseReport(busy.holder, busy.until, changes)];
    }
  }
}

/** Whether there was one. A leader grants the next in this same dispatch: nothing else would wake it. */
function releaseLock(
  { juju }: Clients,
  { own, relation, done }: Seat,
  failures: readonly Failure[],
  made: string | undefined,
): boolean {
  // Without others whose progress is seen there is no rollout that anybody could follow.
  const released = release(own, failures, done.length === 0 ? undefined : made);
  if (Object.keys(released).length === 0) return false;
  juju.relations.setUnit(relation, released);
  return true;
}

/** Requests know nothing of actions, which nobody can ask to wait for the leader. @returns the unit whose action goes on. */
async function whileOthersWait(
  clients: Clients,
  { peers }: Node,
  work: () => Promise<unknown>,
): Promise<{ readonly holder: string; readonly until: Date } | undefined> {
  const { unit, application } = clients.juju.identity;
  const isOurs = (holder: string) => holder.startsWith(`${application}/`) && holder !== unit;
  const busy = await tryLease(clients, (holder) => isOurs(holder) && peers?.units.has(holder) === false);
  if (busy !== undefined) return busy;
  try {
    await work();
  } finally {
    await returnLease(clients);
  }
  return undefined;
}

interface Work {
  /** Of the changes together. */
  readonly id: string;
  readonly changes: readonly Planned[];
  readonly failures: readonly Failure[];
  readonly progress: Progress;
  readonly seat: Seat | undefined;
}

/** One after the other, as long as the grant lasts; for what is left the lock is asked for again. */
async function makeDisruptive(
  clients: Clients,
  { id, changes, failures, progress, seat }: Work,
  mayBegin: () => boolean,
): Promise<'again'> {
  const which = seat === undefined ? '' : position(seat, id);
  for (const change of changes) {
    if (!mayBegin()) return 'again';
    const error = await attempt(clients, change, which);
    if (error === undefined) continue;
    progress.made = undefined;
    const failed = {
      kind: error.kind,
      reason: error.message,
      ...(error.kind === 'passing' ? { blocks: error.status.status === 'blocked' } : {}),
    };
    rememberFailures(clients.juju.state, withFailure(failures, change, failed, clients.host.now()));
    return 'again';
  }
  progress.made = id;
  return 'again';
}

function position(seat: Seat, id: string): string {
  const { number, of } = progressOf(seat, id);
  return of === 1 ? '' : `, ${number} of ${of}`;
}
