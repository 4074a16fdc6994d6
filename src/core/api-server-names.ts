/**
 * The names and addresses that the API server's certificate must have: the one place where they are put together. Clients compare what
 * they connect to with them (RFC 6125 section 6, RFC 9525), so that a missing one is an outage for those who use it.
 */

import { isIP } from 'node:net';
import { firstAddressOf, isAddress, isCidr, splitRanges } from './addresses.ts';
import { LOOPBACK, normaliseSan } from './san.ts';

export interface ApiServerNames {
  /** Of the bindings of the unit's endpoints. */
  readonly addresses: readonly string[];
  /** What the operator names: a load balancer, a DNS name. */
  readonly extraSans: readonly string[];
  /** `cluster.local` */
  readonly clusterDomain: string;
  /** One range, or one of each family separated by a comma; undefined while it is not known. */
  readonly serviceCidr: string | undefined;
}

export interface RequiredSans {
  /** Sorted, each once, in the form of `normaliseSan`. */
  readonly all: readonly string[];
  /** Those that k8sd does not put in by itself, and has to be asked for. */
  readonly extra: readonly string[];
}

/** By which pods find the API server (`kubernetes.default.svc` and shorter, by the search path of their resolver). */
const SERVICE_NAMES: readonly string[] = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];
const DEFAULT_DOMAIN = 'cluster.local';

export function apiServerSans({ addresses, extraSans, clusterDomain, serviceCidr }: ApiServerNames): RequiredSans {
  const inCluster = `kubernetes.default.svc.${clusterDomain || DEFAULT_DOMAIN}`;
  // k8sd knows the default domain only.
  const domain = clusterDomain === '' || clusterDomain === DEFAULT_DOMAIN ? [] : [inCluster];
  const extra = sorted([...addresses.filter(isAddress), ...extraSans, ...domain]);
  const intrinsic = [...SERVICE_NAMES, inCluster, ...serviceAddresses(serviceCidr), loopbackOf(addresses)];
  return { all: sorted([...extra, ...intrinsic]), extra };
}

/** Kubernetes gives its own service the first address of each range. */
function serviceAddresses(ranges: string | undefined): readonly string[] {
  return splitRanges(ranges ?? '')
    .filter(isCidr)
    .map(firstAddressOf);
}

/** Where the node's own kubeconfigs lead. */
function loopbackOf(addresses: readonly string[]): string {
  const onlyV6 = addresses.length > 0 && addresses.every((address) => isIP(address) === 6);
  return LOOPBACK[onlyV6 ? 1 : 0] ?? '';
}

function sorted(sans: readonly string[]): readonly string[] {
  return [...new Set(sans.map(normaliseSan))].sort();
}
