/**
 * Whether a controller manager does its work. kube-controller-manager reads several of its files (keys, CAs, ranges) only when it leads, so
 * that a bad argument ends it seconds after it has got the lease, long after it was started. A lease that a process leaves behind holds for
 * half a minute; nobody leads until then.
 */

import { parseArguments } from '../core/argument-file.ts';
import type { Kubernetes, LeaseState } from '../kubernetes/kubernetes.ts';
import type { Service } from './default-arguments.ts';

/** In which lease a service that is to lead writes that it does (kube-controller-manager, `--leader-elect-resource-name`). */
export const LEAD: Readonly<Partial<Record<Service, { readonly namespace: string; readonly name: string }>>> = {
  'kube-controller-manager': { namespace: 'kube-system', name: 'kube-controller-manager' },
};

/** Real ones that could not read a file ended up to five seconds after they had got the lease. */
const PROVEN_MS = 8_000;

/** A leader renews its lease every two seconds (--leader-elect-retry-period). */
const SILENCE_MS = 6_000;

/** Long beyond any lease, so that clocks may differ: who has not renewed for this long does not work. */
const LOST_MS = 120_000;

/** Whether a service elects a leader at all, by its arguments. */
export function electsLeader(service: Service, text: string): boolean {
  const value = parseArguments(service, text)['--leader-elect'] ?? 'true';
  return LEAD[service] !== undefined && !['false', '0', 'f'].includes(value.toLowerCase());
}

/** Whether nobody has renewed the lease for longer than any leader takes. */
export function isLost(lease: LeaseState | undefined, now: Date): boolean {
  const renewed = Date.parse(lease?.renewed ?? '');
  return Number.isNaN(renewed) || now.getTime() - renewed > LOST_MS;
}

/** Of a process on this machine: `<host name>_<uuid>` (cmd/kube-controller-manager/app/controllermanager.go). */
function isOnHost(holder: string, hostname: string): boolean {
  return holder.toLowerCase().startsWith(`${hostname.toLowerCase()}_`);
}

/**
 * Takes the lease of a process of this machine that has ended, as the process itself would if it released it, so that the next one leads at
 * once and nobody waits for the end of the lease.
 * @param before who held it before the process was ended.
 */
export async function releaseLead(
  kubernetes: Kubernetes,
  service: Service,
  hostname: string,
  before: LeaseState | undefined,
): Promise<void> {
  const lease = LEAD[service];
  if (lease === undefined || before === undefined || !isOnHost(before.holder, hostname)) return;
  await kubernetes.giveBackLease({ ...lease, holder: before.holder });
}

/**
 * Looks again and again. @returns a function that takes what the lease says now and tells whether the same process has held and renewed it
 * long enough to be believed, and else what is missing.
 */
export function watchLead(): (lease: LeaseState | undefined, nowMs: number) => string | undefined {
  let last: LeaseState | undefined;
  let since: number | undefined;
  let seenAlive = 0;
  return (lease, nowMs) => {
    const same = lease !== undefined && lease.holder === last?.holder;
    // What is first seen may be what a dead process has left: only who renews it lives.
    const alive = same && lease.renewed !== last?.renewed;
    if (!same || (!alive && nowMs - seenAlive > SILENCE_MS)) since = undefined;
    if (alive) {
      since ??= nowMs;
      seenAlive = nowMs;
    }
    last = lease;
    if (since === undefined) return 'no controller manager leads';
    return alive && nowMs - since >= PROVEN_MS ? undefined : 'the controller manager has led for a few seconds only';
  };
}
