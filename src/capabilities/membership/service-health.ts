/** Whether a service that was restarted has come up, stays up and does its work. */

import type { Host } from '../../clients/host/host.ts';
import { KubernetesError } from '../../clients/kubernetes/errors.ts';
import type { LeaseState } from '../../clients/kubernetes/kubernetes.ts';
import type { Clients } from '../../core/clients.ts';
import type { Service } from '../../core/services.ts';
import { type Lead, watchLead } from './controller-lead.ts';

const POLL_MS = 500;
/** A service that crashes on a bad argument does so within a second or two; it has to be seen up for longer than that. */
const STEADY_POLLS = 5;
const KUBELET_PORT = 10250;
const DOWN = 'it is not running';

export interface Patience {
  readonly timeoutMs: number;
  /** How long it may be down without a break before no more is waited for; as long as anything else when not given. */
  readonly downMs?: number;
  /** Where a service is to lead, and must be seen to. */
  readonly lead?: Lead | undefined;
}

/** @returns undefined when it is well, else what was seen last. Waits up to the time given. */
export async function unhealthy(
  clients: Clients,
  service: Service,
  address: string | undefined,
  { timeoutMs, downMs = timeoutMs, lead }: Patience,
): Promise<string | undefined> {
  const { host } = clients;
  const started = host.now().getTime();
  let lastUp = started;
  let steady = 0;
  let seen = 'it did not start';
  const watch = lead && watchLead(lead);
  let answered = false;
  for (let now = started; now < started + timeoutMs; now = host.now().getTime()) {
    const trouble = await look(clients, host, service, address);
    steady = trouble === undefined ? steady + 1 : 0;
    const lease = lead && (await leaseOf(clients, lead));
    answered ||= lease !== SILENT;
    const missing = watch?.(lease === SILENT ? undefined : lease, now);
    if (steady >= STEADY_POLLS && missing === undefined) return undefined;
    if (missing !== undefined) seen = missing;
    if (trouble !== undefined) seen = trouble;
    if (trouble !== DOWN) lastUp = now;
    else if (now - lastUp >= downMs) return seen;
    await host.sleep(POLL_MS);
  }
  // Without an API server nobody leads, whatever his arguments are: that he runs is all that can be seen of him.
  return !answered && steady >= STEADY_POLLS ? undefined : seen;
}

const SILENT = 'silent';

async function leaseOf(clients: Clients, lead: Lead): Promise<LeaseState | typeof SILENT | undefined> {
  const { namespace, name } = lead;
  try {
    const kubernetes = await clients.kubernetes();
    return kubernetes === undefined ? SILENT : await kubernetes.leaseState({ namespace, name });
  } catch (error) {
    if (!(error instanceof KubernetesError)) throw error;
    return SILENT;
  }
}

async function look(
  clients: Clients,
  host: Host,
  service: Service,
  address: string | undefined,
): Promise<string | undefined> {
  const found = (await host.snapd.services('k8s')).find(({ name }) => name === service);
  if (found === undefined) return 'the snap has no such service';
  if (!found.active) return DOWN;
  if (service === 'kubelet' && address !== undefined && !(await host.accepts(address, KUBELET_PORT, 2_000)))
    return 'it does not listen';
  if (service === 'kube-apiserver' || service === 'etcd') {
    const kubernetes = await clients.kubernetes();
    if (kubernetes !== undefined && !(await kubernetes.ready())) return 'the API server is not ready';
  }
  return undefined;
}
