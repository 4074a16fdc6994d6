/**
 * Which flags k8sd itself gives to each service (canonical/k8sd, pkg/k8sd/setup, snap 1.36).
 *
 * An extra argument that k8sd does not know can be given to it at bootstrap or join: before it there was nothing, and to
 * take it back is to delete it. One that replaces a default has to be set afterwards in the file, where the default can
 * be read and remembered first; k8sd never tells what it would have been.
 */

import type { Service } from '../../core/services.ts';

const DEFAULTS: Readonly<Record<Service, ReadonlySet<string>>> = {
  'kube-apiserver': flags(`advertise-address allow-privileged anonymous-auth authentication-token-webhook-config-file
    authorization-mode client-ca-file enable-admission-plugins etcd-servers etcd-cafile etcd-certfile etcd-keyfile
    kubelet-certificate-authority kubelet-client-certificate kubelet-client-key kubelet-preferred-address-types profiling
    proxy-client-cert-file proxy-client-key-file request-timeout requestheader-allowed-names requestheader-client-ca-file
    requestheader-extra-headers-prefix requestheader-group-headers requestheader-username-headers secure-port
    service-account-issuer service-account-key-file service-account-signing-key-file service-cluster-ip-range
    tls-cert-file tls-private-key-file tls-min-version tls-cipher-suites`),
  'kube-controller-manager': flags(`authentication-kubeconfig authorization-kubeconfig kubeconfig
    leader-elect-lease-duration leader-elect-renew-deadline profiling root-ca-file service-account-private-key-file
    terminated-pod-gc-threshold tls-min-version use-service-account-credentials cluster-signing-cert-file
    cluster-signing-key-file cloud-provider`),
  'kube-scheduler': flags(`authentication-kubeconfig authorization-kubeconfig kubeconfig leader-elect-lease-duration
    leader-elect-renew-deadline profiling tls-min-version`),
  'kube-proxy': flags(
    'cluster-cidr healthz-bind-address kubeconfig profiling hostname-override conntrack-max-per-core',
  ),
  kubelet: flags(`anonymous-auth authentication-token-webhook authorization-mode cgroup-driver client-ca-file containerd
    container-runtime-endpoint eviction-hard fail-swap-on kubeconfig node-ip node-labels read-only-port
    register-with-taints root-dir serialize-image-pulls tls-cert-file tls-private-key-file tls-cipher-suites cluster-dns
    cluster-domain cloud-provider hostname-override`),
  etcd: flags(`data-dir name initial-advertise-peer-urls listen-peer-urls listen-client-urls advertise-client-urls
    initial-cluster-state initial-cluster client-cert-auth trusted-ca-file peer-trusted-ca-file cert-file key-file
    peer-client-cert-auth peer-cert-file peer-key-file auto-tls peer-auto-tls`),
};

const ECDHE_SUITES = [
  'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
  'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
  'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305',
  'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305',
];

const KUBELET_SUITES = [
  'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
  'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305',
  'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
  'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305',
  'TLS_RSA_WITH_AES_128_GCM_SHA256',
  'TLS_RSA_WITH_AES_256_GCM_SHA384',
];

/** Defaults of which the value is the same in every cluster and in all releases from 1.32 to 1.36. */
const VALUES: Readonly<Partial<Record<Service, Readonly<Record<string, string>>>>> = {
  'kube-apiserver': {
    '--enable-admission-plugins': 'NodeRestriction',
    '--tls-cipher-suites': ECDHE_SUITES.join(','),
    '--tls-min-version': 'VersionTLS12',
  },
  'kube-controller-manager': { '--tls-min-version': 'VersionTLS12' },
  'kube-scheduler': { '--tls-min-version': 'VersionTLS12' },
  kubelet: { '--tls-cipher-suites': KUBELET_SUITES.join(',') },
};

/** Those of k8sd's own values that are known before there is a node: they can be replaced at birth, and given back later. */
export function knownDefaults(service: Service): Readonly<Record<string, string>> {
  return VALUES[service] ?? {};
}

/** Whether k8sd gives this flag (with its dashes) a value of its own. */
export function isDefault(service: Service, flag: string): boolean {
  return DEFAULTS[service].has(flag);
}

function flags(names: string): ReadonlySet<string> {
  return new Set(names.split(/\s+/).map((name) => `--${name}`));
}
