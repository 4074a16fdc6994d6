/**
 * The k8sd client: the daemon's socket API, typed. Method names follow the endpoints. Each call takes the time it may last;
 * while the daemon starts, restarts or re-executes itself the call is tried again within that time.
 * Field names inside the messages are k8sd's own.
 */

export interface CallOptions {
  readonly timeoutMs: number;
}

export interface NodeStatus {
  readonly name: string;
  /** `ip:6400` on a control plane, a bare address on a worker. */
  readonly address: string;
  readonly role: 'control-plane' | 'worker' | 'unknown';
  readonly taints: readonly string[];
}

export interface ClusterMember {
  readonly name: string;
  readonly address: string;
  readonly role: string;
  readonly status: string;
}

export interface FeatureStatus {
  readonly enabled: boolean;
  readonly message: string;
  readonly version: string;
}

export const FEATURES = [
  'network',
  'dns',
  'gateway',
  'ingress',
  'load-balancer',
  'local-storage',
  'metrics-server',
] as const;
export type Feature = (typeof FEATURES)[number];

export interface ClusterStatus {
  readonly ready: boolean;
  readonly members: readonly ClusterMember[];
  readonly features: Readonly<Partial<Record<Feature, FeatureStatus>>>;
}

export interface ClusterConfig {
  network?: { enabled?: boolean; 'kube-proxy-enabled'?: boolean };
  dns?: { enabled?: boolean; 'cluster-domain'?: string; 'service-ip'?: string; 'upstream-nameservers'?: string[] };
  ingress?: { enabled?: boolean; 'default-tls-secret'?: string; 'enable-proxy-protocol'?: boolean };
  gateway?: { enabled?: boolean };
  'load-balancer'?: {
    enabled?: boolean;
    cidrs?: string[];
    'l2-mode'?: boolean;
    'l2-interfaces'?: string[];
    'bgp-mode'?: boolean;
    'bgp-local-asn'?: number;
    'bgp-peer-address'?: string;
    'bgp-peer-port'?: number;
    'bgp-peer-asn'?: number;
  };
  'local-storage'?: { enabled?: boolean; 'local-path'?: string; 'reclaim-policy'?: string; default?: boolean };
  'metrics-server'?: { enabled?: boolean };
  'cloud-provider'?: string;
  annotations?: Record<string, string>;
}

export interface DatastoreConfig {
  type: 'external';
  servers?: string[];
  'ca-crt'?: string;
  'client-crt'?: string;
  'client-key'?: string;
}

/** Argument values are strings on the wire, always; null deletes a default. */
export type ServiceArguments = Record<string, string | null>;

export interface NodeArguments {
  'extra-node-config-files'?: Record<string, string>;
  'extra-node-kube-proxy-args'?: ServiceArguments;
  'extra-node-kubelet-args'?: ServiceArguments;
  'extra-node-containerd-args'?: ServiceArguments;
  'extra-node-containerd-config'?: Record<string, unknown>;
}

export interface ControlPlaneArguments extends NodeArguments {
  'extra-sans'?: string[];
  'extra-node-kube-apiserver-args'?: ServiceArguments;
  'extra-node-kube-controller-manager-args'?: ServiceArguments;
  'extra-node-kube-scheduler-args'?: ServiceArguments;
  'extra-node-etcd-args'?: ServiceArguments;
}

/** Pairs that k8sd takes instead of making them; which of them in a bootstrap, a join or an update is its own to say. */
type PairName =
  | 'ca'
  | 'client-ca'
  | 'front-proxy-ca'
  | 'etcd-ca'
  | 'apiserver'
  | 'kubelet'
  | 'front-proxy-client'
  | 'apiserver-kubelet-client'
  | 'admin-client'
  | 'kube-proxy-client'
  | 'kube-scheduler-client'
  | 'kube-controller-manager-client'
  | 'kubelet-client'
  | 'etcd-server'
  | 'etcd-peer'
  | 'etcd-apiserver-client';

/** PEM. Only the first block of each text counts, but for authorities: those that verify others may be several. */
export type GivenPairs = { [field in `${PairName}-${'crt' | 'key'}`]?: string };

export interface BootstrapConfig extends ControlPlaneArguments, GivenPairs {
  'cluster-config'?: ClusterConfig;
  'control-plane-taints'?: string[];
  'pod-cidr'?: string;
  'service-cidr'?: string;
  'disable-rbac'?: boolean;
  'secure-port'?: number;
  'datastore-type'?: 'etcd' | 'external' | 'k8s-dqlite';
  'datastore-servers'?: string[];
  'datastore-ca-crt'?: string;
  'datastore-client-crt'?: string;
  'datastore-client-key'?: string;
}

export interface ControlPlaneJoinConfig extends ControlPlaneArguments, GivenPairs {}

export interface WorkerJoinConfig extends NodeArguments, GivenPairs {
  'extra-node-k8s-apiserver-proxy-args'?: ServiceArguments;
}

export type JoinConfig = ControlPlaneJoinConfig | WorkerJoinConfig;

export interface CertificateStatus {
  readonly name: string;
  readonly expires: string;
  readonly authority: string;
  readonly externallyManaged: boolean;
}

export interface CertificatesStatus {
  readonly certificates: readonly CertificateStatus[];
  readonly authorities: readonly {
    readonly name: string;
    readonly expires: string;
    readonly externallyManaged: boolean;
  }[];
}

export interface RefreshRequest {
  /** Empty: all. */
  readonly certificates: readonly string[];
  /** Seconds; at least 1. Zero would issue certificates that are expired at once, and is refused here. */
  readonly expirationSeconds: number;
  readonly extraSans: readonly string[];
  /** A fresh positive integer below 2^53 for each attempt; ignored on control planes. */
  readonly seed: number;
}

export interface RefreshPlan {
  /** As text: up to 2^63-1, beyond what a JavaScript number holds. */
  readonly seed: string;
  readonly certificateSigningRequests: readonly string[];
}

/** PEM by k8sd's field names (`kubelet-crt`, `kubelet-key`, …). */
export type ExternalCertificates = Readonly<Record<string, string>>;

export interface ClusterConfiguration {
  readonly config: ClusterConfig;
  readonly datastore?: Readonly<Record<string, unknown>>;
  readonly podCidr?: string;
  readonly serviceCidr?: string;
}

export interface K8sd {
  /** Whether the daemon answers that it is ready; false when there is no daemon, or it is starting. */
  ready(options: CallOptions): Promise<boolean>;
  /** Resolves when it is ready; rejects with `K8sdUnavailable` when it is not in time. */
  waitUntilReady(options: CallOptions): Promise<void>;
  /** Our node, or undefined while it is in no cluster. */
  node(options: CallOptions): Promise<NodeStatus | undefined>;
  members(options: CallOptions): Promise<readonly ClusterMember[]>;
  clusterStatus(options: CallOptions): Promise<ClusterStatus>;
  bootstrap(request: { name: string; address: string; config: BootstrapConfig }, options: CallOptions): Promise<void>;
  join(
    request: { name: string; address: string; token: string; config: JoinConfig },
    options: CallOptions,
  ): Promise<void>;
  joinToken(request: { name: string; worker: boolean; ttlSeconds?: number }, options: CallOptions): Promise<string>;
  /** Deletes a control plane's token that was not used (`core/1.0/tokens`). No error when there is none. */
  deleteJoinToken(name: string, options: CallOptions): Promise<void>;
  removeNode(request: { name: string; force: boolean }, options: CallOptions): Promise<void>;
  clusterConfig(options: CallOptions): Promise<ClusterConfiguration>;
  setClusterConfig(
    request: { config?: ClusterConfig; datastore?: DatastoreConfig },
    options: CallOptions,
  ): Promise<void>;
  planRefresh(certificates: readonly string[], options: CallOptions): Promise<RefreshPlan>;
  /** Unix time (seconds) at which the API server's certificate ends. On a worker it lasts until the requests are approved. */
  refreshCertificates(request: RefreshRequest, options: CallOptions): Promise<number>;
  /** From 1.33. */
  updateCertificates(certificates: ExternalCertificates, options: CallOptions): Promise<void>;
  /** From 1.33. */
  certificatesStatus(options: CallOptions): Promise<CertificatesStatus>;
  /** Made at bootstrap and never renewed by k8sd; /etc/kubernetes/admin.conf is the live one. */
  kubeconfig(server: string, options: CallOptions): Promise<string>;
  createAuthToken(identity: { username: string; groups: readonly string[] }, options: CallOptions): Promise<string>;
  revokeAuthToken(token: string, options: CallOptions): Promise<void>;
}
