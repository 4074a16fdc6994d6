/** The options of this domain, each declared once; `options.ts` makes of their values what the domain decides by. */

import {
  canonicalRanges,
  dualStackProblem,
  isAddress,
  isAddressRange,
  isCidr,
  withoutPort,
} from '../../core/addresses.ts';
import { CERTIFICATE_MODES } from '../../core/certificate-mode.ts';
import {
  BOTH,
  CONTROL_PLANE,
  choice,
  choiceOrEmpty,
  flag,
  good,
  refused,
  secret,
  text,
  textThat,
  whole,
  words,
} from '../../core/option-kinds.ts';
import type { Option, ValuesOf } from '../../core/options.ts';
import type { ExtraArguments } from '../../core/services.ts';
import { parseExtraArguments } from './extra-arguments.ts';
import { parseAnnotations, parseLabels, parseTaints } from './key-values.ts';
import { parseRegistries, REGISTRIES_LENGTH } from './registries.ts';
import { channelProblem } from './snap-channel.ts';

const DNS_NAME = /^(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;
const DNS_DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const NAMESPACE = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const SECRET_NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;
/** Linux takes up to 15 characters (IFNAMSIZ). */
const INTERFACE = /^[A-Za-z0-9_.@-]{1,15}$/;
/** Autonomous system numbers have 32 bits (RFC 6793). */
const LARGEST_ASN = 4_294_967_295;

const [ON, OFF] = [
  { on: CONTROL_PLANE, default: true },
  { on: CONTROL_PLANE, default: false },
] as const;
/** Texts that are empty by default. */
const EMPTY = { on: CONTROL_PLANE, default: '' } as const;

export const CLUSTER_OPTIONS = {
  'snap-channel': text({
    on: BOTH,
    default: '1.36-classic/stable',
    parse(option, channel) {
      const problem = channelProblem(channel);
      return problem === undefined ? good(channel) : refused(channel, option, problem);
    },
  }),
  'kube-apiserver-extra-args': extraArguments(CONTROL_PLANE),
  'kube-controller-manager-extra-args': extraArguments(CONTROL_PLANE),
  'kube-scheduler-extra-args': extraArguments(CONTROL_PLANE),
  'kube-proxy-extra-args': extraArguments(BOTH),
  'kubelet-extra-args': extraArguments(BOTH),
  'datastore-extra-args': extraArguments(CONTROL_PLANE),
  'bootstrap-node-taints': text({ on: BOTH, default: '', parse: parseTaints }),
  'node-labels': text({ on: BOTH, default: '', parse: parseLabels }),
  'ca-certificates': secret({ on: BOTH }),
  // Empty is the default of the existing charms, and means what the snap does by itself.
  'bootstrap-datastore': choiceOrEmpty(['managed-etcd', 'etcd'], {
    on: CONTROL_PLANE,
    default: 'managed-etcd',
    empty: 'managed-etcd',
  }),
  'bootstrap-certificates': choice(CERTIFICATE_MODES, { on: CONTROL_PLANE, default: 'snap-managed' }),
  'bootstrap-pod-cidr': ranges('10.1.0.0/16'),
  'bootstrap-service-cidr': ranges('10.152.183.0/24'),
  'cluster-annotations': text({ ...EMPTY, parse: parseAnnotations }),
  'kube-apiserver-extra-sans': words({
    ...EMPTY,
    holds: (san) => isAddress(san) || DNS_NAME.test(san),
    wrong: 'is neither a DNS name nor an IP address',
  }),
  'network-enabled': flag(ON),
  // A string, as in the existing charms, which has a third value: the network decides.
  'kube-proxy-enabled': text({
    on: CONTROL_PLANE,
    default: 'auto',
    parse(option, given) {
      const word = given.toLowerCase() || 'auto';
      if (word === 'true' || word === 'false') return good(word === 'true');
      return word === 'auto' ? good(undefined) : refused(undefined, option, 'must be auto, true or false');
    },
  }),
  'gateway-enabled': flag(OFF),
  'ingress-enabled': flag(OFF),
  'ingress-default-tls-secret': textThat({
    ...EMPTY,
    holds: (name) => name === '' || SECRET_NAME.test(name),
    wrong: 'must be the name of a secret, or empty',
  }),
  'ingress-enable-proxy-protocol': flag(OFF),
  'dns-enabled': flag(ON),
  'dns-cluster-domain': textThat({
    on: CONTROL_PLANE,
    default: 'cluster.local',
    holds: (domain) => DNS_DOMAIN.test(domain),
    wrong: 'must be a DNS domain such as cluster.local',
  }),
  'dns-service-ip': textThat({
    ...EMPTY,
    holds: (address) => address === '' || isAddress(address),
    wrong: 'must be an IP address, or empty',
  }),
  'dns-upstream-nameservers': words({
    ...EMPTY,
    holds: isNameserver,
    wrong: 'is neither the IP address of a name server nor the path of a file like /etc/resolv.conf',
  }),
  'load-balancer-enabled': flag(OFF),
  'load-balancer-cidrs': words({
    ...EMPTY,
    holds: (range) => isCidr(range) || isAddressRange(range),
    wrong: 'is neither a CIDR nor a range first-last',
  }),
  'load-balancer-l2-mode': flag(OFF),
  'load-balancer-l2-interfaces': words({
    ...EMPTY,
    holds: (name) => INTERFACE.test(name),
    wrong: 'is not the name of a network interface',
  }),
  'load-balancer-bgp-mode': flag(OFF),
  'load-balancer-bgp-local-asn': whole({ on: CONTROL_PLANE, default: 64_512, from: 0, to: LARGEST_ASN }),
  'load-balancer-bgp-peer-address': textThat({
    ...EMPTY,
    holds: (peer) => peer === '' || isCidr(peer) || isAddress(peer),
    wrong: 'must be an address or a CIDR such as 192.0.2.1/32',
  }),
  'load-balancer-bgp-peer-port': whole({ on: CONTROL_PLANE, default: 179, from: 1, to: 65_535 }),
  'load-balancer-bgp-peer-asn': whole({ on: CONTROL_PLANE, default: 64_513, from: 0, to: LARGEST_ASN }),
  'local-storage-enabled': flag(ON),
  'local-storage-local-path': textThat({
    on: CONTROL_PLANE,
    default: '/var/snap/k8s/common/rawfile-storage',
    holds: (path) => /^\/[\w./-]+$/.test(path) && !path.split('/').includes('..'),
    wrong: 'must be an absolute path',
  }),
  'local-storage-reclaim-policy': choice(['Delete', 'Retain'], { on: CONTROL_PLANE, default: 'Delete' }),
  'metrics-server-enabled': flag(ON),
  'containerd-custom-registries': text({
    on: CONTROL_PLANE,
    default: '[]',
    longest: REGISTRIES_LENGTH,
    parse(option, given) {
      const { value: list, problems } = parseRegistries(option, given);
      return { value: { list, text: given || '[]' }, problems };
    },
  }),
  'unready-pod-namespaces': words({
    on: CONTROL_PLANE,
    default: 'kube-system metallb-system',
    holds: (name) => NAMESPACE.test(name),
    wrong: 'is not the name of a namespace',
  }),
};

export type ClusterOptionValues = ValuesOf<typeof CLUSTER_OPTIONS>;

function extraArguments(on: typeof BOTH): Option<ExtraArguments> {
  return text({ on, default: '', parse: parseExtraArguments });
}

/** One range or two. Undefined: the snap decides. */
function ranges(usual: string): Option<string | undefined> {
  return text({
    on: CONTROL_PLANE,
    default: usual,
    parse(option, given) {
      if (given === 'auto' || given === '') return good(undefined);
      const problem = dualStackProblem(given);
      return problem === undefined ? good(canonicalRanges(given)) : refused(undefined, option, problem);
    },
  });
}

/** What CoreDNS forwards to: an address, with or without scheme and port, or a file that names some. */
function isNameserver(given: string): boolean {
  if (/^\/[\w./-]+$/.test(given)) return true;
  return isAddress(withoutPort(given.replace(/^(?:dns|tls):\/\//, '')));
}
