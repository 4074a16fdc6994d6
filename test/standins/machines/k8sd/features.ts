/** Features: their controllers act a moment after the configuration changed, and report in the cluster's status. */

import { at, isObject } from '../json.ts';
import { ApiUnreachable, type ClusterObjects } from '../kubernetes/objects.ts';
import { runningStatus } from '../kubernetes/pods.ts';
import { typeOf } from '../kubernetes/resources.ts';
import { timestamp } from '../kubernetes/store.ts';
import { readArguments, writeArguments } from '../node/arguments.ts';
import type { NodeMachine } from '../node/machine.ts';
import { paths } from '../node/paths.ts';
import { firstAddresses } from '../pki/control-plane.ts';
import type { ClusterState } from '../state.ts';
import { type Component, podOf, type Release, reconcileRelease, releases } from './releases.ts';

interface Feature {
  readonly version: string;
  readonly release?: Release;
}

export const features: Readonly<Record<string, Feature>> = {
  network: { version: '1.18.4-ck0', release: releases['network'] as Release },
  dns: { version: '1.12.4-ck1', release: releases['dns'] as Release },
  'load-balancer': { version: '0.14.9-ck0', release: releases['load-balancer'] as Release },
  ingress: { version: '1.18.4-ck0' },
  gateway: { version: '1.18.4-ck0' },
  'metrics-server': { version: '0.8.0-ck3', release: releases['metrics-server'] as Release },
  'local-storage': { version: '0.8.2-ck1', release: releases['local-storage'] as Release },
};

const CNI = `${paths.cni}/05-cilium.conflist`;

export function isEnabled(cluster: ClusterState, feature: string): boolean {
  return at(cluster.config, feature, 'enabled') === true;
}

/** Applies the configuration to the cluster and its nodes after a moment. */
export function reconcileFeatures(machine: NodeMachine, cluster: ClusterState): void {
  machine.site.timers.after(machine.site.delays.features, async () => {
    if (machine.site.state.clusters[cluster.id] === undefined) return;
    try {
      const objects = machine.site.objects(cluster.id);
      for (const [name, feature] of Object.entries(features)) await reconcileFeature(objects, cluster, name, feature);
      await writeNodeConfig(objects, cluster);
    } catch (error) {
      if (!(error instanceof ApiUnreachable)) throw error;
      // As controllers do, until it answers.
      return reconcileFeatures(machine, cluster);
    }
    for (const node of machine.site.machines.values()) await reconcileNode(node, cluster);
  });
}

async function reconcileFeature(
  objects: ClusterObjects,
  cluster: ClusterState,
  name: string,
  feature: Feature,
): Promise<void> {
  const enabled = isEnabled(cluster, name);
  if (name === 'dns') await reconcileDns(objects, cluster, enabled);
  const { release } = feature;
  if (release !== undefined) {
    if (enabled) await ensureNamespace(objects, release.namespace);
    await reconcileRelease(objects, release, enabled);
    if (!objects.controlled)
      for (const component of release.components) await reconcilePod(objects, release, component, enabled);
  }
  const before = cluster.features[name];
  if (before?.enabled === enabled) return;
  cluster.features[name] = {
    enabled,
    message: enabled ? 'enabled' : 'disabled',
    version: enabled ? feature.version : '',
    updatedAt: timestamp(),
  };
}

async function ensureNamespace(objects: ClusterObjects, name: string): Promise<void> {
  if ((await objects.find(typeOf('namespaces'), '', name)) !== undefined) return;
  await objects.create(typeOf('namespaces'), {
    metadata: { name },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  });
}

async function reconcilePod(
  objects: ClusterObjects,
  release: Release,
  component: Component,
  enabled: boolean,
): Promise<void> {
  const type = typeOf('pods');
  const { name } = component;
  const present = await objects.find(type, release.namespace, `${name}-0`);
  if (!enabled) {
    if (present !== undefined) await objects.delete(type, release.namespace, present.metadata.name);
    return;
  }
  if (present !== undefined) return;
  await objects.create(type, {
    ...podOf(release, component),
    status: runningStatus([name]),
  });
}

async function reconcileDns(objects: ClusterObjects, cluster: ClusterState, enabled: boolean): Promise<void> {
  const type = typeOf('services');
  const present = await objects.find(type, 'kube-system', 'coredns');
  if (!enabled) {
    if (present !== undefined) await objects.delete(type, 'kube-system', 'coredns');
    return;
  }
  const dns = cluster.config['dns'];
  if (!isObject(dns)) return;
  if (dns['service-ip'] === '' || dns['service-ip'] === undefined) dns['service-ip'] = tenth(cluster.serviceCidr);
  await objects.ensure(type, {
    metadata: { name: 'coredns', namespace: 'kube-system' },
    spec: {
      clusterIP: dns['service-ip'],
      ports: [{ name: 'udp-53', port: 53, protocol: 'UDP' }],
      selector: { 'k8s-app': 'coredns' },
    },
  });
}

function tenth(cidr: string): string {
  const first = firstAddresses(cidr)[0] ?? '';
  return first.includes(':') ? `${first.slice(0, -1)}a` : first.replace(/\d+$/, (last) => String(Number(last) + 9));
}

/** The ConfigMap by which nodes learn what concerns their kubelets. */
async function writeNodeConfig(objects: ClusterObjects, cluster: ClusterState): Promise<void> {
  const kubeProxy = at(cluster.config, 'network', 'kube-proxy-enabled');
  await objects.ensure(typeOf('configmaps'), {
    metadata: { name: 'k8sd-config', namespace: 'kube-system' },
    data: {
      'cluster-dns': String(at(cluster.config, 'dns', 'service-ip') ?? ''),
      'cluster-domain': String(at(cluster.config, 'dns', 'cluster-domain') ?? ''),
      'cloud-provider': String(cluster.config['cloud-provider'] ?? ''),
      ...(cluster.controlPlaneTaints.length > 0
        ? { 'control-plane-taints': JSON.stringify(cluster.controlPlaneTaints) }
        : {}),
      ...(kubeProxy === undefined ? {} : { 'kube-proxy-enabled': String(kubeProxy) }),
    },
  });
}

/** What the node's own controllers do: network configuration, and the kubelet's arguments about DNS and cloud. */
export async function reconcileNode(machine: NodeMachine, cluster: ClusterState): Promise<void> {
  const member = machine.state.k8sd.member;
  if (member?.cluster !== cluster.id || machine.state.gone || !machine.services.isActive('k8sd')) return;
  if (cluster.features['network']?.enabled === true)
    await machine.files.write(CNI, '{"cniVersion":"0.3.1","name":"cilium","plugins":[{"type":"cilium-cni"}]}\n');
  else await machine.files.remove(CNI);
  await reconcileKubelet(machine, cluster);
  await reconcileProxy(machine, cluster);
}

async function reconcileKubelet(machine: NodeMachine, cluster: ClusterState): Promise<void> {
  const text = await machine.files.read(`${paths.args}/kubelet`);
  if (text === undefined) return;
  const present = readArguments(text);
  const wanted: Readonly<Record<string, string>> = {
    '--cluster-dns': String(at(cluster.config, 'dns', 'service-ip') ?? ''),
    '--cluster-domain': String(at(cluster.config, 'dns', 'cluster-domain') ?? ''),
    '--cloud-provider': String(cluster.config['cloud-provider'] ?? ''),
  };
  const changed = Object.entries(wanted).filter(([flag, value]) => value !== '' && present[flag] !== value);
  if (changed.length === 0) return;
  await machine.files.write(`${paths.args}/kubelet`, writeArguments({ ...present, ...Object.fromEntries(changed) }));
  if (machine.services.isActive('kubelet')) await machine.services.restart('kubelet');
}

/** From 1.36, where Cilium takes kube-proxy's place, the service is stopped and disabled. */
async function reconcileProxy(machine: NodeMachine, cluster: ClusterState): Promise<void> {
  if (machine.minor < 36) return;
  const wanted = at(cluster.config, 'network', 'kube-proxy-enabled') !== false;
  if (machine.services.isActive('kube-proxy') === wanted) return;
  if (wanted) await machine.services.start('kube-proxy', { enable: true });
  else await machine.services.stop('kube-proxy', { disable: true });
}
