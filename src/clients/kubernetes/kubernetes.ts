/** The Kubernetes client: what the charms ask of the API server, with the identity of a kubeconfig. Loaded only when used. */

export interface Node {
  readonly name: string;
  readonly ready: boolean;
  readonly addresses: readonly { readonly type: string; readonly address: string }[];
  readonly labels: Readonly<Record<string, string>>;
  readonly kubeletVersion: string;
}

export interface CertificateRequest {
  readonly name: string;
  /** Of this object and no other that may have the name later. */
  readonly uid: string;
  readonly signerName: string;
  /** PEM. */
  readonly request: string;
  readonly usages: readonly string[];
  readonly expirationSeconds?: number;
  /** Who made it, as the API server saw it. */
  readonly username: string;
  readonly groups: readonly string[];
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'approved' | 'denied' | 'failed';
  /** Reason and message of the deciding condition. */
  readonly reason?: string;
  readonly message?: string;
  /** PEM, once issued. */
  readonly certificate?: string;
  readonly createdAt: string;
}

/** Pods that are neither ready nor done. */
export interface UnreadyPods {
  /** Of the first ones. */
  readonly names: readonly string[];
  readonly total: number;
  /** False where there is more in the namespace than is looked at in a dispatch. */
  readonly whole: boolean;
}

export interface Decision {
  /** Of the object that was looked at: another of the same name is not decided on then. */
  readonly uid?: string;
  readonly reason: string;
  readonly message: string;
}

export interface LeaseName {
  readonly namespace: string;
  readonly name: string;
}

export interface LeaseClaim extends LeaseName {
  readonly holder: string;
  /** For how long, unless it is released before. */
  readonly seconds: number;
  readonly now: Date;
}

export interface LeaseState {
  readonly holder: string;
  /** RFC 3339 as the holder wrote it; another text at each renewal. */
  readonly renewed: string;
}

export interface LeaseHolder {
  readonly holder: string;
  readonly until: Date;
}

export interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

/** An object as far as it has to be known to be written once more. */
export interface StoredSecret extends SecretName {
  readonly uid: string;
  readonly resourceVersion: string;
}

export interface SecretPage {
  readonly secrets: readonly StoredSecret[];
  /** Where the next page begins; undefined: this was the last. */
  readonly next: string | undefined;
}

export interface ListQuery {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** `pods`. */
  readonly resource: string;
  /** All when it is left out. */
  readonly namespace?: string;
  /** `type=bootstrap.kubernetes.io/token`. */
  readonly fieldSelector?: string;
  /** Nothing but the objects' metadata leaves the API server. */
  readonly metadataOnly?: true;
  /** Characters of all pages together, above which the list is given up (`TooLarge`). */
  readonly most?: number;
}

/** An object as the API server wrote it, which has checked it against its kind. */
export interface ListedObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly {
      readonly kind: string;
      readonly name: string;
      readonly controller?: boolean;
    }[];
  };
}

/** Takes objects as they come, and keeps of them what is wanted. */
export interface Gathering<I, R> {
  add(item: I): void;
  readonly result: R;
}

/** What an API server has lists of. */
export interface Kind {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** `pods`. */
  readonly resource: string;
  /** `Pod`. */
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  /** `all`: what `kubectl get all` shows. */
  readonly categories: readonly string[];
}

export interface Kubernetes {
  /** `/readyz` answers ok. False also when nothing answers. */
  ready(): Promise<boolean>;
  /** Of the API server that answers: `v1.36.4`. */
  version(): Promise<string>;
  /** All that the API server serves, each kind once. */
  kinds(): Promise<readonly Kind[]>;
  /**
   * Gathers from the objects of a list, page by page, in pages as large as memory allows. Undefined when there is no such kind.
   * `gather` makes a new gathering when the list has to begin anew.
   */
  list<I extends ListedObject, R>(query: ListQuery, gather: () => Gathering<I, R>): Promise<R | undefined>;
  node(name: string): Promise<Node | undefined>;
  nodes(): Promise<readonly Node[]>;
  /** Sets labels; null removes one. */
  labelNode(name: string, labels: Readonly<Record<string, string | null>>): Promise<void>;
  unreadyPods(namespace: string): Promise<UnreadyPods>;
  certificateRequest(name: string): Promise<CertificateRequest | undefined>;
  /** An existing one of that name counts as done only when it holds the same request; else it rejects. */
  createCertificateRequest(request: {
    readonly name: string;
    readonly signerName: string;
    readonly request: string;
    readonly usages: readonly string[];
    readonly expirationSeconds: number;
    readonly annotations: Readonly<Record<string, string>>;
  }): Promise<void>;
  /** Rejects with `Conflict` when it was denied, or is not the object of that uid. */
  approve(name: string, decision: Decision): Promise<void>;
  deny(name: string, decision: Decision): Promise<void>;
  /** No error when it does not exist. */
  deleteCertificateRequest(name: string): Promise<void>;
  /** Takes a lease, or takes our own anew. When somebody else has it, gives who and until when. */
  takeLease(claim: LeaseClaim): Promise<LeaseHolder | undefined>;
  /** Who holds it, and when it was last renewed; undefined where nobody does. */
  leaseState(lease: LeaseName): Promise<LeaseState | undefined>;
  /** No error when it is not, or no longer, the holder's. */
  giveBackLease(lease: LeaseName & { readonly holder: string }): Promise<void>;
  /** Lines of the metrics of these names, as the API server that is asked tells them of itself. */
  metrics(names: readonly string[]): Promise<readonly string[]>;
  /**
   * Which Secrets there are, in all namespaces and in the order of namespace and name, without their content: never more than `limit`, fewer
   * where they are large. When `after` is too old, goes on with the list as it is now; rejects with `Expired` where that cannot be.
   */
  secretPage(page: { readonly limit: number; readonly after: string | undefined }): Promise<SecretPage>;
  /** One Secret, without its content. Undefined when it does not exist. */
  storedSecret(name: SecretName): Promise<StoredSecret | undefined>;
  /** Has the API server write it once more, as it is and with the key that it writes with now. One that is gone counts as done. */
  rewriteSecret(secret: StoredSecret): Promise<void>;
}
