/** An action that disturbs the node does so while no other control-plane node is disturbed, or down. */

import type { Clients } from '../../core/clients.ts';
import type { Node } from '../../core/node.ts';
import { withLease } from './lease.ts';
import { GRANT } from './lock.ts';
import { silentMembers } from './silent.ts';

const API_MS = 5_000;

export async function exclusively(
  clients: Clients,
  node: Node,
  progress: (message: string) => Promise<void>,
  work: () => Promise<void>,
): Promise<void> {
  refuseDuringRollout(node, clients.juju.identity.unit);
  const alone = [...node.members.values()].every((bag) => !bag['ingress-address']);
  const guarded = async () => {
    await refuseWhileOthersAreDown(clients, node);
    await work();
  };
  await (alone ? guarded() : withLease(clients, progress, guarded));
}

function refuseDuringRollout({ peers }: Node, unit: string): void {
  const grant = peers?.shared[GRANT];
  if (grant && !grant.includes(`"${unit}"`))
    throw new Error('a change is being rolled out over the control planes; try again when it is done');
}

/** The work restarts this unit's API server: the others have to carry the cluster meanwhile. */
async function refuseWhileOthersAreDown(clients: Clients, node: Node): Promise<void> {
  const silent = await silentMembers(clients, node, API_MS);
  if (silent.length > 0)
    throw new Error(`the API server of ${silent.join(', ')} does not answer; refresh one control plane at a time`);
}
