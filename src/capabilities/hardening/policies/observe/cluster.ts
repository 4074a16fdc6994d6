/** Looks at a cluster through its API: all lists at the same time, each once, and of each only what rules need. */

import type { Kubernetes } from '../../../../clients/kubernetes/kubernetes.ts';
import { messageOf } from '../../../../core/thrown.ts';
import type { ApiFacts, ClusterFacts, FactName, Looked, OwnConfiguration } from '../facts.ts';
import { boundPolicies, gatherAdmissionPolicies, gatherPolicyBindings, gatherWebhooks } from './gather-admission.ts';
import { gatherCertificateRequests, inMasters } from './gather-certificate-requests.ts';
import { gatherCronJobs, gatherPods, gatherWorkloads } from './gather-pods.ts';
import {
  gatherClusterwidePolicies,
  gatherConfigMaps,
  gatherImagePolicies,
  gatherNames,
  gatherNamespaces,
  gatherNamespacesOf,
  gatherNodes,
  gatherObjects,
  gatherServiceAccounts,
} from './gather-rest.ts';
import { gatherBindings, gatherRoles } from './gather-roles.ts';
import { type Lists, listsOf } from './lists.ts';
import { residents } from './residents.ts';

interface Looking {
  readonly kubernetes: Kubernetes;
  readonly lists: Lists;
}

/** Never rejects for what the API server refuses or does not answer: such facts say why they are unseen. */
export async function observeCluster(
  kubernetes: Kubernetes,
  wanted: ReadonlySet<FactName>,
  own: OwnConfiguration,
): Promise<ApiFacts> {
  const looking = { kubernetes, lists: listsOf(kubernetes) };
  // The last one makes use of the lists that the others have asked for.
  const names = (Object.keys(LOOKS) as FactName[]).filter((name) => wanted.has(name));
  const looked = await Promise.all(names.map(async (name) => [name, await look(looking, name)] as const));
  return { ...Object.fromEntries(looked), own };
}

async function look(looking: Looking, name: FactName): Promise<Looked<unknown>> {
  try {
    return { seen: await LOOKS[name](looking) };
  } catch (error) {
    return { unseen: `${TITLES[name] ?? name}: ${messageOf(error)}` };
  }
}

const TITLES: Readonly<Partial<Record<FactName, string>>> = {
  serviceAccounts: 'service accounts',
  configMaps: 'ConfigMaps',
  networkPolicies: 'network policies',
  mastersRequests: 'certificate signing requests',
  customResources: 'custom resource definitions',
  tokenSecrets: 'Secrets',
  bootstrapTokens: 'Secrets',
  residents: 'kinds',
};

const v1 = (group: string, resource: string, kind: string) => ({ group, version: 'v1', resource, kind });
const RBAC = 'rbac.authorization.k8s.io';
const ADMISSION = 'admissionregistration.k8s.io';

const LOOKS: { readonly [K in FactName]: (looking: Looking) => Promise<ClusterFacts[K]> } = {
  version: ({ kubernetes }) => kubernetes.version(),
  nodes: ({ lists }) => lists.all(v1('', 'nodes', 'Node'), gatherNodes),
  namespaces: ({ lists }) => lists.all(v1('', 'namespaces', 'Namespace'), gatherNamespaces),
  pods: ({ lists }) => lists.all(v1('', 'pods', 'Pod'), gatherPods),
  workloads: async ({ lists }) =>
    (
      await Promise.all([
        lists.all(v1('apps', 'daemonsets', 'DaemonSet'), () => gatherWorkloads('DaemonSet')),
        lists.all(v1('apps', 'deployments', 'Deployment'), () => gatherWorkloads('Deployment')),
        lists.all(v1('apps', 'statefulsets', 'StatefulSet'), () => gatherWorkloads('StatefulSet')),
        lists.all(v1('batch', 'jobs', 'Job'), () => gatherWorkloads('Job')),
        lists.all(v1('batch', 'cronjobs', 'CronJob'), gatherCronJobs),
      ])
    ).flat(),
  serviceAccounts: ({ lists }) => lists.all(v1('', 'serviceaccounts', 'ServiceAccount'), gatherServiceAccounts),
  roles: async ({ lists }) =>
    (
      await Promise.all([
        lists.all(v1(RBAC, 'clusterroles', 'ClusterRole'), () => gatherRoles('ClusterRole')),
        lists.all(v1(RBAC, 'roles', 'Role'), () => gatherRoles('Role')),
      ])
    ).flat(),
  bindings: async ({ lists }) =>
    (
      await Promise.all([
        lists.all(v1(RBAC, 'clusterrolebindings', 'ClusterRoleBinding'), () => gatherBindings('ClusterRoleBinding')),
        lists.all(v1(RBAC, 'rolebindings', 'RoleBinding'), () => gatherBindings('RoleBinding')),
      ])
    ).flat(),
  configMaps: ({ lists }) => lists.all(v1('', 'configmaps', 'ConfigMap'), gatherConfigMaps),
  networkPolicies: async ({ lists }) => {
    const cilium = { group: 'cilium.io', version: 'v2' };
    const [own, ciliums, clusterwide] = await Promise.all([
      lists.all(v1('networking.k8s.io', 'networkpolicies', 'NetworkPolicy'), gatherNamespacesOf),
      lists.all({ ...cilium, resource: 'ciliumnetworkpolicies', kind: 'CiliumNetworkPolicy' }, gatherNamespacesOf),
      lists.all(
        { ...cilium, resource: 'ciliumclusterwidenetworkpolicies', kind: 'CiliumClusterwideNetworkPolicy' },
        gatherClusterwidePolicies,
      ),
    ]);
    return { namespaces: new Set([...own, ...ciliums]), clusterwide };
  },
  admission: async ({ lists }) => {
    const webhooks = (resource: string, kind: string) =>
      lists.all(v1(ADMISSION, resource, kind), () => gatherWebhooks(kind));
    const kyverno = (resource: string, kind: string) =>
      lists.all(v1('kyverno.io', resource, kind), () => gatherImagePolicies(kind));
    const [validating, mutating, policies, bindings, ...imagePolicies] = await Promise.all([
      webhooks('validatingwebhookconfigurations', 'ValidatingWebhookConfiguration'),
      webhooks('mutatingwebhookconfigurations', 'MutatingWebhookConfiguration'),
      lists.all(v1(ADMISSION, 'validatingadmissionpolicies', 'ValidatingAdmissionPolicy'), gatherAdmissionPolicies),
      lists.all(
        v1(ADMISSION, 'validatingadmissionpolicybindings', 'ValidatingAdmissionPolicyBinding'),
        gatherPolicyBindings,
      ),
      kyverno('clusterpolicies', 'ClusterPolicy'),
      kyverno('policies', 'Policy'),
    ]);
    return {
      guards: [...validating.guards, ...boundPolicies(policies, bindings)],
      imageVerifiers: [...validating.imageVerifiers, ...mutating.imageVerifiers, ...imagePolicies.flat()],
    };
  },
  mastersRequests: async ({ lists }) =>
    inMasters(
      await lists.all(
        v1('certificates.k8s.io', 'certificatesigningrequests', 'CertificateSigningRequest'),
        gatherCertificateRequests,
      ),
    ),
  customResources: ({ lists }) =>
    lists.all(
      {
        ...v1('apiextensions.k8s.io', 'customresourcedefinitions', 'CustomResourceDefinition'),
        metadataOnly: true,
      },
      gatherNames,
    ),
  tokenSecrets: ({ lists }) => secretsOfType(lists, 'kubernetes.io/service-account-token'),
  bootstrapTokens: ({ lists }) => secretsOfType(lists, 'bootstrap.kubernetes.io/token'),
  residents: ({ kubernetes, lists }) => residents(kubernetes, lists),
};

/** Of Secrets nothing but their metadata ever leaves the API server. */
function secretsOfType(lists: Lists, type: string): Promise<ClusterFacts['tokenSecrets']> {
  const query = { ...v1('', 'secrets', 'Secret'), fieldSelector: `type=${type}`, metadataOnly: true } as const;
  return lists.all(query, () => gatherObjects('Secret'));
}
