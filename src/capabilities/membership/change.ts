/** Everything that the cluster domain may change, as data: planned, shown by the action `plan`, and carried out by `apply`. */

import type { BootstrapConfig, ClusterConfig, DatastoreConfig, JoinConfig } from '../../clients/k8sd/k8sd.ts';
import type { Essence } from '../../core/change-identity.ts';
import type { Service } from '../../core/services.ts';
import type { ArgumentsChange } from './arguments.ts';
import type { Born } from './arguments-journal.ts';
import type { ArgumentsJournal, SnapFile } from './facts.ts';
import type { BootstrapNote } from './given-certificates.ts';
import type { MemoryKey } from './memory.ts';
import type { RegistryFile } from './registries.ts';

export type Change =
  | { readonly kind: 'install-snap'; readonly channel: string; readonly file: SnapFile | undefined }
  | { readonly kind: 'hold-snap' }
  | { readonly kind: 'refresh-snap'; readonly channel: string; readonly file: SnapFile | undefined }
  /** Follows another channel, which has the same revision: nothing restarts. */
  | { readonly kind: 'switch-snap'; readonly channel: string }
  | { readonly kind: 'await-daemon' }
  | {
      readonly kind: 'bootstrap';
      readonly name: string;
      readonly address: string;
      /** Never described. */
      readonly config: BootstrapConfig;
      readonly note: BootstrapNote;
      readonly born: Born;
    }
  | {
      readonly kind: 'join';
      readonly name: string;
      readonly address: string;
      readonly relation: string;
      readonly revision: number;
      /** Never described. */
      readonly token: string;
      readonly config: JoinConfig;
      readonly born: Born;
    }
  | {
      readonly kind: 'publish';
      readonly relation: string;
      readonly scope: 'unit' | 'application';
      readonly entries: Entries;
    }
  | { readonly kind: 'remember'; readonly key: MemoryKey; readonly value: string | undefined }
  | {
      readonly kind: 'offer-token';
      readonly relation: string;
      readonly unit: string;
      readonly node: string;
      readonly worker: boolean;
      /** Of an offer that failed; undefined for a first one. */
      readonly replaces: { readonly uri: string; readonly revision: number } | undefined;
      /** Of a worker, to be recorded with the offer; absent when there is a record. */
      readonly addresses?: readonly string[];
    }
  | {
      /** A deputy's, in its own databag. */
      readonly kind: 'offer-sealed-token';
      readonly relation: string;
      readonly unit: string;
      readonly node: string;
      /** URI of the secret with the key. */
      readonly key: string;
      readonly revision: number;
    }
  | {
      readonly kind: 'ask-deputy';
      readonly relation: string;
      readonly deputy: string;
      readonly unit: string;
      /** URI of the secret with the key; undefined: none was made yet. */
      readonly key: string | undefined;
    }
  | { readonly kind: 'dismiss-deputy'; readonly relation: string; readonly key: string | undefined }
  | {
      readonly kind: 'withdraw-token';
      readonly relation: string;
      readonly unit: string;
      readonly uri: string;
      readonly as: 'leader' | 'deputy';
    }
  | {
      readonly kind: 'remove-node';
      readonly relation: string;
      readonly unit: string;
      readonly node: string;
      readonly force: boolean;
      readonly uri: string | undefined;
    }
  | { readonly kind: 'remove-returned-node'; readonly node: string }
  | {
      readonly kind: 'configure-cluster';
      readonly config: ClusterConfig;
      readonly datastore: DatastoreConfig | undefined;
    }
  | { readonly kind: 'write-arguments'; readonly change: ArgumentsChange; readonly before: string }
  | { readonly kind: 'remember-arguments'; readonly change: ArgumentsChange }
  | { readonly kind: 'finish-arguments'; readonly service: Service; readonly journal: ArgumentsJournal }
  | {
      readonly kind: 'label-node';
      readonly node: string;
      readonly labels: Readonly<Record<string, string | null>>;
      readonly remember: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'write-registries';
      readonly write: readonly RegistryFile[];
      readonly remove: readonly string[];
      readonly remember: readonly string[];
    }
  | { readonly kind: 'await-removal' }
  | { readonly kind: 'leave-cluster'; readonly name: string; readonly force: boolean }
  | { readonly kind: 'remove-snap' }
  | { readonly kind: 'clear-machine' };

export type Entries = Readonly<Record<string, string | undefined>>;

/** Changes during which a service of the node restarts: on control planes they take turns. */
export function isDisruptive(change: Change): boolean {
  return change.kind === 'write-arguments' || change.kind === 'finish-arguments' || change.kind === 'refresh-snap';
}

/** What makes the change this change and no other (`core/change-identity.ts`). Never a token or a key. */
export function essence(change: Change): Essence {
  const { kind } = change;
  switch (change.kind) {
    case 'install-snap':
    case 'refresh-snap':
      return { kind, channel: change.file ? undefined : change.channel, file: change.file?.sha256 };
    case 'switch-snap':
      return { kind, channel: change.channel };
    case 'bootstrap':
    case 'join':
      return { kind, name: change.name, address: change.address };
    case 'publish':
      return { kind, relation: change.relation, scope: change.scope, keys: Object.keys(change.entries).sort() };
    case 'remember':
      return { kind, key: change.key };
    case 'offer-token':
      return { kind, unit: change.unit, node: change.node, replaces: change.replaces?.revision };
    case 'offer-sealed-token':
      return { kind, unit: change.unit, node: change.node, revision: change.revision };
    case 'ask-deputy':
      return { kind, deputy: change.deputy, unit: change.unit };
    case 'dismiss-deputy':
      return { kind, relation: change.relation, key: change.key };
    case 'withdraw-token':
      return { kind, unit: change.unit, uri: change.uri };
    case 'remove-node':
      return { kind, unit: change.unit, node: change.node };
    case 'remove-returned-node':
      return { kind, node: change.node };
    case 'configure-cluster':
      return { kind, features: Object.keys(change.config).sort(), datastore: change.datastore !== undefined };
    case 'write-arguments':
      return { kind, service: change.change.service, set: change.change.set };
    case 'remember-arguments':
      return { kind, service: change.change.service };
    case 'finish-arguments':
      return { kind, service: change.service, text: change.journal.after };
    case 'label-node':
      return { kind, node: change.node, labels: change.labels };
    case 'write-registries':
      return { kind, write: change.write.map(({ path }) => path), remove: change.remove };
    case 'leave-cluster':
      return { kind, name: change.name };
    case 'hold-snap':
    case 'await-daemon':
    case 'await-removal':
    case 'remove-snap':
    case 'clear-machine':
      return { kind };
  }
}

/** One line for the log. Tells which options and nodes are concerned, and never a token or a key. */
export function describe(change: Change): string {
  switch (change.kind) {
    case 'install-snap':
      return change.file
        ? 'install the k8s snap from the resource snap-installation'
        : `install the k8s snap from ${change.channel}`;
    case 'hold-snap':
      return 'hold the k8s snap so that snapd does not refresh it by itself';
    case 'refresh-snap':
      return change.file
        ? `replace the k8s snap by the one in the resource snap-installation (sha256 ${change.file.sha256.slice(0, 12)})`
        : `refresh the k8s snap to ${change.channel}`;
    case 'switch-snap':
      return `have the k8s snap follow ${change.channel}, which has the same revision; nothing restarts`;
    case 'await-daemon':
      return 'wait for k8sd to be ready';
    case 'bootstrap':
      return `bootstrap a cluster with ${change.name} at ${change.address}`;
    case 'join':
      return `join the cluster as ${change.name} at ${change.address}`;
    case 'publish':
      return describePublication(change);
    case 'remember':
      return `remember ${REMEMBERED[change.key]}`;
    case 'offer-token':
      return `${change.replaces ? 'renew' : 'offer'} a join token for ${change.unit} (${change.worker ? 'worker' : 'control plane'} ${change.node})`;
    case 'offer-sealed-token':
      return `offer a join token for ${change.unit} (control plane ${change.node}) in the place of the leader`;
    case 'ask-deputy':
      return `ask ${change.deputy} for a join token for ${change.unit}`;
    case 'dismiss-deputy':
      return 'ask no other unit for a join token any more';
    case 'withdraw-token':
      return `withdraw the join token of ${change.unit}`;
    case 'remove-node':
      return `remove node ${change.node} of ${change.unit} from the cluster`;
    case 'remove-returned-node':
      return `remove node ${change.node}, which has registered itself again, from the cluster`;
    case 'configure-cluster':
      return `configure the cluster: ${[...Object.keys(change.config), ...(change.datastore ? ['datastore'] : [])].join(', ')}`;
    case 'write-arguments':
      return `${change.change.service}: ${describeArguments(change.change)}, and restart it`;
    case 'remember-arguments':
      return `remember the arguments of ${change.change.service}`;
    case 'finish-arguments':
      return `${change.service}: restart it with the arguments that were written before`;
    case 'label-node':
      return `label node ${change.node}: ${Object.entries(change.labels)
        .map(([key, value]) => (value === null ? `-${key}` : `${key}=${value}`))
        .join(' ')}`;
    case 'write-registries':
      return `write the files of the custom registries: ${[...change.write.map(({ path }) => path), ...change.remove.map((path) => `-${path}`)].join(', ')}`;
    case 'await-removal':
      return 'wait until the leader has removed this node from the cluster';
    case 'leave-cluster':
      return `remove this node (${change.name}) from the cluster`;
    case 'remove-snap':
      return 'stop the services, remove the k8s snap, and the keys and kubeconfigs of the node';
    case 'clear-machine':
      return 'remove what the charm has written on this machine';
  }
}

const REMEMBERED: Readonly<Record<MemoryKey, string>> = {
  leaving: 'that this unit is being removed',
  arguments: 'the arguments of the services',
  labels: 'the labels of the node',
  annotations: 'the annotations of the cluster',
  snapFile: 'which snap file is installed',
  snapFileDue: 'that the resource snap-installation holds another snap',
  home: 'to which cluster this worker belongs',
  registries: 'the files of the custom registries',
  offers: 'when tokens were renewed',
  failures: 'which changes failed',
};

function describePublication({ relation, scope, entries }: Extract<Change, { kind: 'publish' }>): string {
  const keys = Object.keys(entries);
  return `publish ${keys.join(', ')} on ${relation} (${scope})`;
}

function describeArguments({ set }: ArgumentsChange): string {
  const parts = Object.entries(set).map(([flag, value]) =>
    value === null ? `take out ${flag}` : `set ${flag}=${value}`,
  );
  return parts.join(', ') || 'nothing to set';
}
