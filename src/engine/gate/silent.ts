/** Control-plane nodes that are down, as far as the others can tell. */

import type { Clients } from '../../core/clients.ts';
import type { Node } from '../../core/node.ts';

export const API_PORT = 6443;

/** Other members that give an address and whose API server accepts no connection within the time. */
export async function silentMembers(
  { host }: Clients,
  { members }: Node,
  timeoutMs: number,
): Promise<readonly string[]> {
  const answers = [...members].map(async ([unit, bag]) => {
    const address = bag['ingress-address'];
    return !address || (await host.accepts(address, API_PORT, timeoutMs)) ? [] : [unit];
  });
  return (await Promise.all(answers)).flat();
}
