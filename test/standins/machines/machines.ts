/**
 * Stand-in machines: a folder each, with snapd, k8sd and the services of the k8s snap behind real sockets, strict as the real
 * ones are. What charms do on a machine can be tested here without a snap, without root and without a cluster.
 *
 * One thing is not as on a real machine. All machines share this computer's loopback interface, so a machine's "127.0.0.1" is
 * the machine's own address in 127.0.0.0/8: kubeconfigs say `https://<machine address>:6443`, and services listen there, on
 * their real port numbers. A worker's kubeconfigs name the certificate that its proxy leads to (`tls-server-name`), because
 * the certificates of API servers hold 127.0.0.1 but no worker's address.
 */

import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MachineProvider } from '../juju/machine.ts';
import { type Delays, defaultDelays } from './delays.ts';
import { createFaults, type Failure, type K8sdMode } from './faults.ts';
import { Api } from './kubernetes/api.ts';
import { authenticateCertificate } from './kubernetes/authenticate.ts';
import { runControllers, type Waiting } from './kubernetes/controllers.ts';
import { ApiUnreachable, type Asking, type ClusterObjects, objectsOf } from './kubernetes/objects.ts';
import { typeOf } from './kubernetes/resources.ts';
import { claimNetwork } from './network.ts';
import { restartDrifted } from './node/drift.ts';
import { readKubeconfig } from './node/kubeconfig.ts';
import { NodeMachine } from './node/machine.ts';
import { paths, SOCKET_PATH_LIMIT } from './node/paths.ts';
import type { Program } from './node/services.ts';
import { installSystemd } from './node/systemd.ts';
import { openKeyPool } from './pki/keys.ts';
import { parseCertificate } from './pki/parse.ts';
import type { EtcdMembership, ServiceEvent, Site } from './site.ts';
import { initialChannels } from './snapd/store.ts';
import type {
  ClusterState,
  KubernetesObject,
  MachineState,
  ProviderState,
  PublishedSnap,
  ServiceState,
} from './state.ts';
import { createTimers } from './timers.ts';

export type { Delays } from './delays.ts';
export type { Failure, K8sdMode } from './faults.ts';
export type { NodeMachine } from './node/machine.ts';
export type { Program } from './node/services.ts';
export type { KubernetesObject } from './state.ts';

const STATE_FILE = 'machines.json';

export interface OpenOptions {
  /** Folder of state; short, for Unix sockets hang from it. */
  readonly directory: string;
  readonly delays?: Partial<Delays>;
  /** Services that are real processes, by name; the others are stand-ins. */
  readonly programs?: Readonly<Record<string, Program>>;
  /** The API of clusters whose API servers are real. */
  readonly realApi?: RealApi;
}

export interface RealApi {
  /** @param controlPlanes of the cluster, as they are when it is called */
  objects(controlPlanes: () => readonly NodeMachine[]): ClusterObjects;
  /** @param kubeconfig name of the file */
  asking(machine: NodeMachine, kubeconfig: string): Promise<Asking>;
  readonly etcd: EtcdMembership;
}

/** The cluster of a machine, for assertions and for making trouble. */
export interface ClusterView {
  readonly id: string;
  readonly state: ClusterState;
  /** The Kubernetes API without a network: `api.ask(user, method, path, body)`, and `api.store`. */
  readonly api: Api;
  nodes(): readonly KubernetesObject[];
  certificateSigningRequests(): readonly KubernetesObject[];
}

export interface K8sMachines extends MachineProvider {
  /** The machine of that id: a new one, or the one that exists. */
  provision(id: string): Promise<NodeMachine>;
  /** Throws when there is none. */
  machine(id: string): NodeMachine;
  all(): readonly NodeMachine[];
  /** Takes effect at once, for everything that has not begun. */
  readonly delays: Delays;
  /**
   * The next such operation on that machine fails. k8sd: `bootstrap`, `join`, `join-token`, `remove`, `node`,
   * `cluster-status`, `get-config`, `set-config`, `refresh-plan`, `refresh-run`, `refresh-update`, `certs-status`,
   * `kubeconfig`, `create-auth-token`, `revoke-auth-token`, `members`, `delete-token`, `worker-info`. snapd:
   * `snap install|refresh|revert|hold|unhold|remove`, `services start|stop|restart`. With a status it is refused and nothing
   * has happened; without, a bootstrap or join fails half way and a change of snapd ends in `Error`.
   */
  failNext(machine: string, operation: string, failure: Failure): void;
  /** How k8sd behaves on that machine from now on. */
  setK8sd(machine: string, mode: K8sdMode): void;
  /** From its next start on the service ends at once with that reason; undefined ends this. */
  failService(machine: string, service: string, reason: string | undefined): void;
  service(machine: string, service: string): Readonly<ServiceState>;
  /** Power goes, for good: the same as the machine's `terminate`. */
  cutPower(machine: string): Promise<void>;
  /** Puts a version into a channel of the store, as a new revision. */
  publish(channel: string, version: string): PublishedSnap;
  /** Why the store cannot be reached, in snapd's words; undefined when it can. Files can be installed all the same. */
  storeProblem: string | undefined;
  /** Milliseconds by which the clock of join tokens runs ahead. */
  clockOffsetMs: number;
  /** The cluster that the machine is in; undefined while it is in none. */
  cluster(machine: string): ClusterView | undefined;
  /** When services came up and went down since the machines were opened, in order. */
  readonly serviceEvents: readonly ServiceEvent[];
  /** Errors of the stand-in itself: a test that wants to be sure looks that there are none. */
  readonly failures: readonly unknown[];
}

/**
 * Opens the machines of a folder: none in a new one, else those that were saved, with everything that ran. A folder may be
 * copied and the copy opened, as long as the original is closed: addresses stay, since certificates hold them.
 * Throws when another provider holds the addresses, or a socket's path would be too long.
 */
export async function openMachines(options: OpenOptions): Promise<K8sMachines> {
  await mkdir(options.directory, { recursive: true });
  const saved = await readState(options.directory);
  const network = await claimNetwork(saved?.network);
  const state = saved ?? newState(network.prefix);
  const failures: unknown[] = [];
  const site = createSite(options, state, failures);
  const waiting = new Map<string, Waiting>();

  for (const machine of Object.values(state.machines)) site.machines.set(machine.id, openMachine(site, machine));
  for (const machine of site.machines.values()) await machine.resume();
  site.timers.each(site.delays.heartbeat, async () => {
    for (const cluster of Object.values(state.clusters)) {
      const own = waiting.get(cluster.id) ?? new Map<string, number>();
      waiting.set(cluster.id, own);
      await untilReachable(runControllers(site, cluster, own));
    }
  });

  site.timers.each(site.delays.argumentsCheck, async () => {
    for (const opened of site.machines.values()) await restartDrifted(opened);
  });

  const machine = (id: string): NodeMachine => {
    const found = site.machines.get(id);
    if (found === undefined) throw new Error(`no machine ${id}`);
    return found;
  };

  return {
    machine,
    all: () => [...site.machines.values()],
    delays: site.delays,
    failures,
    serviceEvents: site.serviceEvents,
    provision: async (id) => {
      const present = site.machines.get(id);
      if (present !== undefined) return present;
      const made = newMachine(state, id, network.address(state.nextHost));
      const opened = openMachine(site, made);
      state.nextHost += 1;
      state.machines[id] = made;
      site.machines.set(id, opened);
      await furnish(opened);
      await installSystemd(opened);
      await opened.snapd.start();
      return opened;
    },
    save: async () => {
      for (const { k8sd } of site.machines.values()) await k8sd.idle();
      state.keysDrawn = site.keys.drawn;
      const path = join(options.directory, STATE_FILE);
      await writeFile(`${path}.new`, JSON.stringify(state), { mode: 0o600 });
      await rename(`${path}.new`, path);
    },
    close: async () => {
      site.timers.stop();
      for (const opened of site.machines.values()) await opened.powerOff();
      await network.release();
    },
    failNext: (id, operation, failure) => site.faults.failNext(machine(id).id, operation, failure),
    setK8sd: (id, mode) => site.faults.setMode(machine(id).id, mode),
    failService: (id, service, reason) => site.faults.setServiceFailure(machine(id).id, service, reason),
    service: (id, service) => machine(id).services.state(service),
    cutPower: (id) => machine(id).terminate(),
    publish: (channel, version) => {
      const revisions = Object.values(state.channels).map((snap) => Number(snap.revision));
      const snap = { version, revision: String(Math.max(...revisions) + 1) };
      state.channels[channel] = snap;
      return snap;
    },
    get storeProblem() {
      return site.faults.storeProblem;
    },
    set storeProblem(problem) {
      site.faults.storeProblem = problem;
    },
    get clockOffsetMs() {
      return state.clockOffsetMs;
    },
    set clockOffsetMs(offset) {
      state.clockOffsetMs = offset;
    },
    cluster: (id) => {
      const member = machine(id).state.k8sd.member;
      if (member === undefined) return undefined;
      const api = site.api(member.cluster);
      return {
        id: member.cluster,
        state: api.cluster,
        api,
        nodes: () => api.store.list(typeOf('nodes')),
        certificateSigningRequests: () => api.store.list(typeOf('certificatesigningrequests')),
      };
    },
  };
}

function createSite(options: OpenOptions, state: ProviderState, failures: unknown[]): Site {
  const fail = (error: unknown): void => {
    failures.push(error);
  };
  const apis = new Map<string, Api>();
  const machines = new Map<string, NodeMachine>();
  const cluster = (id: string): ClusterState => {
    const found = state.clusters[id];
    if (found === undefined) throw new Error(`no cluster ${id}`);
    return found;
  };
  const site: Site = {
    directory: options.directory,
    state,
    delays: { ...defaultDelays, ...options.delays },
    faults: createFaults(),
    keys: openKeyPool(state.keysDrawn),
    timers: createTimers(fail),
    machines,
    programs: options.programs ?? {},
    proxied: new Map(),
    serviceEvents: [],
    fail,
    objects: (id) => {
      const { realApi } = options;
      if (realApi === undefined) return objectsOf(site.api(id).store);
      return realApi.objects(() => cluster(id).members.flatMap(({ machine }) => machines.get(machine) ?? []));
    },
    etcd: options.realApi?.etcd,
    asking: options.realApi?.asking ?? ((machine, kubeconfig) => askingStandIn(site, machine, kubeconfig)),
    cluster,
    forget: (id) => {
      delete state.clusters[id];
      apis.delete(id);
    },
    api: (id) => {
      const present = apis.get(id);
      if (present !== undefined) return present;
      const made = new Api(site, cluster(id));
      apis.set(id, made);
      return made;
    },
    machineAt: (address) =>
      [...machines.values()].find((candidate) => candidate.address === address && !candidate.state.gone),
    now: () => Date.now() + state.clockOffsetMs,
  };
  return site;
}

/** An API server that does not answer now is asked again next time. */
async function untilReachable(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof ApiUnreachable)) throw error;
  }
}

async function askingStandIn(site: Site, machine: NodeMachine, kubeconfig: string): Promise<Asking> {
  const api = site.api(machine.state.k8sd.member?.cluster ?? '');
  const { certificate } = readKubeconfig(await machine.files.need(`${paths.kubernetes}/${kubeconfig}`));
  const user = authenticateCertificate(parseCertificate(certificate), api.cluster.pems['client-ca-crt'] ?? '');
  if (user === undefined) throw new Error('Unauthorized');
  return (method, path, body) => api.ask(user, method, path, body);
}

function newState(network: string): ProviderState {
  return {
    format: 1,
    network,
    keysDrawn: 0,
    nextHost: 1,
    nextCluster: 1,
    clockOffsetMs: 0,
    channels: initialChannels(),
    machines: {},
    clusters: {},
  };
}

function newMachine(state: ProviderState, id: string, address: string): MachineState {
  const model = Object.values(state.machines)[0]?.hostname.split('-')[1] ?? randomBytes(3).toString('hex');
  return {
    id,
    hostname: `juju-${model}-${id.replaceAll('/', '-')}`,
    address,
    gone: false,
    snapd: { nextLocalRevision: 1, nextChange: 1, changes: {} },
    services: {},
    k8sd: {},
  };
}

function openMachine(site: Site, state: MachineState): NodeMachine {
  const root = join(site.directory, state.id.replaceAll('/', '-'));
  const longest = join(root, paths.controlSocket);
  const length = Buffer.byteLength(longest);
  if (length > SOCKET_PATH_LIMIT) {
    throw new Error(
      `${longest} has ${length} bytes: a Unix socket's path may have ${SOCKET_PATH_LIMIT}; use a shorter folder`,
    );
  }
  return new NodeMachine(site, state, root);
}

/** What an operating system has in its files, as far as charms look. */
async function furnish({ files, hostname, address }: NodeMachine): Promise<void> {
  const world = 0o644;
  await files.write('/etc/hostname', `${hostname}\n`, world);
  await files.write('/etc/hosts', `127.0.0.1 localhost\n${address} ${hostname}\n`, world);
  await files.write('/etc/os-release', 'NAME="Ubuntu"\nID=ubuntu\nVERSION_ID="24.04"\nVERSION_CODENAME=noble\n', world);
  const kernel: Readonly<Record<string, string>> = {
    'kernel/hostname': hostname,
    'vm/overcommit_memory': '0',
    'vm/panic_on_oom': '0',
    'kernel/panic': '0',
    'kernel/panic_on_oops': '0',
    'kernel/keys/root_maxkeys': '1000000',
    'kernel/keys/root_maxbytes': '25000000',
    'fs/inotify/max_user_instances': '128',
    'fs/inotify/max_user_watches': '65536',
    'crypto/fips_enabled': '0',
  };
  for (const [key, value] of Object.entries(kernel)) await files.write(`/proc/sys/${key}`, `${value}\n`, world);
}

async function readState(directory: string): Promise<ProviderState | undefined> {
  try {
    return JSON.parse(await readFile(join(directory, STATE_FILE), 'utf8')) as ProviderState;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
