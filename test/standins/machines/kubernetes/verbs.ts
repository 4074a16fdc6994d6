/** What each verb does to the store, with the checks that come before it. */

import { parse } from 'yaml';
import { at, clone, isObject, parseJson } from '../json.ts';
import type { ClusterState, KubernetesObject } from '../state.ts';
import { admit } from './admission.ts';
import type { ApiRequest } from './api.ts';
import type { Mode } from './authorize.ts';
import { decide, prepareCertificateRequest, sign } from './certificate-requests.ts';
import { applyPatch, type PatchType, patchTypes } from './patch.ts';
import type { PodSecurity } from './pod-security.ts';
import { prepare, validateMetadata } from './prepare.ts';
import { answerQuestion, issueAccountToken } from './questions.ts';
import { apiVersion, questions, type ResourceType, typeOf } from './resources.ts';
import type { Route } from './routes.ts';
import { fieldSelector, labelSelector, type Matches } from './selectors.ts';
import {
  ApiError,
  badRequest,
  cause,
  conflict,
  invalid,
  MODIFIED,
  methodNotAllowed,
  notFound,
  unsupportedMediaType,
} from './status.ts';
import type { Store, StoreEvent } from './store.ts';

export interface Performed {
  readonly status: number;
  readonly body: unknown;
  /** A stream of events after the body, one JSON document a line. */
  readonly watch?: Watch;
}

export interface Watch {
  readonly matches: (event: StoreEvent) => boolean;
  /** Seconds after which the server ends it. */
  readonly timeoutSeconds: number;
}

export interface Place extends Route {
  readonly type: ResourceType;
}

export interface Context {
  readonly store: Store;
  readonly cluster: ClusterState;
  readonly mode: Mode;
  readonly podSecurity: PodSecurity;
}

const DEFAULT_WATCH_SECONDS = 1800;

export async function perform(context: Context, place: Place, request: ApiRequest): Promise<Performed> {
  const performed = await performWhole(context, place, request);
  if (!/;as=PartialObjectMetadata(?![A-Za-z])/.test(request.accept ?? '') || performed.watch !== undefined)
    return performed;
  const { body: whole } = performed;
  return isObject(whole) && isObject(whole['metadata']) && whole['kind'] === place.type.kind
    ? { ...performed, body: metadataOf(whole as unknown as KubernetesObject) }
    : performed;
}

async function performWhole(context: Context, place: Place, request: ApiRequest): Promise<Performed> {
  if (questions.includes(place.type)) {
    if (place.verb !== 'create') throw methodNotAllowed();
    return { status: 201, body: answerQuestion(context, request.user, place.type, body(request)) };
  }
  switch (place.verb) {
    case 'get':
      return { status: 200, body: context.store.get(place.type, place.namespace, place.name) };
    case 'list':
      return { status: 200, body: list(context.store, place, request) };
    case 'watch':
      return watch(context.store, place, request);
    case 'create':
      return create(context, place, request);
    case 'update':
      return update(context, place, request, body(request));
    case 'patch':
      return patch(context, place, request);
    case 'delete':
      return remove(context, place, request);
    default:
      return removeAll(context, place, request);
  }
}

function matcher(request: ApiRequest): Matches {
  const labels = labelSelector(request.query.get('labelSelector') ?? '');
  const fields = fieldSelector(request.query.get('fieldSelector') ?? '');
  return (object) => labels(object) && fields(object);
}

function list(store: Store, place: Place, request: ApiRequest): unknown {
  const matches = matcher(request);
  const limit = Number(request.query.get('limit') ?? 0);
  const [version, after] = readContinue(store, request.query.get('continue'));
  // All pages are of the state that the first one was of; one that is continued as it is now begins with that.
  const listed = version > 0 ? version : Number(store.resourceVersion);
  const page: KubernetesObject[] = [];
  let more = false;
  for (const object of store.from(place.type, place.namespace, after)) {
    if (!matches(object)) continue;
    more = limit > 0 && page.length === limit;
    if (more) break;
    page.push(object);
  }
  const last = page.at(-1);
  const metadata = {
    resourceVersion: String(listed),
    ...(more && last ? { continue: writeContinue(listed, pathOf(last)) } : {}),
    // Nobody counts what a selector would match of the rest.
    ...(more && !request.query.has('labelSelector') && !request.query.has('fieldSelector')
      ? { remainingItemCount: store.count(place.type, place.namespace, after) - page.length }
      : {}),
  };
  if (/;as=PartialObjectMetadataList\b/.test(request.accept ?? ''))
    return {
      kind: 'PartialObjectMetadataList',
      apiVersion: 'meta.k8s.io/v1',
      metadata,
      items: page.map((item) => metadataOf(item)),
    };
  return {
    kind: `${place.type.kind}List`,
    apiVersion: apiVersion(place.type),
    metadata,
    // Items of a typed list do not repeat their kind.
    items: page.map(({ kind: _kind, apiVersion: _version, ...item }) => item),
  };
}

function metadataOf({ metadata }: KubernetesObject): unknown {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata };
}

/** In the order of the store. */
function pathOf({ metadata }: KubernetesObject): string {
  return metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;
}

/** Of the state that has this version; -1 for whatever there is then. The first key behind the last one that was given. */
function writeContinue(version: number, last: string): string {
  const start = last.endsWith('\0') ? last : `${last}\0`;
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: version, start })).toString('base64url');
}

/** What the page before ended with; empty for the first one. Throws Expired when etcd no longer has what was there then. */
function readContinue(store: Store, token: string | null): readonly [number, string] {
  if (token === null || token === '') return [0, ''];
  const [version, start] = readToken(token);
  if (version !== -1 && version < store.compacted)
    throw new ApiError(
      410,
      'Expired',
      'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
      undefined,
      { continue: writeContinue(-1, start) },
    );
  return [version, start];
}

function readToken(token: string): readonly [number, string] {
  try {
    const read: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    const start = at(read, 'start');
    if (typeof start === 'string') return [Number(at(read, 'rv')), start];
  } catch {
    // Refused below.
  }
  throw badRequest('invalid continue token: continue key is not valid: illegal base64 data at input byte 0');
}

function watch(store: Store, place: Place, request: ApiRequest): Performed {
  const matches = matcher(request);
  const version = request.query.get('resourceVersion') ?? '';
  const present = version === '' || version === '0' ? store.list(place.type, place.namespace).filter(matches) : [];
  return {
    status: 200,
    body: present.map((object) => `${JSON.stringify({ type: 'ADDED', object })}\n`).join(''),
    watch: {
      matches: (event) =>
        event.resource === place.type &&
        (place.namespace === '' || event.object.metadata.namespace === place.namespace) &&
        matches(event.object),
      timeoutSeconds: Number(request.query.get('timeoutSeconds') ?? 0) || DEFAULT_WATCH_SECONDS,
    },
  };
}

async function create(context: Context, place: Place, request: ApiRequest): Promise<Performed> {
  const { store } = context;
  if (place.subresource === 'token') {
    const account = store.get(place.type, place.namespace, place.name);
    return { status: 201, body: issueAccountToken(context, account, body(request)) };
  }
  if (place.subresource === 'eviction') {
    store.delete(place.type, place.namespace, place.name);
    return { status: 201, body: success(place, undefined) };
  }
  const object = draft(place, body(request));
  if (place.type.namespaced) {
    if (place.namespace === '') throw methodNotAllowed();
    if (store.find(typeOf('namespaces'), '', place.namespace) === undefined)
      throw notFound(typeOf('namespaces'), place.namespace);
  }
  validateMetadata(place.type, object);
  admit(request.user, {
    verb: 'create',
    type: place.type,
    subresource: '',
    object,
    store,
    mode: context.mode,
    podSecurity: context.podSecurity,
  });
  prepare(place.type, object);
  if (place.type.resource === 'certificatesigningrequests') await prepareCertificateRequest(object, request.user);
  return { status: 201, body: dryRun(request) ? object : store.create(place.type, object) };
}

async function update(context: Context, place: Place, request: ApiRequest, given: unknown): Promise<Performed> {
  const { store } = context;
  const asked = draft(place, given);
  if (asked.metadata.name !== place.name) {
    throw badRequest(
      `the name of the object (${asked.metadata.name}) does not match the name on the URL (${place.name})`,
    );
  }
  const present = store.find(place.type, place.namespace, place.name);
  if (present === undefined) throw notFound(place.type, place.name);
  const version = asked.metadata.resourceVersion;
  if (version !== undefined && version !== '' && version !== present.metadata.resourceVersion) {
    throw conflict(place.type, place.name, MODIFIED);
  }
  if (place.type.resource === 'leases' && (version === undefined || version === '')) {
    throw invalid(place.type, place.name, [
      cause.invalid('metadata.resourceVersion', 0, 'must be specified for an update'),
    ]);
  }
  validateMetadata(place.type, asked);
  admit(request.user, {
    verb: 'update',
    type: place.type,
    subresource: place.subresource,
    object: asked,
    present,
    store,
    mode: context.mode,
    podSecurity: context.podSecurity,
  });
  const next = merge(place, present, asked);
  return { status: 200, body: dryRun(request) ? next : store.update(place.type, next) };
}

/** What an update through this path may change of an object. */
function merge(place: Place, present: KubernetesObject, asked: KubernetesObject): KubernetesObject {
  const { type, subresource } = place;
  if (type.resource === 'certificatesigningrequests') {
    if (subresource === 'approval') return decide(present, asked);
    if (subresource === 'status') return sign(present, asked);
    return { ...present, metadata: asked.metadata };
  }
  if (subresource === 'status') {
    const metadata = {
      ...present.metadata,
      ...(asked.metadata.resourceVersion === undefined ? {} : { resourceVersion: asked.metadata.resourceVersion }),
    };
    return { ...present, metadata, status: asked['status'] };
  }
  const next = { ...asked };
  prepare(type, next, present);
  if (type.status) next['status'] = present['status'];
  return next;
}

async function patch(context: Context, place: Place, request: ApiRequest): Promise<Performed> {
  const type = mediaType(request.contentType ?? '');
  if (!isPatchType(type)) throw unsupportedMediaType(patchTypes);
  const present = context.store.find(place.type, place.namespace, place.name);
  const document = decode(request, type === 'application/apply-patch+yaml');
  if (type === 'application/apply-patch+yaml') {
    if ((request.query.get('fieldManager') ?? '') === '') {
      throw invalid({ group: 'meta.k8s.io', resource: 'patchoptions', kind: 'PatchOptions' }, '', [
        cause.required('fieldManager', 'is required for apply patch'),
      ]);
    }
    if (present === undefined)
      return create(context, place, { ...request, contentType: 'application/json', body: JSON.stringify(document) });
  }
  if (present === undefined) throw notFound(place.type, place.name);
  const patched = applyPatch(type, present, document);
  // A patch without a resource version is applied to whatever is there.
  const object = isObject(patched) ? patched : {};
  return update(context, place, request, object);
}

function remove(context: Context, place: Place, request: ApiRequest): Performed {
  const present = context.store.get(place.type, place.namespace, place.name);
  const options = request.body === undefined || request.body === '' ? {} : body(request);
  const uid = at(options, 'preconditions', 'uid');
  if (typeof uid === 'string' && uid !== present.metadata.uid) {
    throw conflict(
      place.type,
      place.name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${present.metadata.uid}`,
    );
  }
  const version = at(options, 'preconditions', 'resourceVersion');
  if (typeof version === 'string' && version !== present.metadata.resourceVersion) {
    throw conflict(
      place.type,
      place.name,
      `Precondition failed: ResourceVersion in precondition: ${version}, ResourceVersion in object meta: ${present.metadata.resourceVersion}`,
    );
  }
  if (!dryRun(request)) context.store.delete(place.type, place.namespace, place.name);
  return { status: 200, body: success(place, present) };
}

function removeAll(context: Context, place: Place, request: ApiRequest): Performed {
  const all = context.store.list(place.type, place.namespace).filter(matcher(request));
  for (const object of all) context.store.delete(place.type, object.metadata.namespace ?? '', object.metadata.name);
  return {
    status: 200,
    body: {
      kind: `${place.type.kind}List`,
      apiVersion: apiVersion(place.type),
      metadata: { resourceVersion: context.store.resourceVersion },
      items: all,
    },
  };
}

function success(place: Place, object: KubernetesObject | undefined): unknown {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    ...(object === undefined
      ? { code: 201 }
      : {
          details: {
            name: place.name,
            ...(place.type.group === '' ? {} : { group: place.type.group }),
            kind: place.type.resource,
            uid: object.metadata.uid,
          },
        }),
  };
}

function dryRun(request: ApiRequest): boolean {
  const asked = request.query.getAll('dryRun');
  if (asked.some((value) => value !== 'All')) {
    throw invalid({ group: 'meta.k8s.io', resource: 'options', kind: 'Options' }, '', [
      cause.unsupported('dryRun', asked[0] ?? '', ['All']),
    ]);
  }
  return asked.length > 0;
}

/** The object of a request, which has to be of the kind and in the namespace that the path says. */
function draft(place: Place, given: unknown): KubernetesObject {
  if (!isObject(given)) throw badRequest('the object provided is unrecognized (must be of type Object)');
  const kind = given['kind'] ?? place.type.kind;
  const version = given['apiVersion'] ?? apiVersion(place.type);
  if (kind !== place.type.kind || version !== apiVersion(place.type)) {
    throw badRequest(
      `${place.type.kind} in version ${JSON.stringify(place.type.version)} cannot be handled as a ${place.type.kind}: no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(version)}`,
    );
  }
  const metadata = isObject(given['metadata']) ? given['metadata'] : {};
  const namespace = metadata['namespace'] ?? '';
  if (place.type.namespaced && namespace !== '' && namespace !== place.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  const object = clone(given) as KubernetesObject;
  object.metadata = {
    ...(metadata as unknown as KubernetesObject['metadata']),
    ...(place.type.namespaced ? { namespace: place.namespace } : {}),
  };
  if (!place.type.namespaced) delete object.metadata.namespace;
  return object;
}

function body(request: ApiRequest): unknown {
  const type = mediaType(request.contentType ?? '');
  if (type !== '' && type !== 'application/json' && type !== 'application/yaml' && !isPatchType(type)) {
    throw unsupportedMediaType([
      'application/json',
      'application/yaml',
      'application/vnd.kubernetes.protobuf',
      'application/cbor',
    ]);
  }
  return decode(request, type === 'application/yaml');
}

function decode(request: ApiRequest, yaml: boolean): unknown {
  const text = request.body ?? '';
  try {
    return yaml ? parse(text) : parseJson(text);
  } catch (error) {
    throw badRequest(`couldn't get version/kind; json parse error: ${(error as Error).message}`);
  }
}

function mediaType(header: string): string {
  return (header.split(';')[0] ?? '').trim().toLowerCase();
}

function isPatchType(type: string): type is PatchType {
  return (patchTypes as readonly string[]).includes(type);
}
