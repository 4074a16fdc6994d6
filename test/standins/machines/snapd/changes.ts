/** Changes: what snapd does in the background, one at a time for a snap. */

import type { NodeMachine } from '../node/machine.ts';
import type { ChangeOperation, ChangeState, TaskState } from '../state.ts';
import { SnapdRefusal } from './answers.ts';
import { carryOut } from './operations.ts';

const taskKinds: Readonly<Record<ChangeOperation['type'], readonly (readonly [string, string])[]>> = {
  install: [
    ['download-snap', 'Download snap "k8s"'],
    ['mount-snap', 'Mount snap "k8s"'],
    ['link-snap', 'Make snap "k8s" available to the system'],
    ['start-snap-services', 'Start snap "k8s" services'],
  ],
  refresh: [
    ['download-snap', 'Download snap "k8s"'],
    ['run-hook', 'Run pre-refresh hook of "k8s" snap if present'],
    ['stop-snap-services', 'Stop snap "k8s" services'],
    ['link-snap', 'Make snap "k8s" available to the system'],
    ['run-hook', 'Run post-refresh hook of "k8s" snap if present'],
    ['start-snap-services', 'Start snap "k8s" services'],
  ],
  revert: [
    ['stop-snap-services', 'Stop snap "k8s" services'],
    ['link-snap', 'Make snap "k8s" available to the system'],
    ['start-snap-services', 'Start snap "k8s" services'],
  ],
  remove: [
    ['stop-snap-services', 'Stop snap "k8s" services'],
    ['run-hook', 'Run remove hook of "k8s" snap if present'],
    ['discard-snap', 'Remove snap "k8s" from the system'],
  ],
  switch: [['switch-snap', 'Switch snap "k8s" to another channel']],
  hold: [],
  services: [['service-control', 'Run service command for services of snap "k8s"']],
};

/** Starts a change and gives its id. Throws the conflict when another change of the snap is in progress. */
export function startChange(machine: NodeMachine, kind: string, summary: string, operation: ChangeOperation): string {
  requireNoConflict(machine);
  const snapd = machine.state.snapd;
  const id = String(snapd.nextChange++);
  const change: ChangeState = {
    id,
    kind,
    summary,
    snaps: ['k8s'],
    operation,
    spawnTime: new Date().toISOString(),
    status: 'Do',
    tasks: taskKinds[operation.type].map(([taskKind, text], index) => ({
      id: `${id}${String(index).padStart(2, '0')}`,
      kind: taskKind,
      summary: text,
      status: 'Do',
    })),
  };
  snapd.changes[id] = change;
  run(machine, change);
  return id;
}

export function requireNoConflict(machine: NodeMachine): void {
  const busy = Object.values(machine.state.snapd.changes).find((change) => change.readyTime === undefined);
  if (busy === undefined) return;
  throw new SnapdRefusal(
    409,
    `snap "k8s" has ${JSON.stringify(busy.kind)} change in progress`,
    'snap-change-conflict',
    {
      'change-kind': busy.kind,
      'snap-name': 'k8s',
    },
  );
}

/** Goes on with what was in progress when the machine stopped. */
export function resumeChanges(machine: NodeMachine): void {
  for (const change of Object.values(machine.state.snapd.changes)) {
    if (change.readyTime === undefined) run(machine, change);
  }
}

function run(machine: NodeMachine, change: ChangeState): void {
  const { delays } = machine.site;
  const { operation } = change;
  change.status = 'Doing';
  const slow = operation.type !== 'services' && operation.type !== 'hold' && operation.type !== 'switch';
  const steps = Math.max(change.tasks.length, 1);
  const pause = (slow ? delays.snapChange : delays.serviceChange) / steps;
  machine.timers.after(0, async () => {
    try {
      for (const task of change.tasks) {
        task.status = 'Doing';
        await machine.timers.sleep(pause);
        if (task === change.tasks.at(-1)) await finish(machine, operation);
        task.status = 'Done';
      }
      if (change.tasks.length === 0) await finish(machine, operation);
      change.status = 'Done';
    } catch (error) {
      failTasks(change, (error as Error).message);
    }
    change.readyTime = new Date().toISOString();
  });
}

async function finish(machine: NodeMachine, operation: ChangeOperation): Promise<void> {
  if (operation.failure !== undefined) throw new Error(operation.failure);
  await carryOut(machine, operation);
}

function failTasks(change: ChangeState, message: string): void {
  change.status = 'Error';
  const failed = change.tasks.find((task) => task.status === 'Doing');
  for (const task of change.tasks) task.status = task === failed ? 'Error' : task.status === 'Done' ? 'Undone' : 'Hold';
  if (failed !== undefined) failed.status = 'Error';
  change.err = `cannot perform the following tasks:\n- ${failed?.summary ?? change.summary} (${message})`;
}

/** A change as the API shows it. */
export function showChange(change: ChangeState): unknown {
  const ready = change.readyTime !== undefined;
  return {
    id: change.id,
    kind: change.kind,
    summary: change.summary,
    status: change.status,
    tasks: change.tasks.map((task) => showTask(task, change)),
    ready,
    ...(change.err === undefined ? {} : { err: change.err }),
    'spawn-time': change.spawnTime,
    ...(change.readyTime === undefined ? {} : { 'ready-time': change.readyTime }),
    data: { 'snap-names': change.snaps },
  };
}

function showTask(task: TaskState, change: ChangeState): unknown {
  const ended = task.status !== 'Do' && task.status !== 'Doing';
  return {
    id: task.id,
    kind: task.kind,
    summary: task.summary,
    status: task.status,
    progress: { label: '', done: ended ? 1 : 0, total: 1 },
    'spawn-time': change.spawnTime,
    ...(ended && change.readyTime !== undefined ? { 'ready-time': change.readyTime } : {}),
  };
}
