/** Roles and bindings, as far as they give anybody anything. */
import type { Gathering, ListedObject } from '../../../../clients/kubernetes/kubernetes.ts';
import type { BindingFacts, RoleFacts, SubjectFacts } from '../facts.ts';
import type { ListedBinding, ListedRole } from '../objects.ts';
import { isOfProduct } from '../product.ts';

export function gatherRoles(kind: RoleFacts['kind']): Gathering<ListedRole, RoleFacts[]> {
  const result: RoleFacts[] = [];
  return {
    result,
    add: (role) => {
      const { namespace = '', name } = role.metadata;
      const rules = (role.rules ?? []).map(({ verbs, apiGroups, resources, resourceNames }) => ({
        ...(verbs && { verbs }),
        ...(apiGroups && { apiGroups }),
        ...(resources && { resources }),
        ...(resourceNames && { resourceNames }),
      }));
      result.push({ kind, namespace, name, builtIn: isBuiltIn(role), ofProduct: isOfProduct(role), rules });
    },
  };
}

export function gatherBindings(kind: BindingFacts['kind']): Gathering<ListedBinding, BindingFacts[]> {
  const result: BindingFacts[] = [];
  return {
    result,
    add: (binding) => {
      const { namespace = '', name } = binding.metadata;
      result.push({
        kind,
        namespace,
        name,
        role: { kind: binding.roleRef.kind, name: binding.roleRef.name },
        builtIn: isBuiltIn(binding),
        ofProduct: isOfProduct(binding),
        subjects: (binding.subjects ?? []).map((subject) => subjectOf(subject, namespace)),
      });
    },
  };
}

/** A service account may also be named as the user that it is to the API server. */
function subjectOf(
  { kind, name, namespace = '' }: NonNullable<ListedBinding['subjects']>[number],
  ownNamespace: string,
): SubjectFacts {
  const [, itsNamespace, itsName] = /^system:serviceaccount:([^:]+):(.+)$/.exec(kind === 'User' ? name : '') ?? [];
  if (itsNamespace !== undefined && itsName !== undefined)
    return { kind: 'ServiceAccount', namespace: itsNamespace, name: itsName };
  return { kind, name, namespace: kind === 'ServiceAccount' ? namespace || ownNamespace : '' };
}

/** User-facing roles that the API server makes, beside those that begin with `system:`. */
const USER_FACING: ReadonlySet<string> = new Set(['cluster-admin', 'admin', 'edit', 'view']);

/** The label is what the API server puts on its own; the name is what only its own have. */
function isBuiltIn({ metadata: { name, labels } }: ListedObject): boolean {
  const named = USER_FACING.has(name) || name.startsWith('system:');
  return named && labels?.['kubernetes.io/bootstrapping'] === 'rbac-defaults';
}
