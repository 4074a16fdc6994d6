/**
 * The Kubernetes API of one cluster, without a network: takes a request of a known user and answers as kube-apiserver does.
 * All API servers of the cluster share it, as they share etcd.
 */

import type { NodeMachine } from '../node/machine.ts';
import { parseCertificates } from '../pki/parse.ts';
import type { Site } from '../site.ts';
import type { ClusterState } from '../state.ts';
import {
  AUTHENTICATED,
  authenticateCertificate,
  readServiceAccountToken,
  serviceAccountUser,
  type User,
} from './authenticate.ts';
import { type Attributes, allowed, type Mode, refusal } from './authorize.ts';
import { discover } from './discovery.ts';
import { type Codec, PLAIN } from './encryption.ts';
import type { EncryptionInService } from './encryption-in-service.ts';
import { BY_LABELS, type PodSecurity } from './pod-security.ts';
import { typeOf } from './resources.ts';
import { type Route, route } from './routes.ts';
import { ApiError, forbidden, noSuchPath } from './status.ts';
import { Store } from './store.ts';
import { type Performed, perform } from './verbs.ts';

export interface ApiRequest {
  readonly method: string;
  /** Path without query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly accept?: string | undefined;
  readonly contentType?: string | undefined;
  readonly body?: string;
  readonly user: User;
  readonly mode?: Mode;
  /** Of the API server that is asked; by default of any that runs. */
  readonly codec?: Codec;
  /** Of the API server that is asked; by default only labels of namespaces count. */
  readonly podSecurity?: PodSecurity;
}

export class Api {
  readonly store: Store;
  readonly cluster: ClusterState;
  /** What each running API server keeps Secrets with, by machine. */
  readonly encryption = new Map<string, EncryptionInService>();
  readonly #site: Site;
  readonly #tokens = new Map<string, { readonly user: User; readonly until: number }>();

  constructor(site: Site, cluster: ClusterState) {
    this.#site = site;
    this.cluster = cluster;
    this.store = new Store(cluster.kubernetes);
  }

  /** Whether this machine's API server runs and reaches its datastore. */
  answers(machine: NodeMachine): boolean {
    return machine.services.isActive('kube-apiserver') && this.datastoreAnswers(machine);
  }

  /** Whether any API server of the cluster answers. */
  reachable(): boolean {
    return this.cluster.members.some(({ machine }) => {
      const member = this.#site.machines.get(machine);
      return member !== undefined && this.answers(member);
    });
  }

  /** The local etcd runs, and more than half of all members do. */
  datastoreAnswers(machine: NodeMachine): boolean {
    if (this.cluster.datastoreType !== 'etcd') return true;
    const members = this.cluster.etcdMembers;
    const running = members.filter((id) => this.#site.machines.get(id)?.services.isActive('etcd') === true);
    return machine.services.isActive('etcd') && running.length * 2 > members.length;
  }

  certificateUser(certificate: string, authorities: string): User | undefined {
    const first = parseCertificates(certificate)[0];
    return first === undefined ? undefined : authenticateCertificate(first, authorities);
  }

  /** The user of a bearer token: k8sd's webhook on the API server's own node, or a service account's. */
  tokenUser(token: string, machine: NodeMachine): User | undefined {
    const kept = this.#tokens.get(token);
    if (kept !== undefined && kept.until > Date.now()) return kept.user;
    const user = this.#webhookUser(token, machine) ?? this.#serviceAccount(token);
    if (user !== undefined) this.#tokens.set(token, { user, until: Date.now() + this.#site.delays.tokenCache });
    return user;
  }

  /** Throws `ApiError` for whatever is refused. */
  async handle(request: ApiRequest): Promise<Performed> {
    const found = route(request, this.store);
    const attributes = attributesOf(found, request);
    if (!allowed(this.store, request.mode ?? 'RBAC', request.user, attributes)) {
      throw forbidden(found.type, attributes.name, refusal(request.user, attributes));
    }
    if (found.type === undefined) {
      const document = discover(request.path, request.accept, this.store);
      if (document === undefined) throw noSuchPath();
      return { status: 200, body: document };
    }
    const codec = request.codec ?? [...this.encryption.values()][0]?.codec ?? PLAIN;
    return perform(
      {
        store: this.store.through(codec),
        cluster: this.cluster,
        mode: request.mode ?? 'RBAC',
        podSecurity: request.podSecurity ?? BY_LABELS,
      },
      { ...found, type: found.type },
      request,
    );
  }

  /** A request of the machinery inside, such as a kubelet's, with what it answers. Throws `ApiError`. */
  async ask(user: User, method: string, path: string, body?: unknown): Promise<unknown> {
    const url = new URL(path, 'http://localhost');
    const result = await this.handle({
      user,
      method,
      path: url.pathname,
      query: url.searchParams,
      contentType: 'application/json',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return result.body;
  }

  #webhookUser(token: string, machine: NodeMachine): User | undefined {
    if (!machine.k8sd.answersWebhook) return undefined;
    const known = this.cluster.authTokens.find((candidate) => candidate.token === token);
    return known && { username: known.username, uid: known.username, groups: [...known.groups, AUTHENTICATED] };
  }

  #serviceAccount(token: string): User | undefined {
    const claim = readToken(token, this.cluster.pems['service-account-key'] ?? '');
    if (claim === undefined) return undefined;
    const account = this.store.find(typeOf('serviceaccounts'), claim.namespace, claim.name);
    return account?.metadata.uid === claim.uid ? serviceAccountUser(claim) : undefined;
  }
}

function readToken(token: string, key: string): ReturnType<typeof readServiceAccountToken> {
  try {
    return readServiceAccountToken(token, key);
  } catch {
    return undefined;
  }
}

function attributesOf(found: Route, request: ApiRequest): Attributes {
  return {
    verb: found.verb,
    ...(found.type === undefined ? { path: request.path } : {}),
    group: found.type?.group ?? '',
    resource: found.type?.resource ?? '',
    subresource: found.subresource,
    namespace: found.namespace,
    name: found.name,
    fieldSelector: request.query.get('fieldSelector') ?? '',
  };
}

export { ApiError };
