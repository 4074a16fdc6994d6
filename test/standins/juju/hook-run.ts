/** One run of `dispatch` with hook tools around it: the process, its channel, its lines in the log, and the record of it all. */

import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { serveAgentSocket } from './agent-socket/serve.ts';
import { type Controller, isJuju4 } from './controller.ts';
import { type Program, startDispatchInProcess } from './dispatch-in-process.ts';
import { type DispatchExit, type DispatchProcess, startDispatch } from './dispatch-process.ts';
import { agentDirectory, charmDirectory, type Environment, hookEnvironment } from './environment.ts';
import { type Hook, hookName } from './hook.ts';
import { type HookContext, newHookContext } from './hook-context.ts';
import { NoStdin } from './hook-tools/failure.ts';
import { runHookTool } from './hook-tools/run.ts';
import {
  type HookToolChannel,
  type HookToolHandler,
  type HookToolReply,
  type HookToolRequest,
  serveHookTools,
  UNANSWERED,
} from './hook-tools/server.ts';
import type { CallPhase, Machine } from './machine.ts';
import type { OutsideCalls } from './outside-calls.ts';
import type { RelationCaches } from './relation-cache.ts';
import { writeCommands } from './shell-commands.ts';
import type { TaskState, UnitState } from './state.ts';
import { JUJU_EXEC } from './task-queue.ts';

export interface HookToolCall {
  readonly tool: string;
  readonly args: readonly string[];
  readonly channel: HookToolChannel;
}

/** What one dispatch did and cost. */
export interface DispatchRecord {
  readonly unit: string;
  /** `hooks/install`, `actions/refresh-certs` */
  readonly event: string;
  /** Hook tools, in the order in which they came. */
  readonly calls: readonly HookToolCall[];
  /** Hook tools and calls that the machine reported. */
  readonly outsideCalls: readonly string[];
  readonly wallMs: number;
  /** Peak resident memory (`VmHWM` of the kernel); only when `Model.measureMemory` is set. */
  readonly maxRssKb: number | undefined;
  /** Undefined when a signal ended it. */
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
}

/** A failure to give instead of a hook tool's answer; it then has no effect. */
export type HookToolFault = (
  unit: string,
  tool: string,
  args: readonly string[],
) => { code: number; stderr: string } | undefined;

/** What an agent needs of the model. */
export interface Host extends Controller {
  readonly outsideCalls: OutsideCalls;
  readonly hookToolFault: HookToolFault | undefined;
  readonly measureMemory: boolean;
  /** By the charm's name: runs in place of its `dispatch`, in this process. */
  readonly programs: Readonly<Record<string, Program>>;
  /** What a hook tool takes as a process before it asks. */
  readonly hookToolStartMs: number;
  machine(unit: UnitState): Machine;
  /** Folder of the unpacked charm with this key. */
  unpackedCharm(key: string): string;
  record(dispatch: DispatchRecord): void;
  taskEnded(task: TaskState): void;
  /** The unit has run its last hook and goes. */
  unitEnded(unit: UnitState): Promise<void>;
  /** An agent has nothing to do. */
  settled(): void;
  /** An agent met a fault of the model itself. */
  broken(unit: UnitState, error: unknown): void;
}

export interface HookExit extends DispatchExit {
  /** As Go words it: `exit status 1`. Undefined when it ended well. */
  readonly problem: string | undefined;
  /** The charm has no code for this event; that counts as success. */
  readonly missing: boolean;
}

type What = { readonly hook: Hook } | { readonly task: TaskState };

/** `onStart` gets a way to kill the process from outside. */
export async function runInContext(
  host: Host,
  unit: UnitState,
  caches: RelationCaches,
  what: What,
  onStart: (kill: () => void) => void,
): Promise<{ context: HookContext; exit: HookExit }> {
  const commands = 'task' in what && what.task.action === JUJU_EXEC ? what.task.parameters['command'] : undefined;
  const event = 'hook' in what ? hookName(what.hook) : commands === undefined ? what.task.action : 'run-commands';
  const nonce = randomBytes(16).toString('hex');
  const context = newHookContext(host, unit, caches, `${unit.name}-${event}-${nonce}`, what);
  const path = `${'hook' in what ? 'hooks' : 'actions'}/${event}`;
  const script =
    commands === undefined
      ? await entryPoint(charmDirectory(host, unit), path)
      : await writeCommands(join(agentDirectory(host, unit), `${nonce}.sh`), String(commands), host.machine(unit).root);
  if (script === undefined) return { context, exit: missingExit() };
  const run = newRun(host, unit, context);
  const serve = oneAtATime((request) => run.serve(request));
  const machine = host.machine(unit);
  machine.observer = (call, phase) => (run.outside(call, phase) ? new Promise(() => undefined) : undefined);
  const environment = hookEnvironment(host, unit, context.id, machine.environment, what);
  const program = commands === undefined ? host.programs[host.charm(unit.charm ?? '').name] : undefined;
  const { process, close } = await start(host, unit, { context, nonce, script, program, environment, event, serve });
  run.kill = () => process.kill('SIGKILL');
  context.kill = () => process.kill('SIGKILL');
  onStart(context.kill);
  const exit = await process.exit;
  machine.observer = undefined;
  if (commands !== undefined) await rm(script, { force: true });
  await close().catch((error: unknown) => host.broken(unit, error));
  host.record({
    unit: unit.name,
    event: path,
    calls: run.calls,
    outsideCalls: run.outsideCalls,
    wallMs: exit.wallMs,
    maxRssKb: exit.maxRssKb,
    exitCode: exit.code,
    signal: exit.signal,
  });
  return { context, exit: { ...exit, problem: problemOf(exit), missing: false } };
}

interface Start {
  readonly context: HookContext;
  readonly nonce: string;
  readonly script: string;
  readonly program: Program | undefined;
  readonly environment: Environment;
  readonly event: string;
  readonly serve: HookToolHandler;
}

/** A process with the channels of its hook tools, or the program here. */
async function start(
  host: Host,
  unit: UnitState,
  { context, nonce, script, program, environment, event, serve }: Start,
): Promise<{ readonly process: DispatchProcess; close(): Promise<void> }> {
  const directory = charmDirectory(host, unit);
  const onLine = (stream: 'stdout' | 'stderr', line: string): void =>
    host.log(unit.name, stream === 'stdout' ? 'DEBUG' : 'WARNING', `unit.${unit.name}.${event}`, line);
  if (program !== undefined) {
    const onFault = (problem: string): void => host.broken(unit, new Error(`${event} of ${unit.name} ${problem}`));
    return {
      process: startDispatchInProcess({ program, environment, directory, serve, onLine, onFault }),
      close: () => Promise.resolve(),
    };
  }
  const agent = agentDirectory(host, unit);
  const executables = await serveHookTools(join(agent, nonce), async (request) => {
    if (host.hookToolStartMs > 0) await sleep(host.hookToolStartMs);
    return serve(request);
  });
  const socket = await serveAgentSocket(
    { path: join(agent, 'agent.socket'), contextId: context.id, juju4: isJuju4(host.state) },
    serve,
  );
  const { measureMemory } = host;
  return {
    process: startDispatch({ script, directory, environment, measureMemory, onLine }),
    close() {
      executables.close();
      return socket.close();
    },
  };
}

interface Run {
  readonly calls: HookToolCall[];
  readonly outsideCalls: string[];
  kill: () => void;
  serve(request: HookToolRequest): Promise<HookToolReply | typeof UNANSWERED>;
  /** True when the process has been killed at this call. */
  outside(what: string, phase: CallPhase): boolean;
}

function newRun(host: Host, unit: UnitState, context: HookContext): Run {
  let killed = false;
  const run: Run = {
    calls: [],
    outsideCalls: [],
    kill: () => undefined,
    outside(what, phase) {
      if (killed) return true;
      if (phase === 'before') run.outsideCalls.push(what);
      killed = host.outsideCalls.call(unit.name, what, phase, () => run.kill());
      return killed;
    },
    async serve(request) {
      const { tool, args } = request;
      const what = [tool, ...args].join(' ');
      if (run.outside(what, 'before')) return UNANSWERED;
      run.calls.push({ tool, args, channel: request.channel });
      const fault = host.hookToolFault?.(unit.name, tool, args);
      const reply = fault
        ? { code: fault.code, stdout: '', stderr: fault.stderr }
        : await answer(host, context, request);
      return run.outside(what, 'after') ? UNANSWERED : reply;
    },
  };
  return run;
}

/** Juju runs one hook tool of a unit at a time, however they come. */
function oneAtATime(handler: HookToolHandler): HookToolHandler {
  let last: Promise<unknown> = Promise.resolve();
  return (request) => {
    const answer = last.then(() => handler(request));
    last = answer.catch(() => undefined);
    return answer;
  };
}

/** A fault of the model itself is for the test to see, and an error for the charm. */
async function answer(host: Host, context: HookContext, request: HookToolRequest): Promise<HookToolReply> {
  try {
    return await runHookTool(request, context);
  } catch (error) {
    if (error instanceof NoStdin) throw error;
    host.broken(context.unit, error);
    return { code: 3, stdout: '', stderr: `ERROR the local model failed: ${String(error)}\n` };
  }
}

/** `dispatch`, else the file of the event, else nothing. A file that is there and not executable is started, and fails. */
async function entryPoint(charm: string, path: string): Promise<string | undefined> {
  for (const candidate of ['dispatch', path]) {
    const file = join(charm, candidate);
    const exists = await access(file, constants.F_OK).then(
      () => true,
      () => false,
    );
    if (exists) return file;
  }
  return undefined;
}

function missingExit(): HookExit {
  return {
    code: 0,
    signal: undefined,
    startError: undefined,
    stdout: Buffer.alloc(0),
    stderr: Buffer.alloc(0),
    wallMs: 0,
    maxRssKb: undefined,
    problem: undefined,
    missing: true,
  };
}

function problemOf(exit: DispatchExit): string | undefined {
  if (exit.startError !== undefined) return exit.startError;
  if (exit.signal !== undefined)
    return exit.signal === 'SIGKILL' || exit.signal === 'SIGTERM'
      ? 'terminated'
      : `signal: ${SIGNAL_WORDS[exit.signal] ?? exit.signal}`;
  return exit.code === 0 ? undefined : `exit status ${exit.code}`;
}

const SIGNAL_WORDS: Readonly<Record<string, string>> = {
  SIGABRT: 'aborted',
  SIGSEGV: 'segmentation fault',
  SIGBUS: 'bus error',
  SIGINT: 'interrupt',
  SIGHUP: 'hangup',
  SIGPIPE: 'broken pipe',
};
