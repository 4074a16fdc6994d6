/** IP addresses and ranges, as far as options and joins need them. */

import { BlockList, isIP } from 'node:net';

/** Without a zone (`fe80::1%eth0`): that means something on one machine only. */
export function isAddress(text: string): boolean {
  return isIP(text) !== 0 && !text.includes('%');
}

/** `10.1.0.0/16` or `2001:db8::/32`. */
export function isCidr(text: string): boolean {
  const [address = '', prefix = '', ...rest] = text.split('/');
  const family = isIP(address);
  if (!isAddress(address) || rest.length > 0 || !/^\d{1,3}$/.test(prefix)) return false;
  return Number(prefix) <= (family === 4 ? 32 : 128);
}

/** `192.0.2.10-192.0.2.20`, first not above last, of one family. */
export function isAddressRange(text: string): boolean {
  const [first = '', last = '', ...rest] = text.split('-');
  const family = isIP(first);
  if (rest.length > 0 || !isAddress(first) || !isAddress(last) || isIP(last) !== family) return false;
  return toInteger(first) <= toInteger(last);
}

/** What is wrong with one CIDR or a pair of an IPv4 and an IPv6 one, or undefined when nothing is. */
export function dualStackProblem(text: string): string | undefined {
  const ranges = text.split(',').map((range) => range.trim());
  const wrong = ranges.find((range) => !isCidr(range));
  if (wrong !== undefined) return `has ${JSON.stringify(wrong)}, which is not a CIDR such as 10.1.0.0/16`;
  if (ranges.length > 2) return 'has more than two ranges; give one, or one IPv4 and one IPv6';
  const [first, second] = ranges.map(family);
  return first === second ? 'has two ranges of one family; give one IPv4 and one IPv6' : undefined;
}

/** Whether any range of the one list shares addresses with one of the other. Both must be valid. */
export function overlap(one: string, other: string): boolean {
  return split(one).some((a) => split(other).some((b) => contains(a, network(b)) || contains(b, network(a))));
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
  return [...one(4), ...one(6).map(explode)];
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
  const matching = subnets.filter(
    (subnet) => isCidr(subnet) && family(subnet) === isIP(address) && contains(subnet, address),
  );
  return Math.max(-1, ...matching.map((subnet) => Number(subnet.split('/')[1])));
}

function contains(range: string, address: string): boolean {
  if (family(range) !== isIP(address)) return false;
  const [start = '', prefix = ''] = range.split('/');
  const list = new BlockList();
  list.addSubnet(start, Number(prefix), name(range));
  return list.check(address, name(range));
}

function split(text: string): readonly string[] {
  return text.split(',').map((range) => range.trim());
}

function network(range: string): string {
  return range.split('/')[0] ?? '';
}

function family(range: string): number {
  return isIP(network(range));
}

function name(range: string): 'ipv4' | 'ipv6' {
  return family(range) === 4 ? 'ipv4' : 'ipv6';
}

function compare(a: string, b: string): number {
  const [x, y] = [toInteger(a), toInteger(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

function toInteger(address: string): bigint {
  if (isIP(address) === 4) return address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  return BigInt(`0x${explode(address).replaceAll(':', '')}`);
}

/** RFC 4291 section 2.2 form 1, four digits a group. */
function explode(address: string): string {
  const plain = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...parts: string[]) => {
    const [a, b, c, d] = parts.slice(0, 4).map(Number) as [number, number, number, number];
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
  const [head = '', tail] = plain.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const middle = tail === undefined ? [] : Array<string>(8 - left.length - right.length).fill('0');
  return [...left, ...middle, ...right].map((group) => group.padStart(4, '0')).join(':');
}
