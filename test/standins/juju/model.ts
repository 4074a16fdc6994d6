/**
 * A local stand-in for a Juju controller and its unit agents, for trying charms and for tests. It runs the real `dispatch` of
 * packed charms as processes, or its program in this one, with the environment, hook tools, commits and order of events of Juju
 * 3.6 or 4.0.
 */

import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  addUnit,
  application,
  configure,
  createApplication,
  destroyApplication,
  destroyUnit,
  forgetUnit,
  integrate,
  type OptionValue,
  optionValues,
  relationBetween,
  setCharm,
} from './applications.ts';
import type { ActionDefinition } from './charm-actions.ts';
import { type CharmStore, openCharmStore } from './charm-store.ts';
import type { Controller } from './controller.ts';
import type { Program } from './dispatch-in-process.ts';
import { toolsDirectory } from './environment.ts';
import type { DispatchRecord, HookToolFault, Host } from './hook-run.ts';
import { installHookTools } from './hook-tools/install.ts';
import { type Log, type LogEntry, openLog } from './log.ts';
import type { Machine, MachineProvider } from './machine.ts';
import { type ModelStatus, modelStatus } from './model-status.ts';
import { type Interruption, newOutsideCalls, type OutsideCallListener } from './outside-calls.ts';
import { copyModelDirectory, loadState, saveState } from './persistence.ts';
import { destroyRelation } from './relations.ts';
import {
  bareId,
  decodeContent,
  encodeContent,
  enterAsRemote,
  findRelation,
  type RelationReference,
  type RemoteApplication,
  remoteApplicationOf,
} from './remote-application.ts';
import { storeResource } from './resources.ts';
import {
  addRevision,
  applicationSubject,
  grantAccess,
  isModelSecret,
  latestRevision,
  newRevision,
  newSecretId,
  removeRevisions,
} from './secrets.ts';
import { type NotSettled, notSettled } from './settle.ts';
import { showUnit } from './show-unit.ts';
import {
  type ConfigValue,
  type ModelState,
  newModelState,
  type SecretState,
  type Settings,
  statusNow,
  type TaskState,
  type UnitState,
} from './state.ts';
import { enqueueCommands, enqueueTask, failInterruptedTasks } from './task-queue.ts';
import { type RetryPolicy, startUnitAgent, type UnitAgent } from './unit-agent.ts';
import { type UnitView, unitView } from './unit-view.ts';
import { newWatch } from './watch.ts';

export interface ModelLocation {
  /** Folder of the model. */
  readonly directory: string;
  readonly provider: MachineProvider;
  /** Folder for unpacked charms, which models may share; by default inside the model's own. */
  readonly charmCache?: string;
  readonly retry?: Partial<RetryPolicy>;
  /** By the name of a charm: runs in this process in place of its `dispatch`, which by default is started as a process. */
  readonly programs?: Readonly<Record<string, Program>>;
  /**
   * Whether a leader that writes its application's databag on a peer relation gets `relation-changed` for it. Juju does that
   * (juju/juju#20178), although its documentation long said otherwise. Default true.
   */
  readonly leaderHearsItself?: boolean;
}

export interface ModelOptions extends ModelLocation {
  /** Default 3.6.9. */
  readonly jujuVersion?: string;
  readonly modelName?: string;
  readonly modelUuid?: string;
}

export interface DeployOptions {
  readonly application: string;
  /** Default 1. */
  readonly units?: number;
  readonly config?: Readonly<Record<string, ConfigValue>>;
  /** Name to path of the file. */
  readonly resources?: Readonly<Record<string, string>>;
}

/** What people say of a secret of theirs. */
export interface SecretDescription {
  readonly name?: string;
  readonly info?: string;
}

export interface SettleOptions {
  readonly timeoutMs: number;
  /** What has to hold besides rest. */
  readonly until?: (model: Model) => boolean;
  /** While at rest and `until` does not hold: queue `update-status` on all units this often, as time would. */
  readonly updateStatusEveryMs?: number;
}

export interface ActionOutcome {
  /** Number of the task. */
  readonly id: number;
  readonly status: 'completed' | 'failed' | 'aborted';
  readonly message: string;
  /** With Juju's own `return-code`, `stdout` and `stderr`. */
  readonly results: Record<string, unknown>;
  readonly log: string[];
}

/** How often something outside the model is looked at. */
const POLL_MS = 50;
const NO_MACHINES: MachineProvider = {
  provision: () => Promise.reject(new Error('this model is only looked at')),
  save: () => Promise.resolve(),
  close: () => Promise.resolve(),
};
const DEFAULT_RETRY: RetryPolicy = { initialMs: 50, maximumMs: 2000, attempts: 10 };

export class Model {
  readonly directory: string;
  /** Everything that is saved. */
  readonly state: ModelState;
  /** What each run of a charm did and cost, in the order in which they ended. */
  readonly dispatches: DispatchRecord[] = [];
  /** Set to make a hook tool fail; it then has no effect. */
  hookToolFault: HookToolFault | undefined;
  /** Set to record each dispatch's peak memory. */
  measureMemory = false;
  /** What a hook tool takes as a process before it asks: on a real unit it is a Go program. None by default. */
  hookToolStartMs = 0;

  readonly #provider: MachineProvider;
  readonly #charms: CharmStore;
  readonly #log: Log;
  readonly #retry: RetryPolicy;
  readonly #leaderHearsItself: boolean;
  readonly #programs: Readonly<Record<string, Program>>;
  readonly #machines = new Map<string, Machine>();
  readonly #agents = new Map<string, UnitAgent>();
  readonly #outsideCalls = newOutsideCalls();
  readonly #watch = newWatch();
  readonly #host: Host;
  private constructor(state: ModelState, location: ModelLocation) {
    this.directory = resolve(location.directory);
    this.state = state;
    this.#provider = location.provider;
    this.#charms = openCharmStore(state, resolve(location.charmCache ?? join(this.directory, 'charms')));
    this.#log = openLog(join(this.directory, 'log.jsonl'));
    this.#retry = { ...DEFAULT_RETRY, ...location.retry };
    this.#leaderHearsItself = location.leaderHearsItself ?? true;
    this.#programs = location.programs ?? {};
    this.#host = this.#newHost();
  }

  /** A new, empty model in a new or empty folder. */
  static async create(options: ModelOptions): Promise<Model> {
    const state = newModelState({
      jujuVersion: options.jujuVersion ?? '3.6.9',
      modelName: options.modelName ?? 'local',
      modelUuid: options.modelUuid ?? randomUUID(),
    });
    await mkdir(options.directory, { recursive: true, mode: 0o700 });
    await saveState(options.directory, state);
    const model = new Model(state, options);
    await model.#start();
    return model;
  }

  /** Goes on with a model that was saved. Hooks that ran when its process ended count as failed. */
  static async open(location: ModelLocation): Promise<Model> {
    const model = new Model(await loadState(location.directory), location);
    await model.#start();
    return model;
  }

  /** A saved model to look at: no machine and no agent is started. */
  static async inspect(directory: string): Promise<Model> {
    const model = new Model(await loadState(directory), { directory, provider: NO_MACHINES });
    await model.#charms.load();
    return model;
  }

  /** Copies the folder of a saved model; `open` then goes on from there, beside the original. */
  static copyDirectory(from: string, to: string): Promise<void> {
    return copyModelDirectory(from, to);
  }

  /** Writes everything down, machines too. Meant for a model at rest. */
  async save(): Promise<void> {
    await saveState(this.directory, this.state);
    await this.#provider.save();
  }

  /** Stops all agents, killing what they run, and the machines. `save` first to go on later. */
  async close(): Promise<void> {
    await Promise.all([...this.#agents.values()].map((agent) => agent.stop()));
    await this.#provider.close();
  }

  async deploy(charmPath: string, options: DeployOptions): Promise<void> {
    const charm = await this.#charms.add(charmPath);
    if (this.#host.charm(charm).subordinate) throw new Error('subordinate charms are beyond the local model');
    const created = createApplication(this.#host, options.application, charm, options.config ?? {});
    for (const [name, path] of Object.entries(options.resources ?? {}))
      await storeResource(this.#host, created, name, path);
    await this.addUnit(options.application, options.units ?? 1);
  }

  /** `app` or `app:endpoint`, both. */
  async integrate(first: string, second: string): Promise<void> {
    enterAsRemote(this.#host, integrate(this.#host, first, second));
    this.#host.changed();
  }

  async removeRelation(first: string, second: string): Promise<void> {
    destroyRelation(this.state, relationBetween(this.#host, first, second));
    this.#host.changed();
  }

  async configure(
    name: string,
    values: Readonly<Record<string, ConfigValue>>,
    options: { readonly reset?: readonly string[] } = {},
  ): Promise<void> {
    configure(this.#host, name, values, options.reset ?? []);
    this.#host.changed();
  }

  async addUnit(name: string, count = 1): Promise<void> {
    application(this.#host, name);
    for (let added = 0; added < count; added += 1) {
      const unit = addUnit(this.#host, name);
      const machine = await this.#provision(unit.machine);
      this.state.machines[unit.machine] = {
        id: machine.id,
        hostname: machine.hostname,
        address: machine.address,
        life: 'alive',
      };
      this.#startAgent(unit);
    }
    this.#host.changed();
  }

  /** With `force` as `juju remove-unit --force --no-wait`: the unit is gone at once, and runs no hook any more. */
  async removeUnit(unit: string, { force = false }: { readonly force?: boolean } = {}): Promise<void> {
    destroyUnit(this.#host, unit);
    if (force) {
      await this.#agent(unit).stop();
      await this.#unitEnded(this.#unitState(unit));
    }
    this.#host.changed();
  }

  /** The unit's machine is gone for good, and its agent with it; Juju keeps the unit until somebody removes it. */
  async loseMachine(unit: string): Promise<void> {
    const state = this.#unitState(unit);
    await this.#agent(unit).stop();
    await this.#host.machine(state).terminate();
    state.agent = statusNow('lost', 'agent is not communicating with the server');
    this.#host.changed();
  }

  async removeApplication(name: string): Promise<void> {
    destroyApplication(this.#host, name);
    this.#host.changed();
  }

  /** With options that are set together with the new charm, as `juju refresh --config` does. */
  async refresh(name: string, charmPath: string, values: Readonly<Record<string, ConfigValue>> = {}): Promise<void> {
    const charm = await this.#charms.add(charmPath);
    const before = this.#host.charm(application(this.#host, name).charm).name;
    const after = this.#host.charm(charm).name;
    if (before !== after) throw new Error(`cannot upgrade "${before}" to "${after}"`);
    setCharm(this.#host, name, charm);
    configure(this.#host, name, values, []);
    this.#host.changed();
  }

  async attachResource(name: string, resource: string, path: string): Promise<void> {
    const target = application(this.#host, name);
    await storeResource(this.#host, target, resource, path);
    target.charmModified += 1;
    this.#host.changed();
  }

  /** As if the present leader had not renewed its lease in time. */
  async moveLeadership(unit: string): Promise<void> {
    const { application: name } = this.#unitState(unit);
    application(this.#host, name).leader = unit;
    this.#host.changed();
  }

  /** Reboots the unit's machine as soon as no hook runs there. */
  async reboot(unit: string): Promise<void> {
    await this.#agent(unit).reboot();
  }

  /** Another address for the unit's machine is news for its charm and for the units related to it. */
  async changeAddress(unit: string, address: string): Promise<void> {
    const state = this.#unitState(unit);
    const machine = this.state.machines[state.machine];
    if (machine) machine.address = address;
    for (const relation of Object.values(this.state.relations)) {
      const member = relation.units[unit];
      if (!member) continue;
      Object.assign(member.settings, {
        'egress-subnets': `${address}/32`,
        'ingress-address': address,
        'private-address': address,
      });
      member.version += 1;
    }
    this.#host.changed();
  }

  /** Queues `update-status` on one unit, or all. */
  updateStatus(unit?: string): void {
    const units = unit === undefined ? Object.values(this.state.units) : [this.#unitState(unit)];
    for (const each of units) each.updateStatus.asked += 1;
    this.#host.changed();
  }

  /** The latest revision of a secret has expired, as if time had passed. */
  expireSecret(uri: string): void {
    const secret = this.#secret(uri);
    latestRevision(secret).expire = new Date(0).toISOString();
    for (const unit of Object.values(this.state.units)) delete unit.secrets.expired[secret.id];
    this.#host.changed();
  }

  /** A secret is due to be rotated, as if time had passed. */
  rotateSecret(uri: string): void {
    this.#secret(uri).rotateDue = true;
    this.#host.changed();
  }

  /**
   * Runs an action and resolves when the task has ended. Rejects when the controller would not take the task: no such
   * action, and on 3.x parameters that do not fit. `onLog` gets progress lines as they come.
   */
  async run(
    unit: string,
    action: string,
    parameters: Readonly<Record<string, unknown>> = {},
    onLog?: (line: string) => void,
  ): Promise<ActionOutcome> {
    return this.#outcome(enqueueTask(this.#host, this.#unitState(this.#resolveUnit(unit)), action, parameters), onLog);
  }

  async #outcome(task: TaskState, onLog?: (line: string) => void): Promise<ActionOutcome> {
    let shown = 0;
    const ended = (): boolean => {
      for (; shown < task.log.length; shown += 1) onLog?.(task.log[shown] ?? '');
      return task.status !== 'pending' && task.status !== 'running';
    };
    this.#host.changed();
    await this.#watch.until(ended);
    if (task.status === 'pending' || task.status === 'running') throw new Error('task has not ended');
    return { id: task.id, status: task.status, message: task.message, results: task.results, log: task.log };
  }

  /** As `juju exec`: runs commands of a shell on the unit's machine, with hook tools, and resolves when they have ended. */
  async exec(unit: string, commands: string): Promise<ActionOutcome> {
    return this.#outcome(enqueueCommands(this.#host, this.#unitState(this.#resolveUnit(unit)), commands));
  }

  /** The folder that is the machine of the unit. Throws when the model is only looked at. */
  machineRoot(unit: string): string {
    return this.#host.machine(this.#unitState(this.#resolveUnit(unit))).root;
  }

  /** Cancels a task: one that waits is dropped, one that runs is killed. */
  cancelTask(id: number): void {
    const task = this.state.tasks[id];
    if (!task || (task.status !== 'pending' && task.status !== 'running')) return;
    task.cancelled = true;
    if (task.status === 'pending') task.status = 'aborted';
    else this.#agent(task.unit).killAction();
    this.#host.changed();
  }

  /**
   * Resolves when no unit has anything queued or running and `until` holds. Rejects with `NotSettled`, which tells the
   * statuses and the last log lines, when that takes too long or when all that is left are hooks that keep failing.
   */
  async settle({ timeoutMs, until, updateStatusEveryMs }: SettleOptions): Promise<void> {
    for (const agent of this.#agents.values()) agent.forgive();
    const deadline = Date.now() + timeoutMs;
    const holds = (): boolean => until?.(this) ?? true;
    const fail = (reason: string): NotSettled => notSettled(reason, [...this.#agents.values()], this.#log.entries);
    for (;;) {
      if (!(await this.#watch.until(() => this.#isQuiet(), deadline - Date.now())))
        throw fail(`not settled after ${timeoutMs} ms`);
      const failing = [...this.#agents.values()].filter((agent) => agent.hasGivenUp());
      if (failing.length > 0) throw fail(`failing again and again: ${failing.map(({ unit }) => unit.name).join(', ')}`);
      if (holds()) return;
      const wait = Math.min(updateStatusEveryMs ?? Number.POSITIVE_INFINITY, deadline - Date.now());
      if (await this.#watch.until(() => holds() || !this.#isQuiet(), wait, POLL_MS)) continue;
      if (updateStatusEveryMs === undefined || Date.now() >= deadline)
        throw fail(`at rest, but what was waited for did not come about within ${timeoutMs} ms`);
      this.updateStatus();
    }
  }

  status(): ModelStatus {
    return modelStatus(this.#host);
  }

  unit(name: string): UnitView {
    return unitView(this.#host, this.#unitState(this.#resolveUnit(name)));
  }

  /** As `juju show-unit` tells it. */
  showUnit(name: string): Record<string, unknown> {
    return showUnit(this.#host, this.#unitState(this.#resolveUnit(name)));
  }

  /** Options of an application with their values and where these come from, as `juju config` tells it. */
  config(name: string): Readonly<Record<string, OptionValue>> {
    return optionValues(this.#host, name);
  }

  /** Actions of an application's charm. */
  actions(name: string): Readonly<Record<string, ActionDefinition>> {
    return this.#host.charm(application(this.#host, name).charm).actions;
  }

  applicationBag(name: string, where: RelationReference): Settings {
    return { ...findRelation(this.#host, name, where).applications[name]?.settings };
  }

  secrets(): readonly SecretState[] {
    return Object.values(this.state.secrets).map((secret) => structuredClone(secret));
  }

  /** As `juju add-secret`: gives the URI. */
  addSecret(content: Settings, { name = '', info = '' }: SecretDescription = {}): string {
    if (name !== '' && Object.values(this.state.secrets).some((each) => isModelSecret(each) && each.label === name))
      throw new Error(`secret with name "${name}" already exists`);
    const id = newSecretId();
    this.state.secrets[id] = {
      id,
      owner: { kind: 'model', name: '' },
      label: name,
      description: info,
      rotate: 'never',
      rotateDue: false,
      latest: 1,
      revisions: { 1: newRevision(encodeContent(content)) },
      grants: [],
      consumers: {},
    };
    this.#host.changed();
    return `secret:${id}`;
  }

  /** As `juju update-secret`: who reads it hears of it. Without content only what is said of it changes. */
  updateSecret(uri: string, content?: Settings, { name, info }: SecretDescription = {}): void {
    const secret = this.#secret(uri);
    if (content !== undefined) addRevision(secret, encodeContent(content));
    if (name !== undefined) secret.label = name;
    if (info !== undefined) secret.description = info;
    this.#host.changed();
  }

  /** As `juju grant-secret`, of which nobody hears. */
  grantSecret(uri: string, name: string): void {
    const secret = this.#secret(uri);
    if (!this.state.applications[name] && !this.state.remotes[name]) throw new Error(`application "${name}" not found`);
    grantAccess(secret, applicationSubject(name));
    this.#host.changed();
  }

  /** As `juju revoke-secret`, of which nobody hears. */
  revokeSecret(uri: string, name: string): void {
    const secret = this.#secret(uri);
    secret.grants = secret.grants.filter(({ subject }) => subject !== applicationSubject(name));
    this.#host.changed();
  }

  /** As `juju remove-secret`: one revision, or all of it. Secrets of charms are not for people to remove. */
  removeSecret(uri: string, revision?: number): void {
    const secret = this.#secret(uri);
    if (!isModelSecret(secret)) throw new Error('permission denied');
    if (revision !== undefined && !secret.revisions[revision])
      throw new Error(`secret revision "${secret.id}/${revision}" not found`);
    removeRevisions(this.state, secret, revision === undefined ? 'all' : [revision]);
    this.#host.changed();
  }

  /** As `juju expose` and `juju unexpose`. */
  expose(name: string, exposed: boolean): void {
    application(this.#host, name).exposed = exposed;
    this.#host.changed();
  }

  /** Content of the latest revision, or of the one given. */
  secretContent(uri: string, revision?: number): Settings {
    const secret = this.#secret(uri);
    const found = revision === undefined ? latestRevision(secret) : secret.revisions[revision];
    if (!found) throw new Error(`secret "${secret.id}" has no revision ${revision}`);
    return decodeContent(found.content);
  }

  /** Log entries, of one unit or all. */
  log(unit?: string): readonly LogEntry[] {
    return unit === undefined ? this.#log.entries : this.#log.entries.filter(({ entity }) => entity === unit);
  }

  /** Set to end a dispatch at its n-th outside call from now on; undefined again when that has happened. */
  get interruptAt(): Interruption | undefined {
    return this.#outsideCalls.interruption;
  }

  set interruptAt(interruption: Interruption | undefined) {
    this.#outsideCalls.interruption = interruption;
  }

  /** Set to be told of each outside call of each dispatch as it begins and ends; what it does then, the dispatch waits for. */
  set onOutsideCall(listener: OutsideCallListener | undefined) {
    this.#outsideCalls.listener = listener;
  }

  /** How many outside calls the dispatches of a unit have made since the model was opened. */
  outsideCalls(unit: string): number {
    return this.#outsideCalls.totals[unit] ?? 0;
  }

  /** A simulated application for the other end of relations; relate it with `integrate`. */
  addRemoteApplication(
    name: string,
    options: {
      readonly endpoints: Readonly<
        Record<string, { readonly interface: string; readonly role: 'provider' | 'requirer' }>
      >;
      /** Default 1. */
      readonly units?: number;
    },
  ): RemoteApplication {
    if (this.state.applications[name] || this.state.remotes[name])
      throw new Error(`application "${name}" already exists`);
    this.state.remotes[name] = { name, endpoints: { ...options.endpoints }, units: {}, nextUnit: 0 };
    const remote = this.remote(name);
    for (let count = options.units ?? 1; count > 0; count -= 1) remote.addUnit();
    return remote;
  }

  remote(name: string): RemoteApplication {
    const state = this.state.remotes[name];
    if (!state) throw new Error(`there is no simulated application "${name}"`);
    return remoteApplicationOf(this.#host, state);
  }

  async #start(): Promise<void> {
    await this.#charms.load();
    await installHookTools(toolsDirectory(this.#host));
    for (const machine of Object.values(this.state.machines))
      if (machine.life === 'alive') await this.#provision(machine.id);
    failInterruptedTasks(this.#host);
    for (const unit of Object.values(this.state.units)) this.#startAgent(unit);
  }

  async #provision(id: string): Promise<Machine> {
    const machine = await this.#provider.provision(id);
    this.#machines.set(id, machine);
    return machine;
  }

  #startAgent(unit: UnitState): void {
    this.#agents.set(unit.name, startUnitAgent(this.#host, unit, this.#retry));
  }

  #newHost(): Host {
    const model = this;
    const controller: Controller = {
      directory: this.directory,
      state: this.state,
      leaderHearsItself: this.#leaderHearsItself,
      charm: (key) => this.#charms.definition(key),
      log: (entity, level, logger, message) =>
        this.#log.add({ time: new Date().toISOString(), entity, level, logger, message }),
      changed: () => {
        for (const agent of this.#agents.values()) agent.wake();
        this.#watch.notify();
      },
    };
    return {
      ...controller,
      outsideCalls: this.#outsideCalls,
      programs: this.#programs,
      get hookToolFault() {
        return model.hookToolFault;
      },
      get measureMemory() {
        return model.measureMemory;
      },
      get hookToolStartMs() {
        return model.hookToolStartMs;
      },
      machine: (unit) => {
        const machine = this.#machines.get(unit.machine);
        if (!machine) throw new Error(`machine ${unit.machine} not found`);
        return machine;
      },
      unpackedCharm: (key) => this.#charms.unpacked(key),
      record: (dispatch) => void this.dispatches.push(dispatch),
      taskEnded: () => this.#host.changed(),
      unitEnded: (unit) => this.#unitEnded(unit),
      settled: () => this.#watch.notify(),
      broken: (_unit, error) => this.#watch.fail(error),
    };
  }

  async #unitEnded(unit: UnitState): Promise<void> {
    const machine = this.#host.machine(unit);
    forgetUnit(this.#host, unit);
    await machine.terminate();
    this.#machines.delete(unit.machine);
    delete this.state.machines[unit.machine];
    this.#agents.delete(unit.name);
    this.#host.changed();
  }

  /** `k8s/leader` is whoever leads now. */
  #resolveUnit(unit: string): string {
    const [name = '', number] = unit.split('/');
    if (number !== 'leader') return unit;
    const leader = application(this.#host, name).leader;
    if (leader === undefined) throw new Error(`could not determine leader for "${name}"`);
    return leader;
  }

  #unitState(unit: string): UnitState {
    const state = this.state.units[unit];
    if (!state) throw new Error(`unit "${unit}" not found`);
    return state;
  }

  #agent(unit: string): UnitAgent {
    const agent = this.#agents.get(unit);
    if (!agent) throw new Error(`unit "${unit}" not found`);
    return agent;
  }

  #secret(uri: string): SecretState {
    const secret =
      this.state.secrets[bareId(uri)] ??
      Object.values(this.state.secrets).find((each) => isModelSecret(each) && each.label !== '' && each.label === uri);
    if (!secret) throw new Error(`secret "${uri}" not found`);
    return secret;
  }

  #isQuiet(): boolean {
    return [...this.#agents.values()].every((agent) => agent.isQuiet());
  }
}
