/** What is asked when pods are made: webhooks of known policy engines, and policies in the API server itself. */
import type { Gathering } from '../../../../clients/kubernetes/kubernetes.ts';
import type { PodGuard } from '../facts.ts';
import type {
  AdmissionRule,
  LabelSelector,
  ListedAdmissionPolicy,
  ListedAdmissionPolicyBinding,
  ListedWebhooks,
} from '../objects.ts';

/** Engines whose policies are about what pods may do, by the names of their webhooks. */
const ENGINES = /kyverno|gatekeeper\.sh|kubewarden|jspolicy/;
/** Those that look at where images come from. */
const IMAGE_VERIFIERS = /policy\.sigstore\.dev|connaisseur|ratify|portieris/;

interface Webhooks {
  readonly guards: PodGuard[];
  readonly imageVerifiers: string[];
}

export function gatherWebhooks(kind: string): Gathering<ListedWebhooks, Webhooks> {
  const result: Webhooks = { guards: [], imageVerifiers: [] };
  return {
    result,
    add: ({ metadata, webhooks = [] }) => {
      const what = `${kind} ${metadata.name}`;
      const seeing = webhooks.filter(({ rules }) => rules?.some(seesNewPods));
      const named = (pattern: RegExp) => seeing.filter(({ name }) => pattern.test(name) || pattern.test(metadata.name));
      if (named(IMAGE_VERIFIERS).length > 0) result.imageVerifiers.push(what);
      for (const { namespaceSelector } of named(ENGINES))
        result.guards.push({ what, namespaces: namespaceSelector === undefined ? [] : [namespaceSelector] });
    },
  };
}

interface PolicyMatch {
  readonly name: string;
  readonly namespaces: readonly LabelSelector[];
}

export function gatherAdmissionPolicies(): Gathering<ListedAdmissionPolicy, PolicyMatch[]> {
  const result: PolicyMatch[] = [];
  return {
    result,
    add: ({ metadata, spec }) => {
      const { resourceRules = [], namespaceSelector } = spec?.matchConstraints ?? {};
      if (!resourceRules.some(seesNewPods)) return;
      result.push({ name: metadata.name, namespaces: namespaceSelector === undefined ? [] : [namespaceSelector] });
    },
  };
}

/** A policy does nothing without a binding, and one that only warns keeps nothing out. */
export function gatherPolicyBindings(): Gathering<ListedAdmissionPolicyBinding, PolicyMatch[]> {
  const result: PolicyMatch[] = [];
  return {
    result,
    add: ({ spec }) => {
      if (!spec?.validationActions?.includes('Deny')) return;
      const selector = spec.matchResources?.namespaceSelector;
      result.push({ name: spec.policyName ?? '', namespaces: selector === undefined ? [] : [selector] });
    },
  };
}

export function boundPolicies(policies: readonly PolicyMatch[], bindings: readonly PolicyMatch[]): readonly PodGuard[] {
  return bindings.flatMap((binding) =>
    policies
      .filter(({ name }) => name === binding.name)
      .map(({ name, namespaces }) => ({
        what: `ValidatingAdmissionPolicy ${name}`,
        namespaces: [...namespaces, ...binding.namespaces],
      })),
  );
}

function seesNewPods({ apiGroups = [], operations = [], resources = [] }: AdmissionRule): boolean {
  return (
    (apiGroups.includes('') || apiGroups.includes('*')) &&
    (operations.includes('CREATE') || operations.includes('*')) &&
    resources.some((resource) => resource === 'pods' || resource === '*' || resource === '*/*')
  );
}
