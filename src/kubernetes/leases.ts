/**
 * Leases: who may do what only one may do at a time. Written against the version that was read, so that of two who ask at once
 * one gets it; and over after a while, so that a holder that dies keeps nobody waiting for good.
 */
import type { V1Lease } from '@kubernetes/client-node/dist/gen/models/V1Lease.js';
import type { Client } from './client.ts';
import { isReason } from './failure.ts';
import type { LeaseClaim, LeaseHolder, LeaseName } from './kubernetes.ts';

const TRIES = 6;

export async function takeLease(client: Client, claim: LeaseClaim): Promise<LeaseHolder | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    const present = await readLease(client, claim);
    const holder = present && holderOf(present);
    if (holder && holder.holder !== claim.holder && holder.until > claim.now) return holder;
    try {
      await writeLease(client, claim, present);
      return undefined;
    } catch (error) {
      // Somebody else was quicker; by now it may be somebody who is done.
      const outrun = isReason(error, 'Conflict') || isReason(error, 'AlreadyExists') || isReason(error, 'NotFound');
      if (!outrun || attempt === TRIES) throw error;
    }
  }
}

export async function giveBackLease(
  client: Client,
  { holder, ...lease }: LeaseName & { holder: string },
): Promise<void> {
  const present = await readLease(client, lease);
  if (present === undefined || holderOf(present)?.holder !== holder) return;
  const { requests, answers } = await client.coordination();
  const preconditions = {
    ...(present.metadata?.uid && { uid: present.metadata.uid }),
    ...(present.metadata?.resourceVersion && { resourceVersion: present.metadata.resourceVersion }),
  };
  const { name, namespace } = lease;
  const none = undefined;
  const request = requests.deleteNamespacedLease(name, namespace, none, none, none, none, none, none, {
    preconditions,
  });
  try {
    await client.ask(request, (response) => answers.deleteNamespacedLeaseWithHttpInfo(response));
  } catch (error) {
    if (!isReason(error, 'Conflict') && !isReason(error, 'NotFound')) throw error;
  }
}

async function readLease(client: Client, { name, namespace }: LeaseName): Promise<V1Lease | undefined> {
  const { requests, answers } = await client.coordination();
  try {
    return await client.ask(requests.readNamespacedLease(name, namespace), (response) =>
      answers.readNamespacedLeaseWithHttpInfo(response),
    );
  } catch (error) {
    if (isReason(error, 'NotFound')) return undefined;
    throw error;
  }
}

async function writeLease(client: Client, claim: LeaseClaim, present: V1Lease | undefined): Promise<void> {
  const { requests, answers, MicroTime } = await client.coordination();
  const { name, namespace, holder, seconds, now } = claim;
  const time = new MicroTime(now);
  const { resourceVersion } = present?.metadata ?? {};
  const body: V1Lease = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, namespace, ...(resourceVersion && { resourceVersion }) },
    spec: { holderIdentity: holder, leaseDurationSeconds: seconds, acquireTime: time, renewTime: time },
  };
  if (present === undefined)
    await client.ask(requests.createNamespacedLease(namespace, body), (response) =>
      answers.createNamespacedLeaseWithHttpInfo(response),
    );
  else
    await client.ask(requests.replaceNamespacedLease(name, namespace, body), (response) =>
      answers.replaceNamespacedLeaseWithHttpInfo(response),
    );
}

/** Undefined when nobody has it. Whatever wrote a lease without times has it no longer. */
function holderOf({ spec }: V1Lease): LeaseHolder | undefined {
  if (!spec?.holderIdentity) return undefined;
  const renewed = new Date(String(spec.renewTime ?? '')).getTime() || 0;
  return { holder: spec.holderIdentity, until: new Date(renewed + (spec.leaseDurationSeconds ?? 0) * 1000) };
}
