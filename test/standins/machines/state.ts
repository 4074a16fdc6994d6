/** What a provider remembers: plain data, so that a folder of state is one JSON file beside the machines' files. */

import type { Pems } from './pki/control-plane.ts';

export interface ProviderState {
  readonly format: 1;
  /** `127.x.y`. */
  readonly network: string;
  keysDrawn: number;
  nextHost: number;
  nextCluster: number;
  /** Added to the clock where tokens expire. */
  clockOffsetMs: number;
  channels: Record<string, PublishedSnap>;
  machines: Record<string, MachineState>;
  clusters: Record<string, ClusterState>;
}

export interface PublishedSnap {
  readonly version: string;
  readonly revision: string;
}

export interface MachineState {
  readonly id: string;
  readonly hostname: string;
  readonly address: string;
  /** Terminated: nothing answers any more. */
  gone: boolean;
  snapd: SnapdState;
  services: Record<string, ServiceState>;
  k8sd: K8sdState;
}

export interface ServiceState {
  active: boolean;
  enabled: boolean;
  /** Why it did not start, or ended. */
  failure?: string;
  /** Arguments of the running process, and the words that they were given in. */
  running?: Record<string, string>;
  words?: string[];
}

export interface InstalledSnap {
  readonly version: string;
  readonly revision: string;
  /** Undefined for a local file. */
  readonly channel?: string;
  readonly classic: boolean;
}

export interface SnapdState {
  snap?: InstalledSnap & { readonly installedAt: string; heldUntil?: string };
  /** What `revert` goes back to. */
  previous?: InstalledSnap;
  nextLocalRevision: number;
  nextChange: number;
  changes: Record<string, ChangeState>;
}

export type ChangeStatus = 'Do' | 'Doing' | 'Done' | 'Error';

export interface TaskState {
  readonly id: string;
  readonly kind: string;
  readonly summary: string;
  status: ChangeStatus | 'Hold' | 'Undone';
}

export interface ChangeState {
  readonly id: string;
  readonly kind: string;
  readonly summary: string;
  readonly snaps: readonly string[];
  readonly operation: ChangeOperation;
  readonly spawnTime: string;
  readyTime?: string;
  status: ChangeStatus;
  tasks: TaskState[];
  err?: string;
}

export type ChangeOperation =
  | { readonly type: 'install'; readonly snap: InstalledSnap; readonly failure?: string }
  | { readonly type: 'refresh'; readonly snap: InstalledSnap; readonly failure?: string }
  | { readonly type: 'revert'; readonly failure?: string }
  | { readonly type: 'switch'; readonly channel: string; readonly failure?: string }
  | { readonly type: 'remove'; readonly failure?: string }
  | { readonly type: 'hold'; readonly until: string | undefined; readonly failure?: string }
  | {
      readonly type: 'services';
      readonly action: 'start' | 'stop' | 'restart';
      readonly services: readonly string[];
      readonly enable: boolean;
      readonly disable: boolean;
      readonly failure?: string;
    };

export interface K8sdState {
  /** Set once the node is bootstrapped or joined. */
  member?: {
    readonly role: 'control-plane' | 'worker';
    readonly name: string;
    readonly cluster: string;
    /** What a worker keeps of its cluster. */
    readonly worker?: WorkerKnowledge;
  };
  capiToken?: string;
}

export interface WorkerKnowledge {
  readonly caCrt: string;
  readonly clientCaCrt: string;
  readonly k8sdPublicKey: string;
  readonly apiServers: readonly string[];
}

export interface MemberState {
  readonly machine: string;
  readonly name: string;
  /** `ip:6400`. */
  readonly address: string;
  readonly certificate: string;
}

export interface ControlPlaneToken {
  readonly name: string;
  readonly secret: string;
  readonly expiresAtMs: number;
  readonly joinAddresses: readonly string[];
}

export interface WorkerToken {
  readonly name: string;
  readonly secret: string;
  readonly token: string;
  readonly expiresAtMs: number;
}

export interface ClusterState {
  readonly id: string;
  members: MemberState[];
  /** Microcluster's cluster certificate: serves port 6400 of each member. */
  readonly certificate: string;
  readonly certificateKey: string;
  /** The shared part of the PKI, as k8sd keeps it in its database. */
  pems: Pems;
  readonly k8sdPrivateKey: string;
  readonly k8sdPublicKey: string;
  readonly podCidr: string;
  readonly serviceCidr: string;
  readonly securePort: number;
  readonly etcdPort: number;
  readonly etcdPeerPort: number;
  readonly disableRbac: boolean;
  readonly controlPlaneTaints: readonly string[];
  readonly datastoreType: 'etcd' | 'external' | 'k8s-dqlite';
  datastoreServers: readonly string[];
  /** The merged configuration, with defaults. */
  config: Record<string, unknown>;
  features: Record<string, FeatureState>;
  etcdMembers: string[];
  /** Machine that is joining as a control plane now. */
  joining?: string;
  controlPlaneTokens: ControlPlaneToken[];
  workerTokens: WorkerToken[];
  authTokens: AuthToken[];
  capiToken?: string;
  kubernetes: KubernetesState;
}

export interface AuthToken {
  readonly token: string;
  readonly username: string;
  readonly groups: readonly string[];
}

export interface FeatureState {
  enabled: boolean;
  message: string;
  version: string;
  updatedAt: string;
}

export interface ObjectMeta {
  name: string;
  generateName?: string;
  namespace?: string;
  uid: string;
  resourceVersion: string;
  creationTimestamp: string;
  deletionTimestamp?: string;
  generation?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: unknown[];
  managedFields?: unknown[];
}

export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

export interface KubernetesState {
  resourceVersion: number;
  /** By `group/resource/namespace/name`. */
  objects: Record<string, KubernetesObject>;
  /** Secrets, by the same names: what lies in etcd, in base64. */
  secrets: Record<string, string>;
  /** Resource version before which lists cannot be continued any more. */
  compacted?: number;
  /** When each kubelet last reported, by node name; milliseconds. */
  heartbeats: Record<string, number>;
  /** When each Node was deleted, by name; milliseconds. */
  deletedNodes: Record<string, number>;
}
