/** Node objects: what kubelets register and report, and what becomes of a node whose kubelet is silent. */

import { existsSync, readdirSync } from 'node:fs';
import { at, isObject } from '../json.ts';
import type { NodeMachine } from '../node/machine.ts';
import { paths } from '../node/paths.ts';
import type { Site } from '../site.ts';
import type { ClusterState } from '../state.ts';
import type { User } from './authenticate.ts';
import type { ClusterObjects } from './objects.ts';
import { runPods } from './pods.ts';
import { typeOf } from './resources.ts';
import { timestamp } from './store.ts';

const NODES = typeOf('nodes');
const LEASES = typeOf('leases');

interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

/** One report of a running kubelet. Registers its Node when there is none, unless it was deleted a moment ago. */
export async function reportNode(
  machine: NodeMachine,
  user: User,
  values: Readonly<Record<string, string>>,
): Promise<void> {
  const member = machine.state.k8sd.member;
  if (member === undefined) return;
  const cluster = machine.site.cluster(member.cluster);
  const objects = machine.site.objects(member.cluster);
  const name = (values['--hostname-override'] ?? machine.hostname).toLowerCase();
  // The node authorizer lets a kubelet touch its own Node only.
  if (user.username !== `system:node:${name}` || !user.groups.includes('system:nodes')) return;
  cluster.kubernetes.heartbeats[name] = Date.now();
  if ((await objects.find(NODES, '', name)) === undefined) {
    const deleted = cluster.kubernetes.deletedNodes[name];
    if (deleted !== undefined && Date.now() - deleted < machine.site.delays.reRegister) return;
    delete cluster.kubernetes.deletedNodes[name];
    await register(objects, machine, name, values);
  }
  await renewLease(objects, machine, name);
  if (objects.controlled) await runPods(objects, name);
  await objects.change(NODES, '', name, (node) => {
    node['status'] = {
      ...(isObject(node['status']) ? node['status'] : {}),
      addresses: [
        { type: 'InternalIP', address: values['--node-ip'] ?? machine.address },
        { type: 'Hostname', address: name },
      ],
      nodeInfo: nodeInfo(machine),
      conditions: conditions(node['status'], [
        pressure('MemoryPressure', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
        pressure('DiskPressure', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
        pressure('PIDPressure', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
        readiness(machine),
      ]),
    };
    taint(node, readiness(machine));
  });
}

/** What the node lifecycle controller does: marks silent nodes. */
export async function markSilentNodes(site: Site, cluster: ClusterState, objects: ClusterObjects): Promise<void> {
  const silentSince = Date.now() - site.delays.nodeNotReady;
  for (const { metadata } of await objects.list(NODES)) {
    if ((cluster.kubernetes.heartbeats[metadata.name] ?? 0) >= silentSince) continue;
    await objects.change(NODES, '', metadata.name, (node) => {
      const unknown: Condition = {
        type: 'Ready',
        status: 'Unknown',
        reason: 'NodeStatusUnknown',
        message: 'Kubelet stopped posting node status.',
      };
      node['status'] = {
        ...(isObject(node['status']) ? node['status'] : {}),
        conditions: conditions(node['status'], [unknown]),
      };
      taint(node, unknown);
    });
  }
}

export function isReady(node: unknown): boolean {
  const list = at(node, 'status', 'conditions');
  return (
    Array.isArray(list) &&
    list.some((condition) => at(condition, 'type') === 'Ready' && at(condition, 'status') === 'True')
  );
}

async function register(
  objects: ClusterObjects,
  machine: NodeMachine,
  name: string,
  values: Readonly<Record<string, string>>,
): Promise<void> {
  await objects.create(NODES, {
    metadata: {
      name,
      labels: labels(name, values['--node-labels'] ?? ''),
      annotations: { 'k8sd.io/version': machine.state.snapd.snap?.version ?? '' },
    },
    spec: { ...taints(values['--register-with-taints'] ?? '') },
    status: {
      capacity: { cpu: '2', memory: '4028492Ki', pods: '110' },
      allocatable: { cpu: '2', memory: '3926092Ki', pods: '110' },
      conditions: [],
      daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    },
  });
}

const LEASE_SECONDS = 40;

/** Four times in the life of a lease, as kubelets do. */
async function renewLease(objects: ClusterObjects, machine: NodeMachine, name: string): Promise<void> {
  const last = machine.leaseRenewed;
  if (last !== undefined && last.name === name && Date.now() - last.at < (LEASE_SECONDS * 1000) / 4) return;
  machine.leaseRenewed = { name, at: Date.now() };
  await objects.ensure(LEASES, {
    metadata: { name, namespace: 'kube-node-lease' },
    spec: {
      holderIdentity: name,
      leaseDurationSeconds: LEASE_SECONDS,
      renewTime: new Date().toISOString().replace('Z', '000Z'),
    },
  });
}

function labels(name: string, given: string): Record<string, string> {
  const all: Record<string, string> = {
    'beta.kubernetes.io/arch': 'amd64',
    'beta.kubernetes.io/os': 'linux',
    'kubernetes.io/arch': 'amd64',
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': 'linux',
  };
  for (const entry of given.split(',').filter((text) => text !== '')) {
    const [label, value] = entry.split('=');
    all[label ?? ''] = value ?? '';
  }
  return all;
}

function taints(given: string): { taints?: unknown[] } {
  const list = given
    .split(',')
    .filter((text) => text !== '')
    .map((text) => {
      const [pair, effect] = text.split(':');
      const [key, value] = (pair ?? '').split('=');
      return { key, ...(value === undefined || value === '' ? {} : { value }), effect };
    });
  return list.length > 0 ? { taints: list } : {};
}

function nodeInfo(machine: NodeMachine): Record<string, string> {
  return {
    machineID: machine.id,
    systemUUID: machine.id,
    bootID: machine.id,
    kernelVersion: '6.8.0-60-generic',
    osImage: 'Ubuntu 24.04.2 LTS',
    containerRuntimeVersion: 'containerd://2.3.3',
    kubeletVersion: `v${machine.state.snapd.snap?.version ?? ''}`,
    kubeProxyVersion: '',
    operatingSystem: 'linux',
    architecture: 'amd64',
  };
}

function pressure(type: string, reason: string, message: string): Condition {
  return { type, status: 'False', reason, message };
}

/** A node is Ready once a container network is configured on it and containerd runs. */
function readiness(machine: NodeMachine): Condition {
  const broken = (message: string): Condition => ({
    type: 'Ready',
    status: 'False',
    reason: 'KubeletNotReady',
    message,
  });
  if (!machine.services.isActive('containerd')) return broken('container runtime is down');
  const folder = machine.files.real(paths.cni);
  if (!existsSync(folder) || !readdirSync(folder).some((name) => /\.conf(list)?$/.test(name))) {
    return broken(
      'container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized',
    );
  }
  return { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' };
}

/** The present conditions with the given ones set; the time of transition changes only when the status does. */
function conditions(status: unknown, given: readonly Condition[]): unknown[] {
  const present = at(status, 'conditions');
  const list: unknown[] = Array.isArray(present) ? [...present] : [];
  for (const condition of given) {
    const index = list.findIndex((candidate) => at(candidate, 'type') === condition.type);
    const before = list[index];
    const unchanged = at(before, 'status') === condition.status;
    const entry = {
      ...condition,
      lastHeartbeatTime: unchanged ? at(before, 'lastHeartbeatTime') : timestamp(),
      lastTransitionTime: unchanged ? at(before, 'lastTransitionTime') : timestamp(),
    };
    if (index < 0) list.push(entry);
    else list[index] = entry;
  }
  return list;
}

const NOT_READY = 'node.kubernetes.io/not-ready';
const UNREACHABLE = 'node.kubernetes.io/unreachable';

function taint(node: Record<string, unknown>, ready: Condition): void {
  const spec = isObject(node['spec']) ? node['spec'] : {};
  const present = Array.isArray(spec['taints']) ? spec['taints'] : [];
  const others = present.filter((entry) => at(entry, 'key') !== NOT_READY && at(entry, 'key') !== UNREACHABLE);
  const wanted =
    ready.status === 'True'
      ? []
      : [{ key: ready.status === 'Unknown' ? UNREACHABLE : NOT_READY, effect: 'NoSchedule' }];
  const list = [...others, ...wanted];
  const { taints: _old, ...rest } = spec;
  node['spec'] = list.length > 0 ? { ...rest, taints: list } : rest;
}
