/**
 * Leases: who may do what only one may do at a time. Written against the version that was read, so that of two who ask at once
 * one gets it; and over after a while, so that a holder that dies keeps nobody waiting for good.
 */
import { isReason } from './failure.ts';
import { anything, ask, type Client, unlessNotFound } from './json.ts';
import type { LeaseClaim, LeaseHolder, LeaseName, LeaseState } from './kubernetes.ts';
import { validate as leaseProblems } from './lease.schema.json?validator';

const TRIES = 6;

interface LeaseObject {
  readonly metadata: { readonly uid?: string; readonly resourceVersion?: string };
  readonly spec?: {
    readonly holderIdentity?: string | null;
    readonly renewTime?: string | null;
    readonly leaseDurationSeconds?: number | null;
  };
}

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

/** Undefined where there is no such lease, or nobody holds it. */
export async function leaseState(client: Client, lease: LeaseName): Promise<LeaseState | undefined> {
  const { holderIdentity, renewTime } = (await readLease(client, lease))?.spec ?? {};
  return holderIdentity ? { holder: holderIdentity, renewed: renewTime ?? '' } : undefined;
}

export async function giveBackLease(
  client: Client,
  { holder, ...lease }: LeaseName & { holder: string },
): Promise<void> {
  const present = await readLease(client, lease);
  if (present === undefined || holderOf(present)?.holder !== holder) return;
  const { uid, resourceVersion } = present.metadata;
  const preconditions = { ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) };
  const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions };
  try {
    await ask(client, { method: 'DELETE', path: pathOf(lease), body }, anything);
  } catch (error) {
    if (!isReason(error, 'Conflict') && !isReason(error, 'NotFound')) throw error;
  }
}

function readLease(client: Client, lease: LeaseName): Promise<LeaseObject | undefined> {
  return unlessNotFound(ask<LeaseObject>(client, { method: 'GET', path: pathOf(lease) }, leaseProblems));
}

async function writeLease(client: Client, claim: LeaseClaim, present: LeaseObject | undefined): Promise<void> {
  const { name, namespace, holder, seconds, now } = claim;
  const time = microTime(now);
  const { resourceVersion } = present?.metadata ?? {};
  const body = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, namespace, ...(resourceVersion && { resourceVersion }) },
    spec: { holderIdentity: holder, leaseDurationSeconds: seconds, acquireTime: time, renewTime: time },
  };
  if (present === undefined) await ask(client, { method: 'POST', path: folderOf(claim), body }, anything);
  else await ask(client, { method: 'PUT', path: pathOf(claim), body }, anything);
}

function folderOf({ namespace }: LeaseName): string {
  return `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/leases`;
}

function pathOf(lease: LeaseName): string {
  return `${folderOf(lease)}/${encodeURIComponent(lease.name)}`;
}

/** Six digits behind the seconds: the API server takes a lease's times with no others (`metav1.MicroTime`). */
function microTime(time: Date): string {
  return time.toISOString().replace('Z', '000Z');
}

/** Undefined when nobody has it. Whatever wrote a lease without times has it no longer. */
function holderOf({ spec }: LeaseObject): LeaseHolder | undefined {
  if (!spec?.holderIdentity) return undefined;
  const renewed = new Date(spec.renewTime ?? '').getTime() || 0;
  return { holder: spec.holderIdentity, until: new Date(renewed + (spec.leaseDurationSeconds ?? 0) * 1000) };
}
