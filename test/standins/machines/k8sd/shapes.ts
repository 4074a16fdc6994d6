/** The fields that each request takes, by the installed minor version. */

import type { Shape } from './decode.ts';

type Fields = Readonly<Record<string, Shape>>;

const strings: Shape = { list: 'string' };
const arguments_: Shape = { map: 'argument' };

export function clusterConfigShape(minor: number): Shape {
  return {
    fields: {
      network: { fields: { enabled: 'boolean', ...(minor >= 36 ? { 'kube-proxy-enabled': 'boolean' as const } : {}) } },
      dns: {
        fields: {
          enabled: 'boolean',
          'cluster-domain': 'string',
          'service-ip': 'string',
          'upstream-nameservers': strings,
        },
      },
      ingress: { fields: { enabled: 'boolean', 'default-tls-secret': 'string', 'enable-proxy-protocol': 'boolean' } },
      'load-balancer': {
        fields: {
          enabled: 'boolean',
          cidrs: strings,
          'l2-mode': 'boolean',
          'l2-interfaces': strings,
          'bgp-mode': 'boolean',
          'bgp-local-asn': 'integer',
          'bgp-peer-address': 'string',
          'bgp-peer-asn': 'integer',
          'bgp-peer-port': 'integer',
        },
      },
      'local-storage': {
        fields: { enabled: 'boolean', 'local-path': 'string', 'reclaim-policy': 'string', default: 'boolean' },
      },
      gateway: { fields: { enabled: 'boolean' } },
      'metrics-server': { fields: { enabled: 'boolean' } },
      'cloud-provider': 'string',
      annotations: { map: 'string' },
    },
  };
}

function pairs(...names: readonly string[]): Fields {
  return Object.fromEntries(
    names.flatMap((name) => [`${name}-crt`, `${name}-key`]).map((field) => [field, 'string' as const]),
  );
}

function nodeFields(minor: number): Fields {
  return {
    'extra-node-config-files': { map: 'string' },
    'extra-node-kube-apiserver-args': arguments_,
    'extra-node-kube-controller-manager-args': arguments_,
    'extra-node-kube-scheduler-args': arguments_,
    'extra-node-kube-proxy-args': arguments_,
    'extra-node-kubelet-args': arguments_,
    'extra-node-containerd-args': arguments_,
    'extra-node-etcd-args': arguments_,
    ...(minor < 36 ? { 'extra-node-k8s-dqlite-args': arguments_ } : {}),
    'extra-node-containerd-config': { map: 'any' },
    'containerd-base-dir': 'string',
  };
}

export function bootstrapShape(minor: number): Shape {
  return {
    fields: {
      name: 'string',
      address: 'string',
      timeout: 'integer',
      config: {
        fields: {
          'cluster-config': clusterConfigShape(minor),
          'control-plane-taints': strings,
          'pod-cidr': 'string',
          'service-cidr': 'string',
          'disable-rbac': 'boolean',
          'disable-system-tuning': 'boolean',
          'secure-port': 'integer',
          ...(minor < 36 ? { 'k8s-dqlite-port': 'integer' as const } : {}),
          'etcd-port': 'integer',
          'etcd-peer-port': 'integer',
          'datastore-type': 'string',
          'datastore-servers': strings,
          'datastore-ca-crt': 'string',
          'datastore-client-crt': 'string',
          'datastore-client-key': 'string',
          'extra-sans': strings,
          ...pairs(
            'etcd-ca',
            'etcd-server',
            'etcd-peer',
            'etcd-apiserver-client',
            'ca',
            'client-ca',
            'front-proxy-ca',
            'front-proxy-client',
            'apiserver-kubelet-client',
            'admin-client',
            'kube-proxy-client',
            'kube-scheduler-client',
            'kube-controller-manager-client',
            'apiserver',
            'kubelet',
            'kubelet-client',
          ),
          'service-account-key': 'string',
          ...nodeFields(minor),
        },
      },
    },
  };
}

export const joinShape: Shape = {
  fields: { name: 'string', address: 'string', token: 'string', config: 'string', timeout: 'integer' },
};

export function controlPlaneJoinShape(minor: number): Shape {
  return {
    fields: {
      'extra-sans': strings,
      'disable-system-tuning': 'boolean',
      ...pairs(
        'front-proxy-client',
        'admin-client',
        'kube-proxy-client',
        'kube-scheduler-client',
        'kube-controller-manager-client',
        'apiserver',
        'kubelet',
        'kubelet-client',
        'etcd-server',
        'etcd-peer',
      ),
      ...nodeFields(minor),
    },
  };
}

export const workerJoinShape: Shape = {
  fields: {
    ...pairs('kubelet', 'kubelet-client', 'kube-proxy-client'),
    'disable-system-tuning': 'boolean',
    'extra-node-config-files': { map: 'string' },
    'extra-node-kube-proxy-args': arguments_,
    'extra-node-kubelet-args': arguments_,
    'extra-node-containerd-args': arguments_,
    'extra-node-k8s-apiserver-proxy-args': arguments_,
    'extra-node-containerd-config': { map: 'any' },
    'containerd-base-dir': 'string',
  },
};

export const tokenShape: Shape = { fields: { name: 'string', worker: 'boolean', ttl: 'integer' } };
export const removeShape: Shape = { fields: { name: 'string', force: 'boolean', timeout: 'integer' } };
export const kubeconfigShape: Shape = { fields: { server: 'string' } };
export const workerInfoShape: Shape = { fields: { address: 'string' } };

/** Before 1.33 there is no selection of certificates. */
export function refreshPlanShape(minor: number): Shape {
  return { fields: minor >= 33 ? { certificates: strings } : {} };
}

export function refreshRunShape(minor: number): Shape {
  return {
    fields: {
      ...(minor >= 33 ? { certificates: strings } : {}),
      seed: 'integer',
      'expiration-seconds': 'integer',
      'extra-sans': strings,
    },
  };
}

export const updateShape: Shape = {
  fields: pairs(
    'front-proxy-client',
    'apiserver-kubelet-client',
    'admin-client',
    'kube-proxy-client',
    'kube-scheduler-client',
    'kube-controller-manager-client',
    'apiserver',
    'kubelet',
    'kubelet-client',
  ),
};

export function setClusterConfigShape(minor: number): Shape {
  return {
    fields: {
      config: clusterConfigShape(minor),
      datastore: {
        fields: {
          type: 'string',
          servers: strings,
          'ca-crt': 'string',
          'client-crt': 'string',
          'client-key': 'string',
        },
      },
    },
  };
}
