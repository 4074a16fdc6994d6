/** An action that disturbs the node does so while no other control-plane node is disturbed, or down. */

import type { Clients } from '../../core/clients.ts';
import type { Node } from '../../core/node.ts';
import { withLease } from './lease.ts';
import { GRANT } from './lock.ts';

const API_PORT = 6443;
const API_MS = 5_000;

export async function exclusively(
  clients: Clients,
  node: Node,
  progress: (message: string) => Promise<void>,
  work: () => Promise<void>,
): Promise<void> {
  refuseDuringRollout(node, clients.juju.identity.unit);
  const others = [...node.members].flatMap(([unit, bag]) =>
    bag['ingress-address'] ? [[unit, bag['ingress-address']] as const] : [],
  );
  const guarded = async () => {
    await refuseWhileOthersAreDown(clients, others);
    await work();
  };
  await (others.length > 0 ? withLease(clients, progress, guarded) : guarded());
}

function refuseDuringRollout({ peers }: Node, unit: string): void {
  const grant = peers?.shared[GRANT];
  if (grant && !grant.includes(`"${unit}"`))
    throw new Error('a change is being rolled out over the control planes; try again when it is done');
}

/** The work restarts this unit's API server: the others have to carry the cluster meanwhile. */
async function refuseWhileOthersAreDown(
  { host }: Clients,
  others: readonly (readonly [string, string])[],
): Promise<void> {
  const answers = await Promise.all(others.map(([, address]) => host.accepts(address, API_PORT, API_MS)));
  const silent = others.filter((_, index) => !answers[index]).map(([unit]) => unit);
  if (silent.length > 0)
    throw new Error(`the API server of ${silent.join(', ')} does not answer; refresh one control plane at a time`);
}
