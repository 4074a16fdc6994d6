/**
 * What the model knows, as plain JSON: the controller's side (applications, units, relations, secrets, tasks) and, in each
 * unit, what its agent remembers of what it has already told the charm. Comparing the two is what makes events.
 */

import type { Hook } from './hook.ts';

export type Life = 'alive' | 'dying';

export type Settings = Record<string, string>;

export interface StatusState {
  status: string;
  message: string;
  /** RFC 3339. */
  since: string;
  data?: Record<string, unknown>;
}

export type ConfigValue = string | number | boolean;

export interface ResourceState {
  revision: number;
  /** File name below the folder of that revision. */
  filename: string;
}

export interface ApplicationState {
  name: string;
  /** Key in `charms`. */
  charm: string;
  /** Counts changes that a unit answers with `upgrade-charm`: another charm, another revision of a resource. */
  charmModified: number;
  config: Record<string, ConfigValue>;
  resources: Record<string, ResourceState>;
  life: Life;
  nextUnit: number;
  leader: string | undefined;
  status: StatusState | undefined;
  exposed: boolean;
}

export interface CharmState {
  /** SHA-256 of the archive, and the name of the folder that it is unpacked in. */
  digest: string;
  name: string;
  /** Counted up for each archive of that name, as Juju numbers local charms. */
  revision: number;
}

/** What the agent has told its charm about one relation. */
export interface RelationMemory {
  created: boolean;
  /** Unit whose `joined` has run and whose `changed` must be the next thing. */
  changedPending?: string;
  members: Record<string, number>;
  applications: Record<string, number>;
}

/** The hook that the agent is at. `running`: a process that dies now leaves it so, and it counts as failed afterwards. */
export interface OperationState {
  hook: Hook;
  step: 'queued' | 'running' | 'error';
  /** Failures in a row. */
  failures: number;
}

export interface UnitState {
  name: string;
  application: string;
  number: number;
  machine: string;
  life: Life;
  workload: StatusState;
  agent: StatusState;
  workloadVersion: string;
  state: Settings;
  /** As `80/tcp`, per endpoint (empty string: all of them). */
  ports: { range: string; endpoint: string }[];
  charm: string | undefined;
  charmModified: number;
  installed: boolean;
  started: boolean;
  stopped: boolean;
  removed: boolean;
  statusSet: boolean;
  knownLeader: boolean;
  leaderSettingsSeen: boolean;
  configSeen: string | undefined;
  /** Juju 4.0 sends `config-changed` a second time for options that were set. */
  configRepeats?: boolean;
  /** Key of the charm that the application had at the last `config-changed`. */
  charmHeardOf?: string;
  rebooted: boolean;
  operation: OperationState | undefined;
  /** By relation id. */
  relations: Record<string, RelationMemory>;
  updateStatus: { asked: number; done: number };
  secrets: SecretMemory;
  /** Resource revisions that are on the machine. */
  resources: Record<string, number>;
}

/** What the agent has told its charm about secrets. Keys are bare ids. */
export interface SecretMemory {
  changed: Record<string, number>;
  obsolete: Record<string, number[]>;
  expired: Record<string, number[]>;
}

export interface EndpointState {
  application: string;
  name: string;
  interface: string;
  role: 'provider' | 'requirer' | 'peer';
}

export interface RelationUnitState {
  settings: Settings;
  version: number;
  /** Left units stay readable until the relation is gone. */
  inScope: boolean;
  /** Going: others see it as gone already. */
  departing: boolean;
}

export interface RelationState {
  id: number;
  /** One for a peer relation, else provider and requirer. */
  endpoints: EndpointState[];
  life: Life;
  units: Record<string, RelationUnitState>;
  applications: Record<string, { settings: Settings; version: number }>;
}

export interface SecretGrant {
  /** `unit-app-0` or `application-app`. */
  subject: string;
  /** Undefined for a secret of the model, which is granted as it stands. */
  relation?: number;
}

export interface SecretRevision {
  /** Values in base64. */
  content: Settings;
  created: string;
  expire?: string;
}

export interface SecretState {
  id: string;
  /** The model: an operator has added it (`juju add-secret`). */
  owner: { kind: 'application' | 'unit' | 'model'; name: string };
  label: string;
  description: string;
  rotate: string;
  rotateDue: boolean;
  latest: number;
  revisions: Record<string, SecretRevision>;
  grants: SecretGrant[];
  /** By unit: which revision it tracks, and its own label. */
  consumers: Record<string, { current: number; label: string }>;
}

export interface TaskState {
  id: number;
  unit: string;
  action: string;
  parameters: Record<string, unknown>;
  status: 'pending' | 'running' | 'completed' | 'failed' | 'aborted';
  /** Somebody does not want it any more; it ends as aborted. */
  cancelled: boolean;
  message: string;
  results: Record<string, unknown>;
  log: string[];
}

export interface RemoteApplicationState {
  name: string;
  endpoints: Record<string, { interface: string; role: 'provider' | 'requirer' }>;
  /** Unit name to address. */
  units: Record<string, { address: string }>;
  nextUnit: number;
}

export interface MachineState {
  id: string;
  hostname: string;
  address: string;
  life: 'alive' | 'gone';
}

export interface ModelState {
  format: 1;
  jujuVersion: string;
  modelName: string;
  modelUuid: string;
  next: { machine: number; relation: number; task: number };
  charms: Record<string, CharmState>;
  applications: Record<string, ApplicationState>;
  units: Record<string, UnitState>;
  machines: Record<string, MachineState>;
  relations: Record<string, RelationState>;
  secrets: Record<string, SecretState>;
  tasks: Record<string, TaskState>;
  remotes: Record<string, RemoteApplicationState>;
  /** The next number of a unit, for names of applications that were removed: an application of that name goes on from there. */
  unitNumbers: Record<string, number>;
}

export function newModelState(options: { jujuVersion: string; modelName: string; modelUuid: string }): ModelState {
  return {
    format: 1,
    ...options,
    next: { machine: 0, relation: 0, task: 1 },
    charms: {},
    applications: {},
    units: {},
    machines: {},
    relations: {},
    secrets: {},
    tasks: {},
    remotes: {},
    unitNumbers: {},
  };
}

export function statusNow(status: string, message = ''): StatusState {
  return { status, message, since: new Date().toISOString() };
}

export function newUnitState(application: string, number: number, machine: string): UnitState {
  return {
    name: `${application}/${number}`,
    application,
    number,
    machine,
    life: 'alive',
    workload: statusNow('waiting', 'waiting for machine'),
    agent: statusNow('allocating'),
    workloadVersion: '',
    state: {},
    ports: [],
    charm: undefined,
    charmModified: 0,
    installed: false,
    started: false,
    stopped: false,
    removed: false,
    statusSet: false,
    knownLeader: false,
    leaderSettingsSeen: false,
    configSeen: undefined,
    rebooted: false,
    operation: undefined,
    relations: {},
    updateStatus: { asked: 0, done: 0 },
    secrets: { changed: {}, obsolete: {}, expired: {} },
    resources: {},
  };
}
