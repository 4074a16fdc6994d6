/** What is so of encryption at rest, as far as this charm decides by it. */

import type { EtcdArguments } from '../../clients/etcd/stored-secrets.ts';
import type { Report } from '../../core/report.ts';
import type { Change } from './change.ts';
import type { Keys } from './keys.ts';
import type { EncryptionOptions } from './options.ts';
import type { Unopened } from './recovery.ts';
import type { Rollout } from './rollout.ts';

/** What another domain knows of the unit and of those with whom it shares the cluster. */
export interface EncryptionQuestion {
  /**
   * `apart`: nothing to be done here. `founding`: the unit is to make the cluster, `joining`: to join it, as a control plane.
   * `member`: it is one.
   */
  readonly place: 'apart' | 'founding' | 'joining' | 'member';
  readonly leader: boolean;
  /** The snap is there, so that files can be written that go with it. */
  readonly installed: boolean;
  /** Id of the peer relation; empty before the unit has entered it. */
  readonly relation: string;
  readonly own: Readonly<Record<string, string>>;
  readonly shared: Readonly<Record<string, string>>;
  /**
   * The other control planes with what they tell in their databags: those of the cluster, also those that are just being taken out of
   * it, and those that may join at any moment. None for one that is not on the relation.
   */
  readonly others: ReadonlyMap<string, Readonly<Record<string, string>> | undefined>;
  /** Value of `--encryption-provider-config` in the API server's argument file, or where it has none yet, in the operator's option. */
  readonly flag: string | undefined;
  /** No edit of that file waits for its restart. */
  readonly restarted: boolean;
  /** Arguments of the API server, by which the datastore is reached. */
  readonly datastore: EtcdArguments;
  readonly options: EncryptionOptions;
}

/** The Juju secret with the keys. `unread`: nothing hung on it. */
export type Store =
  | { readonly state: 'unread' | 'missing' }
  | { readonly state: 'read'; readonly uri: string; readonly keys: Keys };

export interface ConfigurationFile {
  readonly text: string;
  readonly digest: string;
  /** Nobody but root can read it. */
  readonly guarded: boolean;
}

export interface EncryptionFacts extends Omit<EncryptionQuestion, 'own' | 'shared' | 'others' | 'flag'> {
  readonly unit: string;
  readonly now: Date;
  readonly rollout: Rollout | 'unreadable' | undefined;
  /** What this dispatch has done with keys has to be committed by Juju before anything is built on it. */
  readonly fresh: boolean;
  readonly store: Store;
  readonly file: ConfigurationFile | undefined;
  readonly flag: 'absent' | 'ours' | 'foreign';
  /** Digest of the file that each API server is known to have loaded. */
  readonly published: string | undefined;
  readonly others: ReadonlyMap<string, string | undefined>;
  /** What the datastore has that no API server reads; looked for where the API server does not become ready, and nothing moves. */
  readonly unopened: Unopened | undefined;
  readonly memory: EncryptionMemory;
}

/** What the unit remembers between dispatches. */
export interface EncryptionMemory {
  /** Digest of the file that was there when the node came into being. */
  readonly born: string | undefined;
  /** Digest of a file that the API server has not loaded in time, and whether it was restarted for it. */
  readonly notLoaded: string | undefined;
  readonly restartedFor: string | undefined;
}

export interface EncryptionPlan {
  readonly changes: readonly Change[];
  readonly reports: readonly Report[];
  /** Arguments of the API server; `held`: the node must not come into being yet. */
  readonly flags: Readonly<Record<string, string>> | 'held';
  /** The API server is about to get its flags for the first time: other arguments of its wait for them, so that it restarts once. */
  readonly coming?: boolean;
}
