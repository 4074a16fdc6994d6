/**
 * Who may do what, by the roles and bindings of a cluster (https://kubernetes.io/docs/reference/access-authn-authz/rbac/). It answers the
 * question that a SubjectAccessReview does not: not whether somebody may, but who all may.
 */
import type { BindingFacts, RoleFacts, SubjectFacts } from './facts.ts';
import type { PolicyRule } from './objects.ts';
import { SYSTEM_NAMESPACES } from './product.ts';

export interface Access {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  /** `pods`, `nodes/proxy`. */
  readonly resources: readonly string[];
}

export interface Grant {
  readonly subject: SubjectFacts;
  readonly binding: BindingFacts;
  /** Empty: in the whole cluster. */
  readonly namespace: string;
  readonly verbs: readonly string[];
  readonly resources: readonly string[];
}

/** Kinds that are in no namespace, among those that controls ask for: a RoleBinding gives no right to them. */
const CLUSTER_SCOPED: ReadonlySet<string> = new Set([
  'nodes',
  'persistentvolumes',
  'namespaces',
  'users',
  'groups',
  'clusterroles',
  'clusterrolebindings',
  'certificatesigningrequests',
  'signers',
  'validatingwebhookconfigurations',
  'mutatingwebhookconfigurations',
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
  'mutatingadmissionpolicies',
  'mutatingadmissionpolicybindings',
  'customresourcedefinitions',
]);

/** A rule with resource names does not give these: such requests name no object. Those of subresources (`serviceaccounts/token`) do. */
const NAMELESS: ReadonlySet<string> = new Set(['list', 'watch', 'create', 'deletecollection']);

/** Everything that bindings give of some access, in the order of the bindings, without what the cluster itself needs. */
export function grants(
  access: Access,
  roles: readonly RoleFacts[],
  bindings: readonly BindingFacts[],
): readonly Grant[] {
  const known = new Map(roles.map((role) => [key(role.kind, role.namespace, role.name), role]));
  return bindings.flatMap((binding) => {
    const role = known.get(keyOfRole(binding));
    const given = role?.rules.flatMap((rule) => givenBy(rule, inReach(access, binding))) ?? [];
    if (given.length === 0) return [];
    const verbs = [...new Set(given.flatMap((one) => one.verbs))];
    const resources = [...new Set(given.flatMap((one) => one.resources))];
    return binding.subjects
      .filter((subject) => !isOwn(subject, binding))
      .map((subject) => ({ subject, binding, namespace: binding.namespace, verbs, resources }));
  });
}

/** `ServiceAccount monitoring/prometheus`, `Group developers`. */
export function subjectName({ kind, namespace, name }: SubjectFacts): string {
  return kind === 'ServiceAccount' ? `${kind} ${namespace}/${name}` : `${kind} ${name}`;
}

/** Whom else a subject stands for: groups that Kubernetes puts everybody, or every pod, into. */
export function everyone({ kind, name }: SubjectFacts): string | undefined {
  if (kind === 'User') return name === 'system:anonymous' ? 'everyone, also without signing in' : undefined;
  if (kind !== 'Group') return undefined;
  const namespace = /^system:serviceaccounts:(.+)$/.exec(name)?.[1];
  if (namespace !== undefined) return `everyone: all service accounts of namespace ${namespace}`;
  return EVERYONE[name];
}

const EVERYONE: Readonly<Record<string, string>> = {
  'system:authenticated': 'everyone who has signed in',
  'system:unauthenticated': 'everyone, also without signing in',
  'system:serviceaccounts': 'everyone: all service accounts',
};

/** `ClusterRoleBinding ops`, `RoleBinding team/ops`. */
export function bindingName({ kind, namespace, name }: BindingFacts): string {
  return kind === 'RoleBinding' ? `${kind} ${namespace}/${name}` : `${kind} ${name}`;
}

/**
 * What the cluster needs to run. Kubernetes' own bindings, for its own users only: a label alone proves nothing, and an administrator
 * may have added subjects of their own. The snap's own bindings, for service accounts of its own namespaces only.
 */
function isOwn(subject: SubjectFacts, { builtIn, ofProduct }: BindingFacts): boolean {
  const ofSystem =
    subject.kind === 'ServiceAccount'
      ? SYSTEM_NAMESPACES.includes(subject.namespace)
      : subject.name.startsWith('system:') && everyone(subject) === undefined;
  return (builtIn && ofSystem) || (ofProduct && subject.kind === 'ServiceAccount' && ofSystem);
}

function key(kind: string, namespace: string, name: string): string {
  return `${kind} ${namespace}/${name}`;
}

/** A RoleBinding may name a ClusterRole: it gives what that allows, in its own namespace. */
function keyOfRole({ namespace, role }: BindingFacts): string {
  return key(role.kind, role.kind === 'ClusterRole' ? '' : namespace, role.name);
}

function inReach(access: Access, { kind }: BindingFacts): Access {
  if (kind === 'ClusterRoleBinding') return access;
  const resources = access.resources.filter((resource) => !CLUSTER_SCOPED.has(resource.split('/')[0] ?? ''));
  return { ...access, resources };
}

function givenBy(
  { verbs = [], apiGroups = [], resources = [], resourceNames = [] }: PolicyRule,
  access: Access,
): readonly { readonly verbs: readonly string[]; readonly resources: readonly string[] }[] {
  const group = apiGroups.includes('*') || access.apiGroups.some((one) => one !== '*' && apiGroups.includes(one));
  const givenResources = access.resources.filter((resource) => resource !== '*' && covers(resources, resource));
  const named = resourceNames.length > 0 && givenResources.every((resource) => !resource.includes('/'));
  const givenVerbs = access.verbs.filter(
    (verb) => verb !== '*' && (verbs.includes('*') || verbs.includes(verb)) && !(named && NAMELESS.has(verb)),
  );
  if (givenVerbs.length === 0 || !group || givenResources.length === 0) return [];
  return [{ verbs: givenVerbs, resources: givenResources }];
}

/** `nodes/*` has no meaning to Kubernetes, but whoever wrote it meant something by it. */
function covers(resources: readonly string[], wanted: string): boolean {
  const [resource, subresource] = wanted.split('/');
  if (resources.includes('*') || resources.includes(wanted)) return true;
  return subresource !== undefined && (resources.includes(`*/${subresource}`) || resources.includes(`${resource}/*`));
}
