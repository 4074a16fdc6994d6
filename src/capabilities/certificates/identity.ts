/** The node as its certificates see it. */

import type { Clients } from '../../core/clients.ts';
import type { Node } from '../../core/node.ts';
import type { NodeIdentity } from './facts.ts';
import type { CertificateOptions } from './options.ts';
import { managersOf } from './sources/managers.ts';

/** @returns undefined while the node is in no cluster, or leaves it, or an option cannot be used. */
export async function identityOf(
  clients: Clients,
  node: Node,
  options: CertificateOptions,
): Promise<NodeIdentity | undefined> {
  if (node.member === undefined || node.leaving || node.problems.length > 0) return undefined;
  const { registered } = node;
  return {
    role: node.role,
    nodeName: node.member.name,
    minor: node.minor,
    address: node.address,
    boundAddresses: node.boundAddresses,
    requiredSans: node.apiServerSans,
    options,
    managers: await managersOf(clients, node),
    leader: node.leader,
    get reserved() {
      return registered.reserved;
    },
    get reservedRanges() {
      return registered.reservedRanges;
    },
    get workers() {
      return registered.nodes;
    },
    get workerAddresses() {
      return registered.addresses;
    },
  };
}
