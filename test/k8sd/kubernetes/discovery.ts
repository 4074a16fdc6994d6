/** What clients look up before they ask: groups, versions and kinds. */

import { apiVersion, questions, type ResourceType, resourceTypes } from './resources.ts';

const all: readonly ResourceType[] = [...resourceTypes, ...questions];
const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** The document at a path of discovery; undefined for any other path. */
export function discover(path: string): unknown {
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };
  if (path === '/apis') return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups().map(group) };
  if (path === '/api/v1') return resourceList('v1');
  const match = /^\/apis\/([^/]+)(?:\/([^/]+))?\/?$/.exec(path);
  const name = match?.[1];
  if (name === undefined || !groups().includes(name)) return undefined;
  if (match?.[2] === undefined) return { kind: 'APIGroup', apiVersion: 'v1', ...group(name) };
  return match[2] === 'v1' ? resourceList(`${name}/v1`) : undefined;
}

function groups(): readonly string[] {
  return [...new Set(all.map((type) => type.group))].filter((name) => name !== '');
}

function group(name: string): Record<string, unknown> {
  const version = { groupVersion: `${name}/v1`, version: 'v1' };
  return { name, versions: [version], preferredVersion: version };
}

function resourceList(groupVersion: string): unknown {
  const types = all.filter((type) => apiVersion(type) === groupVersion);
  const entries = types.flatMap((type) => {
    const kept = resourceTypes.includes(type);
    const own = {
      name: type.resource,
      singularName: type.kind.toLowerCase(),
      namespaced: type.namespaced,
      kind: type.kind,
      verbs: kept ? VERBS : ['create'],
      ...(type.shortNames.length > 0 ? { shortNames: type.shortNames } : {}),
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
