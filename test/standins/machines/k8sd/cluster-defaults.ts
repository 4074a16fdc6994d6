/** The cluster's configuration: defaults, and what k8sd refuses of it. */

import { BlockList, isIP } from 'node:net';
import { at, clone, isObject } from '../json.ts';

export const DEFAULT_POD_CIDR = '10.1.0.0/16';
export const DEFAULT_SERVICE_CIDR = '10.152.183.0/24';

/** The configuration of a new cluster: what was given, over what k8sd takes when nothing is given. */
export function withDefaults(given: Readonly<Record<string, unknown>>, minor: number): Record<string, unknown> {
  const enabled = (feature: string, otherwise: boolean): boolean =>
    (at(given, feature, 'enabled') ?? otherwise) === true;
  const network = enabled('network', false);
  const defaults: Record<string, Record<string, unknown>> = {
    network: { enabled: network, ...(minor >= 36 ? { 'kube-proxy-enabled': !network } : {}) },
    dns: {
      enabled: false,
      'cluster-domain': 'cluster.local',
      'service-ip': '',
      'upstream-nameservers': ['/etc/resolv.conf'],
    },
    ingress: { enabled: false, 'default-tls-secret': '', 'enable-proxy-protocol': false },
    gateway: { enabled: false },
    'load-balancer': {
      enabled: false,
      cidrs: [],
      'l2-mode': true,
      'l2-interfaces': [],
      'bgp-mode': false,
      'bgp-local-asn': 0,
      'bgp-peer-address': '',
      'bgp-peer-asn': 0,
      'bgp-peer-port': 179,
    },
    'local-storage': {
      enabled: false,
      'local-path': '/var/snap/k8s/common/rawfile-storage',
      'reclaim-policy': 'Delete',
      default: true,
    },
    'metrics-server': { enabled: true },
  };
  const config: Record<string, unknown> = {};
  for (const [feature, values] of Object.entries(defaults)) {
    const own = given[feature];
    config[feature] = { ...values, ...(isObject(own) ? clone(own) : {}) };
  }
  if (typeof given['cloud-provider'] === 'string') config['cloud-provider'] = given['cloud-provider'];
  if (isObject(given['annotations'])) config['annotations'] = clone(given['annotations']);
  return config;
}

export interface Networks {
  readonly podCidr: string;
  readonly serviceCidr: string;
}

/** Throws with what is wrong. */
export function validateClusterConfig(config: Readonly<Record<string, unknown>>, networks: Networks): void {
  validateNetworks(networks);
  const get = (...path: readonly string[]): unknown => at(config, ...path);
  const network = get('network', 'enabled') === true;
  if (network && get('network', 'kube-proxy-enabled') === true) {
    throw new Error('network.kube-proxy-enabled must be false when network is enabled');
  }
  for (const feature of ['gateway', 'ingress']) {
    if (get(feature, 'enabled') === true && !network) throw new Error(`${feature} requires network to be enabled`);
  }
  const serviceIp = get('dns', 'service-ip');
  if (typeof serviceIp === 'string' && serviceIp !== '' && isIP(serviceIp) === 0)
    throw new Error('dns.service-ip must be a valid IP address');
  for (const cidr of asTexts(get('load-balancer', 'cidrs'))) validateRange(cidr);
  if (get('load-balancer', 'bgp-mode') === true) validateBgp(config);
  const policy = get('local-storage', 'reclaim-policy');
  if (policy !== 'Retain' && policy !== 'Delete')
    throw new Error(`local-storage.reclaim-policy must be one of [Retain Delete], got ${String(policy)}`);
  if (get('local-storage', 'enabled') === true && get('local-storage', 'local-path') === '')
    throw new Error('local-storage.local-path must be set');
  const provider = config['cloud-provider'];
  if (provider !== undefined && provider !== '' && provider !== 'external')
    throw new Error(`invalid cloud-provider ${JSON.stringify(provider)}: must be "external" or empty`);
}

function validateBgp(config: Readonly<Record<string, unknown>>): void {
  const get = (name: string): unknown => at(config, 'load-balancer', name);
  if (get('bgp-local-asn') === 0)
    throw new Error('load-balancer.bgp-local-asn must be set when load-balancer.bgp-mode is enabled');
  if (at(config, 'annotations', 'k8sd/v1alpha1/metallb/bgp-peers') !== undefined) return;
  if (get('bgp-peer-address') === '')
    throw new Error('load-balancer.bgp-peer-address must be set when load-balancer.bgp-mode is enabled');
  if (get('bgp-peer-asn') === 0)
    throw new Error('load-balancer.bgp-peer-asn must be set when load-balancer.bgp-mode is enabled');
}

function validateRange(range: string): void {
  const [start, end] = range.split('-');
  if (end !== undefined) {
    if (isIP(start ?? '') === 0 || isIP(end) === 0)
      throw new Error(`load-balancer.cidrs contains an invalid IP range ${JSON.stringify(range)}`);
  } else if (!isCidr(range)) throw new Error(`load-balancer.cidrs contains an invalid CIDR ${JSON.stringify(range)}`);
}

function validateNetworks({ podCidr, serviceCidr }: Networks): void {
  const pods = cidrs('pod', podCidr);
  const services = cidrs('service', serviceCidr);
  for (const cidr of services) {
    if (cidr.family === 'ipv6' && cidr.prefix < 108)
      throw new Error(`invalid service CIDR ${JSON.stringify(cidr.text)}: IPv6 prefix must be at least /108`);
  }
  for (const pod of pods) {
    for (const service of services) {
      if (overlap(pod, service))
        throw new Error(
          `pod CIDR ${JSON.stringify(pod.text)} overlaps with service CIDR ${JSON.stringify(service.text)}`,
        );
    }
  }
}

interface Cidr {
  readonly text: string;
  readonly network: string;
  readonly prefix: number;
  readonly family: 'ipv4' | 'ipv6';
}

function cidrs(what: string, text: string): readonly Cidr[] {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.length > 2)
    throw new Error(`invalid ${what} CIDR ${JSON.stringify(text)}: expected one IPv4 CIDR and/or one IPv6 CIDR`);
  const parsed = parts.map((part): Cidr => {
    if (!isCidr(part)) throw new Error(`invalid ${what} CIDR ${JSON.stringify(part)}: invalid CIDR address: ${part}`);
    const [network, prefix] = part.split('/');
    return {
      text: part,
      network: network ?? '',
      prefix: Number(prefix),
      family: isIP(network ?? '') === 4 ? 'ipv4' : 'ipv6',
    };
  });
  if (parsed.length === 2 && parsed[0]?.family === parsed[1]?.family) {
    throw new Error(`invalid ${what} CIDR ${JSON.stringify(text)}: expected one IPv4 CIDR and/or one IPv6 CIDR`);
  }
  return parsed;
}

export function isCidr(text: string): boolean {
  const [network, prefix, ...more] = text.split('/');
  const family = isIP(network ?? '');
  if (family === 0 || more.length > 0 || prefix === undefined || !/^\d+$/.test(prefix)) return false;
  return Number(prefix) <= (family === 4 ? 32 : 128);
}

function overlap(one: Cidr, other: Cidr): boolean {
  return one.family === other.family && (contains(one, other.network) || contains(other, one.network));
}

function contains(cidr: Cidr, address: string): boolean {
  const list = new BlockList();
  list.addSubnet(cidr.network, cidr.prefix, cidr.family);
  return list.check(address, cidr.family);
}

function asTexts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
