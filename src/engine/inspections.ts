/** What is looked at once, after all changes: how the node is, and what its status has to tell beside. */

import type { Charm, Inspection, Occasion } from '../core/capability.ts';
import type { Clients } from '../core/clients.ts';
import type { Snapshot } from './snapshot.ts';

/** @param refused names of capabilities in whose way something stands (`admit`). */
export async function inspectAll(
  clients: Clients,
  charm: Charm,
  { node, membership, observed }: Snapshot,
  { refused = [], ...occasion }: Omit<Occasion, 'admitted'> & { readonly refused?: readonly string[] },
): Promise<Inspection> {
  const found: Inspection[] = [];
  for (const one of charm.capabilities) {
    const own = one === 'membership' ? charm.membership : one;
    const last = { ...occasion, admitted: !refused.includes(own.name) };
    const inspection =
      one === 'membership'
        ? await charm.membership.inspect(clients, membership, last)
        : await one.inspect?.(clients, node, observed.get(one)?.options, last);
    if (inspection !== undefined) found.push(inspection);
  }
  return { reports: found.flatMap(({ reports }) => reports), again: found.some(({ again }) => again === true) };
}
