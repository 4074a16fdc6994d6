/** The rules by the names under which controls of the catalogues ask for them (`check: { type: api, rule: … }`). */
import type { Rule } from './rule.ts';
import * as access from './rules/access.ts';
import * as cluster from './rules/cluster.ts';
import * as identities from './rules/identities.ts';
import * as images from './rules/images.ts';
import * as podSecurity from './rules/pod-security.ts';
import * as pods from './rules/pods.ts';

export const RULES = {
  'subjects-who-may': access.subjectsWhoMay,
  'cluster-admin-bindings': access.clusterAdminBindings,
  'role-wildcards': access.roleWildcards,
  'default-service-accounts': identities.defaultServiceAccounts,
  'service-account-tokens-in-pods': identities.serviceAccountTokensInPods,
  'masters-group': identities.mastersGroup,
  'long-lived-tokens': identities.longLivedTokens,
  'bootstrap-tokens': identities.bootstrapTokens,
  'pod-policy-in-each-namespace': podSecurity.podPolicyInEachNamespace,
  'pods-not-admitted': podSecurity.podsNotAdmitted,
  'secrets-in-environment': pods.secretsInEnvironment,
  'sensitive-data-in-the-clear': pods.sensitiveDataInTheClear,
  'seccomp-profiles': pods.seccompProfiles,
  'security-contexts': pods.securityContexts,
  'no-dashboard': pods.noDashboard,
  'low-host-ports': pods.lowHostPorts,
  'system-namespaces': pods.systemNamespaces,
  'one-version-per-image': images.oneVersionPerImage,
  'network-policies-enforced': cluster.networkPoliciesEnforced,
  'network-policy-in-each-namespace': cluster.networkPolicyInEachNamespace,
  'external-secret-store': cluster.externalSecretStore,
  'image-provenance': images.imageProvenance,
  'namespaces-for-workloads': cluster.namespacesForWorkloads,
  'namespaces-without-workloads': cluster.namespacesWithoutWorkloads,
  'supported-version': cluster.supportedVersion,
} as const satisfies Readonly<Record<string, Rule>>;
