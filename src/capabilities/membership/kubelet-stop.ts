/**
 * Waits until the kubelet of a worker that leaves has stopped. Juju tells the leader of a departure when it begins, and the worker
 * stops its services meanwhile; a kubelet that still runs, or starts anew, registers a Node that was removed under it again.
 */

import { KubernetesError } from '../../clients/kubernetes/errors.ts';
import type { Clients } from '../../core/clients.ts';

const KUBELET_PORT = 10250;
/** Longer than a worker of the existing charms waits for its removal (30 s) before it stops its services. */
const STOP_MS = 90_000;
const POLL_MS = 500;

/** Ends when nothing listens any more, the Node is gone, or the time is over: a machine in trouble must not keep its node. */
export async function awaitKubeletStop({ host, juju, kubernetes }: Clients, unit: string, name: string): Promise<void> {
  const address = await addressOf(kubernetes, name);
  if (address === undefined) return;
  const deadline = host.now().getTime() + STOP_MS;
  while (await host.accepts(address, KUBELET_PORT, 2_000)) {
    if (host.now().getTime() >= deadline) {
      juju.log.warning(
        `kubelet of ${unit} still runs on ${address}; node ${name} is removed, and for an hour again whenever it comes back; remove the k8s snap there`,
      );
      return;
    }
    await host.sleep(POLL_MS);
  }
}

async function addressOf(kubernetes: Clients['kubernetes'], name: string): Promise<string | undefined> {
  try {
    const node = await (await kubernetes())?.node(name);
    return node?.addresses.find(({ type }) => type === 'InternalIP')?.address;
  } catch (error) {
    // Whether the API server is there is found out by the removal itself.
    if (error instanceof KubernetesError) return undefined;
    throw error;
  }
}
