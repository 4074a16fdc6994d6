/**
 * Look, plan, change; and again, until nothing is left to change. What cannot be changed now is reported and left for the next
 * dispatch. Of disruptive changes it is remembered that they failed: tried at every hook, they would keep the cluster busy for ever.
 */

import { RefreshFailed } from '../certificates/index.ts';
import {
  ChangeFailed,
  ChangeRefused,
  ChangeUndone,
  type ControlPlaneFacts,
  JOINED,
  progressOf,
  type Rolling,
  recallFailures,
  release,
  rememberFailures,
  rollingOf,
  turn,
} from '../cluster/index.ts';
import { changeIdentity, jointIdentity } from '../core/change-identity.ts';
import { type Failure, withFailure } from '../core/failures.ts';
import type { Report } from '../core/report.ts';
import { EncryptionFailed, RemedyFailed } from '../hardening/index.ts';
import { DiskFull } from '../host/errors.ts';
import { leaseReport, lockReport, sortDisruptive, stillWanted, workOfAll } from './disruptive.ts';
import type { Doors } from './doors.ts';
import { returnLease, tryLease } from './lease.ts';
import type { PlannedChange } from './planned-change.ts';
import type { Role } from './role.ts';
import { look, type View } from './view.ts';

/** More than the longest way from an empty machine to a settled leader; beyond it two changes undo each other. */
const MOST_ROUNDS = 25;

/** How long a change that is made without the lock may keep failing before somebody has to look. */
const LONGEST_FAILING_MS = 30 * 60_000;

export interface Reconciliation {
  readonly view: View;
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

export async function reconcile(doors: Doors, role: Role): Promise<Reconciliation> {
  const progress: Progress = { failed: new Map(), made: undefined };
  const { failed } = progress;
  let changed = false;
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const view = await look(doors, role);
    const ordinary = view.changes.filter(({ id, disruptive }) => !disruptive && !failed.has(id));
    if (ordinary.length > 0) {
      for (const change of ordinary) {
        const error = await attempt(doors, change);
        if (error !== undefined) failed.set(change.id, reportOf(change, error));
      }
      changed = true;
      continue;
    }
    const disruptive = await takeTurn(doors, view, progress);
    // To ask for the lock changes nothing on the node: there is nothing that would have to settle first.
    if (disruptive === 'asked') continue;
    if (disruptive !== 'again') return { view, changed, reports: [...view.reports, ...failed.values(), ...disruptive] };
    changed = true;
  }
  throw new Error(
    `the changes do not come to an end: ${(await look(doors, role)).changes.map(({ description }) => description).join('; ')}`,
  );
}

/**
 * Failures whose cause may have gone: with another revision of the charm, or another resource, what could not be begun is tried again;
 * when an option changes, what may pass. What harmed the node is not, as long as it is the same change.
 */
export async function forgetOutdatedFailures({ juju }: Doors): Promise<void> {
  const { kind } = juju.event;
  if (kind !== 'upgrade-charm' && kind !== 'config-changed' && kind !== 'start') return;
  const failures = await recallFailures(juju.state);
  const kept = failures.filter(
    (failure) => failure.kind === 'undone' || (kind !== 'upgrade-charm' && failure.kind === 'refused'),
  );
  if (kept.length < failures.length) rememberFailures(juju.state, kept);
}

type ReconcileFailure = ChangeFailed | RefreshFailed | RemedyFailed | EncryptionFailed;

/** Ends well, or with what went wrong; anything else is a bug and ends the dispatch. @param which of how many nodes this is. */
async function attempt({ juju }: Doors, change: PlannedChange, which = ''): Promise<ReconcileFailure | undefined> {
  juju.log.info(change.description);
  if (change.work !== undefined) await juju.setStatus({ status: 'maintenance', message: `${change.work}${which}` });
  try {
    await change.apply();
    return undefined;
  } catch (thrown) {
    const error = thrown instanceof DiskFull ? new ChangeFailed('blocked', thrown.message) : thrown;
    if (!isFailure(error)) throw error;
    juju.log.warning(`${change.description}: ${error.message}`);
    return error;
  }
}

function isFailure(error: unknown): error is ReconcileFailure {
  return [ChangeFailed, RefreshFailed, RemedyFailed, EncryptionFailed].some((kind) => error instanceof kind);
}

/** A change that is made without the lock and has failed. One that comes further each time does not fail, however long it takes. */
export function reportOf({ id, wait }: Pick<PlannedChange, 'id' | 'wait'>, error: ReconcileFailure): Report {
  const progress = error instanceof EncryptionFailed ? error.progress : undefined;
  const key = progress === undefined ? (wait ?? id) : changeIdentity({ id, progress });
  return { ...error.status, lasts: { key, atMostMs: LONGEST_FAILING_MS } };
}

/** The members among which the unit takes turns; undefined where nobody else could suffer. */
export function sharedWith({ cluster }: View): ControlPlaneFacts | undefined {
  return cluster.role === 'control-plane' && isMember(cluster) ? cluster : undefined;
}

/** Disruptive changes: at once where nobody else could suffer, on control-plane nodes of a larger cluster with the lock. */
async function takeTurn(doors: Doors, view: View, progress: Progress): Promise<'again' | 'asked' | readonly Report[]> {
  const { cluster } = view;
  const { unit } = doors.juju.identity;
  const shared = sharedWith(view);
  const rolling = shared && rollingOf(shared);
  const wanted = view.changes.filter(({ disruptive }) => disruptive);
  const failures = isWhole(view) ? stillWanted(cluster.memory.failures, wanted) : cluster.memory.failures;
  if (failures.length < cluster.memory.failures.length) rememberFailures(doors.juju.state, failures);
  const { open, reports } = sortDisruptive(wanted, { unit, rolling, failures, now: doors.host.now() });
  const changes = open.filter(({ id }) => !progress.failed.has(id));
  if (changes.length === 0) return shared && giveTurnBack(doors, shared, failures, progress.made) ? 'again' : reports;
  const id = jointIdentity(changes.map((change) => change.id));
  const decision = rolling ? turn(rolling, id, workOfAll(changes)) : ({ kind: 'granted' } as const);
  switch (decision.kind) {
    case 'ask':
      doors.juju.relations.setUnit(shared?.peers.id ?? '', decision.entries);
      return 'asked';
    case 'wait':
      return [...reports, lockReport(decision.holder, changes)];
    case 'granted': {
      const work = { id, changes, failures, progress, rolling };
      if (rolling === undefined) return makeDisruptive(doors, work, () => true);
      const mayBegin = () => turn({ ...rolling, now: doors.host.now() }, id, '').kind === 'granted';
      const busy = await whileOthersWait(doors, shared?.peers.units, () => makeDisruptive(doors, work, mayBegin));
      return busy === undefined ? 'again' : [...reports, leaseReport(busy.holder, busy.until, changes)];
    }
  }
}

/** Whether there was one. A leader grants the next in this same dispatch: nothing else would wake it. */
function giveTurnBack(
  { juju }: Doors,
  { peers }: ControlPlaneFacts,
  failures: readonly Failure[],
  made: string | undefined,
): boolean {
  // Who is alone has no rollout that anybody could follow.
  const released = release(peers.own, failures, peers.units.size === 0 ? undefined : made);
  if (Object.keys(released).length === 0) return false;
  juju.relations.setUnit(peers.id, released);
  return true;
}

/** Requests know nothing of actions, which nobody can ask to wait for the leader. @returns the unit whose action goes on. */
async function whileOthersWait(
  doors: Doors,
  peers: ReadonlyMap<string, unknown> | undefined,
  work: () => Promise<unknown>,
): Promise<{ readonly holder: string; readonly until: Date } | undefined> {
  const { unit, application } = doors.juju.identity;
  const isOurs = (holder: string) => holder.startsWith(`${application}/`) && holder !== unit;
  const busy = await tryLease(doors, (holder) => isOurs(holder) && peers?.has(holder) === false);
  if (busy !== undefined) return busy;
  try {
    await work();
  } finally {
    await returnLease(doors);
  }
  return undefined;
}

interface Work {
  /** Of the changes together. */
  readonly id: string;
  readonly changes: readonly PlannedChange[];
  readonly failures: readonly Failure[];
  readonly progress: Progress;
  readonly rolling: Rolling | undefined;
}

/** One after the other, as long as the grant lasts; for what is left the lock is asked for again. */
async function makeDisruptive(
  doors: Doors,
  { id, changes, failures, progress, rolling }: Work,
  mayBegin: () => boolean,
): Promise<'again'> {
  const which = rolling === undefined ? '' : position(rolling, id);
  for (const change of changes) {
    if (!mayBegin()) return 'again';
    const error = await attempt(doors, change, which);
    if (error === undefined) continue;
    progress.made = undefined;
    rememberFailures(
      doors.juju.state,
      withFailure(failures, change, { ...kindOf(error), reason: error.message }, doors.host.now()),
    );
    return 'again';
  }
  progress.made = id;
  return 'again';
}

function position(rolling: Rolling, id: string): string {
  const { number, of } = progressOf(rolling, id);
  return of === 1 ? '' : `, ${number} of ${of}`;
}

function kindOf(error: ReconcileFailure): Pick<Failure, 'kind' | 'blocks'> {
  if (error instanceof ChangeUndone || (error instanceof RefreshFailed && error.undone)) return { kind: 'undone' };
  if (error instanceof ChangeRefused) return { kind: 'refused' };
  return { kind: 'passing', blocks: error.status.status === 'blocked' };
}

/** Also while its k8sd waits for the others' upgrade: they wait for the lock that this unit has to release. */
function isMember({ node, peers }: ControlPlaneFacts): boolean {
  return node !== undefined || (peers.id !== '' && peers.own[JOINED] !== undefined);
}

/**
 * Whether the plan holds all that is wanted of a member. It is cut short while k8sd starts, an option is refused, or arguments wait for what
 * they name (a file that cannot be written, a key): what has failed is no less wanted then.
 */
export function isWhole({ identity, cluster: { hardened } }: ViewOfWhole): boolean {
  return identity !== undefined && hardened.ready && (hardened.awaits ?? []).length === 0;
}

interface ViewOfWhole extends Pick<View, 'identity'> {
  readonly cluster: Pick<View['cluster'], 'hardened'>;
}
