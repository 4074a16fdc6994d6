/** IP addresses and address ranges: what is one, in one form each, and how they lie to each other. */

import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

type Address = ReturnType<typeof ipaddr.parse>;

/** Without a zone (`fe80::1%eth0`): that means something on one machine only, and no certificate can hold it. */
export function isAddress(text: string): boolean {
  return isIP(text) !== 0 && !text.includes('%');
}

/** `10.1.0.0/16` or `2001:db8::/32`; bits behind the prefix may be set, as Go's `net.ParseCIDR` has it. */
export function isCidr(text: string): boolean {
  const [address = '', prefix = '', ...rest] = text.split('/');
  if (!isAddress(address) || rest.length > 0 || !/^(?:0|[1-9]\d{0,2})$/.test(prefix)) return false;
  return Number(prefix) <= (isIP(address) === 4 ? 32 : 128);
}

/** `192.0.2.10-192.0.2.20`, first not above last, of one family. */
export function isAddressRange(text: string): boolean {
  const [first = '', last = '', ...rest] = text.split('-');
  if (rest.length > 0 || !isAddress(first) || !isAddress(last) || isIP(first) !== isIP(last)) return false;
  return compare(first, last) <= 0;
}

/** What is wrong with one CIDR or a pair of an IPv4 and an IPv6 one, or undefined when nothing is. */
export function dualStackProblem(text: string): string | undefined {
  const ranges = splitRanges(text);
  const wrong = ranges.find((range) => !isCidr(range));
  if (wrong !== undefined) return `has ${JSON.stringify(wrong.slice(0, 80))}, which is not a CIDR such as 10.1.0.0/16`;
  if (ranges.length > 2) return 'has more than two ranges; give one, or one IPv4 and one IPv6';
  const [first, second] = ranges.map(familyOf);
  return first === second ? 'has two ranges of one family; give one IPv4 and one IPv6' : undefined;
}

/** The ranges of `10.1.0.0/16, fd01::/108`, as written. */
export function splitRanges(text: string): readonly string[] {
  return text.split(',').map((range) => range.trim());
}

/** 4 or 6, of an address or a CIDR; 0 for neither. */
export function familyOf(text: string): number {
  return isIP(text.split('/')[0] ?? '');
}

/** The number behind the slash of a valid CIDR. */
export function prefixOf(range: string): number {
  return Number(range.split('/')[1]);
}

/**
 * Ranges in the form in which Kubernetes uses them: bits behind the prefix are zero (`10.96.10.10/20` is `10.96.0.0/20`), addresses are
 * in their short form, nothing stands between them but a comma. All must be valid.
 */
export function canonicalRanges(text: string): string {
  return splitRanges(text)
    .map((range) => `${networkOf(range)}/${prefixOf(range)}`)
    .join(',');
}

/** The address of a valid CIDR with all bits behind the prefix zero. */
export function networkOf(range: string): string {
  return familyOf(range) === 4
    ? ipaddr.IPv4.networkAddressFromCIDR(range).toString()
    : shortForm(ipaddr.IPv6.networkAddressFromCIDR(range));
}

/** The first address of a valid CIDR after that of the network: what Kubernetes gives its own service. */
export function firstAddressOf(range: string): string {
  const bytes = ipaddr.parse(networkOf(range)).toByteArray();
  for (let index = bytes.length - 1; index >= 0; index -= 1) {
    const value = ((bytes[index] ?? 0) + 1) & 0xff;
    bytes[index] = value;
    if (value !== 0) break;
  }
  return shortForm(ipaddr.fromByteArray(bytes));
}

/**
 * One form for one address: IPv6 as RFC 5952 writes it, and an IPv4 address in IPv6's clothes as what it is, since that is what ends up in
 * a certificate (Go keeps both as one).
 */
export function canonicalAddress(address: string): string {
  return shortForm(ipaddr.process(address));
}

/** Whether a valid CIDR has the address in it. */
export function rangeContains(range: string, address: string): boolean {
  if (familyOf(range) !== isIP(address)) return false;
  const [network, prefix] = ipaddr.parseCIDR(range);
  return ipaddr.parse(address).match(network, prefix);
}

/** Whether an address lies in a CIDR, in `first-last`, or is the one given. What is none of them holds nothing. */
export function rangeHolds(range: string, address: string): boolean {
  if (isCidr(range)) return rangeContains(range, address);
  if (isAddress(range)) return canonicalAddress(range) === canonicalAddress(address);
  const [first = '', last = ''] = range.split('-');
  if (!isAddressRange(range) || isIP(first) !== isIP(address)) return false;
  return compare(first, address) <= 0 && compare(address, last) <= 0;
}

/** Whether any range of the one list shares addresses with one of the other. All must be valid. */
export function overlap(one: string, other: string): boolean {
  const start = (range: string) => range.split('/')[0] ?? '';
  return splitRanges(one).some((a) =>
    splitRanges(other).some((b) => rangeContains(a, start(b)) || rangeContains(b, start(a))),
  );
}

/**
 * The addresses under which a node joins: at most one of each family, IPv4 first, then the narrowest egress subnet, then by
 * address; IPv6 written out in full, as the existing charms publish it.
 */
export function joinAddresses(ingress: readonly string[], egressSubnets: readonly string[]): readonly string[] {
  const sorted = [...new Set(ingress)]
    .filter(isAddress)
    .sort((a, b) => isIP(a) - isIP(b) || narrowest(b, egressSubnets) - narrowest(a, egressSubnets) || compare(a, b));
  const one = (family: number) => sorted.filter((address) => isIP(address) === family).slice(0, 1);
  return [...one(4), ...one(6).map(inFull)];
}

/** `10.0.0.4:6400`, `[2001:db8::1]:6400`. */
export function withPort(address: string, port: number): string {
  return isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The address in `10.0.0.4:6400`, `[2001:db8::1]:6400` or a bare address. */
export function withoutPort(text: string): string {
  const bracketed = /^\[(.+)\](?::\d+)?$/.exec(text)?.[1];
  if (bracketed !== undefined) return bracketed;
  return isIP(text) === 0 ? text.replace(/:\d+$/, '') : text;
}

function narrowest(address: string, subnets: readonly string[]): number {
  const matching = subnets.filter((subnet) => isCidr(subnet) && rangeContains(subnet, address));
  return Math.max(-1, ...matching.map(prefixOf));
}

/** Of two addresses of one family, by value. */
function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(ipaddr.parse(a).toByteArray()), Buffer.from(ipaddr.parse(b).toByteArray()));
}

function shortForm(address: Address): string {
  return address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString();
}

/** RFC 4291 section 2.2 form 1, four digits a group. */
function inFull(address: string): string {
  const digits = Buffer.from(ipaddr.parse(address).toByteArray()).toString('hex');
  return digits.replace(/.{4}(?!$)/g, '$&:');
}
