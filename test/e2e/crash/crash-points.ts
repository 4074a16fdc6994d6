/**
 * Ends a unit's dispatches at every call that they make to something outside, each time from the same saved state, and looks
 * that the cluster ends as it does without that.
 *
 * A call that only reads leaves nothing behind, and neither does one whose effect Juju commits with the hook: a dispatch that
 * ends there is found in the same state as at the call before. Of points that cannot be told apart by what a new dispatch finds,
 * one is tried. `CRASH_POINTS=all` tries them all.
 */

import { createHash, type Hash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import { packedArchives } from '../../archives.ts';
import { openMachines } from '../../k8sd/machines.ts';
import type { CallPhase } from '../../model/machine.ts';
import { Model } from '../../model/model.ts';
import type { TestCluster } from '../cluster.ts';
import { endState } from './end-state.ts';

export interface Scenario {
  /** Whose dispatches are ended. */
  readonly unit: string;
  /** From nothing to the state in which it begins, at rest. */
  prepare(cluster: TestCluster): Promise<void>;
  /** Begins it, and waits until all is well again, however often a dispatch ends on the way. */
  run(cluster: TestCluster): Promise<void>;
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

/** Each run is a little shorter than the one before at most; five in a row would be another thing. */
const MOST_ATTEMPTS = 5;

/** Long enough for things to be caught half way, short enough for hundreds of runs. */
const DELAYS = { snapChange: 40, k8sdGap: 60, signing: 50, restartAfterRefresh: 60 };

export async function tryCrashPoints(scenario: Scenario): Promise<CrashReport> {
  const home = await mkdtemp(join(tmpdir(), 'cr-'));
  try {
    await inModel(home, 'b', Model.create, async (cluster) => {
      await scenario.prepare(cluster);
      await cluster.model.save();
    });
    const { all, distinct, state } = await inCopy(home, async (cluster) => {
      const points = record(cluster, scenario.unit);
      await scenario.run(cluster);
      return { ...points, state: await endState(cluster) };
    });
    const tried = process.env['CRASH_POINTS'] === 'all' ? all : distinct;
    for (const point of tried) await reachAndTry(home, scenario, point, state);
    return { points: all.length, tried };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/**
 * How often a dispatch looks whether something is done is a matter of time: where a run has fewer calls than the recorded one, its
 * last call stands for the point. A run that was not ended has to come to the same state, too.
 */
async function reachAndTry(home: string, scenario: Scenario, point: CrashPoint, expected: unknown): Promise<void> {
  let { call } = point;
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
    const calls = await inCopy(home, (cluster) => tryPoint(cluster, scenario, { ...point, call }, expected));
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

async function inCopy<T>(home: string, use: (cluster: TestCluster) => Promise<T>): Promise<T> {
  try {
    await Model.copyDirectory(join(home, 'b'), join(home, 'c'));
    return await inModel(home, 'c', Model.open, use);
  } finally {
    await rm(join(home, 'c'), { recursive: true, force: true });
  }
}

async function inModel<T>(
  home: string,
  name: string,
  start: typeof Model.open,
  use: (cluster: TestCluster) => Promise<T>,
): Promise<T> {
  const directory = join(home, name);
  const machines = await openMachines({ directory, delays: DELAYS });
  const { unpacked } = await packedArchives();
  const model = await start({ directory, charmCache: unpacked, provider: machines });
  try {
    return await use({ model, machines, directory, close: () => model.close() });
  } finally {
    await model.close();
  }
}

/** Collects all points of a unit's dispatches, and those of them that leave something new behind. */
function record({ model }: TestCluster, unit: string): { all: CrashPoint[]; distinct: CrashPoint[] } {
  const all: CrashPoint[] = [];
  const distinct: CrashPoint[] = [];
  const seen = new Set<string>();
  let dispatch = -1;
  let effects = 0;
  let told = '';
  let untouched = '';
  model.onOutsideCall = (caller, call, what, phase) => {
    if (caller !== unit) return;
    const point = { call, phase, what: shorten(what) };
    const files = digest(model.unit(unit).machine.root);
    const ended = model.dispatches.filter((each) => each.unit === unit).length;
    if (ended !== dispatch) [dispatch, effects, told, untouched] = [ended, 0, '', files];
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
    /^(is-leader|relation-ids|opened-ports|goal-state|juju-log|action-log)\b/.test(what) ||
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
