/**
 * One control plane at a time, also for actions: `juju run k8s/0 k8s/1 k8s/2 refresh-certs` starts on all at once. Databags are of no
 * use there, since they are sent when an action has ended. So whoever restarts its API server holds a Lease of the cluster meanwhile.
 *
 * The lease protects the API; where the API does not answer, there is nothing to protect, and a refresh may be what brings it
 * back: then it is done without.
 */

import type { Files } from '../../clients/host/host.ts';
import { KubernetesError } from '../../clients/kubernetes/errors.ts';
import type { LeaseHolder } from '../../clients/kubernetes/kubernetes.ts';
import type { Clients } from '../../core/clients.ts';

const LEASE = { namespace: 'kube-system', name: 'k8s-charm-control-plane' };
/** Longer than a refresh may last that is given up and undone. */
const SECONDS = 30 * 60;
/** What is written before the lease is taken: a process that is killed leaves it to the next one to give it back. */
const MARK = '/var/lib/k8s-charm/lease';

const POLL_MS = 2_000;
/** As long as several control planes need one after the other, when all goes well. */
const PATIENCE_MS = 20 * 60_000;
/** An API server that has only just been restarted by somebody else is back by then. */
const SILENCE_MS = 30_000;

export type Progress = (message: string) => Promise<void>;

/** Waits for its turn, works, and lets the next one go on. @throws Error when the others do not come to an end. */
export async function withLease(clients: Clients, progress: Progress, work: () => Promise<void>): Promise<void> {
  await waitForLease(clients, progress);
  try {
    await work();
  } finally {
    await returnLease(clients);
  }
}

/**
 * Takes the lease for a hook, which does not wait: gives who has it instead. A unit that has been removed does not give it back; nobody
 * shall wait for it.
 */
export async function tryLease(
  { host, juju, kubernetes }: Clients,
  isRemoved: (unit: string) => boolean,
): Promise<LeaseHolder | undefined> {
  await host.files.write(MARK, `${juju.identity.unit}\n`, { mode: 0o600 });
  const take = () => {
    const claim = { ...LEASE, holder: juju.identity.unit, seconds: SECONDS, now: host.now() };
    return answerOf(async () => (await kubernetes())?.takeLease(claim));
  };
  let taken = await take();
  if (taken !== undefined && !(taken instanceof KubernetesError) && isRemoved(taken.holder)) {
    const { holder } = taken;
    await answerOf(async () => (await kubernetes())?.giveBackLease({ ...LEASE, holder }));
    taken = await take();
  }
  if (taken === undefined || taken instanceof KubernetesError) return undefined;
  await host.files.remove(MARK);
  return taken;
}

/** Whether a process of this unit has taken the lease and did not live to give it back. */
export async function keepsLease(files: Files): Promise<boolean> {
  return (await files.read(MARK)) !== undefined;
}

/** Without an API server that answers, it comes to its end by itself. */
export async function returnLease({ host, juju, kubernetes }: Clients): Promise<void> {
  try {
    await (await kubernetes())?.giveBackLease({ ...LEASE, holder: juju.identity.unit });
  } catch (error) {
    if (!(error instanceof KubernetesError)) throw error;
    juju.log.warning(
      `the lease ${LEASE.name} was not given back, and ends in ${SECONDS / 60} minutes: ${error.message}`,
    );
  }
  await host.files.remove(MARK);
}

async function waitForLease({ host, juju, kubernetes }: Clients, progress: Progress): Promise<void> {
  const began = host.now().getTime();
  const claim = { ...LEASE, holder: juju.identity.unit, seconds: SECONDS };
  await host.files.write(MARK, `${juju.identity.unit}\n`, { mode: 0o600 });
  let told = '';
  for (;;) {
    const taken = await answerOf(async () => (await kubernetes())?.takeLease({ ...claim, now: host.now() }));
    if (taken === undefined) return;
    const waited = host.now().getTime() - began;
    if (taken instanceof KubernetesError && waited > SILENCE_MS)
      return progress(`the API server does not answer (${taken.message}); going on without asking the others`);
    if (waited > PATIENCE_MS) {
      await host.files.remove(MARK);
      throw new Error(`${describe(taken)}; try again later`);
    }
    const text = describe(taken);
    if (text !== told) await progress(`waiting: ${text}`);
    told = text;
    await host.sleep(POLL_MS);
  }
}

async function answerOf<T>(asking: () => Promise<T>): Promise<T | KubernetesError> {
  try {
    return await asking();
  } catch (error) {
    if (error instanceof KubernetesError) return error;
    throw error;
  }
}

function describe(taken: LeaseHolder | KubernetesError): string {
  return taken instanceof KubernetesError
    ? taken.message
    : `the rollout lock is held by ${taken.holder}, until ${taken.until.toISOString()} at the latest`;
}
