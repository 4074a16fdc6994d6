/** What this control plane's own files say of the policies of the cluster, taken from what an assessment knows of the node. */

import { effectiveFlags } from './effective-flags.ts';
import { isTrue } from './evaluate-flag.ts';
import type { NodeFacts } from './node-facts.ts';
import type { OwnConfiguration, PodSecurityLevel } from './policies/facts.ts';
import { podSecurityIn, providerOfSecrets } from './policy-contents.ts';

const LEVELS: readonly PodSecurityLevel[] = ['privileged', 'baseline', 'restricted'];

/** Flags of kube-apiserver whose files are looked into. */
export const POLICY_FLAGS = {
  admission: '--admission-control-config-file',
  encryption: '--encryption-provider-config',
} as const;

/** @param node name of the Node object. */
export function ownConfiguration(node: string, { services, policies, exemptNamespaces }: NodeFacts): OwnConfiguration {
  // What the running process has is what the cluster goes by.
  const of = (service: 'kube-apiserver' | 'kubelet') =>
    effectiveFlags(service, services[service].process ?? services[service].file ?? {}, policies).values;
  const [flags, kubelet] = [of('kube-apiserver'), of('kubelet')];
  const items = (flag: string) => (flags[flag] ?? '').split(',').filter((item) => item !== '');
  const content = (flag: string) => {
    const policy = policies[flags[flag] ?? ''];
    return policy !== undefined && 'value' in policy ? policy.value : undefined;
  };
  const podSecurity = podSecurityIn(content(POLICY_FLAGS.admission));
  return {
    node,
    podSecurity: {
      active: !items('--disable-admission-plugins').includes('PodSecurity'),
      enforce: LEVELS.find((level) => level === podSecurity?.enforce) ?? 'privileged',
      exemptNamespaces: podSecurity?.exemptNamespaces ?? [],
      documentedExemptions: exemptNamespaces,
    },
    admissionPlugins: items('--enable-admission-plugins'),
    seccompDefault: isTrue(kubelet['--seccomp-default']),
    kms: providerOfSecrets(content(POLICY_FLAGS.encryption)) === 'kms',
  };
}
