/**
 * The agent of one unit: looks for the next thing to do, does it, and looks again; sleeps when there is nothing. Agents run
 * beside each other, and each runs one hook or action at a time.
 */

import { schedule, sleep } from '../../time/virtual-time.ts';
import { deployCharm } from './charm-deployment.ts';
import { commitHook } from './commit.ts';
import { charmDirectory } from './environment.ts';
import { type Hook, hookName, isRelationHook, isSecretHook, runningMessage } from './hook.ts';
import { beforeHook, hookSucceeded } from './hook-outcome.ts';
import { type Host, runInContext } from './hook-run.ts';
import { configHash, isOvertaken, nextOperation, type Operation } from './next-operation.ts';
import { newRelationCaches } from './relation-cache.ts';
import { nextExpiry } from './secrets.ts';
import { statusNow, type UnitState } from './state.ts';
import { runAction } from './task.ts';

export interface RetryPolicy {
  /** Wait after the first failure; doubles with each further one. Juju waits 5 s to 5 min. */
  readonly initialMs: number;
  readonly maximumMs: number;
  /** Failures in a row after which the agent waits to be told (`forgive`). */
  readonly attempts: number;
}

export interface UnitAgent {
  readonly unit: UnitState;
  /** Something may have changed. */
  wake(): void;
  /** Nothing runs and nothing is due. A unit that has given up on a failing hook is quiet too. */
  isQuiet(): boolean;
  hasGivenUp(): boolean;
  /** Failed hooks are tried again from the beginning of the back-off. */
  forgive(): void;
  /** Reboots the machine as soon as no hook runs; resolves when it is up again. */
  reboot(): Promise<void>;
  /** Kills the action that runs. */
  killAction(): void;
  /** Kills what runs, and ends. */
  stop(): Promise<void>;
}

/** Juju looks for up to 3 s whether the agent itself is being stopped, before it runs a killed hook again. */
const AFTER_KILL_MS = 20;
/** Timers of Node count to 25 days only. */
const LONGEST_WAIT_MS = 3_600_000;
const UNITER = 'juju.worker.uniter.operation';

export function startUnitAgent(host: Host, unit: UnitState, retry: RetryPolicy): UnitAgent {
  const caches = newRelationCaches();
  let generation = 0;
  let wakeUp: () => void = () => undefined;
  let stopped = false;
  let busy = false;
  let retryAt: number | undefined;
  let kill: () => void = () => undefined;
  let rebootRequests: (() => void)[] = [];

  const wake = (): void => {
    generation += 1;
    wakeUp();
  };

  const retryDue = (): boolean => retryAt !== undefined && Date.now() >= retryAt;

  const hasGivenUp = (): boolean => unit.operation?.step === 'error' && unit.operation.failures >= retry.attempts;

  const scheduleRetry = (): void => {
    if (unit.operation?.step !== 'error' || hasGivenUp()) {
      retryAt = undefined;
      return;
    }
    const delay = Math.min(retry.initialMs * 2 ** (unit.operation.failures - 1), retry.maximumMs);
    retryAt = Date.now() + delay;
  };

  const waitForChange = async (seen: number): Promise<void> => {
    if (generation !== seen || stopped) return;
    const woken = new Promise<void>((resolve) => {
      wakeUp = resolve;
    });
    const due = Math.min(
      retryAt ?? Number.POSITIVE_INFINITY,
      nextExpiry(host.state, unit, new Date()) ?? Number.POSITIVE_INFINITY,
    );
    if (due === Number.POSITIVE_INFINITY) return woken;
    const wait = Math.min(Math.max(0, due - Date.now()), LONGEST_WAIT_MS);
    const timer = schedule(wait, retryAt === undefined ? 'along' : 'forward', () => wakeUp());
    await woken;
    timer.cancel();
  };

  const rebootMachine = async (): Promise<void> => {
    unit.agent = statusNow('rebooting');
    host.log(unit.name, 'INFO', 'juju.worker.reboot', 'rebooting machine');
    await host.machine(unit).reboot();
    caches.begin(new Map(), undefined);
    unit.rebooted = true;
    unit.agent = statusNow('idle');
    host.changed();
  };

  const execute = async (operation: Operation): Promise<void> => {
    switch (operation.kind) {
      case 'deploy-charm':
        return deploy();
      case 'hook':
        return runHook(operation.hook);
      case 'action': {
        const before = unit.agent;
        unit.agent = statusNow('executing', `running action ${operation.task.action}`);
        host.changed();
        const reboot = await runAction(host, unit, caches, operation.task, (end) => {
          kill = end;
        });
        unit.agent = before;
        if (reboot) await rebootMachine();
        return;
      }
      case 'end':
        stopped = true;
        await host.unitEnded(unit);
    }
  };

  const deploy = async (): Promise<void> => {
    const application = host.state.applications[unit.application];
    if (!application) return;
    const { charm, charmModified } = application;
    const previous = unit.charm === undefined ? undefined : host.unpackedCharm(unit.charm);
    unit.agent = statusNow('executing', previous === undefined ? 'installing charm' : 'upgrading charm');
    await deployCharm(host.unpackedCharm(charm), previous, charmDirectory(host, unit));
    unit.charm = charm;
    unit.charmModified = charmModified;
    unit.operation = { hook: { kind: unit.installed ? 'upgrade-charm' : 'install' }, step: 'queued', failures: 0 };
  };

  const runHook = async (hook: Hook): Promise<void> => {
    const name = hookName(hook);
    if (isOvertaken(host, unit, hook)) {
      host.log(unit.name, 'INFO', UNITER, `unit is no longer the leader; skipping "${name}" execution`);
      unit.operation = undefined;
      return;
    }
    const held =
      unit.operation && unit.operation.hook.kind !== hook.kind && hook.kind === 'start' ? unit.operation : undefined;
    if (hook.kind === 'start') unit.rebooted = false;
    const failures = held ? 0 : (unit.operation?.failures ?? 0);
    const asked = unit.updateStatus.asked;
    const configuration = configHash(host, unit);
    const charm = host.state.applications[unit.application]?.charm;
    unit.operation = { hook, step: 'running', failures };
    beforeHook(unit, hook);
    if (hook.kind !== 'update-status') unit.agent = statusNow('executing', runningMessage(hook));
    host.changed();
    const { context, exit } = await runInContext(host, unit, caches, { hook }, (end) => {
      kill = end;
    });
    if (context.statusSet) unit.statusSet = true;
    if (stopped) return;
    if (context.reboot === 'now' || exit.signal === 'SIGKILL' || exit.signal === 'SIGTERM') {
      unit.operation = { hook, step: 'queued', failures };
      if (context.reboot === 'now') return rebootMachine();
      host.log(unit.name, 'WARNING', UNITER, `hook "${name}" was terminated`);
      host.log(unit.name, 'WARNING', 'juju.worker.uniter', `last "${name}" hook was killed, but agent still alive`);
      await sleep(AFTER_KILL_MS);
      return;
    }
    const problem = exit.problem ?? commitProblem(name, commitHook(context));
    if (problem !== undefined) return hookFailed(hook, failures, problem);
    host.log(
      unit.name,
      'INFO',
      UNITER,
      exit.missing ? `skipped "${name}" hook (missing)` : `ran "${name}" hook (via hook dispatching script: dispatch)`,
    );
    if (hook.kind === 'update-status') unit.updateStatus.done = asked;
    if (hook.kind === 'config-changed' && charm !== undefined) unit.charmHeardOf = charm;
    hookSucceeded(host, unit, hook, configuration);
    if (held && !unit.operation) unit.operation = held;
    unit.agent = statusNow('idle');
    if (context.reboot === 'after') await rebootMachine();
  };

  const commitProblem = (name: string, problem: string | undefined): string | undefined => {
    if (problem === undefined) return undefined;
    host.log(unit.name, 'ERROR', 'juju.worker.uniter.context', `cannot apply changes: ${problem}`);
    return `committing hook "${name}": ${problem}`;
  };

  const hookFailed = (hook: Hook, failures: number, problem: string): void => {
    const name = hookName(hook);
    host.log(unit.name, 'ERROR', UNITER, `hook "${name}" (via hook dispatching script: dispatch) failed: ${problem}`);
    unit.operation = { hook, step: 'error', failures: failures + 1 };
    unit.agent = { ...statusNow('error', `hook failed: "${name}"`), data: errorData(host, hook) };
  };

  const loop = async (): Promise<void> => {
    while (!stopped) {
      const seen = generation;
      if (rebootRequests.length > 0) {
        const requests = rebootRequests;
        rebootRequests = [];
        busy = true;
        await rebootMachine();
        busy = false;
        for (const done of requests) done();
        continue;
      }
      const operation = nextOperation(host, unit, retryDue());
      if (!operation) {
        if (unit.agent.status === 'executing' || unit.agent.status === 'allocating') unit.agent = statusNow('idle');
        host.settled();
        await waitForChange(seen);
        continue;
      }
      busy = true;
      await execute(operation);
      busy = false;
      kill = () => undefined;
      scheduleRetry();
      host.changed();
    }
  };

  if (unit.operation?.step === 'running')
    hookFailed(unit.operation.hook, unit.operation.failures, 'the agent was interrupted');
  scheduleRetry();
  const ended = loop().catch((error: unknown) => host.broken(unit, error));

  return {
    unit,
    wake,
    isQuiet: () =>
      stopped || (!busy && rebootRequests.length === 0 && retryAt === undefined && !nextOperation(host, unit, false)),
    hasGivenUp,
    forgive() {
      if (!hasGivenUp() || !unit.operation) return;
      unit.operation.failures = 0;
      retryAt = Date.now();
      wake();
    },
    reboot: () =>
      new Promise((resolve) => {
        rebootRequests.push(resolve);
        wake();
      }),
    killAction: () => kill(),
    async stop() {
      stopped = true;
      kill();
      wake();
      await ended;
    },
  };
}

/** What Juju keeps beside an error status. */
function errorData(host: Host, hook: Hook): Record<string, unknown> {
  const data: Record<string, unknown> = { hook: hookName(hook) };
  if (isRelationHook(hook)) {
    data['relation-id'] = hook.relation;
    if (hook.remoteUnit) data['remote-unit'] = hook.remoteUnit;
  }
  if (isSecretHook(hook)) {
    data['secret-uri'] = `secret:${hook.secret}`;
    data['secret-label'] = host.state.secrets[hook.secret]?.label ?? hook.label;
  }
  return data;
}
