/**
 * What the machinery of a cluster (kubelets, k8sd, its controllers) does with objects, wherever their API is: in the stand-in's store, or
 * in a real API server.
 */

import type { KubernetesObject } from '../state.ts';
import { decide, sign } from './certificate-requests.ts';
import { type ResourceType, typeOf } from './resources.ts';
import type { Draft, Store } from './store.ts';

type Fields = Readonly<Record<string, unknown>>;

export interface ClusterObjects {
  /** Whether Kubernetes' own controllers run: then nobody else makes pods, marks silent nodes, or makes a cluster's first objects. */
  readonly controlled: boolean;
  find(type: ResourceType, namespace: string, name: string): Promise<KubernetesObject | undefined>;
  list(type: ResourceType): Promise<readonly KubernetesObject[]>;
  /** Throws AlreadyExists. */
  create(type: ResourceType, draft: Draft): Promise<void>;
  /** Changes an object in place; nothing happens when it does not exist. */
  change(type: ResourceType, namespace: string, name: string, edit: (object: KubernetesObject) => void): Promise<void>;
  /** Creates it when it is missing, else sets the given fields. */
  ensure(type: ResourceType, draft: Draft): Promise<void>;
  /** Throws NotFound. */
  delete(type: ResourceType, namespace: string, name: string): Promise<void>;
  /** The conditions of a CertificateSigningRequest, with its approval or denial. */
  decide(request: KubernetesObject, conditions: readonly Fields[]): Promise<void>;
  /** The status of a CertificateSigningRequest, with what its signer adds. */
  sign(request: KubernetesObject, status: Fields): Promise<void>;
}

/** No API server answers now; a real one may do so in a moment. */
export class ApiUnreachable extends Error {}

/** A request to the API with somebody's own credentials. Throws what it answers where that is an error. */
export type Asking = (method: string, path: string, body?: unknown) => Promise<unknown>;

const CSRS = typeOf('certificatesigningrequests');

export function objectsOf(store: Store): ClusterObjects {
  return {
    controlled: false,
    find: async (type, namespace, name) => store.find(type, namespace, name),
    list: async (type) => store.list(type),
    create: async (type, draft) => void store.create(type, draft),
    change: async (type, namespace, name, edit) => void store.change(type, namespace, name, edit),
    ensure: async (type, draft) => void store.ensure(type, draft),
    delete: async (type, namespace, name) => void store.delete(type, namespace, name),
    decide: async (request, conditions) =>
      void store.update(CSRS, decide(request, { ...request, status: { conditions } })),
    sign: async (request, status) => void store.update(CSRS, sign(request, { ...request, status })),
  };
}
