/** Rules over namespaces, networks and versions: CIS 5.3, 5.4.2, 5.6.1, 5.6.4, DISA V-242383, V-242443. */
import type { Verdict } from '../../api-rule.ts';
import { count, judge } from '../evidence.ts';
import type { NamedObject } from '../facts.ts';
import { isOfUsers, userNamespaces } from '../pod-security.ts';
import { isReleaseSecret } from '../product.ts';
import { rule } from '../rule.ts';

/** Networks that enforce NetworkPolicies, by the names of their DaemonSets. */
const NETWORKS: ReadonlySet<string> = new Set(['cilium', 'calico-node', 'canal', 'kube-ovn-cni', 'antrea-agent']);

/** CIS 5.3.1: Cilium unless it is told never to, or another network that is known to. */
export const networkPoliciesEnforced = rule(['workloads', 'configMaps'], ({ workloads, configMaps }): Verdict => {
  const found = workloads.filter(({ kind, name }) => kind === 'DaemonSet' && NETWORKS.has(name));
  if (found.length === 0)
    return {
      state: 'manual',
      reason: 'none of the networks that are known to enforce NetworkPolicies: see the documentation of yours',
      evidence: [],
      more: 0,
    };
  const evidence = found.flatMap(({ namespace, name, desired, ready }) => {
    const what = `DaemonSet ${namespace}/${name}`;
    if (name === 'cilium' && configMaps.ciliumPolicy === 'never')
      return [
        { what: 'ConfigMap kube-system/cilium-config', found: 'enable-policy is never', expected: 'default or always' },
      ];
    return ready >= desired && desired > 0 ? [] : [{ what, found: `ready on ${ready} of ${count(desired, 'node')}` }];
  });
  const names = found.map(({ name }) => name).join(', ');
  if (evidence.length === 0)
    return { state: 'pass', reason: `NetworkPolicies are enforced by ${names}`, evidence, more: 0 };
  return { state: 'fail', reason: `NetworkPolicies are not enforced everywhere by ${names}`, evidence, more: 0 };
});

/** CIS 5.3.2. */
export const networkPolicyInEachNamespace = rule(
  ['namespaces', 'networkPolicies'],
  ({ namespaces, networkPolicies }, parameters) => {
    const everywhere = networkPolicies.clusterwide.length > 0;
    const open = userNamespaces(namespaces).filter(({ name }) => !everywhere && !networkPolicies.namespaces.has(name));
    return judge(
      open.map(({ name }) => ({
        what: `Namespace ${name}`,
        found: 'no NetworkPolicy',
        expected: 'at least one, best one that denies what no other allows',
      })),
      parameters,
      {
        none: everywhere
          ? `policies for all namespaces: ${networkPolicies.clusterwide.join(', ')}`
          : 'every namespace of users has a NetworkPolicy',
        some: (left) => `${count(left, 'namespace')} without a NetworkPolicy`,
      },
    );
  },
);

const SECRET_STORES: Readonly<Record<string, string>> = {
  'externalsecrets.external-secrets.io': 'External Secrets Operator',
  'secretproviderclasses.secrets-store.csi.x-k8s.io': 'Secrets Store CSI driver',
  'vaultauths.secrets.hashicorp.com': 'Vault Secrets Operator',
};

/** CIS 5.4.2. Whether secrets belong outside of the cluster is the organisation's decision. */
export const externalSecretStore = rule(['customResources'], ({ customResources, own }): Verdict => {
  const evidence = [
    ...customResources.flatMap((name) => {
      const store = SECRET_STORES[name];
      return store === undefined ? [] : [{ what: `CustomResourceDefinition ${name}`, found: store }];
    }),
    ...(own.kms ? [{ what: 'encryption configuration of kube-apiserver', found: 'keys from a KMS' }] : []),
  ];
  return evidence.length > 0
    ? {
        state: 'pass',
        reason: 'secrets, or the keys that they are encrypted with, come from outside',
        evidence,
        more: 0,
      }
    : { state: 'manual', reason: 'no store of secrets outside of the cluster is known here', evidence, more: 0 };
});

/** CIS 5.6.1 (1.24: 5.7.1). Whether the boundaries are the right ones, nobody but the organisation knows. */
export const namespacesForWorkloads = rule(['namespaces', 'pods'], ({ namespaces, pods }, parameters): Verdict => {
  const users = pods.filter(({ namespace, finished }) => isOfUsers(namespace) && !finished);
  const astray = users.filter(({ namespace }) => namespace === 'default');
  const own = userNamespaces(namespaces).filter(({ name }) => name !== 'default');
  if (own.length === 0)
    return { state: 'manual', reason: 'users have no namespaces of their own yet', evidence: [], more: 0 };
  return judge(
    astray.map(({ namespace, name }) => ({ what: `Pod ${namespace}/${name}`, found: 'in the default namespace' })),
    parameters,
    {
      none: `all pods of users are in ${count(own.length, 'namespace')} of their own`,
      some: (left) =>
        `${count(left, 'pod')} in the default namespace, beside ${count(own.length, 'namespace')} of users`,
      otherwise: 'manual',
    },
  );
});

/**
 * Parameters `namespaces`, `kinds`: `[every]` for objects of every kind, else those that `kubectl get all` shows. CIS 5.6.4 (1.24: 5.7.4), DISA
 * V-242383.
 */
export const namespacesWithoutWorkloads = rule(
  ['residents'],
  ({ residents: { residents, unseen } }, parameters): Verdict => {
    const { namespaces = [], kinds = [] } = parameters;
    const strangers = residents.filter(
      (one) => namespaces.includes(one.namespace) && (one.inAll || kinds.includes('every')) && !belongs(one),
    );
    const verdict = judge(
      strangers.map(({ kind, namespace, name }) => ({ what: `${kind} ${namespace}/${name}`, found: 'exists' })),
      parameters,
      { none: 'nothing is there but what belongs there', some: (left) => `${count(left, 'object')} of users` },
    );
    if (unseen.length === 0 || verdict.state !== 'pass') return verdict;
    return { ...verdict, state: 'not-evaluated', reason: `not all could be looked at: ${unseen.join('; ')}` };
  },
);

/** What Kubernetes puts there itself, and the snap. */
function belongs({ kind, namespace, name }: NamedObject): boolean {
  if (kind === 'ServiceAccount') return name === 'default';
  if (kind === 'ConfigMap') return name === 'kube-root-ca.crt';
  if (kind === 'Secret') return isReleaseSecret(namespace, name);
  // Once in a while; the slice has the service's name, or, of several families, a suffix.
  if (['Service', 'Endpoints', 'EndpointSlice'].includes(kind))
    return namespace === 'default' && /^kubernetes(-|$)/.test(name);
  return kind === 'Lease' && namespace === 'kube-node-lease';
}

/** Kubelets may be three minor versions older than the API server, and not newer (https://kubernetes.io/releases/version-skew-policy/). */
const OLDER = 3;

/** DISA V-242443, as far as the API tells: no node has been left behind. */
export const supportedVersion = rule(['version', 'nodes'], ({ version, nodes }, parameters) => {
  const server = minorOf(version);
  const apart = nodes.filter(({ kubeletVersion }) => {
    const minor = minorOf(kubeletVersion);
    return Number.isNaN(minor) || minor > server || server - minor > OLDER;
  });
  return judge(
    apart.map(({ name, kubeletVersion }) => ({
      what: `Node ${name}`,
      found: `kubelet ${kubeletVersion || 'of unknown version'}`,
      expected: `1.${server - OLDER} to 1.${server}`,
    })),
    parameters,
    {
      none: `all nodes have a version that fits the API server’s ${version}`,
      some: (left) => `${count(left, 'node')} with a version that does not fit the API server’s ${version}`,
    },
  );
});

function minorOf(version: string): number {
  return Number(/^v?1\.(\d+)/.exec(version)?.[1] ?? Number.NaN);
}
