/**
 * What k8sd's Helm releases bring into a cluster, as far as somebody who looks at its policies sees it: workloads with their service accounts,
 * and the roles bound to these. Every object has the label and the annotations that Helm writes.
 */

import { customResourceDefinition } from '../kubernetes/custom-resources.ts';
import type { ClusterObjects } from '../kubernetes/objects.ts';
import { typeOf } from '../kubernetes/resources.ts';
import type { Draft } from '../kubernetes/store.ts';

export interface Component {
  readonly name: string;
  readonly kind: 'DaemonSet' | 'Deployment' | 'StatefulSet';
  readonly account: string;
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Of the pods, beside containers. */
  readonly pod?: Readonly<Record<string, unknown>>;
  readonly container?: Readonly<Record<string, unknown>>;
}

export interface Release {
  readonly name: string;
  readonly namespace: string;
  readonly components: readonly Component[];
  readonly objects: readonly (readonly [resource: string, object: Draft])[];
}

const READ = ['get', 'list', 'watch'];
const RBAC = 'rbac.authorization.k8s.io';

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

const rule = (apiGroups: readonly string[], resources: readonly string[], verbs: readonly string[]): Rule => ({
  apiGroups,
  resources,
  verbs,
});

type Grant = readonly (readonly [string, Draft])[];

function clusterGrant(name: string, namespace: string, account: string, rules: readonly Rule[]): Grant {
  const subjects = [{ kind: 'ServiceAccount', name: account, namespace }];
  return [
    ['clusterroles', { metadata: { name }, rules }],
    ['clusterrolebindings', { metadata: { name }, roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name }, subjects }],
  ];
}

function grant(name: string, namespace: string, account: string, rules: readonly Rule[]): Grant {
  const subjects = [{ kind: 'ServiceAccount', name: account, namespace }];
  return [
    ['roles', { metadata: { name, namespace }, rules }],
    ['rolebindings', { metadata: { name, namespace }, roleRef: { apiGroup: RBAC, kind: 'Role', name }, subjects }],
  ];
}

const cilium = { 'app.kubernetes.io/part-of': 'cilium' };

export const releases: Readonly<Record<string, Release>> = {
  network: {
    name: 'ck-network',
    namespace: 'kube-system',
    components: [
      {
        name: 'cilium',
        kind: 'DaemonSet',
        account: 'cilium',
        image: 'ghcr.io/canonical/cilium:1.18.4-ck0',
        labels: { 'k8s-app': 'cilium', 'app.kubernetes.io/name': 'cilium-agent', ...cilium },
        pod: { hostNetwork: true, volumes: [{ name: 'bpf', hostPath: { path: '/sys/fs/bpf' } }] },
        container: { securityContext: { capabilities: { add: ['NET_ADMIN', 'SYS_ADMIN'], drop: ['ALL'] } } },
      },
      {
        name: 'cilium-operator',
        kind: 'Deployment',
        account: 'cilium-operator',
        image: 'ghcr.io/canonical/cilium-operator-generic:1.18.4-ck0',
        labels: { 'io.cilium/app': 'operator', 'app.kubernetes.io/name': 'cilium-operator', ...cilium },
        pod: { hostNetwork: true },
        container: { ports: [{ name: 'prometheus', containerPort: 9963, hostPort: 9963 }] },
      },
    ],
    objects: [
      [
        'configmaps',
        { metadata: { name: 'cilium-config', namespace: 'kube-system' }, data: { 'enable-policy': 'default' } },
      ],
      ...clusterGrant('cilium', 'kube-system', 'cilium', [
        rule([''], ['namespaces', 'services', 'pods', 'endpoints', 'nodes'], READ),
        rule(['cilium.io'], ['*'], READ),
      ]),
      ...clusterGrant('cilium-operator', 'kube-system', 'cilium-operator', [
        rule([''], ['pods'], ['get', 'list', 'watch', 'delete']),
        rule(['cilium.io'], ['*'], ['*']),
        rule(['apiextensions.k8s.io'], ['customresourcedefinitions'], ['create', 'get', 'list', 'watch']),
      ]),
      ...grant('cilium-config-agent', 'kube-system', 'cilium', [rule([''], ['configmaps'], READ)]),
      [
        'customresourcedefinitions',
        customResourceDefinition('cilium.io', 'v2', 'ciliumnetworkpolicies', 'CiliumNetworkPolicy'),
      ],
      ['customresourcedefinitions', customResourceDefinition('cilium.io', 'v2', 'ciliumendpoints', 'CiliumEndpoint')],
      [
        'customresourcedefinitions',
        customResourceDefinition(
          'cilium.io',
          'v2',
          'ciliumclusterwidenetworkpolicies',
          'CiliumClusterwideNetworkPolicy',
          'Cluster',
        ),
      ],
    ],
  },
  dns: {
    name: 'ck-dns',
    namespace: 'kube-system',
    components: [
      {
        name: 'coredns',
        kind: 'Deployment',
        account: 'coredns',
        image: 'ghcr.io/canonical/coredns:1.12.4-ck1',
        labels: { 'k8s-app': 'coredns', 'app.kubernetes.io/name': 'coredns', 'app.kubernetes.io/instance': 'ck-dns' },
        container: { securityContext: { capabilities: { add: ['NET_BIND_SERVICE'], drop: ['all'] } } },
      },
    ],
    objects: clusterGrant('coredns', 'kube-system', 'coredns', [
      rule([''], ['endpoints', 'services', 'pods', 'namespaces'], ['list', 'watch']),
    ]),
  },
  'metrics-server': {
    name: 'metrics-server',
    namespace: 'kube-system',
    components: [
      {
        name: 'metrics-server',
        kind: 'Deployment',
        account: 'metrics-server',
        image: 'ghcr.io/canonical/metrics-server:0.8.0-ck3',
        labels: { 'app.kubernetes.io/name': 'metrics-server', 'app.kubernetes.io/instance': 'metrics-server' },
      },
    ],
    objects: [
      ...clusterGrant('system:metrics-server', 'kube-system', 'metrics-server', [
        rule([''], ['nodes/metrics'], ['get']),
        rule([''], ['pods', 'nodes', 'namespaces', 'configmaps'], READ),
      ]),
    ],
  },
  'local-storage': {
    name: 'ck-storage',
    namespace: 'kube-system',
    components: [
      {
        name: 'ck-storage-rawfile-csi-controller',
        kind: 'StatefulSet',
        account: 'ck-storage-rawfile-csi-driver',
        image: 'ghcr.io/canonical/rawfile-localpv:0.8.2-ck1',
        labels: { 'app.kubernetes.io/name': 'rawfile-csi', 'app.kubernetes.io/instance': 'ck-storage' },
      },
      {
        name: 'ck-storage-rawfile-csi-node',
        kind: 'DaemonSet',
        account: 'ck-storage-rawfile-csi-driver',
        image: 'ghcr.io/canonical/rawfile-localpv:0.8.2-ck1',
        labels: { 'app.kubernetes.io/name': 'rawfile-csi', 'app.kubernetes.io/instance': 'ck-storage' },
        container: { securityContext: { privileged: true } },
      },
    ],
    objects: clusterGrant('ck-storage-rawfile-csi-provisioner', 'kube-system', 'ck-storage-rawfile-csi-driver', [
      rule([''], ['persistentvolumes'], [...READ, 'create', 'delete']),
      rule([''], ['secrets'], ['get', 'list']),
    ]),
  },
  'load-balancer': {
    name: 'metallb',
    namespace: 'metallb-system',
    components: [
      {
        name: 'metallb-controller',
        kind: 'Deployment',
        account: 'metallb-controller',
        image: 'ghcr.io/canonical/metallb-controller:v0.14.9-ck4',
        labels: { 'app.kubernetes.io/name': 'metallb', 'app.kubernetes.io/component': 'controller' },
      },
      {
        name: 'metallb-speaker',
        kind: 'DaemonSet',
        account: 'metallb-speaker',
        image: 'ghcr.io/canonical/metallb-speaker:v0.14.9-ck4',
        labels: { 'app.kubernetes.io/name': 'metallb', 'app.kubernetes.io/component': 'speaker' },
        pod: { hostNetwork: true },
      },
    ],
    objects: [
      ...clusterGrant('metallb:controller', 'metallb-system', 'metallb-controller', [
        rule([''], ['services', 'namespaces'], READ),
        rule(
          ['admissionregistration.k8s.io'],
          ['validatingwebhookconfigurations'],
          ['create', 'update', 'list', 'watch'],
        ),
      ]),
      ...grant('metallb-controller', 'metallb-system', 'metallb-controller', [
        rule([''], ['secrets'], ['create', 'get', 'list', 'watch']),
      ]),
    ],
  },
};

/** Puts a release's objects there, or takes them away. Pods come and go with the workloads. */
export async function reconcileRelease(objects: ClusterObjects, release: Release, enabled: boolean): Promise<void> {
  for (const [resource, object] of objectsOf(release)) {
    const type = typeOf(resource);
    const { namespace = '', name } = object.metadata;
    const present = await objects.find(type, namespace, name);
    if (enabled && present === undefined) await objects.create(type, marked(object, release));
    if (!enabled && present !== undefined) await objects.delete(type, namespace, name);
  }
}

/** What the controller of a component writes into its pods. */
export function podOf(
  { namespace }: Release,
  component: Component,
): Pick<Draft, 'metadata'> & { readonly spec: unknown } {
  const { name, kind, labels } = component;
  const hash = '5d8f7c9b64';
  const owner = kind === 'Deployment' ? { kind: 'ReplicaSet', name: `${name}-${hash}` } : { kind, name };
  return {
    metadata: {
      name: `${name}-0`,
      namespace,
      labels: { ...labels, ...(kind === 'Deployment' ? { 'pod-template-hash': hash } : {}) },
      ownerReferences: [{ apiVersion: 'apps/v1', ...owner, controller: true, uid: '0' }],
    },
    spec: specOf(component),
  };
}

function objectsOf(release: Release): readonly (readonly [string, Draft])[] {
  const { namespace, components, objects } = release;
  const accounts = new Set(components.map(({ account }) => account));
  return [
    ...[...accounts].map((name) => ['serviceaccounts', { metadata: { name, namespace } }] as const),
    ...objects,
    ...components.map((component) => [`${component.kind.toLowerCase()}s`, workload(release, component)] as const),
  ];
}

function workload({ namespace }: Release, component: Component): Draft {
  const { name, kind, labels } = component;
  return {
    metadata: { name, namespace, labels },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: specOf(component) } },
    status:
      kind === 'DaemonSet'
        ? { desiredNumberScheduled: 1, currentNumberScheduled: 1, numberReady: 1 }
        : { replicas: 1, readyReplicas: 1 },
  };
}

function specOf({ name, account, image, pod = {}, container = {} }: Component): unknown {
  return { serviceAccountName: account, ...pod, containers: [{ name, image, ...container }] };
}

function marked(object: Draft, release: Release): Draft {
  return {
    ...object,
    metadata: {
      ...object.metadata,
      labels: { ...object.metadata.labels, 'app.kubernetes.io/managed-by': 'Helm' },
      annotations: {
        ...object.metadata.annotations,
        'meta.helm.sh/release-name': release.name,
        'meta.helm.sh/release-namespace': release.namespace,
      },
    },
  };
}
