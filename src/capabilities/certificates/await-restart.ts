/**
 * k8sd restarts the services of a node some time after it has answered. Where the certificate that they serve is among the new ones, what
 * is served tells when that is over; where it is not, nothing would: the refresh would look complete, and the API server go down when it
 * is another control plane's turn already, or a worker's kubelet when it was seen to be well.
 */

import type { Clients } from '../../core/clients.ts';
import type { Role } from '../../core/role.ts';
import type { NodeIdentity } from './facts.ts';
import { restartServices } from './finish-refresh.ts';

/** What is restarted, and by which certificate it is known. */
const SERVED: Readonly<Record<Role, { readonly name: string; readonly port: number }>> = {
  'control-plane': { name: 'apiserver', port: 6443 },
  worker: { name: 'kubelet', port: 10250 },
};
const CONNECT_MS = 3_000;

/** k8sd begins at once; API server and kubelet close silent connections by themselves only after half a minute. */
const RESTART_MS = 25_000;

/** To be called before k8sd is asked. @returns what to wait for when it has answered. */
export async function watchRestart(
  clients: Clients,
  { role, address }: NodeIdentity,
  names: readonly string[],
): Promise<{ readonly over: () => Promise<void>; readonly end: () => void }> {
  const { host, juju } = clients;
  const { name, port } = SERVED[role];
  const silent = address !== undefined && !names.includes(name);
  const held = silent ? await host.holdConnection(address, port, CONNECT_MS) : undefined;
  return {
    async over() {
      if (held === undefined || (await held.closed(RESTART_MS))) return;
      juju.log.warning('k8sd has not restarted the services after a refresh of certificates');
      await restartServices(clients, role);
    },
    end: () => held?.end(),
  };
}
