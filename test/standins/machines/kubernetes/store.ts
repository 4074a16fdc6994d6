/** Objects with resource versions, shared by all API servers of a cluster, and a stream of their changes. */

import { randomUUID } from 'node:crypto';
import { clone } from '../json.ts';
import type { KubernetesObject, KubernetesState, ObjectMeta } from '../state.ts';
import { type Codec, PLAIN } from './encryption.ts';
import { apiVersion, type ResourceType, typeOf } from './resources.ts';
import { alreadyExists, conflict, internal, MODIFIED, notFound } from './status.ts';

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

interface Kept {
  readonly object: KubernetesObject;
  /** Lies in etcd otherwise than it would be written now. */
  readonly stale: boolean;
}

export class Store {
  readonly #state: KubernetesState;
  readonly #codec: Codec;
  readonly #watchers: Set<(event: StoreEvent) => void>;

  constructor(state: KubernetesState, codec: Codec = PLAIN, watchers = new Set<(event: StoreEvent) => void>()) {
    this.#state = state;
    this.#codec = codec;
    this.#watchers = watchers;
  }

  /** The same objects, with Secrets as an API server with that configuration reads and writes them. */
  through(codec: Codec): Store {
    return new Store(this.#state, codec, this.#watchers);
  }

  /** Resource version before which lists cannot be continued any more. */
  get compacted(): number {
    return this.#state.compacted ?? 0;
  }

  /** As etcd does every five minutes. */
  compact(): void {
    this.#state.compacted = this.#state.resourceVersion + 1;
  }

  get resourceVersion(): string {
    return String(this.#state.resourceVersion);
  }

  find(type: ResourceType, namespace: string, name: string): KubernetesObject | undefined {
    return this.#load(type, key(type, namespace, name))?.object;
  }

  /** Throws NotFound. */
  get(type: ResourceType, namespace: string, name: string): KubernetesObject {
    const found = this.find(type, namespace, name);
    if (found === undefined) throw notFound(type, name);
    return found;
  }

  /** In the order of their keys. An empty namespace means all. */
  list(type: ResourceType, namespace = ''): readonly KubernetesObject[] {
    return [...this.from(type, namespace, '')];
  }

  /** The same from behind a key on (`namespace/name`, or `name`), each read when it is come to: there may be thousands. */
  *from(type: ResourceType, namespace: string, after: string): Generator<KubernetesObject> {
    for (const candidate of this.#keys(type, namespace, after)) {
      const found = this.#loadListed(type, candidate);
      if (found !== undefined) yield found.object;
    }
  }

  /** How many `from` gives. */
  count(type: ResourceType, namespace: string, after: string): number {
    return this.#keys(type, namespace, after).length;
  }

  /** In their order, from behind a key on. There may be tens of thousands, in hundreds of pages. */
  #keys(type: ResourceType, namespace: string, after: string): readonly string[] {
    const ofType = `${type.group}/${type.resource}/`;
    const prefix = `${ofType}${namespace === '' ? '' : `${namespace}/`}`;
    const all = sortedKeys(isSealed(type) ? this.#state.secrets : this.#state.objects, prefix);
    if (after === '') return all;
    const start = `${ofType}${after}`;
    let [low, high] = [0, all.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((all[middle] ?? '') > start) high = middle;
      else low = middle + 1;
    }
    return all.slice(low);
  }

  /** Throws AlreadyExists. */
  create(type: ResourceType, draft: Draft): KubernetesObject {
    const path = key(type, draft.metadata.namespace ?? '', draft.metadata.name);
    if (this.#holds(type, path)) throw alreadyExists(type, draft.metadata.name);
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
    if (type.resource === 'namespaces') labels(object)['kubernetes.io/metadata.name'] = object.metadata.name;
    this.#forgetKeys();
    this.#save(type, path, object);
    this.#tell('ADDED', type, object);
    if (type.resource === 'namespaces') this.#furnish(object.metadata.name);
    return clone(object);
  }

  /** What controllers put into each namespace as soon as there is one. */
  #furnish(namespace: string): void {
    const authority = this.find(typeOf('configmaps'), 'default', 'kube-root-ca.crt')?.['data'] ?? {};
    this.ensure(typeOf('serviceaccounts'), { metadata: { name: 'default', namespace } });
    this.ensure(typeOf('configmaps'), { metadata: { name: 'kube-root-ca.crt', namespace }, data: authority });
  }

  /**
   * Replaces an object. Its identity (uid, creation) stays; a resource version in it has to be the present one. Throws
   * NotFound and Conflict. When nothing changes, the resource version stays, unless it lies in etcd otherwise than it would be
   * written now.
   */
  update(type: ResourceType, changed: KubernetesObject): KubernetesObject {
    const name = changed.metadata.name;
    const path = key(type, changed.metadata.namespace ?? '', name);
    const kept = this.#load(type, path);
    if (kept === undefined) throw notFound(type, name);
    const present = kept.object;
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
    if (!kept.stale && same(object, present)) return present;
    object.metadata.resourceVersion = this.#next();
    this.#save(type, path, object);
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
    const last = this.#load(type, path)?.object;
    if (last === undefined) throw notFound(type, name);
    this.#forgetKeys();
    delete (isSealed(type) ? this.#state.secrets : this.#state.objects)[path];
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
    for (const path of Object.keys(this.#state.secrets)) {
      if (path.startsWith(`/secrets/${namespace}/`)) delete this.#state.secrets[path];
    }
  }

  #holds(type: ResourceType, path: string): boolean {
    return (isSealed(type) ? this.#state.secrets : this.#state.objects)[path] !== undefined;
  }

  /** Throws what the API server answers when no provider of its configuration can read it. */
  #load(type: ResourceType, path: string): Kept | undefined {
    if (!isSealed(type)) {
      const found = this.#state.objects[path];
      return found === undefined ? undefined : { object: clone(found), stale: false };
    }
    const raw = this.#state.secrets[path];
    if (raw === undefined) return undefined;
    try {
      const { plain, stale } = this.#codec.open(etcdKey(path), Buffer.from(raw, 'base64'));
      return { object: JSON.parse(plain.toString('utf8')) as KubernetesObject, stale };
    } catch (error) {
      throw internal((error as Error).message);
    }
  }

  /** Whether all Secrets can be read: an API server that starts does not become ready before that. */
  get opensAll(): boolean {
    return Object.entries(this.#state.secrets).every(([path, raw]) => {
      try {
        this.#codec.open(etcdKey(path), Buffer.from(raw, 'base64'));
        return true;
      } catch {
        return false;
      }
    });
  }

  /** One of a list: where it cannot be read, the API server says which it is. */
  #loadListed(type: ResourceType, path: string): Kept | undefined {
    try {
      return this.#load(type, path);
    } catch (error) {
      const why = (error as Error).message.replace('Internal error occurred: ', '');
      throw internal(`unable to transform key "${etcdKey(path)}": ${why}`);
    }
  }

  #forgetKeys(): void {
    sortedBefore.delete(this.#state.secrets);
    sortedBefore.delete(this.#state.objects);
  }

  #save(type: ResourceType, path: string, object: KubernetesObject): void {
    if (!isSealed(type)) this.#state.objects[path] = object;
    else
      this.#state.secrets[path] = this.#codec
        .seal(etcdKey(path), Buffer.from(JSON.stringify(object)))
        .toString('base64');
  }

  #next(): string {
    this.#state.resourceVersion += 1;
    return String(this.#state.resourceVersion);
  }

  #tell(type: ChangeType, resource: ResourceType, object: KubernetesObject): void {
    for (const told of this.#watchers) told({ type, resource, object: clone(object) });
  }
}

interface SortedKeys {
  /** Of all keys, whatever they begin with. */
  readonly count: number;
  readonly prefix: string;
  readonly keys: readonly string[];
}

/** The last that were asked for, of each collection: a list is read page after page. Forgotten with each object that comes or goes. */
const sortedBefore = new WeakMap<object, SortedKeys>();

function sortedKeys(collection: Readonly<Record<string, unknown>>, prefix: string): readonly string[] {
  const all = Object.keys(collection);
  const before = sortedBefore.get(collection);
  if (before?.count === all.length && before.prefix === prefix) return before.keys;
  const keys = all.filter((candidate) => candidate.startsWith(prefix)).sort();
  sortedBefore.set(collection, { count: all.length, prefix, keys });
  return keys;
}

/** RFC 3339 in whole seconds, as Kubernetes writes times. */
export function timestamp(date = new Date()): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}

/** Under which key etcd has what is kept under a path. */
export function etcdKey(path: string): string {
  return `/registry${path}`;
}

function isSealed({ group, resource }: ResourceType): boolean {
  return group === '' && resource === 'secrets';
}

function labels({ metadata }: KubernetesObject): Record<string, string> {
  metadata.labels ??= {};
  return metadata.labels;
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
