/**
 * Control planes whose dispatches run into one another, with Juju's rules of what is committed and what is lost, and the stand-in's API
 * servers over one etcd. Every call to something outside is a place where another dispatch goes on, an API server loads its file, or the
 * process ends.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyEncryption } from '../../../src/capabilities/encryption/apply.ts';
import { CONFIGURATION_FLAG } from '../../../src/capabilities/encryption/configuration.ts';
import type { EncryptionQuestion } from '../../../src/capabilities/encryption/facts.ts';
import { observeEncryption } from '../../../src/capabilities/encryption/observe.ts';
import type { EncryptionOptions } from '../../../src/capabilities/encryption/options.ts';
import { EncryptionFailed } from '../../../src/capabilities/encryption/outcome.ts';
import { planEncryption } from '../../../src/capabilities/encryption/plan.ts';
import type { FileStatus, Host } from '../../../src/clients/host/host.ts';
import { openHost } from '../../../src/clients/host/open-host.ts';
import type { Juju, SecretContent } from '../../../src/clients/juju/juju.ts';
import { KubernetesError } from '../../../src/clients/kubernetes/errors.ts';
import type { Kubernetes } from '../../../src/clients/kubernetes/kubernetes.ts';
import type { Random } from '../../clients/juju/random.ts';
import { Api, ApiError } from '../../standins/machines/kubernetes/api.ts';
import { type EncryptionInService, loadEncryption } from '../../standins/machines/kubernetes/encryption-in-service.ts';
import { typeOf } from '../../standins/machines/kubernetes/resources.ts';
import { etcdKey } from '../../standins/machines/kubernetes/store.ts';
import { rangeOf } from '../../standins/machines/node/etcd.ts';
import type { Site } from '../../standins/machines/site.ts';
import type { ClusterState } from '../../standins/machines/state.ts';

type Bag = Record<string, string>;
type Clients = Parameters<typeof observeEncryption>[0];

/** Ends a process: nothing of it catches it. */
class Killed extends Error {}

export interface Unit {
  readonly name: string;
  readonly host: Host;
  readonly root: string;
  bag: Bag;
  state: Map<string, string>;
  /** Arguments of its API server, as its file has them; undefined while the node is in no cluster. */
  flags: Readonly<Record<string, string>> | undefined;
  server: EncryptionInService | undefined;
  /** Its machine is lost: nothing of it runs any more. */
  dead: boolean;
  /** Juju has taken it off the relation. */
  removed: boolean;
  dispatch: Dispatch | undefined;
  statuses: readonly string[];
}

interface Dispatch {
  /** Lets it go on from the call at which it waits; or ends it there. */
  go(alive: boolean): void;
  readonly waiting: boolean;
  readonly done: Promise<void>;
}

/** Where an API server has its datastore, and the certificate with which it goes there. */
const DATASTORE = {
  '--etcd-servers': 'https://127.0.0.1:2379',
  '--etcd-cafile': '/etcd/ca',
  '--etcd-certfile': '/etcd/certificate',
  '--etcd-keyfile': '/etcd/key',
};
const JOINED = 'joined';
const ADMIN = { username: 'admin', groups: ['system:masters'] };
const SECRETS = '/api/v1/namespaces/default/secrets';
const HOUR = 3_600_000;

export class World {
  readonly random: Random;
  readonly units = new Map<string, Unit>();
  readonly secrets = new Map<string, { label: string; content: SecretContent }>();
  readonly api: Api;
  shared: Bag = {};
  leader = 'k8s/0';
  options: EncryptionOptions = { provider: 'aesgcm', automatic: true, rotationSeconds: undefined };
  /** Of the snap: from 34 on an API server tells what it has loaded. */
  readonly minor: number;
  nowMs = Date.now();
  /** What each Secret holds, by name. */
  readonly written = new Map<string, string>();
  /** Juju may lose half of what a hook has done. */
  fallible = true;
  /** Of hooks. */
  readonly failures: unknown[] = [];
  readonly #started = new Map<Unit, number>();
  /** When files were written, in the time of this world. */
  readonly #fileTimes = new Map<Unit, number>();
  readonly #argumentTimes = new Map<Unit, number>();
  #next = 0;
  #seen = '';
  #nextSecret = 0;

  constructor(random: Random, minor: number) {
    this.random = random;
    this.minor = minor;
    const kubernetes = { resourceVersion: 100, objects: {}, secrets: {}, heartbeats: {}, deletedNodes: {} };
    this.api = new Api({} as Site, { kubernetes } as unknown as ClusterState);
    this.api.store.ensure(typeOf('namespaces'), { metadata: { name: 'default' } });
  }

  close(): void {
    for (const { root, server } of this.units.values()) {
      server?.stop();
      rmSync(root, { recursive: true, force: true });
    }
  }

  addUnit(): Unit {
    const name = `k8s/${this.#next}`;
    this.#next += 1;
    const root = mkdtempSync(join(tmpdir(), 'ew-'));
    const unit: Unit = {
      name,
      root,
      host: openHost(root),
      bag: {},
      state: new Map(),
      flags: undefined,
      server: undefined,
      dead: false,
      removed: false,
      dispatch: undefined,
      statuses: [],
    };
    this.units.set(name, unit);
    return unit;
  }

  /** A control plane of a cluster that knows nothing of encryption. */
  async addMember(): Promise<void> {
    const unit = this.addUnit();
    unit.bag[JOINED] = 'yes';
    unit.flags = {};
    this.shared[unit.name] = 'joined';
    await this.startServer(unit);
  }

  get present(): readonly Unit[] {
    return [...this.units.values()].filter(({ removed }) => !removed);
  }

  get serving(): readonly Unit[] {
    return [...this.units.values()].filter(({ server }) => server !== undefined);
  }

  async startServer(unit: Unit): Promise<void> {
    unit.server?.stop();
    unit.server = await loadEncryption(
      {
        minor: this.minor,
        files: { need: async (path) => (await unit.host.files.read(path)) ?? '' },
        site: { delays: { encryptionReload: 1_000_000 }, now: () => this.nowMs },
      },
      unit.flags ?? {},
    );
    this.#started.set(unit, this.nowMs);
  }

  kill(unit: Unit): void {
    unit.dead = true;
    unit.dispatch?.go(false);
    unit.server?.stop();
    unit.server = undefined;
  }

  /** A hook begins, unless one runs. */
  begin(unit: Unit): void {
    if (unit.dead || unit.removed || unit.dispatch !== undefined) return;
    unit.dispatch = this.#run(unit);
    void unit.dispatch.done.finally(() => {
      unit.dispatch = undefined;
    });
  }

  #run(unit: Unit): Dispatch {
    // Of what it does at once, too.
    const waiting: ((alive: boolean) => void)[] = [];
    let killed = false;
    const pause = async (): Promise<void> => {
      const alive = !killed && (await new Promise<boolean>((resolve) => waiting.push(resolve)));
      this.nowMs += 20;
      if (!alive) throw new Killed('killed');
    };
    const done = this.#hook(unit, pause).catch((error: unknown) => {
      if (!(error instanceof Killed)) this.failures.push(error);
    });
    return {
      go: (alive) => {
        killed ||= !alive;
        for (const resolve of alive ? waiting.splice(0, 1) : waiting.splice(0)) resolve(alive);
      },
      get waiting() {
        return waiting.length > 0;
      },
      done,
    };
  }

  /** As a hook of the charm does: look, plan, change, until nothing is left; then Juju commits, or does not. */
  async #hook(unit: Unit, pause: () => Promise<void>): Promise<void> {
    const draft: Draft = { own: { ...unit.bag }, shared: { ...this.shared }, state: new Map(unit.state), secrets: [] };
    const clients = this.#clients(unit, draft, pause);
    const failed = new Map<string, string>();
    for (let round = 0; round < 40; round += 1) {
      const facts = await observeEncryption(clients, this.#question(unit, draft));
      const { changes, reports, flags } = planEncryption(facts);
      unit.statuses = [...reports.map(({ status, message }) => `${status}: ${message}`), ...failed.values()];
      const due = changes.filter((change) => !failed.has(JSON.stringify(change)));
      const [change] = due;
      if (change !== undefined) {
        try {
          await applyEncryption(clients, facts, change);
        } catch (error) {
          if (!(error instanceof EncryptionFailed)) throw error;
          failed.set(JSON.stringify(change), `${error.status.status}: ${error.message}`);
        }
        continue;
      }
      if (!(await this.#clusterStep(unit, draft, flags, pause))) break;
    }
    await pause();
    this.#commit(unit, draft);
  }

  /** What the cluster domain does meanwhile: one thing, or nothing. */
  async #clusterStep(
    unit: Unit,
    draft: Draft,
    flags: Readonly<Record<string, string>> | 'held',
    pause: () => Promise<void>,
  ): Promise<boolean> {
    if (this.leader === unit.name && unit.flags !== undefined) {
      const gone = Object.keys(draft.shared).find((name) => name.startsWith('k8s/') && this.units.get(name)?.removed);
      if (gone !== undefined) {
        await pause();
        const machine = this.units.get(gone);
        machine?.server?.stop();
        if (machine) machine.server = undefined;
        delete draft.shared[gone];
        return true;
      }
      for (const other of this.present) {
        const known = draft.shared[other.name];
        const wanted = other.bag[JOINED] || other === unit ? 'joined' : 'pending';
        if (known === wanted || (known === 'joined' && wanted === 'pending')) continue;
        draft.shared[other.name] = wanted;
        return true;
      }
    }
    if (flags === 'held') return false;
    if (unit.flags === undefined) {
      const founds = this.#founds(unit, draft);
      if (!founds && draft.shared[unit.name] !== 'pending') return false;
      await pause();
      unit.flags = flags;
      await this.startServer(unit);
      draft.own[JOINED] = 'yes';
      if (founds) draft.shared[unit.name] = 'joined';
      return true;
    }
    if (draft.own[JOINED] === undefined) {
      draft.own[JOINED] = 'yes';
      return true;
    }
    if (JSON.stringify(unit.flags) === JSON.stringify(flags)) return false;
    await pause();
    unit.flags = flags;
    this.#argumentTimes.set(unit, this.nowMs);
    await this.startServer(unit);
    return true;
  }

  #founds(unit: Unit, draft: Draft): boolean {
    const joined = this.present.some((other) => other !== unit && other.bag[JOINED]);
    const known = Object.entries(draft.shared).some(([name, state]) => name !== unit.name && state === 'joined');
    return this.leader === unit.name && unit.flags === undefined && !joined && !known;
  }

  #question(unit: Unit, draft: Draft): EncryptionQuestion {
    const allocated = Object.keys(draft.shared).filter((name) => name.startsWith('k8s/'));
    const names = new Set([...allocated, ...this.present.filter(({ bag }) => bag[JOINED]).map(({ name }) => name)]);
    names.delete(unit.name);
    const member = unit.flags !== undefined;
    return {
      place: member ? 'member' : this.#founds(unit, draft) ? 'founding' : 'joining',
      leader: this.leader === unit.name,
      installed: true,
      relation: 'cluster:0',
      own: draft.own,
      shared: draft.shared,
      others: new Map(
        [...names].map((name) => [name, this.units.get(name)?.removed ? undefined : this.units.get(name)?.bag]),
      ),
      flag: unit.flags?.[CONFIGURATION_FLAG],
      restarted: true,
      datastore: DATASTORE,
      options: this.options,
    };
  }

  /** Juju 3.6 may keep what was done to secrets of a hook that fails after that. */
  #commit(unit: Unit, draft: Draft): void {
    const asLeader = JSON.stringify(draft.shared) !== JSON.stringify(this.shared) || draft.secrets.length > 0;
    if (asLeader && this.leader !== unit.name) return;
    for (const operation of draft.secrets) operation();
    if (draft.secrets.length > 0 && this.fallible && this.random(6) === 0) return;
    if (this.leader === unit.name) this.shared = draft.shared;
    unit.bag = draft.own;
    unit.state = draft.state;
  }

  #clients(unit: Unit, draft: Draft, pause: () => Promise<void>): Clients {
    return {
      juju: this.#juju(unit, draft, pause),
      host: this.#host(unit, pause),
      kubernetes: async () => this.#kubernetes(unit, pause),
    };
  }

  #host(unit: Unit, pause: () => Promise<void>): Host {
    const { host } = unit;
    return {
      ...host,
      files: {
        ...host.files,
        read: async (path) => (path.startsWith('/etcd/') ? 'PEM' : host.files.read(path)),
        write: async (path, content, options) => {
          await pause();
          await host.files.write(path, content, options);
          this.#fileTimes.set(unit, this.nowMs);
          await pause();
        },
        status: async (path) => {
          if (path.endsWith('/args/kube-apiserver'))
            return { modifiedMs: this.#argumentTimes.get(unit) ?? 0 } as FileStatus;
          const found = await host.files.status(path);
          return found && { ...found, modifiedMs: this.#fileTimes.get(unit) ?? 0 };
        },
        remove: async (path) => {
          await pause();
          await host.files.remove(path);
        },
      },
      snapd: {
        ...host.snapd,
        restart: async () => {
          await pause();
          await this.startServer(unit);
        },
      },
      postJson: async ({ body }) => {
        await pause();
        return rangeOf(this.api.cluster.kubernetes.secrets, body);
      },
      sleep: async (ms) => {
        this.nowMs += ms;
        await pause();
      },
      now: () => new Date(this.nowMs),
    };
  }

  #juju(unit: Unit, draft: Draft, pause: () => Promise<void>): Juju {
    const pending = new Map<string, { label: string; content: SecretContent } | undefined>();
    const find = (id: string) => (pending.has(id) ? pending.get(id) : this.secrets.get(id));
    const bare = (uri: string) => uri.replace('secret:', '');
    const juju = {
      event: { kind: 'update-status' },
      identity: { unit: unit.name },
      isLeader: async () => this.leader === unit.name,
      log: { debug: () => {}, info: () => {}, warning: () => {}, error: () => {} },
      relations: {
        setUnit: (_: string, entries: Record<string, string | undefined>) => put(draft.own, entries),
        setApplication: (_: string, entries: Record<string, string | undefined>) => put(draft.shared, entries),
      },
      state: {
        get: async (key: string) => draft.state.get(key),
        entries: async (prefix: string) =>
          Object.fromEntries([...draft.state].filter(([key]) => key.startsWith(prefix))),
        set: (key: string, value: string | undefined) =>
          value === undefined ? draft.state.delete(key) : draft.state.set(key, value),
      },
      secrets: {
        add: async (content: SecretContent, { label }: { label: string }) => {
          await pause();
          // Another leader was quicker: Juju refuses what this one does when its hook has ended.
          if ([...this.secrets.values()].some((other) => other.label === label)) throw new Killed('label is taken');
          if (Object.keys(content).length === 0) throw new Error('a secret without content');
          const id = `s${this.#nextSecret}`;
          this.#nextSecret += 1;
          pending.set(id, { label, content });
          draft.secrets.push(() => this.secrets.set(id, { label, content }));
          return `secret:${id}`;
        },
        set: async (uri: string, content: SecretContent) => {
          await pause();
          const { label } = find(bare(uri)) as { label: string };
          pending.set(bare(uri), { label, content });
          draft.secrets.push(() => this.secrets.set(bare(uri), { label, content }));
        },
        remove: async (uri: string) => {
          pending.set(bare(uri), undefined);
          draft.secrets.push(() => this.secrets.delete(bare(uri)));
        },
        get: async ({ uri }: { uri: string }) => {
          await pause();
          return find(bare(uri))?.content;
        },
        info: async ({ label }: { label: string }) => {
          const id = [...this.secrets.keys(), ...pending.keys()].find((one) => find(one)?.label === label);
          return id && { id };
        },
      },
    };
    return juju as unknown as Juju;
  }

  #kubernetes(unit: Unit, pause: () => Promise<void>): Kubernetes {
    const ask = async (method: string, path: string, body?: unknown): Promise<unknown> => {
      await pause();
      return this.ask(unit, method, path, body);
    };
    const door = {
      ready: async () => {
        await pause();
        return unit.server !== undefined && this.opensAll(unit.server);
      },
      metrics: async () => {
        await pause();
        if (unit.server === undefined) throw new KubernetesError(0, 'Unreachable', 'nothing answers');
        return [`process_start_time_seconds ${(this.#started.get(unit) ?? 0) / 1000}`, ...unit.server.metrics()];
      },
      secretPage: async ({ after }: { after: string | undefined }) => {
        const query = `limit=2${after === undefined ? '' : `&continue=${after}`}`;
        const list = (await ask('GET', `/api/v1/secrets?${query}`)) as {
          metadata: { continue?: string };
          items: { metadata: Record<string, string> }[];
        };
        return { secrets: list.items.map(({ metadata }) => metadata), next: list.metadata.continue };
      },
      storedSecret: async ({ name }: { name: string }) => {
        try {
          const { metadata } = (await ask('GET', `${SECRETS}/${name}`)) as { metadata: Record<string, string> };
          return metadata;
        } catch (error) {
          if (error instanceof KubernetesError && error.status === 404) return undefined;
          throw error;
        }
      },
      rewriteSecret: async ({ name, uid, resourceVersion }: Record<string, string>) => {
        await ask('PATCH', `${SECRETS}/${name}`, { metadata: { uid, resourceVersion } }).catch((error: unknown) => {
          if (!(error instanceof KubernetesError) || (error.status !== 409 && error.status !== 404)) throw error;
        });
      },
    };
    return door as unknown as Kubernetes;
  }

  /** A request to a unit's own API server. */
  async ask({ server }: Unit, method: string, path: string, body?: unknown): Promise<unknown> {
    if (server === undefined) throw new KubernetesError(0, 'Unreachable', 'nothing answers');
    const url = new URL(path, 'http://localhost');
    try {
      const { body: answer } = await this.api.handle({
        user: ADMIN,
        method,
        path: url.pathname,
        query: url.searchParams,
        contentType: method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
        codec: server.codec,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return answer;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      throw new KubernetesError(error.code, error.reason, error.message);
    }
  }

  /** Somebody works with Secrets, at any API server. */
  async use(): Promise<void> {
    const { serving } = this;
    const unit = serving[this.random(serving.length)];
    if (unit === undefined) return;
    const name = `s${this.random(7)}`;
    const kind = this.random(4);
    const value = String(this.random(1_000));
    if (!this.written.has(name)) {
      await this.ask(unit, 'POST', SECRETS, { metadata: { name }, stringData: { value } });
      this.written.set(name, value);
    } else if (kind === 0) {
      await this.ask(unit, 'DELETE', `${SECRETS}/${name}`);
      this.written.delete(name);
    } else if (kind === 1) {
      await this.ask(unit, 'PATCH', `${SECRETS}/${name}`, { stringData: { value } });
      this.written.set(name, value);
    }
  }

  /** An API server that cannot read them all does not become ready. */
  opensAll({ codec }: EncryptionInService): boolean {
    return Object.entries(this.api.cluster.kubernetes.secrets).every(([path, raw]) => {
      try {
        codec.open(etcdKey(path), Buffer.from(raw, 'base64'));
        return true;
      } catch {
        return false;
      }
    });
  }

  /** Names of Secrets that an API server that runs cannot read, or reads otherwise than they were written. */
  unreadable(): readonly string[] {
    const state = [
      this.api.store.resourceVersion,
      ...this.serving.map(({ name, server }) => name + server?.digest),
    ].join();
    if (this.#seen === state) return [];
    const found = this.#lookAtAll();
    this.#seen = found.length === 0 ? state : '';
    return found;
  }

  #lookAtAll(): readonly string[] {
    return this.serving.flatMap(({ name: unit, server }) =>
      Object.entries(this.api.cluster.kubernetes.secrets).flatMap(([path, raw]) => {
        const name = path.split('/').at(-1) ?? '';
        try {
          const { plain } = (server as EncryptionInService).codec.open(etcdKey(path), Buffer.from(raw, 'base64'));
          const { data } = JSON.parse(plain.toString('utf8')) as { data: { value: string } };
          const value = Buffer.from(data.value, 'base64').toString('utf8');
          return value === this.written.get(name) ? [] : [`${name} at ${unit}: another value`];
        } catch (error) {
          return [`${name} at ${unit}: ${(error as Error).message}`];
        }
      }),
    );
  }

  /** What the Secrets in etcd are under: `aesgcm:1`, `identity`. */
  stored(): readonly string[] {
    const raw = Object.values(this.api.cluster.kubernetes.secrets).map((value) =>
      Buffer.from(value, 'base64').toString('latin1'),
    );
    const under = raw.map((value) => /^k8s:enc:(\w+):v1:key(\d+):/.exec(value)?.slice(1, 3).join(':') ?? 'identity');
    return [...new Set(under)].sort();
  }

  passTime(): void {
    this.nowMs += HOUR;
  }
}

interface Draft {
  readonly own: Bag;
  readonly shared: Bag;
  readonly state: Map<string, string>;
  readonly secrets: (() => void)[];
}

function put(bag: Bag, entries: Record<string, string | undefined>): void {
  for (const [key, value] of Object.entries(entries)) {
    if (value === undefined || value === '') delete bag[key];
    else bag[key] = value;
  }
}
