/**
 * Look, plan, change; and again, until nothing is left to change. What cannot be changed now is reported and left for the next
 * dispatch; there is no other memory of it.
 */

import { RefreshFailed } from '../certificates/index.ts';
import {
  ChangeFailed,
  ChangeUndone,
  type ControlPlaneFacts,
  changeId,
  JOINED,
  type RollingFailure,
  reasonNotToTry,
  release,
  remember,
  rollingOf,
  turn,
} from '../cluster/index.ts';
import { EncryptionFailed, RemedyFailed } from '../hardening/index.ts';
import { DiskFull } from '../host/errors.ts';
import type { UnitStatus } from '../juju/status.ts';
import type { Doors } from './doors.ts';
import { returnLease, tryLease } from './lease.ts';
import type { PlannedChange } from './planned-change.ts';
import type { Role } from './role.ts';
import { look, type View } from './view.ts';

/** More than the longest way from an empty machine to a settled leader; beyond it two changes undo each other. */
const MOST_ROUNDS = 25;

export interface Reconciliation {
  readonly view: View;
  readonly reports: readonly UnitStatus[];
  /** Whether anything was changed at all. */
  readonly changed: boolean;
}

export async function reconcile(doors: Doors, role: Role): Promise<Reconciliation> {
  const failed = new Map<string, UnitStatus>();
  let changed = false;
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const view = await look(doors, role);
    const ordinary = view.changes.filter(({ description, disruptive }) => !disruptive && !failed.has(description));
    if (ordinary.length > 0) {
      for (const change of ordinary) await attempt(doors, change, failed);
      changed = true;
      continue;
    }
    const disruptive = await takeTurn(doors, view, failed);
    // To ask for a turn changes nothing on the node: there is nothing that would have to settle first.
    if (disruptive === 'asked') continue;
    if (disruptive !== 'again') return { view, changed, reports: [...view.reports, ...failed.values(), ...disruptive] };
    changed = true;
  }
  throw new Error(
    `the changes do not come to an end: ${(await look(doors, role)).changes.map(({ description }) => description).join('; ')}`,
  );
}

/** Ends well, or is noted as failed; anything else is a bug and ends the dispatch. */
async function attempt(
  { juju }: Doors,
  change: PlannedChange,
  failed: Map<string, UnitStatus>,
): Promise<Failure | undefined> {
  juju.log.info(change.description);
  try {
    await change.apply();
    return undefined;
  } catch (thrown) {
    const error = thrown instanceof DiskFull ? new ChangeFailed('blocked', thrown.message) : thrown;
    if (!isFailure(error)) throw error;
    juju.log.warning(`${change.description}: ${error.message}`);
    failed.set(change.description, error.status);
    return error;
  }
}

type Failure = ChangeFailed | RefreshFailed | RemedyFailed | EncryptionFailed;

function isFailure(error: unknown): error is Failure {
  return [ChangeFailed, RefreshFailed, RemedyFailed, EncryptionFailed].some((kind) => error instanceof kind);
}

/** Disruptive changes: at once where nobody else could suffer, on control planes of a larger cluster in turn. */
async function takeTurn(
  doors: Doors,
  view: View,
  failed: Map<string, UnitStatus>,
): Promise<'again' | 'asked' | readonly UnitStatus[]> {
  const { cluster } = view;
  const shared = cluster.role === 'control-plane' && isMember(cluster) ? cluster : undefined;
  const rolling = shared && rollingOf(shared);
  const wanted = view.changes.filter(({ disruptive }) => disruptive);
  const failures = cluster.memory.failures.filter(
    ({ id }) => !isWhole(view) || wanted.some(({ description }) => changeId([description]) === id),
  );
  if (failures.length < cluster.memory.failures.length) rememberFailures(doors, failures);
  const refused = refusals(wanted, rolling, failures);
  const reports: readonly UnitStatus[] = [...new Set(refused.values())].map((message) => ({
    status: 'blocked',
    message,
  }));
  const changes = wanted.filter(({ description }) => !refused.has(description) && !failed.has(description));
  if (changes.length === 0) return shared && giveTurnBack(doors, shared, failures) ? 'again' : reports;
  const descriptions = changes.map(({ description }) => description);
  const reason = descriptions.join('; ').slice(0, 200);
  const decision = rolling ? turn(rolling, changeId(descriptions), reason) : ({ kind: 'granted' } as const);
  switch (decision.kind) {
    case 'ask':
      doors.juju.relations.setUnit(shared?.peers.id ?? '', decision.entries);
      return 'asked';
    case 'wait':
      return [...reports, { status: 'waiting', message: `Waiting for its turn (${decision.reason}) to ${reason}` }];
    case 'granted': {
      const work = { changes, failures, failed };
      if (rolling === undefined) return makeDisruptive(doors, work, () => true);
      const mayBegin = () =>
        turn({ ...rolling, now: doors.host.now() }, changeId(descriptions), reason).kind === 'granted';
      const busy = await whileOthersWait(doors, shared?.peers.units, () => makeDisruptive(doors, work, mayBegin));
      return busy === undefined
        ? 'again'
        : [...reports, { status: 'waiting', message: `Waiting for its turn (${busy} has it) to ${reason}` }];
    }
  }
}

/** Changes that are not to be tried, with the reason. */
function refusals(
  wanted: readonly PlannedChange[],
  rolling: ReturnType<typeof rollingOf> | undefined,
  failures: readonly RollingFailure[],
): ReadonlyMap<string, string> {
  return new Map(
    wanted.flatMap(({ description }) => {
      const reason = reasonNotToTry(rolling, failures, changeId([description]));
      return reason === undefined ? [] : [[description, reason] as const];
    }),
  );
}

/** Whether there was one. A leader gives the next turn in this same dispatch: nothing else would wake it. */
function giveTurnBack({ juju }: Doors, { peers }: ControlPlaneFacts, failures: readonly RollingFailure[]): boolean {
  const released = release(peers.own, failures);
  if (Object.keys(released).length === 0) return false;
  juju.relations.setUnit(peers.id, released);
  return true;
}

/** Turns know nothing of actions, which nobody can ask to wait for the leader. @returns the unit whose action goes on. */
async function whileOthersWait(
  doors: Doors,
  peers: ReadonlyMap<string, unknown> | undefined,
  work: () => Promise<unknown>,
): Promise<string | undefined> {
  const { unit, application } = doors.juju.identity;
  const isOurs = (holder: string) => holder.startsWith(`${application}/`) && holder !== unit;
  const busy = await tryLease(doors, (holder) => isOurs(holder) && peers?.has(holder) === false);
  if (busy !== undefined) return busy.holder;
  try {
    await work();
  } finally {
    await returnLease(doors);
  }
  return undefined;
}

interface Work {
  readonly changes: readonly PlannedChange[];
  readonly failures: readonly RollingFailure[];
  readonly failed: Map<string, UnitStatus>;
}

/** One after the other, as long as the turn lasts; for what is left another turn is asked for. */
async function makeDisruptive(
  doors: Doors,
  { changes, failures, failed }: Work,
  mayBegin: () => boolean,
): Promise<'again'> {
  for (const change of changes) {
    if (!mayBegin()) return 'again';
    const error = await attempt(doors, change, failed);
    if (error === undefined) continue;
    const undone = error instanceof ChangeUndone || (error instanceof RefreshFailed && error.undone);
    if (undone) rememberFailures(doors, [...failures, { id: changeId([change.description]), reason: error.message }]);
    if (undone) failed.delete(change.description);
    return 'again';
  }
  return 'again';
}

function rememberFailures({ juju }: Doors, failures: readonly RollingFailure[]): void {
  remember(juju.state, 'failures', failures.length === 0 ? undefined : JSON.stringify(failures));
}

/** Also while its k8sd waits for the others' upgrade: they wait for the turn that this unit has to give back. */
function isMember({ node, peers }: ControlPlaneFacts): boolean {
  return node !== undefined || (peers.id !== '' && peers.own[JOINED] !== undefined);
}

/** Whether the plan holds all that is wanted of a member; with k8sd starting, or an option refused, it is cut short. */
function isWhole({ identity }: View): boolean {
  return identity !== undefined;
}
