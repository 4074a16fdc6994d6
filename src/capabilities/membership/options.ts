/** What membership decides by, made of the values of its options; behind this file they are trusted. */

import type { ClusterConfig } from '../../clients/k8sd/k8sd.ts';
import { familyOf, overlap, prefixOf, splitRanges } from '../../core/addresses.ts';
import type { CertificateMode } from '../../core/certificate-mode.ts';
import type { Checked } from '../../core/option-problem.ts';
import { type Contradiction, type RawOptions, readOptions } from '../../core/options.ts';
import type { ExtraArguments, Service } from '../../core/services.ts';
import { CLUSTER_OPTIONS, type ClusterOptionValues } from './declared-options.ts';
import type { KeyValues } from './key-values.ts';
import type { Registry } from './registries.ts';

export interface NodeOptions {
  readonly snapChannel: string;
  readonly taints: readonly string[];
  readonly labels: KeyValues;
  readonly arguments: Readonly<Partial<Record<Service, ExtraArguments>>>;
  /** URI of the secret with the operator's own certificates; empty: none. */
  readonly caCertificates: string;
}

export interface ControlPlaneOptions extends NodeOptions {
  readonly datastore: 'managed-etcd' | 'etcd';
  /** Where the cluster's certificates come from. */
  readonly certificates: CertificateMode;
  /** Undefined: the snap decides. */
  readonly podCidr: string | undefined;
  readonly serviceCidr: string | undefined;
  readonly extraSans: readonly string[];
  readonly features: ClusterConfig;
  readonly annotations: KeyValues;
  readonly registries: readonly Registry[];
  /** The option itself, for the workers. */
  readonly registriesText: string;
  readonly unreadyPodNamespaces: readonly string[];
}

/** Peers that one option cannot hold are given by an annotation (canonical/k8sd, pkg/k8sd/features/metallb). */
const BGP_PEERS = 'k8sd/v1alpha1/metallb/bgp-peers';
/** k8sd takes no larger one: the API server keeps track of each address. */
const WIDEST_IPV6_SERVICES = 108;

export function readWorkerOptions(raw: RawOptions): Checked<NodeOptions> {
  const { value, problems } = readOptions(CLUSTER_OPTIONS, raw);
  const { 'kube-proxy-extra-args': proxy, 'kubelet-extra-args': kubelet } = value;
  return { value: nodeOptions(value, { 'kube-proxy': proxy, kubelet }), problems };
}

export function readControlPlaneOptions(raw: RawOptions): Checked<ControlPlaneOptions> {
  const { value, problems } = readOptions(CLUSTER_OPTIONS, raw, contradictions);
  const options: ControlPlaneOptions = {
    ...nodeOptions(value, {
      'kube-apiserver': value['kube-apiserver-extra-args'],
      'kube-controller-manager': value['kube-controller-manager-extra-args'],
      'kube-scheduler': value['kube-scheduler-extra-args'],
      'kube-proxy': value['kube-proxy-extra-args'],
      kubelet: value['kubelet-extra-args'],
      etcd: value['datastore-extra-args'],
    }),
    datastore: value['bootstrap-datastore'],
    certificates: value['bootstrap-certificates'],
    podCidr: value['bootstrap-pod-cidr'],
    serviceCidr: value['bootstrap-service-cidr'],
    extraSans: [...new Set(value['kube-apiserver-extra-sans'])],
    features: featuresOf(value),
    annotations: value['cluster-annotations'],
    registries: value['containerd-custom-registries'].list,
    registriesText: value['containerd-custom-registries'].text,
    unreadyPodNamespaces: value['unready-pod-namespaces'],
  };
  return { value: options, problems };
}

function nodeOptions(value: ClusterOptionValues, services: NodeOptions['arguments']): NodeOptions {
  return {
    snapChannel: value['snap-channel'],
    taints: value['bootstrap-node-taints'],
    labels: value['node-labels'],
    arguments: services,
    caCertificates: value['ca-certificates'],
  };
}

/** The feature options in k8sd's words. Empty texts mean "as k8sd decides" and are left out. */
function featuresOf(value: ClusterOptionValues): ClusterConfig {
  const kubeProxy = value['kube-proxy-enabled'];
  const address = value['dns-service-ip'];
  const nameservers = value['dns-upstream-nameservers'];
  return {
    network: {
      enabled: value['network-enabled'],
      ...(kubeProxy === undefined ? {} : { 'kube-proxy-enabled': kubeProxy }),
    },
    dns: {
      enabled: value['dns-enabled'],
      'cluster-domain': value['dns-cluster-domain'],
      ...(address === '' ? {} : { 'service-ip': address }),
      'upstream-nameservers': nameservers.length === 0 ? ['/etc/resolv.conf'] : [...nameservers],
    },
    gateway: { enabled: value['gateway-enabled'] },
    ingress: {
      enabled: value['ingress-enabled'],
      'default-tls-secret': value['ingress-default-tls-secret'],
      'enable-proxy-protocol': value['ingress-enable-proxy-protocol'],
    },
    'load-balancer': {
      enabled: value['load-balancer-enabled'],
      cidrs: [...value['load-balancer-cidrs']],
      'l2-mode': value['load-balancer-l2-mode'],
      'l2-interfaces': [...value['load-balancer-l2-interfaces']],
      'bgp-mode': value['load-balancer-bgp-mode'],
      'bgp-local-asn': value['load-balancer-bgp-local-asn'],
      'bgp-peer-address': value['load-balancer-bgp-peer-address'],
      'bgp-peer-port': value['load-balancer-bgp-peer-port'],
      'bgp-peer-asn': value['load-balancer-bgp-peer-asn'],
    },
    'local-storage': {
      enabled: value['local-storage-enabled'],
      'local-path': value['local-storage-local-path'],
      'reclaim-policy': value['local-storage-reclaim-policy'],
    },
    'metrics-server': { enabled: value['metrics-server-enabled'] },
  };
}

type ClusterContradiction = Contradiction<keyof typeof CLUSTER_OPTIONS>;

function contradictions(value: ClusterOptionValues): readonly ClusterContradiction[] {
  return [...rangeContradictions(value), ...featureContradictions(value), ...bgpContradictions(value)];
}

function rangeContradictions(value: ClusterOptionValues): readonly ClusterContradiction[] {
  const { 'bootstrap-pod-cidr': pods, 'bootstrap-service-cidr': services } = value;
  const option = 'bootstrap-service-cidr';
  const wide = splitRanges(services ?? '').find(
    (range) => familyOf(range) === 6 && prefixOf(range) < WIDEST_IPV6_SERVICES,
  );
  if (services === undefined && value['bootstrap-certificates'] === 'external')
    return [
      {
        option,
        message:
          "must name the range while bootstrap-certificates is external: the API server's certificate holds its first address",
        beside: ['bootstrap-certificates'],
      },
    ];
  if (wide !== undefined) {
    const message = `has ${wide}, which is too large; an IPv6 range of services is /${WIDEST_IPV6_SERVICES} or smaller`;
    return [{ option, message, beside: [] }];
  }
  if (!pods || !services || !overlap(pods, services)) return [];
  const message = 'shares addresses with bootstrap-pod-cidr; give ranges that do not overlap';
  return [{ option, message, beside: ['bootstrap-pod-cidr'] }];
}

function featureContradictions(value: ClusterOptionValues): readonly ClusterContradiction[] {
  const beside = ['network-enabled'] as const;
  if (value['network-enabled'])
    return value['kube-proxy-enabled']
      ? [{ option: 'kube-proxy-enabled', message: 'must not be true while network-enabled is true', beside }]
      : [];
  return (['gateway-enabled', 'ingress-enabled'] as const).flatMap((option) =>
    value[option] ? [{ option, message: 'needs network-enabled to be true', beside }] : [],
  );
}

/** k8sd insists on them whether the load balancer is on or not. */
function bgpContradictions(value: ClusterOptionValues): readonly ClusterContradiction[] {
  if (!value['load-balancer-bgp-mode']) return [];
  const needed = (option: ClusterContradiction['option']) => ({
    option,
    message: 'is needed while load-balancer-bgp-mode is true',
    beside: ['cluster-annotations'] as const,
  });
  const annotated = Object.hasOwn(value['cluster-annotations'], BGP_PEERS);
  return [
    ...(value['load-balancer-bgp-local-asn'] === 0 ? [needed('load-balancer-bgp-local-asn')] : []),
    ...(value['load-balancer-bgp-peer-address'] === '' && !annotated ? [needed('load-balancer-bgp-peer-address')] : []),
    ...(value['load-balancer-bgp-peer-asn'] === 0 && !annotated ? [needed('load-balancer-bgp-peer-asn')] : []),
  ];
}
