/** A cluster of packed charms on the local model, for tests of the whole. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Archives, hollowArchives, packedArchives } from '../archives.ts';
import { Model, type ModelLocation } from '../standins/juju/model.ts';
import type { Delays } from '../standins/machines/delays.ts';
import { type K8sMachines, type OpenOptions, openMachines } from '../standins/machines/machines.ts';
import { useVirtualTime } from '../time/virtual-time.ts';
import { programsOf } from './in-process.ts';

export interface TestCluster {
  readonly model: Model;
  readonly machines: K8sMachines;
  readonly directory: string;
  /** To be deployed here: without a program where that runs in the test's process. */
  readonly archives: Archives;
  close(): Promise<void>;
}

/**
 * The line of Juju for all tests that do not insist on one: `K8S_TESTS_JUJU=3.6.9` or `K8S_TESTS_JUJU=4.0.2`; `other`: each file runs on the
 * line on which it usually does not.
 */
const { K8S_TESTS_JUJU: LINE } = process.env;
const JUJU_VERSION = LINE === 'other' ? '4.0.2' : LINE;

/** For a third of the test files; those of the others run on 3.6. A test that insists on a line gives `jujuVersion` itself. */
export const USUALLY_JUJU_4 = { jujuVersion: LINE === 'other' ? '3.6.9' : (LINE ?? '4.0.2') };

export type Dispatch = 'in-process' | 'process';

/** For all tests that do not insist on one: `K8S_TESTS_DISPATCH=process` runs them on the packed archives. */
export const DISPATCH: Dispatch = process.env['K8S_TESTS_DISPATCH'] === 'process' ? 'process' : 'in-process';

export interface ClusterOptions {
  /**
   * Where the program of a dispatch runs: in the test's process, or, where that is what is tested (its start and end, its memory, what it
   * loads, its arguments, signals), in one of its own from the packed archive. By default that of the environment, else `in-process`; always
   * `process` beside real components, which live in real time.
   */
  readonly dispatch?: Dispatch;
  /** The table of the charms, where it is another one than that of the product; in-process only. */
  readonly charms?: Parameters<typeof programsOf>[0];
  /** By default that of the environment, else 3.6: see `USUALLY_JUJU_4`. */
  readonly jujuVersion?: string;
  readonly modelUuid?: string;
  readonly delays?: Partial<Delays>;
  /** What is real on the machines. */
  readonly real?: Pick<OpenOptions, 'programs' | 'realApi'>;
}

/** An empty model with machines for its units. */
export async function openCluster({
  charms,
  delays,
  real,
  dispatch = usualDispatch(charms, real),
  ...options
}: ClusterOptions = {}): Promise<TestCluster> {
  // Short: the sockets of the machines hang from it.
  const directory = await mkdtemp(join(tmpdir(), 'kc-'));
  const machines = await openMachines({ directory, ...real, ...(delays === undefined ? {} : { delays }) });
  const how = await charmsFor(dispatch, charms);
  const model = await Model.create({
    directory,
    provider: machines,
    ...how.location,
    ...(JUJU_VERSION === undefined ? {} : { jujuVersion: JUJU_VERSION }),
    ...options,
  });
  return {
    model,
    machines,
    directory,
    archives: how.archives,
    async close() {
      await model.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** What a model needs for charms to run there; where that is the test's process, its time is virtual from then on. */
export async function charmsFor(
  dispatch: Dispatch,
  charms?: ClusterOptions['charms'],
): Promise<{
  readonly archives: Archives;
  readonly location: Pick<ModelLocation, 'charmCache' | 'programs'>;
}> {
  if (dispatch === 'process') {
    const archives = await packedArchives();
    return { archives, location: { charmCache: archives.unpacked } };
  }
  useVirtualTime();
  const archives = await hollowArchives();
  return { archives, location: { charmCache: archives.unpacked, programs: programsOf(charms) } };
}

function usualDispatch(charms: ClusterOptions['charms'], real: ClusterOptions['real']): Dispatch {
  if (charms !== undefined) return 'in-process';
  return real === undefined ? DISPATCH : 'process';
}

export interface Size {
  readonly controlPlanes: number;
  readonly workers: number;
}

/** Deploys both charms, integrates them and waits until everything is active. */
export async function deployCluster(
  { model, archives }: TestCluster,
  { controlPlanes, workers }: Size,
  config: Record<string, string | number | boolean> = {},
): Promise<void> {
  await model.deploy(archives.k8s, { application: 'k8s', units: controlPlanes, config });
  if (workers > 0) {
    await model.deploy(archives.worker, { application: 'k8s-worker', units: workers });
    await model.integrate('k8s:k8s-cluster', 'k8s-worker:cluster');
  }
  await settleActive(model);
}

/** Juju 4.0 fires no event for an option that is reset; units find out with their next one, which comes here. */
export async function resetOptions(model: Model, application: string, options: readonly string[]): Promise<void> {
  await model.configure(application, {}, { reset: options });
  if (!onJuju4(model)) return;
  for (const unit of Object.values(model.state.units))
    if (unit.application === application) model.updateStatus(unit.name);
}

export function onJuju4(model: Model): boolean {
  return model.state.jujuVersion.startsWith('4.');
}

/** Waits until all is at rest and every unit active; while it is not, time passes (`update-status`). */
export function settleActive(model: Model, timeoutMs = 120_000): Promise<void> {
  return settleUntil(model, allActive, timeoutMs);
}

/** Waits until all is at rest and the condition holds; while it does not, time passes (`update-status`). */
export function settleUntil(model: Model, until: (model: Model) => boolean, timeoutMs = 120_000): Promise<void> {
  return model.settle({ timeoutMs, until, updateStatusEveryMs: 2_000 });
}

/** A unit's status and message in one: `blocked: Missing etcd relation`. */
export function toldBy(model: Model, unit: string): string {
  const { status, message } = model.unit(unit).workload;
  return `${status}: ${message}`;
}

/** All that a unit has to say, one report on each line; its status shows what fits and names the action that lists the rest: `plan`. */
export async function reportsOf(model: Model, unit: string): Promise<string> {
  const { results } = await model.run(unit, 'plan');
  const { reports = '' } = results;
  if (typeof reports !== 'string') throw new Error(`plan of ${unit} gives no reports`);
  return reports;
}

export function allActive(model: Model): boolean {
  return Object.values(model.state.units).every((unit) => unit.workload.status === 'active');
}

/** What the leader of two control-plane nodes adds to `Ready`. */
export const NO_QUORUM =
  '2 control-plane nodes: etcd has no quorum while one of them is down; add one (juju add-unit k8s)';

/** Without the note about two control-plane nodes, which is told by whichever unit leads. */
export function withoutQuorumNote(message: string): string {
  return message.replace(`; ${NO_QUORUM}`, '');
}
