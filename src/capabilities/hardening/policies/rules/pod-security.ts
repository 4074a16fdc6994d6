/** Rules over what pods namespaces admit: CIS 5.2. */
import type { Verdict } from '../../api-rule.ts';
import { count, type Found, judge } from '../evidence.ts';
import type { NamespaceFacts, OwnConfiguration, PodGuard, PodSecurityLevel } from '../facts.ts';
import { breaches } from '../pod-evidence.ts';
import { enforced, isAtLeast, selects, userNamespaces } from '../pod-security.ts';
import type { Trait } from '../pod-template.ts';
import { rule } from '../rule.ts';

/** CIS 5.2.1: each namespace of users has a level, or a policy engine that is asked for its pods. */
export const podPolicyInEachNamespace = rule(
  ['namespaces', 'admission'],
  ({ namespaces, admission, own }, parameters) => {
    const users = userNamespaces(namespaces);
    const open = users.flatMap((namespace): readonly Found[] => {
      const { level, exempt } = enforced(namespace, own);
      if (exempt || isAtLeast(level, 'baseline') || guardsOf(admission.guards, namespace).length > 0) return [];
      return [{ what: `Namespace ${namespace.name}`, found: 'privileged', expected: 'baseline or restricted' }];
    });
    const also = exemptions(users, own);
    return judge(open, parameters, {
      none: `every namespace of users has a policy for its pods${also}`,
      some: (left) => `${count(left, 'namespace')} without a policy for pods${also}`,
    });
  },
);

/**
 * Parameters `violation` (one of `TRAITS`), `level` (the one of the Pod Security Standards that keeps pods from it). CIS 5.2.2 to 5.2.13. It
 * takes both: that no namespace of users admits such pods, and that none is left from before. Where a policy engine is asked instead, what
 * its policies say is for a person to look at.
 */
export const podsNotAdmitted = rule(
  ['namespaces', 'nodes', 'pods', 'admission'],
  ({ namespaces, nodes, pods, admission, own }, parameters): Verdict => {
    const traits = (parameters['violation'] ?? []) as readonly Trait[];
    if (traits.includes('windows-host-process') && nodes.every(({ operatingSystem }) => operatingSystem === 'linux'))
      return { state: 'not-applicable', reason: 'all nodes run Linux', evidence: [], more: 0 };
    const level = (parameters['level']?.[0] ?? 'restricted') as PodSecurityLevel;
    const users = userNamespaces(namespaces);
    const looked = users.filter((namespace) => !enforced(namespace, own).exempt);
    const weak = looked.filter((namespace) => !isAtLeast(enforced(namespace, own).level, level));
    const guarded = weak.filter((namespace) => guardsOf(admission.guards, namespace).length > 0);
    const names = new Set(looked.map(({ name }) => name));
    const also = exemptions(users, own);

    function* atFault(): Generator<Found> {
      yield* breaches(
        pods.filter(({ namespace, finished }) => names.has(namespace) && !finished),
        ...traits,
      );
      for (const namespace of weak.filter((one) => !guarded.includes(one))) {
        const found = `admits them: ${enforced(namespace, own).level}`;
        yield { what: `Namespace ${namespace.name}`, found, expected: level };
      }
    }

    const verdict = judge(atFault(), parameters, {
      none: `no namespace of users admits such pods, and there are none${also}`,
      some: (left) => `${count(left, 'pod or namespace', 'pods or namespaces')} at fault${also}`,
    });
    return verdict.state === 'pass' && guarded.length > 0 ? leftToEngines(verdict, guarded, admission.guards) : verdict;
  },
);

function leftToEngines(verdict: Verdict, guarded: readonly NamespaceFacts[], guards: readonly PodGuard[]): Verdict {
  const engines = new Set(guarded.flatMap((namespace) => guardsOf(guards, namespace)));
  return {
    ...verdict,
    state: 'manual',
    reason: `there are no such pods; whether policies keep ${count(guarded.length, 'namespace')} from them is to be looked up`,
    evidence: [...engines].map((what) => ({ what, found: 'is asked when pods are made' })),
  };
}

function guardsOf(guards: readonly PodGuard[], { labels }: NamespaceFacts): readonly string[] {
  return guards
    .filter(({ namespaces }) => namespaces.every((selector) => selects(selector, labels)))
    .map(({ what }) => what);
}

function exemptions(users: readonly NamespaceFacts[], own: OwnConfiguration): string {
  const exempt = users.filter((namespace) => enforced(namespace, own).exempt).map(({ name }) => name);
  return exempt.length === 0 ? '' : `; exempt by configuration: ${exempt.join(', ')}`;
}
