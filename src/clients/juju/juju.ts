/**
 * The Juju client: everything a dispatch may ask of the unit agent and tell it, in Juju's own words.
 * Reads are lazy and cached for the dispatch; deferred writes (databags, unit state) are collected and sent once, by
 * `flush`, and only where they differ from what Juju already holds.
 */

import type { Event } from './event.ts';
import type { UnitStatus } from './status.ts';

/** String keys and values, as Juju keeps them. */
export type Databag = Readonly<Record<string, string>>;

/** A databag that counts as empty. */
export interface UnusableBag {
  readonly relation: string;
  /** Unit or application that wrote it. */
  readonly owner: string;
  /** What is wrong with it, as the end of a sentence about the databag. */
  readonly reason: string;
}

export type ConfigValue = string | number | boolean;

/** Who we are; from the environment alone, costs nothing. */
export interface Identity {
  /** `k8s/0` */
  readonly unit: string;
  /** `k8s` */
  readonly application: string;
  readonly modelName: string;
  readonly modelUuid: string;
  readonly machineId: string;
  readonly jujuVersion: string;
  readonly charmDirectory: string;
}

export interface Relations {
  /** Ids (`cluster:0`) of the endpoint's relations, in numeric order. A relation that is being broken is not among them. */
  ids(endpoint: string): Promise<readonly string[]>;
  /** Remote units of the relation (peers without ourselves), in natural order (`k8s/2` before `k8s/10`). */
  units(relation: string): Promise<readonly string[]>;
  /** Name of the remote application; for a peer relation our own. */
  application(relation: string): Promise<string>;
  /**
   * Databag of a unit as it is now; empty for a unit that never joined. Our own: with what this dispatch has written, without the keys
   * that Juju writes.
   */
  unitBag(relation: string, unit: string): Promise<Databag>;
  /** Databag of an application. Our own is readable by the leader, and by everyone on a peer relation. */
  applicationBag(relation: string, application: string): Promise<Databag>;
  /**
   * Databags of all remote units, remembered between dispatches in the unit state: only units that are new, or that this
   * event is about, are asked for, so that the number of hook tool calls does not grow with the number of units.
   * Sound because Juju delivers `relation-changed` for each change of a unit's databag and commits our state with the hook.
   * Without `egress-subnets`, which may change without an event.
   */
  remoteBags(relation: string): Promise<ReadonlyMap<string, Databag>>;
  /**
   * Remote units and applications whose databag was read in this dispatch and counts as empty, because it is larger than any charm
   * needs, or not what Juju is known to print. None of them can end a hook.
   */
  unusable(): readonly UnusableBag[];
  /** Changes keys of our own unit databag; `undefined` or `''` deletes. Deferred. */
  setUnit(relation: string, entries: Readonly<Record<string, string | undefined>>): void;
  /** Changes keys of our own application databag; leader only. Deferred. */
  setApplication(relation: string, entries: Readonly<Record<string, string | undefined>>): void;
}

/** Unit state, kept by the controller and committed together with the databags. Values up to 64 KiB. */
export interface State {
  /** With what this dispatch has set; so does `entries`. */
  get(key: string): Promise<string | undefined>;
  /** All entries whose key starts with the prefix. */
  entries(prefix: string): Promise<Readonly<Record<string, string>>>;
  /** Deferred; `undefined` deletes. */
  set(key: string, value: string | undefined): void;
}

export type SecretContent = Readonly<Record<string, string>>;

export interface SecretOptions {
  readonly label?: string;
  readonly description?: string;
  readonly owner?: 'application' | 'unit';
  /** RFC 3339 time or Go duration (`24h`). */
  readonly expire?: string;
  readonly rotate?: 'never' | 'hourly' | 'daily' | 'weekly' | 'monthly' | 'quarterly' | 'yearly';
}

export interface SecretInfo {
  readonly id: string;
  readonly revision: number;
  readonly label: string;
  readonly owner: string;
  readonly expiry?: string;
  readonly rotation?: string;
}

export interface SecretReference {
  /** `secret:<id>` */
  readonly uri?: string;
  readonly label?: string;
}

/** Contents travel only in 0600 files that are gone when the call returns, never in arguments. */
export interface Secrets {
  /** Creates a secret; gives its URI at once. Deferred. */
  add(content: SecretContent, options?: SecretOptions): Promise<string>;
  /** New content (none: keep) and/or new attributes. Deferred. */
  set(uri: string, content: SecretContent | undefined, options?: SecretOptions): Promise<void>;
  /**
   * Content, or undefined when the secret does not exist, or is not granted to us: to a charm both mean "not yet".
   * `refresh` tracks the latest revision from now on, `peek` only looks at it.
   */
  get(reference: SecretReference, mode?: 'refresh' | 'peek'): Promise<SecretContent | undefined>;
  /** What the owner may know of its secret; undefined when there is none. */
  info(reference: SecretReference): Promise<SecretInfo | undefined>;
  /** Ids of all secrets that we own. */
  ids(): Promise<readonly string[]>;
  grant(uri: string, relation: string, unit?: string): Promise<void>;
  revoke(
    uri: string,
    from: { readonly relation: string } | { readonly application: string } | { readonly unit: string },
  ): Promise<void>;
  /** Removes one revision, or all. Never in the same dispatch as `set` of the same secret: Juju would drop the new value. */
  remove(uri: string, revision?: number): Promise<void>;
}

/** Only while an action runs. */
export interface Actions {
  parameters(): Promise<Readonly<Record<string, unknown>>>;
  /** A progress line, seen at once by whoever waits for `juju run`. */
  log(message: string): Promise<void>;
  /** Results; nested objects become dotted keys. Throws before calling when a key is not one that Juju takes. */
  setResults(results: ActionResults): Promise<void>;
  /** Marks the action failed with a message; the process still exits 0, or Juju would replace the message. */
  fail(message: string): Promise<void>;
}

export interface ActionResults {
  readonly [key: string]: string | number | boolean | ActionResults;
}

export interface Network {
  readonly bindAddresses: readonly { readonly interface: string; readonly address: string; readonly cidr: string }[];
  readonly ingressAddresses: readonly string[];
  readonly egressSubnets: readonly string[];
}

export type LogLevel = 'TRACE' | 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR';

/** Collected, and sent as few calls: consecutive lines of one level are one `juju-log`. Errors and warnings go out at once. */
export interface Log {
  debug(message: string): void;
  info(message: string): void;
  warning(message: string): void;
  error(message: string): void;
}

export interface Juju {
  readonly event: Event;
  readonly identity: Identity;
  readonly relations: Relations;
  readonly state: State;
  readonly secrets: Secrets;
  readonly actions: Actions;
  readonly log: Log;
  /** All options that have a value or a default. */
  config(): Promise<Readonly<Record<string, ConfigValue>>>;
  isLeader(): Promise<boolean>;
  network(endpoint: string): Promise<Network>;
  /** Status of each unit of our application that is planned to exist, with its `life`-like status word (`dying` when it goes). */
  goalUnits(): Promise<Readonly<Record<string, string>>>;
  /** Path of the resource's file. Downloads it when needed, so ask only when it is wanted. Undefined: none, or not obtainable. */
  resource(name: string): Promise<string | undefined>;
  /** Immediate. Nothing is sent when the unit (or application) is known to have this status already. */
  setStatus(status: UnitStatus): Promise<void>;
  setApplicationStatus(status: UnitStatus): Promise<void>;
  /** Workload version as `juju status` shows it. Nothing is sent when it is known to be that. */
  setWorkloadVersion(version: string): Promise<void>;
  /** Deferred; reachable only after `juju expose`. */
  openPort(port: string): Promise<void>;
  closePort(port: string): Promise<void>;
  openedPorts(): Promise<readonly string[]>;
  /** Reboots the machine when this hook has ended well. */
  reboot(): Promise<void>;
  /** Sends everything that was collected. The last thing of a dispatch that ended well. */
  flush(): Promise<void>;
  /** Sends the log lines only. The last thing of a dispatch that failed. */
  flushLog(): Promise<void>;
}
