/** Paths and methods of the API, as verbs on resources. */

import type { ApiRequest } from './api.ts';
import { customType } from './custom-resources.ts';
import { findType, type ResourceType } from './resources.ts';
import { methodNotAllowed, noSuchPath } from './status.ts';
import type { Store } from './store.ts';

export interface Route {
  /** Undefined for a path that is no resource. */
  readonly type?: ResourceType;
  readonly verb: string;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
}

const verbs: Readonly<Record<string, { readonly one: string | undefined; readonly many: string | undefined }>> = {
  GET: { one: 'get', many: 'list' },
  POST: { one: undefined, many: 'create' },
  PUT: { one: 'update', many: undefined },
  PATCH: { one: 'patch', many: undefined },
  DELETE: { one: 'delete', many: 'deletecollection' },
};

/** Throws NotFound for a resource that does not exist, and MethodNotAllowed. */
export function route(request: Pick<ApiRequest, 'method' | 'path' | 'query'>, store: Store): Route {
  const place = locate(request.path, store);
  if (place === undefined) return { verb: request.method.toLowerCase(), namespace: '', name: '', subresource: '' };
  const { type, name, subresource, namespace } = place;
  if (subresource !== '' && !hasSubresource(type, subresource)) throw noSuchPath();
  return { type, name, subresource, namespace, verb: verbOf(request, name, subresource) };
}

function verbOf(request: Pick<ApiRequest, 'method' | 'query'>, name: string, subresource: string): string {
  const known = verbs[request.method];
  if (subresource === 'token' || subresource === 'eviction') {
    if (request.method !== 'POST') throw methodNotAllowed();
    return 'create';
  }
  const verb = name === '' ? known?.many : known?.one;
  if (verb === undefined || (subresource !== '' && verb === 'delete')) throw methodNotAllowed();
  const watching = ['1', 'true'].includes(request.query.get('watch') ?? '');
  return verb === 'list' && watching ? 'watch' : verb;
}

function hasSubresource(type: ResourceType, subresource: string): boolean {
  return type.subresources.includes(subresource) || (subresource === 'status' && type.status);
}

interface Place {
  readonly type: ResourceType;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
}

function locate(path: string, store: Store): Place | undefined {
  const parts = path.split('/').filter((part) => part !== '');
  const core = parts[0] === 'api';
  if (!core && parts[0] !== 'apis') return undefined;
  const [group, version] = core ? ['', parts[1]] : [parts[1], parts[2]];
  const rest = parts.slice(core ? 2 : 3);
  if (group === undefined || version === undefined || rest.length === 0) return undefined;
  const inNamespace = rest[0] === 'namespaces' && rest.length > 2 && rest[2] !== 'status' && rest[2] !== 'finalize';
  const namespace = inNamespace ? (rest[1] ?? '') : '';
  const [resource, name, subresource, ...more] = inNamespace ? rest.slice(2) : rest;
  const type = findType(group, version, resource ?? '') ?? customType(store, group, version, resource ?? '');
  if (type === undefined || more.length > 0 || (inNamespace && !type.namespaced)) throw noSuchPath();
  if (type.namespaced && !inNamespace && name !== undefined) throw noSuchPath();
  return {
    type,
    namespace: type.resource === 'namespaces' ? (name ?? '') : namespace,
    name: name ?? '',
    subresource: subresource ?? '',
  };
}
