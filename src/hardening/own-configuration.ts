/** What this control plane's own files say of the policies of the cluster, taken from what an assessment knows of the node. */
import type { NodeFacts } from './node-facts.ts';
import { isObject, list } from './observe-policy.ts';
import type { OwnConfiguration, PodSecurityLevel } from './policies/facts.ts';

const LEVELS: readonly PodSecurityLevel[] = ['privileged', 'baseline', 'restricted'];

/** Flags of kube-apiserver whose files are looked into. */
export const POLICY_FLAGS = {
  admission: '--admission-control-config-file',
  encryption: '--encryption-provider-config',
} as const;

/** @param node name of the Node object. */
export function ownConfiguration(node: string, facts: NodeFacts): OwnConfiguration {
  const { services, policies, exemptNamespaces } = facts;
  // What the running process has is what the cluster goes by.
  const flags = services['kube-apiserver'].process ?? services['kube-apiserver'].file ?? {};
  const kubelet = services.kubelet.process ?? services.kubelet.file ?? {};
  const file = (flag: string) => {
    const policy = policies[flags[flag] ?? ''];
    return policy !== undefined && 'value' in policy ? policy.value : undefined;
  };
  return {
    node,
    podSecurity: {
      ...podSecurityOf(file(POLICY_FLAGS.admission)),
      active: !split(flags['--disable-admission-plugins']).includes('PodSecurity'),
      documentedExemptions: exemptNamespaces,
    },
    admissionPlugins: split(flags['--enable-admission-plugins']),
    seccompDefault: kubelet['--seccomp-default'] === 'true',
    kms: usesKms(file(POLICY_FLAGS.encryption)),
  };
}

/** https://kubernetes.io/docs/tasks/configure-pod-container/enforce-standards-admission-controller/ */
function podSecurityOf(configuration: unknown): Pick<OwnConfiguration['podSecurity'], 'enforce' | 'exemptNamespaces'> {
  const plugins = list(isObject(configuration) ? configuration['plugins'] : []).filter(isObject);
  const plugin = plugins.find(({ name }) => name === 'PodSecurity')?.['configuration'];
  const { defaults, exemptions } = isObject(plugin) ? plugin : {};
  const enforce = isObject(defaults) ? defaults['enforce'] : undefined;
  const namespaces = isObject(exemptions) ? exemptions['namespaces'] : undefined;
  return {
    enforce: LEVELS.find((level) => level === enforce) ?? 'privileged',
    exemptNamespaces: list(namespaces).map(String),
  };
}

function usesKms(configuration: unknown): boolean {
  const resources = list(isObject(configuration) ? configuration['resources'] : []).filter(isObject);
  return resources.some(({ providers }) => list(providers)[0] === 'kms');
}

function split(value: string | undefined): readonly string[] {
  return (value ?? '').split(',').filter((item) => item !== '');
}
