/** Tasks on their way to a unit: what the controller takes, and what it refuses at once. */

import { checkParameters, type Parameters, withDefaults } from './action-parameters.ts';
import { type Controller, isJuju4 } from './controller.ts';
import type { ModelState, TaskState, UnitState } from './state.ts';

/** The action that `juju exec` is, in the words of the agent. No charm may have one of that name. */
export const JUJU_EXEC = 'juju-exec';

/** Throws when there is no such action, and on 3.x when the parameters do not fit; 4.0 leaves that to the unit. */
export function enqueueTask(
  controller: Controller,
  unit: UnitState,
  action: string,
  parameters: Parameters,
): TaskState {
  const { state } = controller;
  const definition = controller.charm(state.applications[unit.application]?.charm ?? '').actions[action];
  if (!definition) throw new Error(`action "${action}" not defined on unit "${unit.name}"`);
  if (!isJuju4(state)) checkParameters(definition, parameters);
  return enqueue(state, unit, action, isJuju4(state) ? parameters : withDefaults(definition, parameters));
}

/** As `juju exec`: commands of a shell on the unit's machine, in the context of its charm. */
export function enqueueCommands({ state }: Controller, unit: UnitState, commands: string): TaskState {
  return enqueue(state, unit, JUJU_EXEC, { command: commands });
}

function enqueue(state: ModelState, unit: UnitState, action: string, parameters: Parameters): TaskState {
  const id = state.next.task;
  state.next.task += 1;
  const task: TaskState = {
    id,
    unit: unit.name,
    action,
    parameters: { ...parameters },
    status: 'pending',
    cancelled: false,
    message: '',
    results: {},
    log: [],
  };
  state.tasks[id] = task;
  return task;
}

/** An agent that was interrupted does not run an action again: nobody knows how far it came. */
export function failInterruptedTasks({ state }: Controller): void {
  for (const task of Object.values(state.tasks)) {
    if (task.status !== 'running') continue;
    task.status = 'failed';
    task.message = 'action terminated';
  }
}
