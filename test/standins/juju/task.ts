/** Actions: what becomes of a task, from the parameters to the result that `juju run` prints. */

import { isUtf8 } from 'node:buffer';
import { checkParameters, withDefaults } from './action-parameters.ts';
import { commitHook } from './commit.ts';
import { isJuju4 } from './controller.ts';
import type { HookContext } from './hook-context.ts';
import { type HookExit, type Host, runInContext } from './hook-run.ts';
import type { RelationCaches } from './relation-cache.ts';
import type { TaskState, UnitState } from './state.ts';
import { JUJU_EXEC } from './task-queue.ts';

/** Runs a task to its end; never throws for what the charm does. Resolves to true when the machine is to reboot. */
export async function runAction(
  host: Host,
  unit: UnitState,
  caches: RelationCaches,
  task: TaskState,
  onStart: (kill: () => void) => void,
): Promise<boolean> {
  task.status = 'running';
  const problem = prepare(host, unit, task);
  if (problem !== undefined) {
    finish(host, task, 'failed', `cannot run "${task.action}" action: ${problem}`, {});
    return false;
  }
  const { context, exit } = await runInContext(host, unit, caches, { task }, onStart);
  if (context.statusSet) unit.statusSet = true;
  conclude(host, unit, task, context, exit);
  return context.reboot === 'after';
}

/** Parameters are checked on the unit in both lines; defaults are put in there only by 4.0, for 3.x did it before. */
function prepare(host: Host, unit: UnitState, task: TaskState): string | undefined {
  if (task.action === JUJU_EXEC) return undefined;
  const definition = host.charm(unit.charm ?? '').actions[task.action];
  if (!definition) return 'not defined';
  try {
    checkParameters(definition, task.parameters);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  if (isJuju4(host.state)) task.parameters = { ...withDefaults(definition, task.parameters) };
  return undefined;
}

function conclude(host: Host, unit: UnitState, task: TaskState, context: HookContext, exit: HookExit): void {
  const { action } = context;
  const results = { ...action.results, ...outputResults(exit) };
  if (exit.missing) {
    finish(host, task, 'failed', `action not implemented on unit "${unit.name}"`, action.results);
    return;
  }
  if (exit.problem !== undefined) {
    finish(host, task, task.cancelled ? 'aborted' : 'failed', exit.problem, results);
    return;
  }
  const flushProblem = commitHook(context);
  if (flushProblem !== undefined) {
    host.log(unit.name, 'ERROR', 'juju.worker.uniter.context', `cannot apply changes: ${flushProblem}`);
    const stderr = typeof results['stderr'] === 'string' ? `${results['stderr']}\n${flushProblem}` : flushProblem;
    const message = action.message === '' ? 'committing requested changes failed' : action.message;
    finish(host, task, 'failed', message, { ...results, stderr, 'return-code': '1' });
    return;
  }
  const failed = task.cancelled ? 'aborted' : 'failed';
  finish(host, task, action.failed ? failed : 'completed', action.message, results);
}

function outputResults(exit: HookExit): Record<string, unknown> {
  return {
    'return-code': exit.code ?? -1,
    ...printed('stdout', exit.stdout),
    ...printed('stderr', exit.stderr),
  };
}

/** Text as it is, anything else in base64, and said so. */
function printed(stream: 'stdout' | 'stderr', bytes: Buffer): Record<string, string> {
  if (bytes.length === 0) return {};
  if (isUtf8(bytes)) return { [stream]: bytes.toString('utf8') };
  return { [stream]: bytes.toString('base64'), [`${stream}-encoding`]: 'base64' };
}

function finish(
  host: Host,
  task: TaskState,
  status: TaskState['status'],
  message: string,
  results: Record<string, unknown>,
): void {
  task.status = status;
  task.message = message;
  task.results = results;
  host.taskEnded(task);
}
