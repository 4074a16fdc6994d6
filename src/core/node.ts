/**
 * The unit's node and the cluster that it is in or is to get into, as the charm's membership observes it: what every capability may know
 * without knowing how it was found out.
 */

import type { Snap } from '../clients/host/host.ts';
import type { Databag } from '../clients/juju/juju.ts';
import type { NodeStatus } from '../clients/k8sd/k8sd.ts';
import type { CertificateMode, KeptAuthorities } from './certificate-mode.ts';
import type { Failure } from './failures.ts';
import type { OptionProblem } from './option-problem.ts';
import type { RelationFacts } from './relation-facts.ts';
import type { Ignored } from './remote-units.ts';
import type { Role } from './role.ts';
import type { ArgumentsOnFile, Service, ServiceBase } from './services.ts';

export interface Node {
  readonly role: Role;
  /** Of the control plane's application; a worker never leads. */
  readonly leader: boolean;
  /** The unit is going away. */
  readonly leaving: boolean;
  /** Options that cannot be used, of any capability: none of them changes anything then. */
  readonly problems: readonly OptionProblem[];
  /** That the node has, or is to get. */
  readonly name: string;
  /** As k8sd has it; undefined while it is in no cluster. */
  readonly member: NodeStatus | undefined;
  /** The unit is to make a cluster of its own. */
  readonly founds: boolean;
  /** Name of the cluster on the wire, as far as known. */
  readonly clusterName: string | undefined;
  readonly snap: Snap | undefined;
  /** `36` of an installed 1.36; 0 when nothing is installed. */
  readonly minor: number;
  /** `upgrading`: it waits until all control planes run the same snap, and does nothing until then. */
  readonly daemon: 'absent' | 'starting' | 'upgrading' | 'ready';
  /** At which the services answer; undefined while Juju knows none. */
  readonly address: string | undefined;
  /** Under which the node joins; the first is the one of the cluster's own traffic. */
  readonly addresses: readonly string[];
  /** All those of the binding, as Juju gives them. */
  readonly boundAddresses: readonly string[];
  /** The datastore is the snap's own etcd. */
  readonly managedEtcd: boolean;
  /** Names and addresses that the API server's certificate must have; none on a worker. */
  readonly apiServerSans: readonly string[];
  readonly certificates: NodeCertificates;
  /** The services that the node has, or is to have. */
  readonly services: Readonly<Partial<Record<Service, ServiceBase>>>;
  /** Of a node that exists. */
  readonly argumentFiles: Readonly<Partial<Record<Service, ArgumentsOnFile>>>;
  /** With the other control planes; undefined on a worker. */
  readonly peers: RelationFacts | undefined;
  /** Other control planes that are in the cluster, with their databags. */
  readonly members: ReadonlyMap<string, Databag>;
  /** Our databag says that we are in the cluster, whatever k8sd says at the moment. */
  readonly admitted: boolean;
  /** With the control plane; undefined on a control plane, and on a worker that has none. */
  readonly controlPlane: RelationFacts | undefined;
  /** With the workers; none on a worker. */
  readonly workers: readonly RelationFacts[];
  readonly registered: RegisteredWorkers;
  /** Control planes that have a token, or are in the cluster, or are just being taken out, beside this one; undefined: not on the relation. */
  readonly controlPlanes: ReadonlyMap<string, Databag | undefined>;
  /** A control plane that is about to join. */
  readonly joining: string | undefined;
  /** What remote units wrote that cannot be used. */
  readonly ignored: readonly Ignored[];
  /** Changes that failed on this unit. */
  readonly failures: readonly Failure[];
  /** Why the cluster does not stand the loss of a control-plane node. */
  readonly quorumWarning: string | undefined;
  /** `3 control-plane nodes, 2 workers`; undefined where it is not this unit's to say. */
  readonly census: string | undefined;
}

export interface NodeCertificates {
  /** Of our cluster; before there is one, what the option asks for. A worker without a control plane has none. */
  readonly mode: CertificateMode | undefined;
  readonly kept: KeptAuthorities;
  /** PEM of the server CA with those that vouch for it, where the cluster tells it. */
  readonly authority: string | undefined;
  /** Id of the secret with an operator's certificates; empty: none is named. */
  readonly secret: string;
  /** The range of services is the operator's, and not k8sd's own. */
  readonly serviceRangeGiven: boolean;
}

/** What the leader has on record of workers, and what is not theirs. Each is computed when it is asked for. */
export interface RegisteredWorkers {
  /** Unit → node, of those that are in the cluster. */
  readonly nodes: ReadonlyMap<string, string>;
  readonly addresses: ReadonlyMap<string, readonly string[]>;
  /** Names and addresses of control planes and of the cluster itself. */
  readonly reserved: readonly string[];
  readonly reservedRanges: readonly { readonly range: string; readonly owner: string }[];
}
