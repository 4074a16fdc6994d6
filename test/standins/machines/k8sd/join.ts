/** `POST k8sd/cluster/join`: makes the machine a control plane or a worker of a cluster, by the kind of its token. */

import { at } from '../json.ts';
import { typeOf } from '../kubernetes/resources.ts';
import type { NodeMachine } from '../node/machine.ts';
import { paths } from '../node/paths.ts';
import { requireFreshMachine } from '../node/preinit.ts';
import {
  makeDirectories,
  writeControlPlaneArguments,
  writeControlPlaneKubeconfigs,
  writeControlPlanePems,
  writeExtraConfigFiles,
  writeSysctl,
  writeWorkerArguments,
  writeWorkerKubeconfigs,
  writeWorkerPems,
} from '../node/setup.ts';
import { completeControlPlane, firstAddresses, type Pems } from '../pki/control-plane.ts';
import { issueSelfSigned } from '../pki/issue.ts';
import type { ClusterState } from '../state.ts';
import { enroll, lifetime, ports, startNodeServices, undo } from './bootstrap.ts';
import { decodeBody, decodeYaml, flag, text, texts } from './decode.ts';
import { K8sdRefusal, type Reply } from './envelope.ts';
import { reconcileNode } from './features.ts';
import { cleanHostname, requireLocalAddress } from './names.ts';
import type { Call } from './routes.ts';
import { controlPlaneJoinShape, joinShape, workerJoinShape } from './shapes.ts';
import { decodeToken, fingerprint, type JoinToken } from './tokens.ts';
import { clientAuthority, giveWorkerInfo } from './worker-info.ts';

type Values = Readonly<Record<string, unknown>>;

interface Joining {
  readonly machine: NodeMachine;
  readonly name: string;
  readonly address: string;
  readonly token: JoinToken;
  readonly config: Values;
}

export async function join({ machine, exchange }: Call): Promise<Reply> {
  const request = decodeBody(exchange.body, joinShape);
  return machine.k8sd.exclusive(async () => {
    const name = cleanHostname(text(request, 'name'));
    if (machine.state.k8sd.member !== undefined)
      throw new K8sdRefusal(521, `node ${JSON.stringify(name)} is part of the cluster`);
    requireLocalAddress(machine, text(request, 'address'));
    const token = tokenOf(text(request, 'token'));
    const joining: Joining = {
      machine,
      name,
      address: text(request, 'address'),
      token,
      config: configOf(machine, token, text(request, 'config')),
    };
    const late = machine.site.faults.take(machine.id, 'join late');
    const role = token.worker ? 'worker' : 'control plane';
    try {
      await (token.worker ? joinAsWorker(joining, late?.text) : joinAsControlPlane(joining, late?.text));
    } catch (error) {
      await undo(machine);
      throw new K8sdRefusal(500, `failed to join k8sd cluster as ${role}: ${(error as Error).message}`, () =>
        machine.k8sd.reexec(),
      );
    }
    return { metadata: {} };
  });
}

function tokenOf(token: string): JoinToken {
  try {
    return decodeToken(token);
  } catch (error) {
    throw new K8sdRefusal(500, `failed to join k8sd cluster as control plane: ${(error as Error).message}`);
  }
}

function configOf(machine: NodeMachine, token: JoinToken, config: string): Values {
  try {
    return decodeYaml(config, token.worker ? workerJoinShape : controlPlaneJoinShape(machine.minor));
  } catch (error) {
    throw new K8sdRefusal(400, `failed to parse request: failed to unmarshal join config: ${(error as Error).message}`);
  }
}

async function joinAsControlPlane(joining: Joining, late: string | undefined): Promise<void> {
  const { machine, name, config, token } = joining;
  const { site } = machine;
  const cluster = reach(joining);
  const known = cluster.controlPlaneTokens.find((candidate) => candidate.secret === token.secret);
  if (known === undefined || known.name !== name || known.expiresAtMs <= site.now()) {
    throw new Error('Failed to join cluster with the given join token');
  }
  cluster.controlPlaneTokens = cluster.controlPlaneTokens.filter((candidate) => candidate !== known);
  if (cluster.joining !== undefined || (cluster.datastoreType === 'etcd' && !hasQuorum(machine, cluster))) {
    throw new Error('cluster is unhealthy or another node is currently joining the cluster');
  }
  cluster.joining = machine.id;
  try {
    await makeDirectories(machine);
    const pems = await completeControlPlane(
      { ...sharedPems(cluster), ...givenPems(config) },
      {
        node: name,
        sans: texts(config, 'extra-sans'),
        address: machine.address,
        serviceAddresses: firstAddresses(cluster.serviceCidr),
        validity: lifetime(),
        createAuthorities: false,
        managedEtcd: cluster.datastoreType === 'etcd',
        keys: site.keys,
      },
    );
    await writeControlPlanePems(machine, cluster, pems);
    await requireFreshMachine(machine, 'control-plane', ports(cluster));
    await writeControlPlaneKubeconfigs(machine, cluster.securePort, pems);
    await writeControlPlaneArguments(machine, cluster, name, config);
    await writeExtraConfigFiles(machine, config);
    await machine.timers.sleep(site.delays.join);
    if (late !== undefined) throw new Error(late);
    const first = site.machines.get(cluster.members[0]?.machine ?? '');
    if (cluster.datastoreType === 'etcd' && first !== undefined)
      await site.etcd?.add(first, `https://${machine.address}:${cluster.etcdPeerPort}`);
    await enroll(machine, cluster, name, joining.address);
    await startNodeServices(machine);
    await reconcileNode(machine, cluster);
    await requireSameVersion(machine, cluster, name);
  } finally {
    delete cluster.joining;
  }
}

/** The database's part, for everything else the node makes its own. */
function sharedPems(cluster: ClusterState): Pems {
  const { 'admin-client-crt': _crt, 'admin-client-key': _key, ...shared } = cluster.pems;
  const client = clientAuthority(cluster);
  return { ...shared, 'client-ca-crt': client.certificate, 'client-ca-key': client.key };
}

function givenPems(config: Values): Pems {
  const pems: Pems = {};
  for (const [field, value] of Object.entries(config)) {
    if (typeof value === 'string' && value !== '' && /-(crt|key)$/.test(field)) pems[field] = value;
  }
  return pems;
}

/** The cluster of the first control plane in the token that answers. */
function reach({ machine, token }: Joining): ClusterState {
  for (const address of token.addresses) {
    const peer = machine.site.machineAt(address.split(':')[0] ?? '');
    if (peer?.k8sd.answersWebhook !== true) continue;
    const member = peer.state.k8sd.member;
    if (member?.role !== 'control-plane') continue;
    const cluster = machine.site.cluster(member.cluster);
    if (fingerprint(cluster) === token.fingerprint) return cluster;
  }
  throw new Error(
    `Failed to join cluster with the given join token: dial tcp ${token.addresses[0]}: connect: connection refused`,
  );
}

function hasQuorum(machine: NodeMachine, cluster: ClusterState): boolean {
  const running = cluster.etcdMembers.filter((id) => machine.site.machines.get(id)?.services.isActive('etcd') === true);
  return running.length * 2 > cluster.etcdMembers.length;
}

/** Control planes of one minor version have to be of one patch version, too. Looked at when all else is done. */
async function requireSameVersion(machine: NodeMachine, cluster: ClusterState, name: string): Promise<void> {
  if (at(cluster.config, 'annotations', 'k8sd/v1alpha/lifecycle/disable-separate-feature-upgrades') !== undefined)
    return;
  const own = machine.state.snapd.snap?.version ?? '';
  const all = await machine.site.objects(cluster.id).list(typeOf('nodes'));
  const nodes = all.filter((node) => node.metadata.name !== name);
  const versions = new Set(
    nodes.map((node) => String(at(node, 'status', 'nodeInfo', 'kubeletVersion')).replace(/^v/, '')),
  );
  if (versions.size > 1)
    throw new Error(`the cluster has nodes with different Kubernetes versions: ${[...versions].join(', ')}`);
  const theirs = [...versions][0];
  if (theirs === undefined || theirs === own) return;
  const minor = (version: string): string => version.split('.').slice(0, 2).join('.');
  if (minor(theirs) === minor(own))
    throw new Error(`the joining node has a different patch version than cluster nodes: ${own}, ${theirs}`);
}

async function joinAsWorker(joining: Joining, late: string | undefined): Promise<void> {
  const { machine, name, token, config } = joining;
  const cluster = reach(joining);
  const controlPlane = token.addresses
    .map((address) => machine.site.machineAt(address.split(':')[0] ?? ''))
    .find((peer) => peer?.k8sd.answersWebhook === true);
  if (controlPlane === undefined) throw new Error('failed to get worker info: connection refused');
  const info = await giveWorkerInfo(controlPlane, name, token.secret, machine.address);
  await makeDirectories(machine);
  if (!flag(config, 'disable-system-tuning')) await writeSysctl(machine);
  const pems = workerPems(info, config);
  await requireFreshMachine(machine, 'worker', { 'k8s-apiserver-proxy': cluster.securePort });
  await writeWorkerPems(machine, pems);
  await writeWorkerKubeconfigs(machine, cluster.securePort, pems);
  const knowledge = {
    caCrt: info.ca,
    clientCaCrt: info['client-ca'],
    k8sdPublicKey: info.k8sdPublicKey,
    apiServers: info.apiServers,
  };
  await writeWorkerArguments(
    machine,
    name,
    {
      knowledge,
      port: cluster.securePort,
      podCidr: info.podCIDR,
      clusterDns: info.clusterDNS,
      clusterDomain: info.clusterDomain,
      cloudProvider: info.cloudProvider,
    },
    config,
  );
  await writeExtraConfigFiles(machine, config);
  await machine.files.touch(paths.workerLock);
  await machine.timers.sleep(machine.site.delays.join);
  if (late !== undefined) throw new Error(late);
  const key = await machine.site.keys.draw();
  await machine.files.write(
    `${paths.state}/cluster.crt`,
    await issueSelfSigned(name, key, ['127.0.0.1', machine.address], lifetime()),
    0o644,
  );
  await machine.files.write(`${paths.state}/cluster.key`, key);
  machine.state.k8sd.member = { role: 'worker', name, cluster: cluster.id, worker: knowledge };
  await machine.k8sd.openPort();
  await startNodeServices(machine);
  await reconcileNode(machine, cluster);
}

/** Given certificates win over those that the control plane issued. */
function workerPems(info: Awaited<ReturnType<typeof giveWorkerInfo>>, config: Values): Pems {
  const issued: Pems = {
    'kubelet-crt': info.kubeletCrt,
    'kubelet-key': info.kubeletKey,
    'kubelet-client-crt': info.kubeletClientCert,
    'kubelet-client-key': info.kubeletClientKey,
    'kube-proxy-client-crt': info.kubeProxyClientCert,
    'kube-proxy-client-key': info.kubeProxyClientKey,
  };
  const pems = { ...issued, ...givenPems(config), 'ca-crt': info.ca, 'client-ca-crt': info['client-ca'] };
  requireWorkerPems(pems);
  return pems;
}

/** Throws when one of a worker's three pairs is not whole. */
export function requireWorkerPems(pems: Readonly<Pems>): void {
  const words: Readonly<Record<string, string>> = {
    kubelet: 'kubelet',
    'kubelet-client': 'kubelet client',
    'kube-proxy-client': 'kube-proxy client',
  };
  for (const [field, what] of Object.entries(words)) {
    if ((pems[`${field}-crt`] ?? '') === '' || (pems[`${field}-key`] ?? '') === '')
      throw new Error(`${what} certificate not specified`);
  }
}
