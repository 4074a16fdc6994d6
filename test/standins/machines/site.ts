/** What the machines of one provider share. */

import type { Delays } from './delays.ts';
import type { Faults } from './faults.ts';
import type { Api } from './kubernetes/api.ts';
import type { Asking, ClusterObjects } from './kubernetes/objects.ts';
import type { NodeMachine } from './node/machine.ts';
import type { Program } from './node/services.ts';
import type { KeyPool } from './pki/keys.ts';
import type { ClusterState, ProviderState } from './state.ts';
import type { Timers } from './timers.ts';

export interface ServiceEvent {
  readonly machine: string;
  readonly service: string;
  readonly what: 'up' | 'down';
}

/** What k8sd does with a real etcd before a member of its cluster comes and after one has gone. */
export interface EtcdMembership {
  /** @param through a member that is there */
  add(through: NodeMachine, peerUrl: string): Promise<void>;
  /** @param through a member that stays */
  remove(through: NodeMachine, name: string): Promise<void>;
}

export interface Site {
  /** Folder that holds the machines. */
  readonly directory: string;
  readonly state: ProviderState;
  readonly delays: Delays;
  readonly faults: Faults;
  readonly keys: KeyPool;
  readonly timers: Timers;
  readonly machines: Map<string, NodeMachine>;
  /** Services that are real processes, by name. */
  readonly programs: Readonly<Record<string, Program>>;
  /** The Kubernetes API of a cluster. */
  api(cluster: string): Api;
  /** The objects in it, wherever its API is. */
  objects(cluster: string): ClusterObjects;
  /** The API of a node's cluster, with the credentials of one of the node's kubeconfigs. Throws when they are nobody's. */
  asking(machine: NodeMachine, kubeconfig: string): Promise<Asking>;
  /** Undefined where etcd is a stand-in, which has the members that k8sd has. */
  readonly etcd: EtcdMembership | undefined;
  cluster(id: string): ClusterState;
  /** A cluster that has no members any more. */
  forget(cluster: string): void;
  /** The machine that has an address. */
  machineAt(address: string): NodeMachine | undefined;
  /** Milliseconds, where tokens expire. */
  now(): number;
  /** When services came up and went down, in order. */
  readonly serviceEvents: ServiceEvent[];
  /** Keeps an error of the stand-in itself. */
  fail(error: unknown): void;
  /** Machines whose proxy holds a connection to an API server, by the connection's local port. */
  readonly proxied: Map<number, NodeMachine>;
}
