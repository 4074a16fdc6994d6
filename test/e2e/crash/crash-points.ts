/**
 * Ends a unit's dispatches at every call that they make to something outside, each time from the same saved state, and looks
 * that the cluster ends as it does without that.
 *
 * A call that only reads leaves nothing behind, and neither does one whose effect Juju commits with the hook: a dispatch that
 * ends there is found in the same state as at the call before. Of points that cannot be told apart by what a new dispatch finds,
 * one is tried; and none of those before a hook has left anything behind, which Juju runs again as if nothing had been.
 * `CRASH_POINTS=all` tries them all, and `CRASH_POINTS='every 20'` every twentieth.
 */

import { createHash, type Hash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import type { CallPhase } from '../../standins/juju/machine.ts';
import type { TestCluster } from '../cluster.ts';
import { endState } from './end-state.ts';
import type { StartingPoint } from './starting-point.ts';

export interface Scenario {
  readonly from: StartingPoint;
  /** Whose dispatches are ended. */
  readonly unit: string;
  /** Begins it, and waits until all is well again, however often a dispatch ends on the way. */
  run(cluster: TestCluster): Promise<void>;
  /** Whether it begins with an action of the unit: Juju does not run that again. */
  readonly action?: boolean;
  /** Which points to try (`after k8sd POST …`) where the rest of the way is that of another scenario. */
  readonly only?: RegExp;
}

export interface CrashPoint {
  readonly call: number;
  readonly phase: CallPhase;
  readonly what: string;
}

export interface CrashReport {
  /** Before and after which calls a dispatch can end. */
  readonly points: number;
  /** One for each state in which that leaves the unit. */
  readonly tried: readonly CrashPoint[];
}

/** Which points: one for each state, all of them, or every n-th. */
function chosen(
  { only }: Scenario,
  all: readonly CrashPoint[],
  distinct: readonly CrashPoint[],
): readonly CrashPoint[] {
  const wish = process.env['CRASH_POINTS'] ?? '';
  if (wish === 'all') return all;
  const step = Number(/^every (\d+)$/.exec(wish)?.[1] ?? 0);
  if (step > 0) return all.filter((_, index) => index % step === step - 1);
  return distinct.filter(({ phase, what }) => only === undefined || only.test(`${phase} ${what}`));
}

/** Each run is a little shorter than the one before at most; five in a row would be another thing. */
const MOST_ATTEMPTS = 5;

export async function tryCrashPoints(scenario: Scenario): Promise<CrashReport> {
  const { from } = scenario;
  const { all, distinct, state } = await from.inCopy(async (cluster) => {
    const points = record(cluster, scenario);
    await scenario.run(cluster);
    return { ...points, state: await endState(cluster) };
  });
  const tried = chosen(scenario, all, distinct);
  const failures: unknown[] = [];
  for (const point of tried) await reachAndTry(scenario, point, state).catch((error: unknown) => failures.push(error));
  if (failures.length > 0)
    throw new AggregateError(failures, `at ${failures.length} of ${tried.length}: ${failures.map(String).join('\n')}`);
  return { points: all.length, tried };
}

/**
 * How often a dispatch looks whether something is done is a matter of time: where a run has fewer calls than the recorded one, its
 * last call stands for the point. A run that was not ended has to come to the same state, too.
 */
async function reachAndTry(scenario: Scenario, point: CrashPoint, expected: unknown): Promise<void> {
  let { call } = point;
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
    const calls = await scenario.from.inCopy((cluster) => tryPoint(cluster, scenario, { ...point, call }, expected));
    if (calls === undefined) return;
    call = calls;
  }
  expect.fail(`${scenario.unit}: call ${point.call}, ${point.what}, was not reached in ${MOST_ATTEMPTS} runs`);
}

/** @returns undefined when the point was reached, else the number of calls that there were. */
async function tryPoint(
  cluster: TestCluster,
  scenario: Scenario,
  point: CrashPoint,
  expected: unknown,
): Promise<number | undefined> {
  const { unit } = scenario;
  const at = `${unit} ended ${point.phase} call ${point.call}, ${point.what}`;
  const { model, machines } = cluster;
  model.interruptAt = { unit, call: point.call, phase: point.phase };
  await scenario.run(cluster).catch((error: unknown) => {
    throw new Error(`${at}: ${String(error)}`, { cause: error });
  });
  const missed = model.interruptAt && (model.interruptAt.hits?.calls ?? 0);
  const state = await endState(cluster);
  if (!isDeepStrictEqual(state, expected)) expect(state, at).toEqual(expected);
  expect(machines.failures, at).toEqual([]);
  return missed;
}

/** What a dispatch leaves behind that has done nothing yet. */
const UNTOUCHED = '';

/** Collects all points of a unit's dispatches, and those of them that leave something new behind. */
function record(
  { model }: TestCluster,
  { unit, action = false }: Scenario,
): { all: CrashPoint[]; distinct: CrashPoint[] } {
  const all: CrashPoint[] = [];
  const distinct: CrashPoint[] = [];
  const seen = new Set<string>(action ? [] : [UNTOUCHED]);
  let dispatch = -1;
  let effects = 0;
  let told = UNTOUCHED;
  let untouched = '';
  model.onOutsideCall = (caller, call, what, phase) => {
    if (caller !== unit) return;
    const point = { call, phase, what: shorten(what) };
    const files = digest(model.unit(unit).machine.root);
    const ended = model.dispatches.filter((each) => each.unit === unit).length;
    if (ended !== dispatch) [dispatch, effects, told, untouched] = [ended, 0, UNTOUCHED, files];
    if (phase === 'after' && isStatus(what)) told = 'status';
    else if (phase === 'after' && !isHarmless(what)) effects += 1;
    const left = effects === 0 && files === untouched ? told : `${dispatch} ${effects} ${files} ${told}`;
    all.push(point);
    if (!seen.has(left)) distinct.push(point);
    seen.add(left);
  };
  return { all, distinct };
}

/** Reads, and what Juju discards when the hook fails. */
function isHarmless(what: string): boolean {
  return (
    /^[a-z-]+-(get|list) /.test(what) ||
    /^(is-leader|relation-ids|secret-ids|opened-ports|goal-state|juju-log|action-log)\b/.test(what) ||
    /^(relation-set|state-set|state-delete|open-port|close-port|action-set|action-fail) /.test(what) ||
    /^secret-(grant|revoke|remove|set) /.test(what) ||
    /^(k8sd|snapd|kubernetes) (GET|HEAD) /.test(what)
  );
}

/** What Juju shows at once, also when the hook then fails. */
function isStatus(what: string): boolean {
  return /^(status-set|application-version-set) /.test(what);
}

/**
 * Of what dispatches write on the machine themselves. Certificates are k8sd's, which is asked for them by a call; what a dispatch
 * puts back there it has announced in a note of its own before.
 */
function digest(root: string): string {
  const hash = createHash('sha256');
  for (const folder of WRITTEN) add(hash, join(root, folder));
  return hash.digest('hex');
}

const WRITTEN = [
  'etc/containerd',
  'etc/sysctl.d',
  'etc/systemd/system',
  'proc/sys/kernel',
  'proc/sys/vm',
  'var/lib/k8s-charm',
  'var/snap/k8s/common/args',
  'var/snap/k8s/common/etc',
];

function add(hash: Hash, folder: string): void {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) add(hash, path);
    else if (entry.isFile()) hash.update(`${path} ${statSync(path).mode} `).update(readFileSync(path));
  }
}

function shorten(what: string): string {
  const line = what.split('\n', 1)[0] ?? '';
  return line.length > 100 ? `${line.slice(0, 100)}…` : line;
}
