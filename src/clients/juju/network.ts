/** Addresses of an endpoint's binding. */

import { isJsonObject, listFrom, objectFrom, unexpected } from './answer-shapes.ts';
import type { Check, HookTools } from './hook-tools.ts';
import type { Network } from './juju.ts';

export function readNetwork(tools: HookTools, endpoint: string): Promise<Network> {
  return tools.ask('network-get', [endpoint], networkFrom);
}

/** Juju leaves empty lists out. */
const networkFrom: Check<Network> = (answer) => {
  const network = objectFrom('network-get')(answer);
  return {
    bindAddresses: objects(network['bind-addresses']).flatMap((bound) =>
      objects(bound['addresses']).map((address) => ({
        interface: text(bound['interface-name']),
        address: text(address['value']),
        cidr: text(address['cidr']),
      })),
    ),
    ingressAddresses: listFrom('network-get')(network['ingress-addresses'] ?? []),
    egressSubnets: listFrom('network-get')(network['egress-subnets'] ?? []),
  };
};

function objects(value: unknown = []): readonly Readonly<Record<string, unknown>>[] {
  const list = value ?? [];
  if (!Array.isArray(list) || !list.every(isJsonObject)) throw unexpected('network-get', 'lists of addresses');
  return list;
}

function text(value: unknown = ''): string {
  if (typeof value !== 'string') throw unexpected('network-get', 'addresses as strings');
  return value;
}
