/** The options of both charms, checked once; behind this door they are trusted. */

import {
  canonicalRanges,
  dualStackProblem,
  familyOf,
  isAddress,
  isAddressRange,
  isCidr,
  overlap,
  prefixOf,
  splitRanges,
  withoutPort,
} from '../core/addresses.ts';
import type { ConfigValue } from '../juju/juju.ts';
import type { ClusterConfig } from '../k8sd/k8sd.ts';
import { optionOf, SERVICES, type Service, WORKER_SERVICES } from './default-arguments.ts';
import { type ExtraArguments, parseExtraArguments } from './extra-arguments.ts';
import { CERTIFICATE_MODES, type CertificateMode, isCertificateMode } from './given-certificates.ts';
import { type KeyValues, parseAnnotations, parseLabels, parseTaints } from './key-values.ts';
import { type Checked, type OptionProblem, words } from './option-problem.ts';
import { parseRegistries, type Registry } from './registries.ts';

export type RawOptions = Readonly<Record<string, ConfigValue>>;

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

const TRACK = /^(?:latest|\d+\.\d+-classic)$/;
const RISKS = ['stable', 'candidate', 'beta', 'edge'];
const BRANCH = /^[a-zA-Z0-9][\w.-]*$/;
/** Peers that one option cannot hold are given by an annotation (canonical/k8sd, pkg/k8sd/features/metallb). */
const BGP_PEERS = 'k8sd/v1alpha1/metallb/bgp-peers';
const DNS_NAME = /^(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

const DNS_DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const NAMESPACE = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const SECRET_NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;
/** k8sd takes no larger one: the API server keeps track of each address. */
const WIDEST_IPV6_SERVICES = 108;
/** Linux takes up to 15 characters (IFNAMSIZ). */
const INTERFACE = /^[A-Za-z0-9_.@-]{1,15}$/;

export function readWorkerOptions(raw: RawOptions): Checked<NodeOptions> {
  const reader = createReader(raw);
  return { value: readNodeOptions(reader, WORKER_SERVICES), problems: reader.problems };
}

export function readControlPlaneOptions(raw: RawOptions): Checked<ControlPlaneOptions> {
  const reader = createReader(raw);
  const node = readNodeOptions(reader, SERVICES);
  const datastore = readDatastore(reader);
  const certificates = readCertificateMode(reader);
  const podCidr = readRanges(reader, 'bootstrap-pod-cidr');
  const serviceCidr = readRanges(reader, 'bootstrap-service-cidr');
  if (certificates === 'external' && serviceCidr === undefined)
    reader.refuse(
      'bootstrap-service-cidr',
      "must name the range while bootstrap-certificates is external: the API server's certificate holds its first address",
    );
  const wide = splitRanges(serviceCidr ?? '').find(
    (range) => familyOf(range) === 6 && prefixOf(range) < WIDEST_IPV6_SERVICES,
  );
  if (wide !== undefined)
    reader.refuse(
      'bootstrap-service-cidr',
      `has ${wide}, which is too large; an IPv6 range of services is /${WIDEST_IPV6_SERVICES} or smaller`,
    );
  if (podCidr && serviceCidr && reader.problems.length === 0 && overlap(podCidr, serviceCidr))
    reader.refuse(
      'bootstrap-service-cidr',
      'shares addresses with bootstrap-pod-cidr; give ranges that do not overlap',
    );
  const annotations = reader.checked(parseAnnotations('cluster-annotations', reader.text('cluster-annotations')));
  const value: ControlPlaneOptions = {
    ...node,
    datastore,
    certificates,
    podCidr,
    serviceCidr,
    extraSans: readExtraSans(reader),
    features: readFeatures(reader, annotations),
    annotations,
    registries: reader.checked(
      parseRegistries('containerd-custom-registries', reader.text('containerd-custom-registries')),
    ),
    registriesText: reader.text('containerd-custom-registries') || '[]',
    unreadyPodNamespaces: reader.each(
      'unready-pod-namespaces',
      (name) => NAMESPACE.test(name),
      'is not the name of a namespace',
    ),
  };
  return { value, problems: reader.problems };
}

/** Empty is the default of the existing charms, and means what the snap does by itself. */
function readDatastore(reader: Reader): ControlPlaneOptions['datastore'] {
  const text = reader.text('bootstrap-datastore');
  if (text === 'etcd') return text;
  if (text !== 'managed-etcd' && text !== '') reader.refuse('bootstrap-datastore', 'must be managed-etcd or etcd');
  return 'managed-etcd';
}

function readCertificateMode(reader: Reader): CertificateMode {
  const text = reader.text('bootstrap-certificates');
  if (isCertificateMode(text)) return text;
  reader.refuse('bootstrap-certificates', `must be one of ${CERTIFICATE_MODES.join(', ')}`);
  return 'snap-managed';
}

function readNodeOptions(reader: Reader, services: readonly Service[]): NodeOptions {
  const snapChannel = reader.text('snap-channel');
  const channelWrong = channelProblem(snapChannel);
  if (channelWrong !== undefined) reader.refuse('snap-channel', channelWrong);
  const pairs = services.map((service) => {
    const option = optionOf(service);
    return [service, reader.checked(parseExtraArguments(option, reader.text(option)))] as const;
  });
  return {
    snapChannel,
    taints: reader.checked(parseTaints('bootstrap-node-taints', reader.text('bootstrap-node-taints'))),
    labels: reader.checked(parseLabels('node-labels', reader.text('node-labels'))),
    arguments: Object.fromEntries(pairs),
    caCertificates: reader.text('ca-certificates'),
  };
}

/** A channel is a track, a risk, and a branch for those to whom one was given. @returns which part is wrong, and what it may be. */
function channelProblem(text: string): string | undefined {
  const [track = '', risk, branch, ...rest] = text.split('/');
  if (text === '') return 'is empty; set a channel such as 1.36-classic/stable';
  const shown = JSON.stringify(text.slice(0, 80));
  const example = 'such as 1.36-classic/stable';
  const minor = /^v?(\d+\.\d+)(?:\.\d+)?$/.exec(track)?.[1];
  if (minor !== undefined)
    return `is ${shown}, of which the track ${JSON.stringify(track)} does not exist; set ${minor}-classic/${risk ?? 'stable'}`;
  if (!TRACK.test(track))
    return `is ${shown}, of which the track ${JSON.stringify(track.slice(0, 40))} is not a version and -classic; set a channel ${example}`;
  if (risk === undefined) return `is ${shown}, which has no risk; set ${track}/stable`;
  if (!RISKS.includes(risk))
    return `is ${shown}, of which the risk ${JSON.stringify(risk.slice(0, 40))} is none of ${RISKS.join(', ')}; set ${track}/stable`;
  const wrongBranch = rest.length > 0 || (branch !== undefined && !BRANCH.test(branch));
  return wrongBranch ? `is ${shown}, of which the branch is not a name; set a channel ${example}` : undefined;
}

function readRanges(reader: Reader, option: string): string | undefined {
  const text = reader.text(option);
  if (text === 'auto' || text === '') return undefined;
  const problem = dualStackProblem(text);
  if (problem === undefined) return canonicalRanges(text);
  reader.refuse(option, problem);
  return undefined;
}

function readExtraSans(reader: Reader): readonly string[] {
  const isSan = (san: string) => isAddress(san) || DNS_NAME.test(san);
  return [...new Set(reader.each('kube-apiserver-extra-sans', isSan, 'is neither a DNS name nor an IP address'))];
}

/** The feature options in k8sd's words. Empty texts mean "as k8sd decides" and are left out. */
function readFeatures(reader: Reader, annotations: KeyValues): ClusterConfig {
  const network = reader.flag('network-enabled');
  const kubeProxy = readKubeProxy(reader);
  if (network && kubeProxy) reader.refuse('kube-proxy-enabled', 'must not be true while network-enabled is true');
  for (const option of ['gateway-enabled', 'ingress-enabled'])
    if (reader.flag(option) && !network) reader.refuse(option, 'needs network-enabled to be true');
  const tlsSecret = reader.text('ingress-default-tls-secret');
  if (tlsSecret !== '' && !SECRET_NAME.test(tlsSecret))
    reader.refuse('ingress-default-tls-secret', 'must be the name of a secret, or empty');
  return {
    network: { enabled: network, ...(kubeProxy === undefined ? {} : { 'kube-proxy-enabled': kubeProxy }) },
    dns: readDns(reader),
    gateway: { enabled: reader.flag('gateway-enabled') },
    ingress: {
      enabled: reader.flag('ingress-enabled'),
      'default-tls-secret': tlsSecret,
      'enable-proxy-protocol': reader.flag('ingress-enable-proxy-protocol'),
    },
    'load-balancer': readLoadBalancer(reader, Object.hasOwn(annotations, BGP_PEERS)),
    'local-storage': readLocalStorage(reader),
    'metrics-server': { enabled: reader.flag('metrics-server-enabled') },
  };
}

/** A string, as in the existing charms, which has a third value. @returns undefined where the network decides. */
function readKubeProxy(reader: Reader): boolean | undefined {
  const text = reader.text('kube-proxy-enabled').toLowerCase();
  if (text !== '' && text !== 'auto' && text !== 'true' && text !== 'false')
    reader.refuse('kube-proxy-enabled', 'must be auto, true or false');
  return text === 'true' ? true : text === 'false' ? false : undefined;
}

function readDns(reader: Reader): NonNullable<ClusterConfig['dns']> {
  const domain = reader.text('dns-cluster-domain');
  if (!DNS_DOMAIN.test(domain)) reader.refuse('dns-cluster-domain', 'must be a DNS domain such as cluster.local');
  const address = reader.text('dns-service-ip');
  if (address !== '' && !isAddress(address)) reader.refuse('dns-service-ip', 'must be an IP address, or empty');
  const nameservers = reader.each(
    'dns-upstream-nameservers',
    isNameserver,
    'is neither the IP address of a name server nor the path of a file like /etc/resolv.conf',
  );
  return {
    enabled: reader.flag('dns-enabled'),
    'cluster-domain': domain,
    ...(address === '' ? {} : { 'service-ip': address }),
    'upstream-nameservers': nameservers.length === 0 ? ['/etc/resolv.conf'] : [...nameservers],
  };
}

function readLoadBalancer(reader: Reader, peersAnnotated: boolean): NonNullable<ClusterConfig['load-balancer']> {
  const enabled = reader.flag('load-balancer-enabled');
  const bgp = reader.flag('load-balancer-bgp-mode');
  const isRange = (range: string) => isCidr(range) || isAddressRange(range);
  const cidrs = reader.each('load-balancer-cidrs', isRange, 'is neither a CIDR nor a range first-last');
  const isInterface = (name: string) => INTERFACE.test(name);
  const interfaces = reader.each('load-balancer-l2-interfaces', isInterface, 'is not the name of a network interface');
  const peer = reader.text('load-balancer-bgp-peer-address');
  if (peer !== '' && !isCidr(peer) && !isAddress(peer))
    reader.refuse('load-balancer-bgp-peer-address', 'must be an address or a CIDR such as 192.0.2.1/32');
  const localAsn = reader.whole('load-balancer-bgp-local-asn', 0, 4_294_967_295);
  const peerAsn = reader.whole('load-balancer-bgp-peer-asn', 0, 4_294_967_295);
  // k8sd insists on them whether the load balancer is on or not.
  if (bgp) {
    const needed = 'is needed while load-balancer-bgp-mode is true';
    if (localAsn === 0) reader.refuse('load-balancer-bgp-local-asn', needed);
    if (peer === '' && !peersAnnotated) reader.refuse('load-balancer-bgp-peer-address', needed);
    if (peerAsn === 0 && !peersAnnotated) reader.refuse('load-balancer-bgp-peer-asn', needed);
  }
  return {
    enabled,
    cidrs: [...cidrs],
    'l2-mode': reader.flag('load-balancer-l2-mode'),
    'l2-interfaces': [...interfaces],
    'bgp-mode': bgp,
    'bgp-local-asn': localAsn,
    'bgp-peer-address': peer,
    'bgp-peer-port': reader.whole('load-balancer-bgp-peer-port', 1, 65_535),
    'bgp-peer-asn': peerAsn,
  };
}

function readLocalStorage(reader: Reader): NonNullable<ClusterConfig['local-storage']> {
  const path = reader.text('local-storage-local-path');
  if (!/^\/[\w./-]+$/.test(path) || path.split('/').includes('..'))
    reader.refuse('local-storage-local-path', 'must be an absolute path');
  const policy = reader.text('local-storage-reclaim-policy');
  if (policy !== 'Delete' && policy !== 'Retain')
    reader.refuse('local-storage-reclaim-policy', 'must be Delete or Retain');
  return { enabled: reader.flag('local-storage-enabled'), 'local-path': path, 'reclaim-policy': policy };
}

/** What CoreDNS forwards to: an address, with or without scheme and port, or a file that names some. */
function isNameserver(text: string): boolean {
  if (/^\/[\w./-]+$/.test(text)) return true;
  return isAddress(withoutPort(text.replace(/^(?:dns|tls):\/\//, '')));
}

interface Reader {
  readonly problems: OptionProblem[];
  text(option: string): string;
  flag(option: string): boolean;
  whole(option: string, from: number, to: number): number;
  /** The words of an option. The first that does not hold is refused, with what it is. */
  each(option: string, holds: (word: string) => boolean, wrong: string): readonly string[];
  checked<T>(result: Checked<T>): T;
  refuse(option: string, message: string): void;
}

/** Juju checks the types of options, not more. Texts are without blanks and line breaks around them. An option that is absent reads as empty, false or the least number. */
function createReader(raw: RawOptions): Reader {
  const problems: OptionProblem[] = [];
  const refuse = (option: string, message: string) => {
    problems.push({ option, message });
  };
  // Files and block scalars end with a line break that nobody means (`juju config k8s option=@file`).
  const textOf = (option: string) => String(raw[option] ?? '').trim();
  return {
    problems,
    refuse,
    text: textOf,
    flag: (option) => raw[option] === true,
    whole(option, from, to) {
      const value = Number(raw[option] ?? from);
      if (!Number.isInteger(value) || value < from || value > to)
        refuse(option, `must be a whole number from ${from} to ${to}`);
      return value;
    },
    each(option, holds, wrong) {
      const all = words(textOf(option));
      const bad = all.find((word) => !holds(word));
      if (bad !== undefined) refuse(option, `has ${JSON.stringify(bad.slice(0, 80))}, which ${wrong}`);
      return all;
    },
    checked(result) {
      problems.push(...result.problems);
      return result.value;
    },
  };
}
