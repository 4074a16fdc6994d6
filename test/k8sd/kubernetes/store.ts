/** Objects with resource versions, shared by all API servers of a cluster, and a stream of their changes. */

import { randomUUID } from 'node:crypto';
import { clone } from '../json.ts';
import type { KubernetesObject, KubernetesState, ObjectMeta } from '../state.ts';
import { apiVersion, type ResourceType } from './resources.ts';
import { alreadyExists, conflict, MODIFIED, notFound } from './status.ts';

export type ChangeType = 'ADDED' | 'MODIFIED' | 'DELETED';

export interface StoreEvent {
  readonly type: ChangeType;
  readonly resource: ResourceType;
  readonly object: KubernetesObject;
}

/** What a caller gives: everything else is filled in. */
export type Draft = { metadata: { name: string; namespace?: string } & Partial<ObjectMeta> } & {
  readonly [field: string]: unknown;
};

export class Store {
  readonly #state: KubernetesState;
  readonly #watchers = new Set<(event: StoreEvent) => void>();

  constructor(state: KubernetesState) {
    this.#state = state;
  }

  get resourceVersion(): string {
    return String(this.#state.resourceVersion);
  }

  find(type: ResourceType, namespace: string, name: string): KubernetesObject | undefined {
    const found = this.#state.objects[key(type, namespace, name)];
    return found === undefined ? undefined : clone(found);
  }

  /** Throws NotFound. */
  get(type: ResourceType, namespace: string, name: string): KubernetesObject {
    const found = this.find(type, namespace, name);
    if (found === undefined) throw notFound(type, name);
    return found;
  }

  /** In the order of their keys. An empty namespace means all. */
  list(type: ResourceType, namespace = ''): readonly KubernetesObject[] {
    const prefix = `${type.group}/${type.resource}/${namespace === '' ? '' : `${namespace}/`}`;
    return Object.keys(this.#state.objects)
      .filter((candidate) => candidate.startsWith(prefix))
      .sort()
      .map((candidate) => clone(this.#state.objects[candidate] as KubernetesObject));
  }

  /** Throws AlreadyExists. */
  create(type: ResourceType, draft: Draft): KubernetesObject {
    const path = key(type, draft.metadata.namespace ?? '', draft.metadata.name);
    if (this.#state.objects[path] !== undefined) throw alreadyExists(type, draft.metadata.name);
    const object = clone({
      ...draft,
      apiVersion: apiVersion(type),
      kind: type.kind,
      metadata: {
        ...draft.metadata,
        uid: randomUUID(),
        resourceVersion: this.#next(),
        creationTimestamp: timestamp(),
      },
    }) as KubernetesObject;
    this.#state.objects[path] = object;
    this.#tell('ADDED', type, object);
    return clone(object);
  }

  /**
   * Replaces an object. Its identity (uid, creation) stays; a resource version in it has to be the present one. Throws
   * NotFound and Conflict. When nothing changes, the resource version stays.
   */
  update(type: ResourceType, changed: KubernetesObject): KubernetesObject {
    const name = changed.metadata.name;
    const path = key(type, changed.metadata.namespace ?? '', name);
    const present = this.#state.objects[path];
    if (present === undefined) throw notFound(type, name);
    const { resourceVersion, uid } = changed.metadata;
    if (
      resourceVersion !== undefined &&
      resourceVersion !== '' &&
      resourceVersion !== present.metadata.resourceVersion
    ) {
      throw conflict(type, name, MODIFIED);
    }
    if (uid !== undefined && uid !== '' && uid !== present.metadata.uid) {
      throw conflict(
        type,
        name,
        `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${present.metadata.uid}`,
      );
    }
    const object = clone({
      ...changed,
      apiVersion: apiVersion(type),
      kind: type.kind,
      metadata: {
        ...changed.metadata,
        uid: present.metadata.uid,
        creationTimestamp: present.metadata.creationTimestamp,
        resourceVersion: present.metadata.resourceVersion,
      },
    });
    if (same(object, present)) return clone(present);
    object.metadata.resourceVersion = this.#next();
    this.#state.objects[path] = object;
    this.#tell('MODIFIED', type, object);
    return clone(object);
  }

  /** Changes an object in place; undefined when it does not exist. */
  change(
    type: ResourceType,
    namespace: string,
    name: string,
    edit: (object: KubernetesObject) => void,
  ): KubernetesObject | undefined {
    const object = this.find(type, namespace, name);
    if (object === undefined) return undefined;
    edit(object);
    return this.update(type, object);
  }

  /** Creates it when it is missing, else sets the given fields. */
  ensure(type: ResourceType, draft: Draft): KubernetesObject {
    const present = this.find(type, draft.metadata.namespace ?? '', draft.metadata.name);
    if (present === undefined) return this.create(type, draft);
    return this.update(type, {
      ...present,
      ...draft,
      metadata: { ...present.metadata, ...draft.metadata },
    } as KubernetesObject);
  }

  /** Throws NotFound. */
  delete(type: ResourceType, namespace: string, name: string): KubernetesObject {
    const path = key(type, namespace, name);
    const object = this.#state.objects[path];
    if (object === undefined) throw notFound(type, name);
    delete this.#state.objects[path];
    const last = clone(object);
    last.metadata.resourceVersion = this.#next();
    if (type.resource === 'nodes') this.#state.deletedNodes[name] = Date.now();
    if (type.resource === 'namespaces') this.#deleteContents(name);
    this.#tell('DELETED', type, last);
    return last;
  }

  watch(told: (event: StoreEvent) => void): () => void {
    this.#watchers.add(told);
    return () => this.#watchers.delete(told);
  }

  #deleteContents(namespace: string): void {
    for (const [path, object] of Object.entries(this.#state.objects)) {
      if (object.metadata.namespace === namespace) delete this.#state.objects[path];
    }
  }

  #next(): string {
    this.#state.resourceVersion += 1;
    return String(this.#state.resourceVersion);
  }

  #tell(type: ChangeType, resource: ResourceType, object: KubernetesObject): void {
    for (const told of this.#watchers) told({ type, resource, object: clone(object) });
  }
}

/** RFC 3339 in whole seconds, as Kubernetes writes times. */
export function timestamp(date = new Date()): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}

function key(type: ResourceType, namespace: string, name: string): string {
  return `${type.group}/${type.resource}/${type.namespaced ? `${namespace}/` : ''}${name}`;
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([field, inner]) => [field, sorted(inner)]),
  );
}
