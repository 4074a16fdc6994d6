/**
 * k8sd restarts the services of a control plane some time after it has answered. Where the API server's certificate is among the new
 * ones, what it serves tells when that is over; where it is not, nothing would: the refresh would look complete, and the API server go
 * down when it is another control plane's turn already.
 */

import type { Doors } from './doors.ts';
import type { NodeIdentity } from './facts.ts';
import { restartServices } from './finish-refresh.ts';

const API_PORT = 6443;
const CONNECT_MS = 3_000;

/** k8sd begins at once; an API server closes silent connections by itself only after half a minute. */
const RESTART_MS = 25_000;

/** To be called before k8sd is asked. @returns what to wait for when it has answered. */
export async function watchRestart(
  doors: Doors,
  { role, address }: NodeIdentity,
  names: readonly string[],
): Promise<{ readonly over: () => Promise<void>; readonly end: () => void }> {
  const { host, juju } = doors;
  const silent = role === 'control-plane' && address !== undefined && !names.includes('apiserver');
  const held = silent ? await host.holdConnection(address, API_PORT, CONNECT_MS) : undefined;
  return {
    async over() {
      if (held === undefined || (await held.closed(RESTART_MS))) return;
      juju.log.warning('k8sd has not restarted the services after a refresh of certificates');
      await restartServices(doors, role);
    },
    end: () => held?.end(),
  };
}
