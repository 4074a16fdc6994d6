/** What clients look up before they ask: groups, versions and kinds, one by one or all in one document. */

import { customTypes } from './custom-resources.ts';
import { apiVersion, questions, type ResourceType, resourceTypes } from './resources.ts';
import type { Store } from './store.ts';

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** The document at a path of discovery; undefined for any other path. */
export function discover(path: string, accept: string | undefined, store: Store): unknown {
  const all = [...resourceTypes, ...customTypes(store), ...questions];
  const aggregated = /;g=apidiscovery\.k8s\.io;v=v2;as=APIGroupDiscoveryList\b/.test(accept ?? '');
  if (path === '/api' && aggregated) return aggregate(all, ['']);
  if (path === '/apis' && aggregated) return aggregate(all, groups(all));
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };
  if (path === '/apis')
    return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups(all).map((name) => group(all, name)) };
  if (path === '/api/v1') return resourceList(all, 'v1');
  const match = /^\/apis\/([^/]+)(?:\/([^/]+))?\/?$/.exec(path);
  const name = match?.[1];
  if (name === undefined || !groups(all).includes(name)) return undefined;
  if (match?.[2] === undefined) return { kind: 'APIGroup', apiVersion: 'v1', ...group(all, name) };
  return versions(all, name).includes(match[2]) ? resourceList(all, `${name}/${match[2]}`) : undefined;
}

function groups(all: readonly ResourceType[]): readonly string[] {
  return [...new Set(all.map((type) => type.group))].filter((name) => name !== '');
}

function versions(all: readonly ResourceType[], name: string): readonly string[] {
  return [...new Set(all.filter((type) => type.group === name).map(({ version }) => version))];
}

function group(all: readonly ResourceType[], name: string): Record<string, unknown> {
  const list = versions(all, name).map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: list, preferredVersion: list[0] };
}

/** `apidiscovery.k8s.io/v2`. */
function aggregate(all: readonly ResourceType[], names: readonly string[]): unknown {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: names.map((name) => ({
      metadata: { ...(name === '' ? {} : { name }), creationTimestamp: null },
      versions: versions(all, name).map((version) => ({
        version,
        resources: all.filter((type) => type.group === name && type.version === version).map(described),
        freshness: 'Current',
      })),
    })),
  };
}

function described(type: ResourceType): unknown {
  return {
    resource: type.resource,
    responseKind: { group: type.group, version: type.version, kind: type.kind },
    scope: type.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: type.kind.toLowerCase(),
    verbs: questions.includes(type) ? ['create'] : VERBS,
    ...(type.shortNames.length > 0 ? { shortNames: type.shortNames } : {}),
    ...(type.categories.length > 0 ? { categories: type.categories } : {}),
  };
}

function resourceList(all: readonly ResourceType[], groupVersion: string): unknown {
  const types = all.filter((type) => apiVersion(type) === groupVersion);
  const entries = types.flatMap((type) => {
    const kept = !questions.includes(type);
    const own = {
      name: type.resource,
      singularName: type.kind.toLowerCase(),
      namespaced: type.namespaced,
      kind: type.kind,
      verbs: kept ? VERBS : ['create'],
      ...(type.shortNames.length > 0 ? { shortNames: type.shortNames } : {}),
      ...(type.categories.length > 0 ? { categories: type.categories } : {}),
    };
    const subs = [...(type.status ? ['status'] : []), ...type.subresources].map((sub) => ({
      name: `${type.resource}/${sub}`,
      singularName: '',
      namespaced: type.namespaced,
      kind: type.kind,
      verbs: sub === 'token' || sub === 'eviction' ? ['create'] : ['get', 'patch', 'update'],
    }));
    return [own, ...subs];
  });
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: entries };
}
