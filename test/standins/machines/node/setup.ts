/** Writes a node's certificates, kubeconfigs, arguments and other files, as k8sd does at bootstrap and join. */

import { at } from '../json.ts';
import type { Pems } from '../pki/control-plane.ts';
import type { ClusterState, WorkerKnowledge } from '../state.ts';
import { type Arguments, mergeArguments, writeArguments } from './arguments.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import type { NodeMachine } from './machine.ts';
import { paths } from './paths.ts';
import { writeToml } from './toml.ts';

const { pki, etcdPki, args } = paths;

/** Field and file of each PEM that a control plane keeps. The etcd CA's key is not among them: it never leaves the database. */
const controlPlanePems: readonly (readonly [string, string])[] = [
  ['ca-crt', `${pki}/ca.crt`],
  ['ca-key', `${pki}/ca.key`],
  ['client-ca-crt', `${pki}/client-ca.crt`],
  ['client-ca-key', `${pki}/client-ca.key`],
  ['front-proxy-ca-crt', `${pki}/front-proxy-ca.crt`],
  ['front-proxy-ca-key', `${pki}/front-proxy-ca.key`],
  ['front-proxy-client-crt', `${pki}/front-proxy-client.crt`],
  ['front-proxy-client-key', `${pki}/front-proxy-client.key`],
  ['apiserver-crt', `${pki}/apiserver.crt`],
  ['apiserver-key', `${pki}/apiserver.key`],
  ['apiserver-kubelet-client-crt', `${pki}/apiserver-kubelet-client.crt`],
  ['apiserver-kubelet-client-key', `${pki}/apiserver-kubelet-client.key`],
  ['kubelet-crt', `${pki}/kubelet.crt`],
  ['kubelet-key', `${pki}/kubelet.key`],
  ['service-account-key', `${pki}/serviceaccount.key`],
];

const managedEtcdPems: readonly (readonly [string, string])[] = [
  ['etcd-ca-crt', `${etcdPki}/ca.crt`],
  ['etcd-server-crt', `${etcdPki}/server.crt`],
  ['etcd-server-key', `${etcdPki}/server.key`],
  ['etcd-peer-crt', `${etcdPki}/peer.crt`],
  ['etcd-peer-key', `${etcdPki}/peer.key`],
  ['etcd-apiserver-client-crt', `${pki}/apiserver-etcd-client.crt`],
  ['etcd-apiserver-client-key', `${pki}/apiserver-etcd-client.key`],
];

const externalDatastorePems: readonly (readonly [string, string])[] = [
  ['datastore-ca-crt', `${etcdPki}/ca.crt`],
  ['datastore-client-crt', `${etcdPki}/client.crt`],
  ['datastore-client-key', `${etcdPki}/client.key`],
];

const workerPems: readonly (readonly [string, string])[] = [
  ['ca-crt', `${pki}/ca.crt`],
  ['client-ca-crt', `${pki}/client-ca.crt`],
  ['kubelet-crt', `${pki}/kubelet.crt`],
  ['kubelet-key', `${pki}/kubelet.key`],
];

/** Kubeconfigs by the field of the certificate that they carry. */
export const kubeconfigs: readonly (readonly [string, string])[] = [
  ['admin-client', 'admin.conf'],
  ['kube-controller-manager-client', 'controller.conf'],
  ['kube-scheduler-client', 'scheduler.conf'],
  ['kube-proxy-client', 'proxy.conf'],
  ['kubelet-client', 'kubelet.conf'],
];

export async function makeDirectories(machine: NodeMachine): Promise<void> {
  for (const directory of [
    paths.kubernetes,
    pki,
    etcdPki,
    args,
    paths.configFiles,
    paths.lock,
    '/var/lib/kubelet',
    '/var/lib/containerd',
    paths.cni,
  ]) {
    await machine.files.directory(directory);
  }
}

export async function writeControlPlanePems(
  machine: NodeMachine,
  cluster: ClusterState,
  pems: Readonly<Pems>,
): Promise<void> {
  const datastore = cluster.datastoreType === 'external' ? externalDatastorePems : managedEtcdPems;
  for (const [field, path] of [...controlPlanePems, ...datastore]) await machine.files.write(path, pems[field] ?? '');
}

/** What a refresh writes: certificates of the Kubernetes CAs only. */
export async function writeRefreshedPems(machine: NodeMachine, pems: Readonly<Pems>): Promise<void> {
  for (const [field, path] of controlPlanePems) await machine.files.write(path, pems[field] ?? '');
}

export async function writeWorkerPems(machine: NodeMachine, pems: Readonly<Pems>): Promise<void> {
  for (const [field, path] of workerPems) await machine.files.write(path, pems[field] ?? '');
}

export async function writeControlPlaneKubeconfigs(
  machine: NodeMachine,
  securePort: number,
  pems: Readonly<Pems>,
): Promise<void> {
  for (const [field, file] of kubeconfigs) await writeOneKubeconfig(machine, securePort, pems, field, file);
}

/** API servers' certificates hold 127.0.0.1, where a real worker's proxy listens, but not the addresses of other machines. */
const PROXIED = 'kubernetes';

export async function writeWorkerKubeconfigs(machine: NodeMachine, port: number, pems: Readonly<Pems>): Promise<void> {
  await writeOneKubeconfig(machine, port, pems, 'kubelet-client', 'kubelet.conf', PROXIED);
  await writeOneKubeconfig(machine, port, pems, 'kube-proxy-client', 'proxy.conf', PROXIED);
}

async function writeOneKubeconfig(
  machine: NodeMachine,
  port: number,
  pems: Readonly<Pems>,
  field: string,
  file: string,
  serverName?: string,
): Promise<void> {
  const text = writeKubeconfig({
    // The loopback address of a real machine: here each machine's own.
    server: `https://${machine.address}:${port}`,
    authority: pems['ca-crt'] ?? '',
    certificate: pems[`${field}-crt`] ?? '',
    key: pems[`${field}-key`] ?? '',
    ...(serverName === undefined ? {} : { serverName }),
  });
  await machine.files.write(`${paths.kubernetes}/${file}`, text);
}

const CIPHERS = [
  'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
  'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
  'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305',
  'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305',
].join(',');

const KUBELET_CIPHERS = [
  'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
  'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305',
  'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
  'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305',
  'TLS_RSA_WITH_AES_128_GCM_SHA256',
  'TLS_RSA_WITH_AES_256_GCM_SHA384',
].join(',');

/** What the request of a bootstrap or join says about this node. */
export type NodeConfig = Readonly<Record<string, unknown>>;

export async function writeControlPlaneArguments(
  machine: NodeMachine,
  cluster: ClusterState,
  name: string,
  config: NodeConfig,
): Promise<void> {
  const first = cluster.members.length === 0;
  const holdsCaKey = await machine.files.exists(`${pki}/ca.key`);
  const write = (service: string, defaults: Arguments): Promise<void> =>
    writeService(machine, service, defaults, config);
  if (cluster.datastoreType !== 'external') await write('etcd', etcdArguments(machine, cluster, name, first));
  await write('containerd', containerdArguments);
  await machine.files.write(`${paths.configFiles}/auth-token-webhook.conf`, webhookConfig(machine));
  await write('kube-apiserver', apiServerArguments(machine, cluster));
  await write('kube-controller-manager', controllerManagerArguments(cluster, holdsCaKey));
  await write('kube-scheduler', schedulerArguments);
  await write(
    'kubelet',
    kubeletArguments(machine, name, {
      labels: 'node-role.kubernetes.io/control-plane=,node-role.kubernetes.io/worker=,k8sd.io/role=control-plane',
      taints: cluster.controlPlaneTaints,
      dns: String(at(cluster.config, 'dns', 'service-ip') ?? ''),
      domain: String(at(cluster.config, 'dns', 'cluster-domain') ?? ''),
      cloudProvider: String(cluster.config['cloud-provider'] ?? ''),
    }),
  );
  await write('kube-proxy', proxyArguments(machine, name, cluster.podCidr));
  await writeContainerdConfig(machine, config);
}

export interface WorkerSettings {
  readonly port: number;
  readonly knowledge: WorkerKnowledge;
  readonly podCidr: string;
  readonly clusterDns: string;
  readonly clusterDomain: string;
  readonly cloudProvider: string;
}

export async function writeWorkerArguments(
  machine: NodeMachine,
  name: string,
  settings: WorkerSettings,
  config: NodeConfig,
): Promise<void> {
  const write = (service: string, defaults: Arguments): Promise<void> =>
    writeService(machine, service, defaults, config);
  await write('containerd', containerdArguments);
  await write(
    'kubelet',
    kubeletArguments(machine, name, {
      labels: 'node-role.kubernetes.io/worker=,k8sd.io/role=worker',
      taints: [],
      dns: settings.clusterDns,
      domain: settings.clusterDomain,
      cloudProvider: settings.cloudProvider,
    }),
  );
  await write('kube-proxy', proxyArguments(machine, name, settings.podCidr));
  await machine.files.write(
    `${paths.configFiles}/k8s-apiserver-proxy.json`,
    JSON.stringify({ endpoints: settings.knowledge.apiServers }),
  );
  await write('k8s-apiserver-proxy', {
    '--endpoints': `${paths.configFiles}/k8s-apiserver-proxy.json`,
    '--kubeconfig': `${paths.kubernetes}/kubelet.conf`,
    '--listen': `:${settings.port}`,
  });
  await writeContainerdConfig(machine, config);
}

async function writeService(
  machine: NodeMachine,
  service: string,
  defaults: Arguments,
  config: NodeConfig,
): Promise<void> {
  const extra = config[`extra-node-${service}-args`] as Record<string, unknown> | undefined;
  await machine.files.write(`${args}/${service}`, writeArguments(mergeArguments(defaults, extra)));
}

/** Root-only, read-only files beside the arguments. Throws for a name with a slash. */
export async function writeExtraConfigFiles(machine: NodeMachine, config: NodeConfig): Promise<void> {
  const extra = config['extra-node-config-files'] as Record<string, string> | undefined;
  for (const [name, content] of Object.entries(extra ?? {})) {
    if (name.includes('/'))
      throw new Error(
        `file name ${JSON.stringify(name)} must not contain any slashes (possible path-traversal prevented)`,
      );
    await machine.files.write(`${paths.configFiles}/${name}`, content, 0o400);
  }
}

function etcdArguments(machine: NodeMachine, cluster: ClusterState, name: string, first: boolean): Arguments {
  const { address } = machine;
  const peers = [
    ...cluster.members.map(
      (member) => `${member.name}=https://${member.address.split(':')[0]}:${cluster.etcdPeerPort}`,
    ),
    `${name}=https://${address}:${cluster.etcdPeerPort}`,
  ];
  return {
    '--data-dir': paths.etcdData,
    '--name': name,
    '--initial-advertise-peer-urls': `https://${address}:${cluster.etcdPeerPort}`,
    '--listen-peer-urls': `https://${address}:${cluster.etcdPeerPort}`,
    '--listen-client-urls': `https://${address}:${cluster.etcdPort},https://127.0.0.1:${cluster.etcdPort}`,
    '--advertise-client-urls': `https://${address}:${cluster.etcdPort}`,
    '--initial-cluster-state': first ? 'new' : 'existing',
    '--initial-cluster': peers.join(','),
    '--client-cert-auth': 'true',
    '--trusted-ca-file': `${etcdPki}/ca.crt`,
    '--peer-trusted-ca-file': `${etcdPki}/ca.crt`,
    '--cert-file': `${etcdPki}/server.crt`,
    '--key-file': `${etcdPki}/server.key`,
    '--peer-client-cert-auth': 'true',
    '--peer-cert-file': `${etcdPki}/peer.crt`,
    '--peer-key-file': `${etcdPki}/peer.key`,
    '--auto-tls': 'false',
    '--peer-auto-tls': 'false',
  };
}

function apiServerArguments(machine: NodeMachine, cluster: ClusterState): Arguments {
  const external = cluster.datastoreType === 'external';
  return {
    '--advertise-address': machine.address,
    '--allow-privileged': 'true',
    '--anonymous-auth': 'false',
    '--authentication-token-webhook-config-file': `${paths.configFiles}/auth-token-webhook.conf`,
    '--authorization-mode': cluster.disableRbac ? 'AlwaysAllow' : 'Node,RBAC',
    '--client-ca-file': `${pki}/client-ca.crt`,
    '--enable-admission-plugins': 'NodeRestriction',
    ...(external ? externalEtcdArguments(cluster) : managedEtcdArguments(cluster)),
    '--kubelet-certificate-authority': `${pki}/ca.crt`,
    '--kubelet-client-certificate': `${pki}/apiserver-kubelet-client.crt`,
    '--kubelet-client-key': `${pki}/apiserver-kubelet-client.key`,
    '--kubelet-preferred-address-types': 'InternalIP,Hostname,InternalDNS,ExternalDNS,ExternalIP',
    '--profiling': 'false',
    '--proxy-client-cert-file': `${pki}/front-proxy-client.crt`,
    '--proxy-client-key-file': `${pki}/front-proxy-client.key`,
    '--request-timeout': '300s',
    '--requestheader-allowed-names': 'front-proxy-client',
    '--requestheader-client-ca-file': `${pki}/front-proxy-ca.crt`,
    '--requestheader-extra-headers-prefix': 'X-Remote-Extra-',
    '--requestheader-group-headers': 'X-Remote-Group',
    '--requestheader-username-headers': 'X-Remote-User',
    '--secure-port': String(cluster.securePort),
    '--service-account-issuer': 'https://kubernetes.default.svc',
    '--service-account-key-file': `${pki}/serviceaccount.key`,
    '--service-account-signing-key-file': `${pki}/serviceaccount.key`,
    '--service-cluster-ip-range': cluster.serviceCidr,
    '--tls-cert-file': `${pki}/apiserver.crt`,
    '--tls-cipher-suites': CIPHERS,
    '--tls-min-version': 'VersionTLS12',
    '--tls-private-key-file': `${pki}/apiserver.key`,
  };
}

function managedEtcdArguments(cluster: ClusterState): Arguments {
  return {
    '--etcd-servers': `https://127.0.0.1:${cluster.etcdPort}`,
    '--etcd-cafile': `${etcdPki}/ca.crt`,
    '--etcd-certfile': `${pki}/apiserver-etcd-client.crt`,
    '--etcd-keyfile': `${pki}/apiserver-etcd-client.key`,
  };
}

export function externalEtcdArguments(cluster: ClusterState): Arguments {
  const given = (field: string): boolean => (cluster.pems[field] ?? '') !== '';
  return {
    '--etcd-servers': cluster.datastoreServers.join(','),
    ...(given('datastore-ca-crt') ? { '--etcd-cafile': `${etcdPki}/ca.crt` } : {}),
    ...(given('datastore-client-crt') ? { '--etcd-certfile': `${etcdPki}/client.crt` } : {}),
    ...(given('datastore-client-key') ? { '--etcd-keyfile': `${etcdPki}/client.key` } : {}),
  };
}

const leases: Arguments = { '--leader-elect-lease-duration': '30s', '--leader-elect-renew-deadline': '15s' };

function kubeconfigArguments(file: string): Arguments {
  const path = `${paths.kubernetes}/${file}`;
  return { '--authentication-kubeconfig': path, '--authorization-kubeconfig': path, '--kubeconfig': path };
}

function controllerManagerArguments(cluster: ClusterState, holdsCaKey: boolean): Arguments {
  const provider = cluster.config['cloud-provider'];
  return {
    ...kubeconfigArguments('controller.conf'),
    ...leases,
    '--profiling': 'false',
    '--root-ca-file': `${pki}/ca.crt`,
    '--service-account-private-key-file': `${pki}/serviceaccount.key`,
    '--terminated-pod-gc-threshold': '12500',
    '--tls-min-version': 'VersionTLS12',
    '--use-service-account-credentials': 'true',
    ...(holdsCaKey
      ? { '--cluster-signing-cert-file': `${pki}/ca.crt`, '--cluster-signing-key-file': `${pki}/ca.key` }
      : {}),
    ...(typeof provider === 'string' && provider !== '' ? { '--cloud-provider': provider } : {}),
  };
}

const schedulerArguments: Arguments = {
  ...kubeconfigArguments('scheduler.conf'),
  ...leases,
  '--profiling': 'false',
  '--tls-min-version': 'VersionTLS12',
};

interface KubeletSettings {
  readonly labels: string;
  readonly taints: readonly string[];
  readonly dns: string;
  readonly domain: string;
  readonly cloudProvider: string;
}

function kubeletArguments(machine: NodeMachine, name: string, settings: KubeletSettings): Arguments {
  return {
    '--anonymous-auth': 'false',
    '--authentication-token-webhook': 'true',
    '--authorization-mode': 'Webhook',
    '--cgroup-driver': 'systemd',
    '--client-ca-file': `${pki}/client-ca.crt`,
    '--container-runtime-endpoint': '/run/containerd/containerd.sock',
    '--containerd': '/run/containerd/containerd.sock',
    '--eviction-hard': 'memory.available<100Mi,nodefs.available<1Gi,imagefs.available<1Gi',
    '--fail-swap-on': 'false',
    '--kubeconfig': `${paths.kubernetes}/kubelet.conf`,
    '--node-ip': machine.address,
    '--node-labels': settings.labels,
    '--read-only-port': '0',
    '--register-with-taints': settings.taints.join(','),
    '--root-dir': '/var/lib/kubelet',
    '--serialize-image-pulls': 'false',
    '--tls-cert-file': `${pki}/kubelet.crt`,
    '--tls-cipher-suites': KUBELET_CIPHERS,
    '--tls-private-key-file': `${pki}/kubelet.key`,
    ...(settings.dns === '' ? {} : { '--cluster-dns': settings.dns }),
    ...(settings.domain === '' ? {} : { '--cluster-domain': settings.domain }),
    ...(settings.cloudProvider === '' ? {} : { '--cloud-provider': settings.cloudProvider }),
    ...hostnameOverride(machine, name),
  };
}

function proxyArguments(machine: NodeMachine, name: string, podCidr: string): Arguments {
  return {
    '--cluster-cidr': podCidr,
    '--healthz-bind-address': '127.0.0.1:10256',
    '--kubeconfig': `${paths.kubernetes}/proxy.conf`,
    '--profiling': 'false',
    ...hostnameOverride(machine, name),
  };
}

function hostnameOverride(machine: NodeMachine, name: string): Arguments {
  return name === machine.hostname ? {} : { '--hostname-override': name };
}

const containerdArguments: Arguments = {
  '--address': '/run/containerd/containerd.sock',
  '--config': paths.containerdConfig,
  '--root': '/var/lib/containerd',
  '--state': paths.containerdRun,
};

async function writeContainerdConfig(machine: NodeMachine, config: NodeConfig): Promise<void> {
  const base = {
    version: 2,
    oom_score: 0,
    imports: ['/etc/containerd/conf.d/*.toml'],
    plugins: {
      'io.containerd.grpc.v1.cri': {
        stream_server_address: '127.0.0.1',
        enable_selinux: false,
        sandbox_image: 'ghcr.io/canonical/k8s-snap/pause:3.10',
        enable_tls_streaming: false,
        containerd: { runtimes: { runc: { runtime_type: 'io.containerd.runc.v2', options: { SystemdCgroup: true } } } },
        registry: { config_path: '/etc/containerd/hosts.d' },
      },
    },
  };
  await machine.files.directory('/etc/containerd/conf.d');
  await machine.files.directory('/etc/containerd/hosts.d');
  await machine.files.write(paths.containerdConfig, writeToml(base, config['extra-node-containerd-config']));
}

function webhookConfig(machine: NodeMachine): string {
  return `apiVersion: v1
kind: Config
clusters:
  - name: k8s-token-auth-service
    cluster:
      certificate-authority: ${paths.state}/cluster.crt
      tls-server-name: 127.0.0.1
      server: "https://${machine.address}:6400/1.0/kubernetes/auth/webhook"
current-context: webhook
contexts:
- context:
    cluster: k8s-token-auth-service
    user: k8s-apiserver
  name: webhook
users:
  - name: k8s-apiserver
    user: {}
`;
}

/** Raises limits, unless a file of ours is there already. */
export async function writeSysctl(machine: NodeMachine): Promise<void> {
  const names = await machine.files.list(paths.sysctl);
  if (names.some((name) => /^\d+-k8s\.conf$/.test(name))) return;
  const highest = Math.max(0, ...names.map((name) => Number(/^(\d+)-/.exec(name)?.[1] ?? 0)));
  const text = 'fs.inotify.max_user_instances=1024\nfs.inotify.max_user_watches=1048576\n';
  await machine.files.write(`${paths.sysctl}/${highest + 1}-k8s.conf`, text);
}

/** The pre-remove hook: what a failed bootstrap or join, and the removal of a control plane, leave of a node. */
export async function wipe(machine: NodeMachine): Promise<void> {
  for (const service of Object.keys(machine.state.services)) {
    if (service !== 'k8sd') await machine.services.stop(service, { disable: true });
  }
  for (const [, path] of [...controlPlanePems, ...managedEtcdPems, ...externalDatastorePems])
    await machine.files.remove(path);
  for (const [, file] of kubeconfigs) await machine.files.remove(`${paths.kubernetes}/${file}`);
  for (const path of [args, paths.etcdData, paths.workerLock, paths.containerdRun]) await machine.files.remove(path);
  for (const name of await machine.files.list(paths.cni)) await machine.files.remove(`${paths.cni}/${name}`);
}
