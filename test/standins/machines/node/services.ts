/**
 * The services of the snap on one machine. Starting one reads its arguments and files as they are now and refuses what the
 * real one would end on; what it serves from then on changes only with a restart.
 */

import { isIP } from 'node:net';
import { parse } from 'yaml';
import { at } from '../json.ts';
import { serveApi } from '../kubernetes/server.ts';
import { requireKeyPair } from '../pki/parse.ts';
import type { ServiceState } from '../state.ts';
import { parseCommandLine, shellWords } from './arguments.ts';
import { startControllerManager, startScheduler } from './controller-manager.ts';
import { startEtcd } from './etcd.ts';
import { fileFlags, lateFileFlags, pairFlags, requireKnownFlags } from './flags.ts';
import { startKubelet } from './kubelet.ts';
import type { NodeMachine } from './machine.ts';
import { requireLeaderElection } from './names.ts';
import { paths } from './paths.ts';
import { requirePolicies } from './policies.ts';
import { startApiServerProxy } from './proxy.ts';
import { recordUnit } from './systemd.ts';

export type Arguments = Readonly<Record<string, string>>;

/** What a process was started with, and what it makes of that. */
interface CommandLine {
  readonly words: readonly string[];
  readonly values: Arguments;
}

/** Ends what was started: as systemd does, or at once as a loss of power does. */
export type Stop = (how?: 'at once') => Promise<void>;

/** Says that the process has ended by itself, with its last words. */
export type Ended = (lastWords: string) => void;

type Launch = (machine: NodeMachine, values: Arguments, ended: Ended) => Promise<Stop>;

/** A service that is a real process, in place of the stand-in of that name. It judges its arguments and files itself. */
export interface Program {
  /**
   * Resolves when the process is there, whether it will be ready or not, as systemd's `Type=simple`.
   * @param words its arguments, as the snap's shell reads them from the file
   * @param ended is called when it ends without having been asked, with its last words
   */
  start(machine: NodeMachine, words: readonly string[], ended: (lastWords: string) => void): Promise<Stop>;
  /** What its processes have written, oldest first. */
  log(machine: NodeMachine): readonly string[];
  /** Resolves when it serves. Throws its last words when it has ended, or what is missing after a while. */
  ready(machine: NodeMachine): Promise<void>;
}

/** What systemd does with a service that ends with an error: starts it again, unless it has done so too often. */
const RESTART = { afterMs: 100, atMost: 5, withinMs: 10_000 } as const;

const nothingToServe: Launch = async () => async () => {};

const launches: Readonly<Record<string, Launch>> = {
  etcd: startEtcd,
  containerd: async (machine) => {
    await machine.files.directory(paths.containerdRun, 0o711);
    return async () => {};
  },
  'kube-apiserver': serveApi,
  'kube-controller-manager': startControllerManager,
  'kube-scheduler': startScheduler,
  'kube-proxy': nothingToServe,
  kubelet: startKubelet,
  'k8s-apiserver-proxy': startApiServerProxy,
};

/** In the order in which k8sd starts them. */
export const controlPlaneServices: readonly string[] = [
  'etcd',
  'containerd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
];
export const workerServices: readonly string[] = ['containerd', 'k8s-apiserver-proxy', 'kubelet', 'kube-proxy'];

export const snapServices: readonly string[] = [
  'containerd',
  'etcd',
  'k8s-apiserver-proxy',
  'k8sd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-proxy',
  'kube-scheduler',
  'kubelet',
];

export class Services {
  readonly #machine: NodeMachine;
  readonly #running = new Map<string, Stop>();
  readonly #ends = new Map<string, readonly number[]>();
  readonly #lastWords = new Map<string, readonly string[]>();
  #turn: Promise<void> = Promise.resolve();
  #off = false;

  constructor(machine: NodeMachine) {
    this.#machine = machine;
  }

  state(name: string): ServiceState {
    const services = this.#machine.state.services;
    services[name] ??= { active: false, enabled: false };
    return services[name];
  }

  isActive(name: string): boolean {
    return this.#machine.state.services[name]?.active === true;
  }

  /** Why processes of that service have ended, oldest first: what is in its log stays when the next one runs. */
  lastWords(name: string): readonly string[] {
    return this.#lastWords.get(name) ?? [];
  }

  #died(name: string, words: string): void {
    this.state(name).failure = words;
    this.#lastWords.set(name, [...this.lastWords(name), words].slice(-20));
  }

  /** Words that the running process was started with, without its own name. */
  words(name: string): readonly string[] {
    return (this.isActive(name) ? this.state(name).words : undefined) ?? [];
  }

  /** What the running process makes of them. */
  running(name: string): Arguments | undefined {
    return this.isActive(name) ? this.state(name).running : undefined;
  }

  start(name: string, options: { readonly enable: boolean } = { enable: false }): Promise<void> {
    return this.#inTurn(async () => {
      const state = this.state(name);
      if (options.enable) state.enabled = true;
      if (!this.#running.has(name)) await this.#launch(name);
    });
  }

  stop(name: string, options: { readonly disable: boolean } = { disable: false }): Promise<void> {
    return this.#inTurn(async () => {
      const state = this.state(name);
      if (options.disable) state.enabled = false;
      await this.#end(name);
      state.active = false;
      delete state.running;
      delete state.words;
      delete state.failure;
      await this.#record(name);
    });
  }

  /** Starts it when it is not running. */
  restart(name: string): Promise<void> {
    return this.#inTurn(async () => {
      await this.#end(name);
      await this.#launch(name);
    });
  }

  /** A stand-in serves as soon as it is started. Throws why it does not. */
  async ready(name: string): Promise<void> {
    await this.#machine.site.programs[name]?.ready(this.#machine);
  }

  /** Ends the processes; what ran stays on record, so that `resume` brings it back. */
  suspend(): Promise<void> {
    return this.#inTurn(async () => {
      this.#off = true;
      for (const name of [...this.#running.keys()].reverse()) await this.#end(name, 'at once');
    }, true);
  }

  /** Brings back what ran when the state was saved. */
  resume(): Promise<void> {
    this.#off = false;
    return this.#inTurn(async () => {
      for (const name of ['k8sd', ...controlPlaneServices, 'k8s-apiserver-proxy']) {
        if (this.isActive(name)) await this.#launch(name);
      }
    });
  }

  /** What systemd does at boot: starts what is enabled. */
  boot(): Promise<void> {
    this.#off = false;
    return this.#inTurn(async () => {
      for (const [name, state] of Object.entries(this.#machine.state.services)) {
        state.active = false;
        delete state.running;
        delete state.words;
        await this.#record(name);
        if (state.enabled) await this.#launch(name);
      }
    });
  }

  /** Without power nothing is started or stopped any more; who asks is no more either, and waits forever. */
  async #inTurn(action: () => Promise<void>, evenOff = false): Promise<void> {
    const mine = this.#turn.then(async () => {
      const dead = this.#off && !evenOff;
      if (!dead) await action();
      return dead;
    });
    this.#turn = mine.then(
      () => {},
      () => {},
    );
    if (await mine) await new Promise<void>(() => {});
  }

  async #launch(name: string): Promise<void> {
    const state = this.state(name);
    try {
      const reason = this.#machine.site.faults.serviceFailure(this.#machine.id, name);
      if (reason !== undefined) throw new Error(reason);
      if (name === 'k8sd') {
        this.#running.set(name, await this.#machine.k8sd.start());
      } else {
        const { words, values } = await this.#startOne(name);
        state.running = { ...values };
        state.words = [...words];
      }
      state.active = true;
      this.#tell(name, 'up');
      delete state.failure;
    } catch (error) {
      state.active = false;
      delete state.running;
      delete state.words;
      this.#died(name, (error as Error).message);
    }
    await this.#record(name);
  }

  async #startOne(name: string): Promise<CommandLine> {
    const program = this.#machine.site.programs[name];
    let mine: Stop | undefined;
    const ended: Ended = (lastWords) => {
      void this.#inTurn(() => this.#ended(name, mine, lastWords)).catch(this.#machine.site.fail);
    };
    if (program === undefined) {
      const line = await readCommandLine(this.#machine, name);
      mine = await (launches[name] ?? nothingToServe)(this.#machine, line.values, ended);
      this.#running.set(name, mine);
      return line;
    }
    const words = shellWords(await this.#machine.files.need(`${paths.args}/${name}`));
    const stop = await program.start(this.#machine, words, ended);
    mine = stop;
    this.#running.set(name, stop);
    return { words, values: flagsOf(words) };
  }

  /** A process has ended by itself. */
  async #ended(name: string, stop: Stop | undefined, lastWords: string): Promise<void> {
    if (stop === undefined || this.#running.get(name) !== stop) return;
    this.#running.delete(name);
    this.#tell(name, 'down');
    const state = this.state(name);
    state.active = false;
    this.#died(name, lastWords);
    await this.#record(name);
    const now = Date.now();
    const recent = [...(this.#ends.get(name) ?? []).filter((end) => now - end < RESTART.withinMs), now];
    this.#ends.set(name, recent);
    if (recent.length >= RESTART.atMost) return;
    this.#machine.timers.after(RESTART.afterMs, async () => {
      if (state.failure === lastWords) await this.start(name);
    });
  }

  /** What systemd and the kernel show of it. */
  async #record(name: string): Promise<void> {
    const { active, enabled, words: given = [] } = this.state(name);
    const words = active ? { words: [`/snap/k8s/current/bin/${name}`, ...given] } : {};
    await recordUnit(this.#machine, `snap.k8s.${name}.service`, { active, enabled, ...words });
  }

  async #end(name: string, how?: 'at once'): Promise<void> {
    const stop = this.#running.get(name);
    this.#running.delete(name);
    if (stop === undefined) return;
    this.#tell(name, 'down');
    await stop(how);
  }

  #tell(service: string, what: 'up' | 'down'): void {
    this.#machine.site.serviceEvents.push({ machine: this.#machine.id, service, what });
  }
}

/** Flags with their last values; a word that is no flag counts as one without a value. */
function flagsOf(words: readonly string[]): Arguments {
  return Object.fromEntries(
    words.map((word) => {
      const at = word.indexOf('=');
      return at < 0 ? [word, 'true'] : [word.slice(0, at), word.slice(at + 1)];
    }),
  );
}

/** Arguments as the service gets them. Throws what would make it end at once. */
async function readCommandLine(machine: NodeMachine, service: string): Promise<CommandLine> {
  const text = await machine.files.need(`${paths.args}/${service}`);
  const words = shellWords(text);
  const values = parseCommandLine(service, words);
  requireKnownFlags(service, values);
  requireLeaderElection(service, values);
  for (const [flag, value] of Object.entries(values)) {
    const late = service === 'kube-controller-manager' && lateFileFlags.has(flag);
    if (!late && fileFlags.has(flag) && value.startsWith('/')) await machine.files.need(value);
  }
  if (service === 'kube-apiserver') {
    requireOneFamily(values);
    await requireOneSource(machine, values);
  }
  await requirePolicies(machine, service, values);
  requireOneWayOfSigning(values);
  for (const [certificate, key] of pairFlags) {
    const crt = values[certificate];
    const pem = values[key];
    if (crt !== undefined && pem !== undefined)
      requireKeyPair(await machine.files.need(crt), await machine.files.need(pem));
  }
  return { words, values };
}

/** Words and what kube-apiserver 1.36 itself said to them. */
async function requireOneSource(machine: NodeMachine, values: Arguments): Promise<void> {
  const flags = Object.keys(values);
  if (
    values['--authorization-config'] &&
    flags.some((flag) => flag === '--authorization-mode' || flag.startsWith('--authorization-webhook-'))
  )
    throw new Error(
      '--authorization-config can not be specified when --authorization-mode or --authorization-webhook-* flags are defined',
    );
  const authentication = values['--authentication-config'];
  if (!authentication || !flags.includes('--anonymous-auth')) return;
  const configuration: unknown = parse(await machine.files.need(authentication));
  if (at(configuration, 'anonymous') !== undefined)
    throw new Error(
      'anonymous: Forbidden: --anonymous-auth flag cannot be set when anonymous field is configured in authentication configuration file',
    );
}

/** `validatePublicIPServiceClusterIPRangeIPFamilies` of kubernetes/kubernetes (cmd/kube-apiserver/app/options/validation.go). */
function requireOneFamily(values: Arguments): void {
  const [range = ''] = (values['--service-cluster-ip-range'] ?? '').split(',');
  const address = values['--advertise-address'] ?? '';
  if (address !== '' && isIP(range.split('/')[0] ?? '') !== isIP(address))
    throw new Error(
      `service IP family ${JSON.stringify(range)} must match public address family ${JSON.stringify(address)}`,
    );
}

/** One CA for all signers, or one for each (`cmd/kube-controller-manager/app/options/csrsigningcontroller.go` of kubernetes/kubernetes). */
function requireOneWayOfSigning(values: Arguments): void {
  const forAll = ['--cluster-signing-cert-file', '--cluster-signing-key-file'].some((flag) => flag in values);
  const forOne = Object.keys(values).some((flag) => /^--cluster-signing-.+-(?:cert|key)-file$/.test(flag));
  if (forAll && forOne)
    throw new Error(
      'cannot specify --cluster-signing-{cert,key}-file and other --cluster-signing-*-file flags at the same time',
    );
}
