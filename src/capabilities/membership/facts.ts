/** What is so, as far as membership decides by it: the input of `plan`, without any means to change it. */

import type { Snap } from '../../clients/host/host.ts';
import type { Event } from '../../clients/juju/event.ts';
import type { Databag, Identity, SecretContent } from '../../clients/juju/juju.ts';
import type { ClusterConfiguration, ClusterMember, NodeStatus } from '../../clients/k8sd/k8sd.ts';
import { withoutPort } from '../../core/addresses.ts';
import type { AskedArguments, GivenCertificates } from '../../core/contribution.ts';
import type { Failure } from '../../core/failures.ts';
import type { OptionProblem } from '../../core/option-problem.ts';
import type { RelationFacts } from '../../core/relation-facts.ts';
import type { Service } from '../../core/services.ts';
import type { EtcdAccess } from './etcd.ts';
import type { BootstrapNote } from './given-certificates.ts';
import type { KeyValues } from './key-values.ts';
import type { Offers } from './offer-delay.ts';
import type { ControlPlaneOptions, NodeOptions } from './options.ts';
import type { Registry } from './registries.ts';

export interface RememberedArgument {
  /** What stood in the file before ours; null when nothing did. */
  readonly was: string | null;
  /** What we put there; null when we took it out. */
  readonly is: string | null;
  /** The options that asked for it, where it was not the service's own `*-extra-args`. */
  readonly by?: string;
}

export type RememberedArguments = Readonly<Record<string, RememberedArgument>>;

/** What the unit remembers between dispatches. */
export interface Memory {
  readonly leaving: boolean;
  readonly arguments: Readonly<Partial<Record<Service, RememberedArguments>>>;
  /** Labels that we gave the node. */
  readonly labels: KeyValues;
  /** Names of the annotations that we gave the cluster. */
  readonly annotations: readonly string[];
  /** SHA-256 of the snap file that was installed; empty when it came from a channel. */
  readonly snapFile: string;
  /** The resource was seen to hold another snap than the installed one, which is not taken yet. */
  readonly snapFileDue: boolean;
  /** A worker's relation over which it joined its cluster. */
  readonly home: string | undefined;
  /** Paths of the registry files that we wrote. */
  readonly registries: readonly string[];
  /** When a token was last renewed for each unit. */
  readonly offers?: Offers;
  /** Disruptive changes that failed on this unit, as long as they are wanted. */
  readonly failures: readonly Failure[];
}

/** The last edit of a service's argument file, written down on the machine before it was made. */
export interface ArgumentsJournal {
  readonly before: string;
  readonly after: string;
  /** What was remembered of the service before the edit, and is to be remembered after it: Juju may not have committed that. */
  readonly remembered: RememberedArguments;
  readonly remember: RememberedArguments;
  /** Whether the service was seen running with them; if not, a dispatch was ended in between. */
  readonly finished: boolean;
  /** Text with which the charm has last seen the service healthy after a restart; undefined: it has not restarted it yet. */
  readonly healthy?: string | undefined;
}

export interface ServiceArguments {
  /** Text of the file; empty when there is none. */
  readonly text: string;
  readonly journal: ArgumentsJournal | undefined;
  /** What k8sd was given when the node came into being, as long as nothing else is remembered. */
  readonly born?: RememberedArguments;
}

/** What hardening asks of the node's services, as the charm has it from those who know. */
export interface HardenedArguments {
  /** False: what the arguments name is not in place, and no argument may change until it is. */
  readonly ready: boolean;
  /** To be put over the operator's. */
  readonly services: Readonly<Partial<Record<Service, AskedArguments>>>;
  /** Services that are about to get more arguments, and change none until then: each restart of them is felt. */
  readonly awaits?: readonly Service[];
}

export const NOT_HARDENED: HardenedArguments = { ready: true, services: {} };

/**
 * What the resource `snap-installation` holds; with an empty file the channel is meant. The Python charms take archives (`.tar.gz`) there,
 * with a snap or the name of a channel or revision in them.
 */
export type SnapResource = SnapFile | 'empty' | 'archive';

export interface SnapFile {
  readonly path: string;
  readonly sha256: string;
}

export interface NodeFacts {
  readonly event: Event;
  readonly identity: Identity;
  /** The unit is going away. */
  readonly leaving: boolean;
  /** It is, and something that the charm has written for itself is still on the machine. */
  readonly leftovers: boolean;
  readonly problems: readonly OptionProblem[];
  readonly nodeName: string;
  /** Under which the node joins; the first is the one of the cluster's own traffic. */
  readonly addresses: readonly string[];
  /** All those of the binding, as Juju gives them. */
  readonly boundAddresses: readonly string[];
  readonly snap: Snap | undefined;
  /** Only known when the resource was looked at: before the installation, and from when it may have changed until it is taken. */
  readonly snapFile: SnapResource | undefined;
  /** Revision that the store has on `snap-channel`; only known when another channel was installed and it was asked. */
  readonly channelRevision: string | undefined;
  /** `upgrading`: it waits until all control planes run the same snap, and does nothing until then. */
  readonly daemon: 'absent' | 'starting' | 'upgrading' | 'ready';
  /** Our node; undefined while it is in no cluster. */
  readonly node: NodeStatus | undefined;
  readonly memory: Memory;
  readonly arguments: Readonly<Partial<Record<Service, ServiceArguments>>>;
  /** Contents of the files that we wrote for registries, and of those that we would write. */
  readonly registryFiles: Readonly<Record<string, string>>;
  readonly upgradeRelation: RelationFacts | undefined;
  /** What k8sd is to be given when the node comes into being. */
  readonly given: GivenCertificates;
  readonly hardened: HardenedArguments;
  /** Content of the secret that holds our join token, when one was offered. */
  readonly offeredToken: SecretContent | undefined;
  /** Whether the API server has our Node. Looked at while labels are to be set; undefined: not looked at, or nobody answers. */
  readonly registered: boolean | undefined;
}

/** What the API server's certificate must name, as the charm has it from those who know certificates. */
export interface ApiServerSans {
  readonly all: readonly string[];
  /** Those that k8sd does not put in by itself. */
  readonly extra: readonly string[];
}

export interface ControlPlaneFacts extends NodeFacts {
  readonly role: 'control-plane';
  readonly options: ControlPlaneOptions;
  readonly apiServerSans: ApiServerSans;
  readonly leader: boolean;
  /** How this unit has made its cluster, as long as the cluster does not say it. */
  readonly bootstrapped: BootstrapNote | undefined;
  readonly peers: RelationFacts;
  readonly workers: readonly RelationFacts[];
  readonly containerd: readonly RelationFacts[];
  readonly etcd: EtcdAccess | 'no relation' | 'not ready' | 'not valid' | undefined;
  /** Leader of a cluster only. */
  readonly configuration: ClusterConfiguration | undefined;
  /** Members as k8sd has them; asked only when a decision hangs on them. */
  readonly members: readonly ClusterMember[] | undefined;
  /** Leader outside of the cluster: URI of the secret with the key for its deputy, when that secret can be read. */
  readonly deputyKey: string | undefined;
  /** Leader: contents of its token secrets whose units report that the token failed, by unit. */
  readonly failedTokens: ReadonlyMap<string, SecretContent | undefined>;
  /** Other units of this application that Juju means to keep; asked when we go, or when one on record is not on the relation. */
  readonly staying: readonly string[];
  /** Nodes that were removed from the cluster not long ago and are in it again. */
  readonly returned: readonly string[];
  readonly now: Date;
}

export interface WorkerFacts extends NodeFacts {
  readonly role: 'worker';
  readonly options: NodeOptions;
  readonly cluster: RelationFacts | undefined;
  readonly registries: readonly Registry[];
}

export type ClusterFacts = ControlPlaneFacts | WorkerFacts;

/** `36` of an installed 1.36; 0 when nothing is installed. */
export function snapMinor(snap: Snap | undefined): number {
  return Number(/^v?1\.(\d+)/.exec(snap?.version ?? '')?.[1] ?? 0);
}

/** Where the services of our node listen: what it came into the cluster with, whatever address Juju has for the unit by now. */
export function serviceAddress({ node, addresses }: Pick<NodeFacts, 'node' | 'addresses'>): string | undefined {
  return node === undefined ? addresses[0] : withoutPort(node.address);
}

/** The name that the cluster has on the wire: our own memory of it first, then what the others say when they agree. */
export function knownClusterName(own: Databag, units: ReadonlyMap<string, Databag>): string | undefined {
  if (own['joined']) return own['joined'];
  const names = new Set([...units.values()].flatMap((bag) => (bag['cluster-name'] ? [bag['cluster-name']] : [])));
  return names.size === 1 ? [...names][0] : undefined;
}
