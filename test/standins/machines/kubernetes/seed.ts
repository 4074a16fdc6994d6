/** What is in a cluster from its first moment: namespaces, roles, the API's own service. */

import { firstAddresses } from '../pki/control-plane.ts';
import type { ClusterState } from '../state.ts';
import { typeOf } from './resources.ts';
import type { Store } from './store.ts';

const RBAC = 'rbac.authorization.k8s.io';
const ALL = ['*'];
const READ = ['get', 'list', 'watch'];
const WRITE = [...READ, 'create', 'update', 'patch', 'delete', 'deletecollection'];

interface Rule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly verbs: readonly string[];
}

const workloads: readonly Rule[] = [
  {
    apiGroups: [''],
    resources: [
      'configmaps',
      'endpoints',
      'events',
      'persistentvolumeclaims',
      'pods',
      'replicationcontrollers',
      'serviceaccounts',
      'services',
    ],
    verbs: READ,
  },
  { apiGroups: ['apps', 'batch', 'networking.k8s.io', 'policy', 'discovery.k8s.io'], resources: ALL, verbs: READ },
  { apiGroups: [''], resources: ['namespaces'], verbs: READ },
];

const writes: readonly Rule[] = [
  ...workloads,
  {
    apiGroups: [''],
    resources: [
      'configmaps',
      'endpoints',
      'persistentvolumeclaims',
      'pods',
      'replicationcontrollers',
      'secrets',
      'serviceaccounts',
      'services',
      'pods/eviction',
    ],
    verbs: WRITE,
  },
  { apiGroups: [''], resources: ['serviceaccounts/token'], verbs: ['create'] },
  { apiGroups: ['apps', 'batch', 'networking.k8s.io', 'policy'], resources: ALL, verbs: WRITE },
];

/** Roles that every cluster has, as far as they matter to someone who asks from outside. */
const clusterRoles: Readonly<Record<string, readonly Rule[]>> = {
  'cluster-admin': [
    { apiGroups: ALL, resources: ALL, verbs: ALL },
    { nonResourceURLs: ALL, verbs: ALL },
  ],
  admin: [...writes, { apiGroups: [RBAC], resources: ['roles', 'rolebindings'], verbs: WRITE }],
  edit: writes,
  view: workloads,
  'system:discovery': [
    {
      nonResourceURLs: [
        '/api',
        '/api/*',
        '/apis',
        '/apis/*',
        '/healthz',
        '/livez',
        '/openapi',
        '/openapi/*',
        '/readyz',
        '/version',
        '/version/',
      ],
      verbs: ['get'],
    },
  ],
  'system:basic-user': [
    {
      apiGroups: ['authorization.k8s.io'],
      resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
      verbs: ['create'],
    },
    { apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'], verbs: ['create'] },
  ],
  'system:node-proxier': [
    { apiGroups: [''], resources: ['endpoints', 'services', 'nodes'], verbs: READ },
    { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: READ },
    { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch', 'update'] },
  ],
  'system:kube-controller-manager': [
    { apiGroups: ALL, resources: ALL, verbs: READ },
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create', 'get', 'update'] },
    {
      apiGroups: [''],
      resources: ['serviceaccounts', 'secrets', 'events'],
      verbs: ['create', 'get', 'update', 'delete'],
    },
    { apiGroups: [''], resources: ['serviceaccounts/token'], verbs: ['create'] },
  ],
  'system:kubelet-api-admin': [
    { apiGroups: [''], resources: ['nodes/proxy', 'nodes/log', 'nodes/stats', 'nodes/metrics'], verbs: ALL },
  ],
  'system:certificates.k8s.io:legacy-unknown-approver': [
    { apiGroups: ['certificates.k8s.io'], resources: ['signers'], verbs: ['approve'] },
  ],
  'system:controller:certificate-controller': [
    {
      apiGroups: ['certificates.k8s.io'],
      resources: ['certificatesigningrequests/approval', 'certificatesigningrequests/status'],
      verbs: ['update'],
    },
  ],
  'system:controller:clusterrole-aggregation-controller': [
    { apiGroups: [RBAC], resources: ['clusterroles'], verbs: ['escalate', 'get', 'list', 'patch', 'update', 'watch'] },
  ],
  'system:controller:namespace-controller': [
    { apiGroups: ALL, resources: ALL, verbs: ['delete', 'deletecollection', 'get', 'list'] },
  ],
  'system:controller:persistent-volume-binder': [
    { apiGroups: [''], resources: ['persistentvolumes'], verbs: [...READ, 'create', 'delete', 'update'] },
    { apiGroups: [''], resources: ['pods'], verbs: ['create', 'delete', 'get', 'list', 'watch'] },
    { apiGroups: [''], resources: ['secrets'], verbs: ['get'] },
  ],
  'system:controller:job-controller': [
    { apiGroups: [''], resources: ['pods'], verbs: ['create', 'delete', 'list', 'watch', 'patch'] },
  ],
  'system:kube-scheduler': [
    { apiGroups: ['', 'apps', 'policy', 'storage.k8s.io'], resources: ALL, verbs: READ },
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create', 'get', 'update'] },
    { apiGroups: [''], resources: ['pods/binding', 'events'], verbs: ['create', 'patch', 'update'] },
  ],
};

/** Each runs as a service account of its own in kube-system, to which its role is bound. */
const controllers = [
  'certificate-controller',
  'clusterrole-aggregation-controller',
  'namespace-controller',
  'persistent-volume-binder',
  'job-controller',
];

const bindings: readonly (readonly [string, string, 'User' | 'Group', string])[] = [
  ['cluster-admin', 'cluster-admin', 'Group', 'system:masters'],
  ['system:discovery', 'system:discovery', 'Group', 'system:authenticated'],
  ['system:basic-user', 'system:basic-user', 'Group', 'system:authenticated'],
  ['system:node-proxier', 'system:node-proxier', 'User', 'system:kube-proxy'],
  ['system:kube-controller-manager', 'system:kube-controller-manager', 'User', 'system:kube-controller-manager'],
  ['system:kube-scheduler', 'system:kube-scheduler', 'User', 'system:kube-scheduler'],
];

export function seedCluster(store: Store, cluster: ClusterState): void {
  for (const name of ['default', 'kube-node-lease', 'kube-public', 'kube-system']) {
    store.ensure(typeOf('namespaces'), {
      metadata: { name },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    });
    store.ensure(typeOf('configmaps'), {
      metadata: { name: 'kube-root-ca.crt', namespace: name },
      data: { 'ca.crt': cluster.pems['ca-crt'] ?? '' },
    });
  }
  const labels = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
  for (const [name, rules] of Object.entries(clusterRoles))
    store.ensure(typeOf('clusterroles'), { metadata: { name, labels }, rules });
  for (const [name, role, kind, subject] of bindings) {
    store.ensure(typeOf('clusterrolebindings'), {
      metadata: { name, labels },
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: role },
      subjects: [{ apiGroup: RBAC, kind, name: subject }],
    });
  }
  for (const name of controllers) {
    store.ensure(typeOf('serviceaccounts'), { metadata: { name, namespace: 'kube-system' } });
    store.ensure(typeOf('clusterrolebindings'), {
      metadata: { name: `system:controller:${name}`, labels },
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: `system:controller:${name}` },
      subjects: [{ kind: 'ServiceAccount', name, namespace: 'kube-system' }],
    });
  }
  for (const resource of ['endpoints', 'endpointslices']) {
    store.ensure(typeOf(resource), { metadata: { name: 'kubernetes', namespace: 'default' } });
  }
  store.ensure(typeOf('services'), {
    metadata: { name: 'kubernetes', namespace: 'default', labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: {
      type: 'ClusterIP',
      clusterIP: firstAddresses(cluster.serviceCidr)[0],
      ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: cluster.securePort }],
    },
  });
}
