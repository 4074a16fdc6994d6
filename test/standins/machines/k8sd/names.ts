/** Node names and addresses, as k8sd takes them. */

import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import type { NodeMachine } from '../node/machine.ts';
import { K8sdRefusal } from './envelope.ts';

/** Lower-cased. Throws 400 for what is no host name. */
export function cleanHostname(name: string): string {
  const clean = domainToASCII(name);
  if (
    name.endsWith('.') ||
    clean === '' ||
    clean.length > 253 ||
    !/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(clean)
  ) {
    throw new K8sdRefusal(400, `invalid hostname ${JSON.stringify(name)}`);
  }
  return clean;
}

/** `ip:port` of a local interface. Throws 400. */
export function requireLocalAddress(machine: NodeMachine, address: string): void {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d+)$/.exec(address);
  const ip = match?.[1] ?? match?.[2] ?? '';
  const port = Number(match?.[3]);
  if (match === null || isIP(ip) === 0 || port < 1 || port > 65_535) {
    throw new K8sdRefusal(
      400,
      `failed to parse address ${JSON.stringify(address)}: address must be of the form ip:port`,
    );
  }
  if (ip !== machine.address)
    throw new K8sdRefusal(400, `address ${JSON.stringify(ip)} is not assigned to any local interface`);
}
