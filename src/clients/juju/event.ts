/** What a dispatch is about, parsed once from the environment that Juju sets. Empty variables count as absent. */

export interface RelationEvent {
  readonly kind: 'relation-created' | 'relation-joined' | 'relation-changed' | 'relation-departed' | 'relation-broken';
  readonly endpoint: string;
  /** `cluster:0` */
  readonly relation: string;
  readonly remoteApplication: string;
  /** Absent in created and broken, and in changed when the application databag is meant. */
  readonly remoteUnit?: string;
  /** Only in departed: our own unit when we go, else the remote one. */
  readonly departingUnit?: string;
}

export interface SecretEvent {
  readonly kind: 'secret-changed' | 'secret-rotate' | 'secret-expired' | 'secret-remove';
  readonly uri: string;
  readonly label?: string;
  /** Only in secret-expired and secret-remove. */
  readonly revision?: number;
}

export interface StorageEvent {
  readonly kind: 'storage-attached' | 'storage-detaching';
  readonly storage: string;
}

export interface ActionEvent {
  readonly kind: 'action';
  readonly name: string;
  readonly task: string;
}

export type LifeEventKind =
  | 'install'
  | 'start'
  | 'config-changed'
  | 'upgrade-charm'
  | 'update-status'
  | 'leader-elected'
  | 'leader-settings-changed'
  | 'stop'
  | 'remove';

export interface LifeEvent {
  readonly kind: LifeEventKind;
}

/** Anything Juju may dispatch that we have no use for (series upgrades, workload events, events to come, juju-exec). */
export interface UnknownEvent {
  readonly kind: 'unknown';
  readonly path: string;
}

export type Event = LifeEvent | RelationEvent | SecretEvent | StorageEvent | ActionEvent | UnknownEvent;
