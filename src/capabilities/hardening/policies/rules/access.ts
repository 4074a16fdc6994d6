/** Rules over roles and bindings: CIS 5.1.1 to 5.1.4 and 5.1.8 to 5.1.13, DISA V-274884. */
import type { ApiParameters } from '../../control.ts';
import { count, type Found, judge, sift } from '../evidence.ts';
import type { BindingFacts, RoleFacts } from '../facts.ts';
import { bindingName, everyone, type Grant, grants, subjectName } from '../grants.ts';
import type { PolicyRule } from '../objects.ts';
import { rule } from '../rule.ts';

interface Rbac {
  readonly roles: readonly RoleFacts[];
  readonly bindings: readonly BindingFacts[];
}

/**
 * Parameters `verbs`, `apiGroups`, `resources`; `others: [fail]` where nobody but the cluster itself needs such an access. Elsewhere who has it is
 * for a person to look over, unless the operator has listed who may (`allow`), or everyone may. CIS 5.1.2, 5.1.4, 5.1.8 to 5.1.13, DISA V-274884.
 */
export const subjectsWhoMay = rule(['roles', 'bindings'], (facts, parameters) => {
  const found = subjectsWith(facts, parameters);
  const open =
    sift(
      found.filter(({ everybody }) => everybody),
      parameters,
    ).total > 0;
  const { others = [], allow = [] } = parameters;
  return judge(found, parameters, {
    none: 'only what the cluster itself needs has this access',
    some: (left) =>
      `${count(left, 'subject of a binding', 'subjects of bindings')} with this access${open ? ', among them everyone' : ''}`,
    otherwise: open || others.includes('fail') || allow.length > 0 ? 'fail' : 'manual',
  });
});

/** CIS 5.1.1: the built-in binding to system:masters, and no other; a role that allows everything is the same by another name. */
export const clusterAdminBindings = rule(['roles', 'bindings'], ({ roles, bindings }, parameters) =>
  judge([...boundToClusterAdmin(bindings), ...rolesLikeClusterAdmin(roles)], parameters, {
    none: 'nobody but system:masters has cluster-admin',
    some: (left) => `${count(left, 'binding or role', 'bindings or roles')} beside the built-in one give everything`,
  }),
);

/** CIS 5.1.3. The roles of the snap's own components are counted, and not held against the operator, who cannot change them. */
export const roleWildcards = rule(['roles'], ({ roles }, parameters) => {
  const wild = roles.filter((role) => !role.builtIn && role.rules.some((one) => wildcards(one) !== undefined));
  const own = wild.filter(({ ofProduct }) => ofProduct).length;
  const also = own === 0 ? '' : ` (${count(own, 'role')} of the cluster’s own components not counted)`;
  return judge(
    wild
      .filter(({ ofProduct }) => !ofProduct)
      .map((role) => ({
        what: roleName(role),
        found: role.rules.map(wildcards).find((one) => one !== undefined) ?? '',
        expected: 'the groups, resources and verbs that are needed, by their names',
      })),
    parameters,
    {
      none: `no role has a wildcard${also}`,
      some: (left) => `${count(left, 'role')} with wildcards${also}`,
    },
  );
});

function subjectsWith(
  { roles, bindings }: Rbac,
  parameters: ApiParameters,
): readonly (Found & { everybody: boolean })[] {
  const { verbs = [], apiGroups = [], resources = [] } = parameters;
  return grants({ verbs, apiGroups, resources }, roles, bindings).map((grant) => {
    const all = everyone(grant.subject);
    return {
      what: subjectName(grant.subject),
      found: `${all === undefined ? '' : `${all}; `}${described(grant)}`,
      aliases: [bindingName(grant.binding)],
      everybody: all !== undefined,
    };
  });
}

function described({ verbs, resources, namespace, binding }: Grant): string {
  const where = namespace === '' ? 'in the whole cluster' : `in namespace ${namespace}`;
  return `${verbs.join(', ')} of ${resources.join(', ')} ${where}, by ${bindingName(binding)} (${binding.role.kind} ${binding.role.name})`;
}

function boundToClusterAdmin(bindings: readonly BindingFacts[]): readonly Found[] {
  return bindings
    .filter(({ role }) => role.kind === 'ClusterRole' && role.name === 'cluster-admin')
    .flatMap((binding) =>
      binding.subjects
        .filter(({ kind, name }) => !(binding.builtIn && kind === 'Group' && name === 'system:masters'))
        .map((subject) => ({
          what: bindingName(binding),
          found: `cluster-admin to ${subjectName(subject)}${also(everyone(subject))}`,
          aliases: [subjectName(subject)],
        })),
    );
}

function rolesLikeClusterAdmin(roles: readonly RoleFacts[]): readonly Found[] {
  return roles
    .filter(
      ({ kind, builtIn, ofProduct, rules }) => kind === 'ClusterRole' && !builtIn && !ofProduct && rules.some(isAll),
    )
    .map((role) => ({ what: roleName(role), found: 'every verb on every resource of every group' }));
}

function isAll({ verbs, apiGroups, resources }: PolicyRule): boolean {
  return [verbs, apiGroups, resources].every((list) => list?.includes('*'));
}

function wildcards(given: PolicyRule): string | undefined {
  const fields = (['apiGroups', 'resources', 'verbs'] as const).filter((field) => given[field]?.includes('*'));
  return fields.length === 0 ? undefined : `* in ${fields.join(', ')}`;
}

function roleName({ kind, namespace, name }: RoleFacts): string {
  return kind === 'Role' ? `${kind} ${namespace}/${name}` : `${kind} ${name}`;
}

function also(text: string | undefined): string {
  return text === undefined ? '' : ` (${text})`;
}
