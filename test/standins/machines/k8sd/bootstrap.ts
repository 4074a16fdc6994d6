/** `POST k8sd/cluster`: makes a cluster of this machine. */

import { createPublicKey, randomUUID } from 'node:crypto';
import { seedCluster } from '../kubernetes/seed.ts';
import type { NodeMachine } from '../node/machine.ts';
import { paths } from '../node/paths.ts';
import { requireFreshMachine } from '../node/preinit.ts';
import {
  makeDirectories,
  wipe,
  writeControlPlaneArguments,
  writeControlPlaneKubeconfigs,
  writeControlPlanePems,
  writeExtraConfigFiles,
  writeSysctl,
} from '../node/setup.ts';
import { completeControlPlane, firstAddresses, held, type Pems } from '../pki/control-plane.ts';
import { issueSelfSigned } from '../pki/issue.ts';
import { fromNow, type Validity, yearsFrom } from '../pki/lifetime.ts';
import type { ClusterState } from '../state.ts';
import { DEFAULT_POD_CIDR, DEFAULT_SERVICE_CIDR, validateClusterConfig, withDefaults } from './cluster-defaults.ts';
import { nodeServices } from './daemon.ts';
import { decodeBody, flag, integer, map, text, texts } from './decode.ts';
import { K8sdRefusal, type Reply } from './envelope.ts';
import { reconcileFeatures } from './features.ts';
import { cleanHostname, requireLocalAddress } from './names.ts';
import type { Call } from './routes.ts';
import { bootstrapShape } from './shapes.ts';

type Values = Readonly<Record<string, unknown>>;

/** CAs, keys and shared clients: what k8sd's database keeps for nodes that join later. */
const sharedFields = [
  'ca-crt',
  'ca-key',
  'client-ca-crt',
  'client-ca-key',
  'front-proxy-ca-crt',
  'front-proxy-ca-key',
  'service-account-key',
  'apiserver-kubelet-client-crt',
  'apiserver-kubelet-client-key',
  'admin-client-crt',
  'admin-client-key',
  'etcd-ca-crt',
  'etcd-ca-key',
  'etcd-apiserver-client-crt',
  'etcd-apiserver-client-key',
  'datastore-ca-crt',
  'datastore-client-crt',
  'datastore-client-key',
];

export async function bootstrap({ machine, exchange }: Call): Promise<Reply> {
  const request = decodeBody(exchange.body, bootstrapShape(machine.minor));
  const name = cleanHostname(text(request, 'name'));
  const address = text(request, 'address');
  requireLocalAddress(machine, address);
  return machine.k8sd.exclusive(async () => {
    if (machine.state.k8sd.member !== undefined) throw new K8sdRefusal(400, 'cluster is already bootstrapped');
    try {
      await makeCluster(machine, name, address, map(request, 'config'));
    } catch (error) {
      await undo(machine);
      throw new K8sdRefusal(
        400,
        `failed to bootstrap new cluster: Failed to run post-bootstrap actions: ${(error as Error).message}`,
        () => machine.k8sd.reexec(),
      );
    }
    return { metadata: { name, address } };
  });
}

async function makeCluster(machine: NodeMachine, name: string, address: string, config: Values): Promise<void> {
  const { site } = machine;
  const cluster = await newCluster(machine, config);
  const late = site.faults.take(machine.id, 'bootstrap late');
  await makeDirectories(machine);
  if (!flag(config, 'disable-system-tuning')) await writeSysctl(machine);
  const validity = lifetime();
  const pems = await completeControlPlane(givenPems(config), {
    node: name,
    sans: texts(config, 'extra-sans'),
    address: machine.address,
    serviceAddresses: firstAddresses(cluster.serviceCidr),
    validity,
    createAuthorities: true,
    managedEtcd: cluster.datastoreType === 'etcd',
    keys: site.keys,
  });
  cluster.pems = Object.fromEntries(
    sharedFields.filter((field) => held(pems, field)).map((field) => [field, pems[field] ?? '']),
  );
  await writeControlPlanePems(machine, cluster, pems);
  await requireFreshMachine(machine, 'control-plane', ports(cluster));
  await writeControlPlaneKubeconfigs(machine, cluster.securePort, pems);
  await writeControlPlaneArguments(machine, cluster, name, config);
  await writeExtraConfigFiles(machine, config);
  await machine.timers.sleep(site.delays.bootstrap);
  if (late !== undefined) throw new Error(late.text);
  await enroll(machine, cluster, name, address);
  if (!site.objects(cluster.id).controlled) seedCluster(site.api(cluster.id).store, cluster);
  await startNodeServices(machine);
  reconcileFeatures(machine, cluster);
}

async function newCluster(machine: NodeMachine, config: Values): Promise<ClusterState> {
  const { site } = machine;
  const datastore = datastoreOf(machine, config);
  const podCidr = text(config, 'pod-cidr') || DEFAULT_POD_CIDR;
  const serviceCidr = text(config, 'service-cidr') || DEFAULT_SERVICE_CIDR;
  const merged = withDefaults(map(config, 'cluster-config'), machine.minor);
  validateClusterConfig(merged, { podCidr, serviceCidr });
  const securePort = integer(config, 'secure-port') || 6443;
  if (securePort < 1 || securePort > 65_535)
    throw new Error(`kube-apiserver port must be between 1 and 65535, got ${securePort}`);
  const [certificateKey, k8sdPrivateKey] = await Promise.all([site.keys.draw(), site.keys.draw()]);
  return {
    id: `cluster-${site.state.nextCluster++}`,
    members: [],
    certificate: await issueSelfSigned(randomUUID(), certificateKey, ['127.0.0.1', '::1', machine.address], lifetime()),
    certificateKey,
    pems: {},
    k8sdPrivateKey,
    k8sdPublicKey: createPublicKey(k8sdPrivateKey).export({ type: 'spki', format: 'pem' }) as string,
    podCidr,
    serviceCidr,
    securePort,
    etcdPort: integer(config, 'etcd-port') || 2379,
    etcdPeerPort: integer(config, 'etcd-peer-port') || 2380,
    disableRbac: flag(config, 'disable-rbac'),
    controlPlaneTaints: texts(config, 'control-plane-taints'),
    datastoreType: datastore,
    datastoreServers: texts(config, 'datastore-servers'),
    config: merged,
    features: {},
    etcdMembers: [],
    controlPlaneTokens: [],
    workerTokens: [],
    authTokens: [],
    kubernetes: { resourceVersion: 100, objects: {}, secrets: {}, heartbeats: {}, deletedNodes: {} },
  };
}

function datastoreOf(machine: NodeMachine, config: Values): ClusterState['datastoreType'] {
  const type = text(config, 'datastore-type') || 'etcd';
  const external = ['datastore-ca-crt', 'datastore-client-crt', 'datastore-client-key'].filter(
    (field) => text(config, field) !== '',
  );
  const servers = texts(config, 'datastore-servers');
  switch (type) {
    case 'etcd':
      if (external.length > 0 || servers.length > 0)
        throw new Error(`${external[0] ?? 'datastore-servers'} needs datastore-type to be "external", not "etcd"`);
      return 'etcd';
    case 'external':
      if (servers.length === 0) throw new Error('datastore type is external but no datastore servers were set');
      for (const field of ['etcd-port', 'etcd-peer-port']) {
        if (integer(config, field) !== 0) throw new Error(`${field} needs datastore-type to be "etcd", not "external"`);
      }
      return 'external';
    case 'k8s-dqlite':
      if (machine.minor < 36) return 'k8s-dqlite';
      break;
    default:
  }
  throw new Error(`unknown datastore type ${JSON.stringify(type)}`);
}

function givenPems(config: Values): Pems {
  const pems: Pems = {};
  for (const [field, value] of Object.entries(config)) {
    if (typeof value === 'string' && value !== '' && /-(crt|key)$/.test(field)) pems[field] = value;
  }
  return pems;
}

export function lifetime(): Validity {
  return fromNow((start) => yearsFrom(start, 20));
}

export function ports(cluster: ClusterState): Readonly<Record<string, number>> {
  return {
    'kube-apiserver': cluster.securePort,
    ...(cluster.datastoreType === 'etcd' ? { etcd: cluster.etcdPort, 'etcd-peer': cluster.etcdPeerPort } : {}),
  };
}

/** Makes the machine a member of the cluster, in k8sd's database. */
export async function enroll(
  machine: NodeMachine,
  cluster: ClusterState,
  name: string,
  address: string,
): Promise<void> {
  machine.site.state.clusters[cluster.id] = cluster;
  await machine.files.write(`${paths.state}/cluster.crt`, cluster.certificate, 0o644);
  await machine.files.write(`${paths.state}/cluster.key`, cluster.certificateKey);
  const certificate = await machine.files.need(`${paths.state}/server.crt`);
  cluster.members.push({ machine: machine.id, name, address, certificate });
  if (cluster.datastoreType === 'etcd') cluster.etcdMembers.push(machine.id);
  machine.state.k8sd.member = { role: 'control-plane', name, cluster: cluster.id };
  await machine.k8sd.openPort();
}

/** Throws when containerd does not come up, or the API server does not answer. */
export async function startNodeServices(machine: NodeMachine): Promise<void> {
  const services = nodeServices(machine);
  for (const service of services) {
    await machine.services.start(service, { enable: true });
    if (service === 'containerd' && !machine.services.isActive(service)) {
      throw new Error(
        `failed to start services: failed to start service containerd: ${machine.services.state(service).failure ?? ''}`,
      );
    }
  }
  const member = machine.state.k8sd.member;
  if (member?.role !== 'control-plane') return;
  await machine.services.ready('kube-apiserver');
  if (!machine.site.api(member.cluster).answers(machine)) {
    throw new Error('failed to wait for kube-apiserver to become ready: context deadline exceeded');
  }
}

/** Leaves the machine as if nothing had been asked. */
export async function undo(machine: NodeMachine): Promise<void> {
  const member = machine.state.k8sd.member;
  delete machine.state.k8sd.member;
  await machine.k8sd.closePort();
  await wipe(machine);
  await machine.files.remove(`${paths.state}/cluster.crt`);
  await machine.files.remove(`${paths.state}/cluster.key`);
  if (member === undefined) return;
  const cluster = machine.site.cluster(member.cluster);
  cluster.members = cluster.members.filter((other) => other.machine !== machine.id);
  cluster.etcdMembers = cluster.etcdMembers.filter((other) => other !== machine.id);
  if (member.role === 'control-plane' && cluster.members.length === 0) machine.site.forget(cluster.id);
}
