/**
 * Facts of settled units, to be changed in the one respect that a test is about: a cluster of the leader k8s/0, the control plane
 * k8s/1 and the worker k8s-worker/0, as configured by default. A plan on any of them has nothing to do.
 */

import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { type Change, describe } from '../../../src/capabilities/membership/change.ts';
import {
  type ControlPlaneFacts,
  type Memory,
  NOT_HARDENED,
  type NodeFacts,
  type WorkerFacts,
} from '../../../src/capabilities/membership/facts.ts';
import { featuresFor } from '../../../src/capabilities/membership/features.ts';
import { NOTHING_GIVEN } from '../../../src/capabilities/membership/given-certificates.ts';
import { readControlPlaneOptions, readWorkerOptions } from '../../../src/capabilities/membership/options.ts';
import type { Databag } from '../../../src/clients/juju/juju.ts';
import type { RawOptions } from '../../../src/core/options.ts';
import type { RelationFacts } from '../../../src/core/relation-facts.ts';

export const CLUSTER = 'k8s-376106d671644e274a3877e86a4bdbc5';
export const MODEL_UUID = '3f6a2c9e-0000-4000-8000-0123456789ab';
export const PEERS = 'cluster:0';
export const WORKERS = 'k8s-cluster:4';
export const VERSION = '1.36.4';

/** The options of a charm with their defaults, as Juju gives them, and what an operator has set. */
export function configured(role: 'control-plane' | 'worker', set: RawOptions = {}): RawOptions {
  const path = role === 'worker' ? 'charm/worker/config.yaml' : 'config.yaml';
  const { options } = parse(readFileSync(path, 'utf8')) as { options: Record<string, { default?: string }> };
  const defaults = Object.entries(options).flatMap(([name, option]) =>
    option.default === undefined ? [] : [[name, option.default] as const],
  );
  return { ...Object.fromEntries(defaults), ...set };
}

/** `k8s/0` has the node `juju-3f2a-0` and the address 10.0.0.10, `k8s/1` the next ones. */
export function controlPlaneBag(number: number, more: Databag = {}): Databag {
  return {
    'node-name': `juju-3f2a-${number}`,
    joined: CLUSTER,
    version: VERSION,
    'ingress-address': `10.0.0.1${number}`,
    ...more,
  };
}

/** `k8s-worker/0` has the node `juju-3f2a-4`. */
export function workerBag(number: number, more: Databag = {}): Databag {
  return {
    'node-name': `juju-3f2a-${number + 4}`,
    joined: CLUSTER,
    version: VERSION,
    'ingress-address': `10.0.0.2${number}`,
    ...more,
  };
}

export function relation(id: string, more: Partial<RelationFacts> = {}): RelationFacts {
  return { id, application: 'k8s', units: new Map(), own: {}, shared: {}, ...more };
}

export const NO_MEMORY: Memory = {
  leaving: false,
  arguments: {},
  labels: {},
  annotations: [],
  registries: [],
  snapFile: '',
  snapFileDue: false,
  home: undefined,
  failures: [],
};

/** What a settled unit of an application remembers. */
export function remembered(application: string, more: Partial<Memory> = {}): Memory {
  return { ...NO_MEMORY, labels: { 'juju-application': application, 'juju-charm': application }, ...more };
}

const SNAP = {
  name: 'k8s',
  version: VERSION,
  revision: '42',
  channel: '1.36-classic/stable',
  confinement: 'classic',
  heldUntil: 'forever',
};

const MANAGER = { '--cluster-name': { was: null, is: CLUSTER } };

function node(unit: string, name: string, address: string): Omit<NodeFacts, 'problems'> {
  return {
    event: { kind: 'update-status' },
    identity: {
      unit,
      application: unit.split('/')[0] ?? '',
      modelName: 'prod',
      modelUuid: MODEL_UUID,
      machineId: '0',
      jujuVersion: '3.6.9',
      charmDirectory: '/charm',
    },
    leaving: false,
    leftovers: false,
    nodeName: name,
    addresses: [address],
    boundAddresses: [address],
    snap: SNAP,
    snapFile: undefined,
    channelRevision: undefined,
    daemon: 'ready',
    node: { name, address: `${address}:6400`, role: 'control-plane', taints: [] },
    memory: remembered(unit.split('/')[0] ?? ''),
    arguments: {},
    registryFiles: {},
    upgradeRelation: undefined,
    given: NOTHING_GIVEN,
    hardened: NOT_HARDENED,
    offeredToken: undefined,
    registered: undefined,
  };
}

export function leader(more: Partial<ControlPlaneFacts> = {}, set: RawOptions = {}): ControlPlaneFacts {
  const { value: options, problems } = readControlPlaneOptions(configured('control-plane', set));
  const shared: Databag = {
    'bootstrap-certificates': 'snap-managed',
    version: VERSION,
    'k8s/0': 'joined-juju-3f2a-0',
    'k8s/1': 'joined-juju-3f2a-1',
  };
  return {
    ...node('k8s/0', 'juju-3f2a-0', '10.0.0.10'),
    role: 'control-plane',
    options,
    apiServerSans: { all: ['10.0.0.10'], extra: ['10.0.0.10'] },
    problems,
    leader: true,
    deputyKey: undefined,
    bootstrapped: undefined,
    memory: remembered('k8s', { arguments: { 'kube-controller-manager': MANAGER } }),
    arguments: {
      'kube-apiserver': { text: '--profiling="false"\n--secure-port="6443"\n', journal: undefined },
      'kube-controller-manager': { text: `--cluster-name="${CLUSTER}"\n--profiling="false"\n`, journal: undefined },
    },
    peers: relation(PEERS, {
      units: new Map([['k8s/1', controlPlaneBag(1)]]),
      own: controlPlaneBag(0, { 'cluster-name': CLUSTER }),
      shared,
    }),
    workers: [
      relation(WORKERS, {
        application: 'k8s',
        units: new Map([['k8s-worker/0', workerBag(0)]]),
        own: controlPlaneBag(0, { 'cluster-name': CLUSTER }),
        shared: {
          'bootstrap-certificates': 'snap-managed',
          version: VERSION,
          'k8s-worker/0': 'joined-juju-3f2a-4',
          'k8s-worker/0-addresses': '["10.0.0.20"]',
        },
      }),
    ],
    containerd: [],
    etcd: undefined,
    configuration: {
      config: featuresFor(36, readControlPlaneOptions(configured('control-plane')).value.features),
      datastore: { type: 'etcd' },
      podCidr: '10.1.0.0/16',
      serviceCidr: '10.152.183.0/24',
    },
    members: undefined,
    failedTokens: new Map(),
    staying: [],
    returned: [],
    now: new Date('2026-11-23T10:00:00Z'),
    ...more,
  };
}

/** k8s/1, seen from itself. */
export function follower(more: Partial<ControlPlaneFacts> = {}, set: RawOptions = {}): ControlPlaneFacts {
  const settled = leader({}, set);
  return {
    ...settled,
    ...node('k8s/1', 'juju-3f2a-1', '10.0.0.11'),
    apiServerSans: { all: ['10.0.0.11'], extra: ['10.0.0.11'] },
    leader: false,
    memory: settled.memory,
    arguments: settled.arguments,
    configuration: undefined,
    peers: relation(PEERS, {
      units: new Map([['k8s/0', controlPlaneBag(0, { 'cluster-name': CLUSTER })]]),
      own: controlPlaneBag(1),
      shared: settled.peers.shared,
    }),
    workers: [relation(WORKERS, { units: new Map([['k8s-worker/0', workerBag(0)]]), own: { version: VERSION } })],
    ...more,
  };
}

/** k8s-worker/0, seen from itself. */
export function worker(more: Partial<WorkerFacts> = {}, set: RawOptions = {}): WorkerFacts {
  const { value: options, problems } = readWorkerOptions(configured('worker', set));
  const name = 'juju-3f2a-4';
  return {
    ...node('k8s-worker/0', name, '10.0.0.20'),
    role: 'worker',
    options,
    problems,
    node: { name, address: '10.0.0.20', role: 'worker', taints: [] },
    memory: remembered('k8s-worker', { home: 'cluster:4' }),
    arguments: { kubelet: { text: '--node-ip="10.0.0.20"\n', journal: undefined } },
    cluster: relation('cluster:4', {
      units: new Map([['k8s/0', controlPlaneBag(0, { 'cluster-name': CLUSTER })]]),
      own: workerBag(0),
      shared: {
        'bootstrap-certificates': 'snap-managed',
        version: VERSION,
        'k8s-worker/0': 'joined-juju-3f2a-4',
      },
    }),
    registries: [],
    ...more,
  };
}

/** A unit whose snap is installed and whose node is in no cluster yet. */
export const OUTSIDE = { node: undefined, arguments: {}, memory: NO_MEMORY } as const;

export function kinds(changes: readonly Change[]): readonly string[] {
  return changes.map(({ kind }) => kind);
}

export function descriptions(changes: readonly Change[]): readonly string[] {
  return changes.map(describe);
}

/** What the databags hold after the plan's publications: unit and application databag by relation. */
export function published(changes: readonly Change[], before: readonly RelationFacts[]) {
  const bags = new Map(before.map(({ id, own, shared }) => [id, { own: { ...own }, shared: { ...shared } }]));
  for (const change of changes) {
    const bag = change.kind === 'publish' ? bags.get(change.relation) : undefined;
    if (change.kind !== 'publish' || bag === undefined) continue;
    const side: Record<string, string> = change.scope === 'unit' ? bag.own : bag.shared;
    for (const [key, value] of Object.entries(change.entries)) {
      if (value) side[key] = value;
      else delete side[key];
    }
  }
  return bags;
}
