/** Who may do what: the node authorizer and RBAC over the roles and bindings in the store. */

import { at, isObject } from '../json.ts';
import type { KubernetesObject } from '../state.ts';
import type { User } from './authenticate.ts';
import { typeOf } from './resources.ts';
import { parseFieldSelector } from './selectors.ts';
import type { Store } from './store.ts';

export interface Attributes {
  readonly verb: string;
  /** Set for a path that is no resource; the rest is empty then. */
  readonly path?: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly fieldSelector: string;
}

export type Mode = 'AlwaysAllow' | 'RBAC';

export function allowed(store: Store, mode: Mode, user: User, attributes: Attributes): boolean {
  if (mode === 'AlwaysAllow' || user.groups.includes('system:masters')) return true;
  return nodeAllows(user, attributes) || rbacAllows(store, user, attributes);
}

/** The text of a refusal. */
export function refusal(user: User, attributes: Attributes): string {
  const who = `User ${JSON.stringify(user.username)} cannot`;
  if (attributes.path !== undefined)
    return `forbidden: ${who} ${attributes.verb} path ${JSON.stringify(attributes.path)}`;
  const resource =
    attributes.subresource === '' ? attributes.resource : `${attributes.resource}/${attributes.subresource}`;
  const where =
    attributes.namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(attributes.namespace)}`;
  const named = attributes.name === '' ? '' : ` ${JSON.stringify(attributes.name)}`;
  const what = attributes.group === '' ? attributes.resource : `${attributes.resource}.${attributes.group}`;
  return `${what}${named} is forbidden: ${who} ${attributes.verb} resource ${JSON.stringify(resource)} in API group ${JSON.stringify(attributes.group)} ${where}`;
}

/** Name of the node that the user is, if any. */
export function nodeName(user: User): string | undefined {
  const prefix = 'system:node:';
  return user.groups.includes('system:nodes') && user.username.startsWith(prefix)
    ? user.username.slice(prefix.length)
    : undefined;
}

const READ = ['get', 'list', 'watch'];

function nodeAllows(user: User, attributes: Attributes): boolean {
  const node = nodeName(user);
  if (node === undefined || attributes.path !== undefined) return false;
  const { verb, resource, group, name, subresource } = attributes;
  switch (`${resource}.${group}`) {
    case 'nodes.':
      if (verb === 'create') return true;
      if (verb === 'list' || verb === 'watch') return selects(attributes.fieldSelector, 'metadata.name', node);
      return ['get', 'update', 'patch'].includes(verb) && name === node;
    case 'pods.':
      if (verb === 'list' || verb === 'watch') return selects(attributes.fieldSelector, 'spec.nodeName', node);
      return verb === 'create' || verb === 'delete' || (subresource === 'status' && ['update', 'patch'].includes(verb));
    case 'services.':
      return READ.includes(verb);
    case 'events.':
      return ['create', 'update', 'patch'].includes(verb);
    case 'leases.coordination.k8s.io':
      return attributes.namespace === 'kube-node-lease' && (verb === 'create' || name === node);
    case 'certificatesigningrequests.certificates.k8s.io':
      return subresource === '' && [...READ, 'create'].includes(verb);
    case 'tokenreviews.authentication.k8s.io':
    case 'subjectaccessreviews.authorization.k8s.io':
      return verb === 'create';
    default:
      return false;
  }
}

function selects(selector: string, field: string, value: string): boolean {
  return parseFieldSelector(selector).some((part) => part.field === field && part.equal && part.value === value);
}

function rbacAllows(store: Store, user: User, attributes: Attributes): boolean {
  const clusterRole = (name: string): unknown => store.find(typeOf('clusterroles'), '', name);
  for (const binding of store.list(typeOf('clusterrolebindings'))) {
    if (binds(binding, user) && roleAllows(clusterRole(roleName(binding)), attributes)) return true;
  }
  if (attributes.namespace === '') return false;
  for (const binding of store.list(typeOf('rolebindings'), attributes.namespace)) {
    if (!binds(binding, user)) continue;
    const role =
      at(binding, 'roleRef', 'kind') === 'ClusterRole'
        ? clusterRole(roleName(binding))
        : store.find(typeOf('roles'), attributes.namespace, roleName(binding));
    if (roleAllows(role, attributes)) return true;
  }
  return false;
}

function roleName(binding: KubernetesObject): string {
  return String(at(binding, 'roleRef', 'name'));
}

function binds(binding: KubernetesObject, user: User): boolean {
  const subjects = binding['subjects'];
  if (!Array.isArray(subjects)) return false;
  return subjects.some((subject) => {
    const name = String(at(subject, 'name'));
    switch (at(subject, 'kind')) {
      case 'User':
        return user.username === name;
      case 'Group':
        return user.groups.includes(name);
      case 'ServiceAccount':
        return (
          user.username ===
          `system:serviceaccount:${String(at(subject, 'namespace') ?? binding.metadata.namespace)}:${name}`
        );
      default:
        return false;
    }
  });
}

function roleAllows(role: unknown, attributes: Attributes): boolean {
  const rules = at(role, 'rules');
  return Array.isArray(rules) && rules.some((rule) => isObject(rule) && ruleAllows(rule, attributes));
}

function ruleAllows(rule: Record<string, unknown>, attributes: Attributes): boolean {
  if (!has(rule['verbs'], attributes.verb)) return false;
  if (attributes.path !== undefined) {
    const path = attributes.path;
    return texts(rule['nonResourceURLs']).some(
      (url) => url === path || (url.endsWith('*') && path.startsWith(url.slice(0, -1))),
    );
  }
  if (!has(rule['apiGroups'], attributes.group)) return false;
  const resource =
    attributes.subresource === '' ? attributes.resource : `${attributes.resource}/${attributes.subresource}`;
  const resources = texts(rule['resources']);
  const covered =
    resources.includes('*') ||
    resources.includes(resource) ||
    (attributes.subresource !== '' && resources.includes(`*/${attributes.subresource}`));
  const names = texts(rule['resourceNames']);
  return covered && (names.length === 0 || names.includes(attributes.name));
}

function has(list: unknown, value: string): boolean {
  const all = texts(list);
  return all.includes('*') || all.includes(value);
}

function texts(list: unknown): readonly string[] {
  return Array.isArray(list) ? list.map(String) : [];
}
