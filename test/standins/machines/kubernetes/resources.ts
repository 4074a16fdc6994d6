/** The kinds that this API server keeps. */

import type { Kind } from './status.ts';

export interface ResourceType extends Kind {
  readonly version: string;
  readonly namespaced: boolean;
  /** Writes through the main path leave `status` alone, writes through `/status` change nothing else. */
  readonly status: boolean;
  readonly shortNames: readonly string[];
  readonly subresources: readonly string[];
  /** `all`: what `kubectl get all` asks for. */
  readonly categories: readonly string[];
}

const IN_ALL: ReadonlySet<string> = new Set([
  'pods',
  'replicationcontrollers',
  'services',
  'daemonsets',
  'deployments',
  'replicasets',
  'statefulsets',
  'cronjobs',
  'jobs',
]);

function type(
  group: string,
  version: string,
  resource: string,
  kind: string,
  options: { namespaced?: boolean; status?: boolean; short?: readonly string[]; subresources?: readonly string[] } = {},
): ResourceType {
  return {
    group,
    version,
    resource,
    kind,
    namespaced: options.namespaced ?? true,
    status: options.status ?? false,
    shortNames: options.short ?? [],
    subresources: options.subresources ?? [],
    categories: IN_ALL.has(resource) ? ['all'] : [],
  };
}

const RBAC = 'rbac.authorization.k8s.io';
const cluster = { namespaced: false } as const;

export const resourceTypes: readonly ResourceType[] = [
  type('', 'v1', 'configmaps', 'ConfigMap', { short: ['cm'] }),
  type('', 'v1', 'endpoints', 'Endpoints', { short: ['ep'] }),
  type('', 'v1', 'events', 'Event', { short: ['ev'] }),
  type('', 'v1', 'limitranges', 'LimitRange'),
  type('', 'v1', 'namespaces', 'Namespace', { ...cluster, status: true, short: ['ns'] }),
  type('', 'v1', 'nodes', 'Node', { ...cluster, status: true, short: ['no'] }),
  type('', 'v1', 'persistentvolumeclaims', 'PersistentVolumeClaim', { status: true, short: ['pvc'] }),
  type('', 'v1', 'persistentvolumes', 'PersistentVolume', { ...cluster, status: true, short: ['pv'] }),
  type('', 'v1', 'pods', 'Pod', { status: true, short: ['po'], subresources: ['eviction'] }),
  type('', 'v1', 'replicationcontrollers', 'ReplicationController', { status: true }),
  type('', 'v1', 'resourcequotas', 'ResourceQuota', { status: true }),
  type('', 'v1', 'secrets', 'Secret'),
  type('', 'v1', 'serviceaccounts', 'ServiceAccount', { short: ['sa'], subresources: ['token'] }),
  type('', 'v1', 'services', 'Service', { status: true, short: ['svc'] }),
  type('admissionregistration.k8s.io', 'v1', 'mutatingwebhookconfigurations', 'MutatingWebhookConfiguration', cluster),
  type('admissionregistration.k8s.io', 'v1', 'validatingadmissionpolicies', 'ValidatingAdmissionPolicy', {
    ...cluster,
    status: true,
  }),
  type(
    'admissionregistration.k8s.io',
    'v1',
    'validatingadmissionpolicybindings',
    'ValidatingAdmissionPolicyBinding',
    cluster,
  ),
  type(
    'admissionregistration.k8s.io',
    'v1',
    'validatingwebhookconfigurations',
    'ValidatingWebhookConfiguration',
    cluster,
  ),
  type('apiextensions.k8s.io', 'v1', 'customresourcedefinitions', 'CustomResourceDefinition', {
    ...cluster,
    status: true,
    short: ['crd'],
  }),
  type('apps', 'v1', 'daemonsets', 'DaemonSet', { status: true, short: ['ds'] }),
  type('apps', 'v1', 'deployments', 'Deployment', { status: true, short: ['deploy'] }),
  type('apps', 'v1', 'replicasets', 'ReplicaSet', { status: true, short: ['rs'] }),
  type('apps', 'v1', 'statefulsets', 'StatefulSet', { status: true, short: ['sts'] }),
  type('batch', 'v1', 'cronjobs', 'CronJob', { status: true }),
  type('batch', 'v1', 'jobs', 'Job', { status: true }),
  type('certificates.k8s.io', 'v1', 'certificatesigningrequests', 'CertificateSigningRequest', {
    ...cluster,
    status: true,
    short: ['csr'],
    subresources: ['approval'],
  }),
  type('coordination.k8s.io', 'v1', 'leases', 'Lease'),
  type('discovery.k8s.io', 'v1', 'endpointslices', 'EndpointSlice'),
  type('networking.k8s.io', 'v1', 'ingresses', 'Ingress', { status: true }),
  type('networking.k8s.io', 'v1', 'networkpolicies', 'NetworkPolicy', { short: ['netpol'] }),
  type('policy', 'v1', 'poddisruptionbudgets', 'PodDisruptionBudget', { status: true, short: ['pdb'] }),
  type(RBAC, 'v1', 'clusterrolebindings', 'ClusterRoleBinding', cluster),
  type(RBAC, 'v1', 'clusterroles', 'ClusterRole', cluster),
  type(RBAC, 'v1', 'rolebindings', 'RoleBinding'),
  type(RBAC, 'v1', 'roles', 'Role'),
  type('scheduling.k8s.io', 'v1', 'priorityclasses', 'PriorityClass', { ...cluster, short: ['pc'] }),
  type('storage.k8s.io', 'v1', 'storageclasses', 'StorageClass', { ...cluster, short: ['sc'] }),
];

/** Kinds that are asked and not kept. */
export const questions: readonly ResourceType[] = [
  type('authentication.k8s.io', 'v1', 'selfsubjectreviews', 'SelfSubjectReview', cluster),
  type('authentication.k8s.io', 'v1', 'tokenreviews', 'TokenReview', cluster),
  type('authorization.k8s.io', 'v1', 'selfsubjectaccessreviews', 'SelfSubjectAccessReview', cluster),
  type('authorization.k8s.io', 'v1', 'subjectaccessreviews', 'SubjectAccessReview', cluster),
];

export function findType(group: string, version: string, resource: string): ResourceType | undefined {
  const same = (candidate: ResourceType): boolean =>
    candidate.group === group && candidate.version === version && candidate.resource === resource;
  return resourceTypes.find(same) ?? questions.find(same);
}

export function apiVersion(type: ResourceType): string {
  return type.group === '' ? type.version : `${type.group}/${type.version}`;
}

/** The type of a kind that is known to exist. */
export function typeOf(resource: string): ResourceType {
  const found = resourceTypes.find((candidate) => candidate.resource === resource);
  if (found === undefined) throw new Error(`no resource type ${resource}`);
  return found;
}
