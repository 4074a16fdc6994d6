/** The smaller lists: namespaces, nodes, service accounts, ConfigMaps, network policies, names. */
import type { Gathering, ListedObject } from '../../../../clients/kubernetes/kubernetes.ts';
import type { ConfigMapFacts, NamedObject, NamespaceFacts, NodeFacts, ServiceAccountFacts } from '../facts.ts';
import type {
  ListedCiliumClusterwidePolicy,
  ListedClusterPolicy,
  ListedConfigMap,
  ListedNode,
  ListedServiceAccount,
} from '../objects.ts';
import { holdsSecret, namesSecret } from '../pod-template.ts';
import { isOfProduct } from '../product.ts';

export const gatherNamespaces = () =>
  mapping(
    (namespace: ListedObject): NamespaceFacts => ({
      name: namespace.metadata.name,
      labels: namespace.metadata.labels ?? {},
      ofProduct: isOfProduct(namespace),
    }),
  );

export const gatherNodes = () =>
  mapping(
    ({ metadata, status }: ListedNode): NodeFacts => ({
      name: metadata.name,
      operatingSystem: status?.nodeInfo?.operatingSystem ?? '',
      kubeletVersion: status?.nodeInfo?.kubeletVersion ?? '',
    }),
  );

export const gatherServiceAccounts = () =>
  mapping(
    ({ metadata, automountServiceAccountToken: automount }: ListedServiceAccount): ServiceAccountFacts => ({
      namespace: metadata.namespace ?? '',
      name: metadata.name,
      automount,
    }),
  );

export const gatherNames = () => mapping(({ metadata }: ListedObject) => metadata.name);

export const gatherObjects = (kind: string) =>
  mapping(
    ({ metadata }: ListedObject): NamedObject => ({ kind, namespace: metadata.namespace ?? '', name: metadata.name }),
  );

export function gatherNamespacesOf(): Gathering<ListedObject, Set<string>> {
  const result = new Set<string>();
  return { result, add: ({ metadata }) => result.add(metadata.namespace ?? '') };
}

export function gatherConfigMaps(): Gathering<ListedConfigMap, ConfigMapFacts> {
  const suspects: ConfigMapFacts['suspects'][number][] = [];
  const result: { suspects: typeof suspects; ciliumPolicy: string | undefined } = { suspects, ciliumPolicy: undefined };
  return {
    result,
    add: ({ metadata: { namespace = '', name }, data = {} }) => {
      if (namespace === 'kube-system' && name === 'cilium-config') result.ciliumPolicy = data['enable-policy'];
      const keys = Object.entries(data)
        .filter(([key, value]) => value !== '' && (namesSecret(key) || holdsSecret(value)))
        .map(([key]) => key);
      if (keys.length > 0) suspects.push({ namespace, name, keys });
    },
  };
}

/** Names of policies of Cilium that are for every pod of the cluster. */
export function gatherClusterwidePolicies(): Gathering<ListedCiliumClusterwidePolicy, string[]> {
  const result: string[] = [];
  return {
    result,
    add: ({ metadata, spec, specs = [] }) => {
      const selectors = [spec, ...specs].flatMap((one) => one?.endpointSelector ?? []);
      const isAll = (selector: (typeof selectors)[number]) =>
        Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0;
      if (selectors.some(isAll)) result.push(`CiliumClusterwideNetworkPolicy ${metadata.name}`);
    },
  };
}

/** Names of Kyverno's policies that verify images. */
export function gatherImagePolicies(kind: string): Gathering<ListedClusterPolicy, string[]> {
  const result: string[] = [];
  return {
    result,
    add: ({ metadata, spec }) => {
      if (spec?.rules?.some(({ verifyImages }) => (verifyImages ?? []).length > 0))
        result.push(`${kind} ${metadata.name}`);
    },
  };
}

function mapping<I extends ListedObject, T>(keep: (item: I) => T): Gathering<I, T[]> {
  const result: T[] = [];
  return { result, add: (item) => result.push(keep(item)) };
}
