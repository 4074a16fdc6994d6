/**
 * Whether a controller manager or a scheduler does its work. kube-controller-manager reads several of its files (keys, CAs, ranges) only when
 * it leads, so that a bad argument ends it seconds after it has got the lease, long after it was started. kube-scheduler judges its last
 * arguments when it has filled its caches, which takes as long as the API server does. A lease that a process leaves behind holds for half a
 * minute; nobody leads until then.
 */

import type { Kubernetes, LeaseName, LeaseState } from '../../clients/kubernetes/kubernetes.ts';
import { parseArguments } from '../../core/argument-file.ts';
import { durationMs } from '../../core/go-duration.ts';
import type { Service } from '../../core/services.ts';

/** Where a service that is to lead writes that it does, and how often. */
export interface Lead extends LeaseName {
  /** As messages name it. */
  readonly who: string;
  /** How long one must be seen to lead before it is believed. */
  readonly provenMs: number;
  readonly retryMs: number;
  /** How long a lease holds that a process leaves behind. */
  readonly holdsMs: number;
}

/** Real ones that could not read a file ended up to five seconds after they had got the lease. */
const PROVEN_MS = 8_000;

/** With the defaults of the programs themselves; k8sd gives a longer lease. */
const LEADS: Readonly<Partial<Record<Service, Lead>>> = {
  'kube-controller-manager': {
    who: 'controller manager',
    provenMs: PROVEN_MS,
    namespace: 'kube-system',
    name: 'kube-controller-manager',
    retryMs: 2_000,
    holdsMs: 15_000,
  },
  // One that has got so far as to lead has no arguments left to judge.
  'kube-scheduler': {
    who: 'scheduler',
    provenMs: 0,
    namespace: 'kube-system',
    name: 'kube-scheduler',
    retryMs: 2_000,
    holdsMs: 15_000,
  },
};

/** A lease of hours keeps no rollout for hours. */
const MOST_PATIENCE_MS = 300_000;

/** Of this many renewals one must be seen. */
const RENEWALS = 3;

/** Long beyond a lease, so that clocks may differ: who has not renewed for this long does not work. */
const LOST_MS = 120_000;

/** By the arguments of a service; undefined where it elects no leader. */
export function leadOf(service: Service, text: string): Lead | undefined {
  const usual = LEADS[service];
  if (usual === undefined) return undefined;
  const flags = parseArguments(service, text);
  if (['false', '0', 'f'].includes((flags['--leader-elect'] ?? 'true').toLowerCase())) return undefined;
  return {
    ...usual,
    namespace: flags['--leader-elect-resource-namespace'] || usual.namespace,
    name: flags['--leader-elect-resource-name'] || usual.name,
    retryMs: durationMs(flags['--leader-elect-retry-period'] ?? '') ?? usual.retryMs,
    holdsMs: durationMs(flags['--leader-elect-lease-duration'] ?? '') ?? usual.holdsMs,
  };
}

/** How long it takes to see that a good one leads, where nobody can be asked to let it and the lease before has to end first. */
export function patienceFor({ retryMs, holdsMs, provenMs }: Lead): number {
  return Math.min(MOST_PATIENCE_MS, 30_000 + provenMs + holdsMs + 2 * RENEWALS * retryMs);
}

/** Whether nobody has renewed the lease for longer than any leader takes. */
export function isLost({ holdsMs }: Lead, lease: LeaseState | undefined, now: Date): boolean {
  const renewed = Date.parse(lease?.renewed ?? '');
  return Number.isNaN(renewed) || now.getTime() - renewed > Math.max(LOST_MS, RENEWALS * holdsMs);
}

/** Of a process on this machine: `<host name>_<uuid>` (cmd/kube-controller-manager/app/controllermanager.go, cmd/kube-scheduler/app/options/options.go). */
function isOnHost(holder: string, hostname: string): boolean {
  return holder.toLowerCase().startsWith(`${hostname.toLowerCase()}_`);
}

/**
 * Takes the lease of a process of this machine that has ended, as the process itself would if it released it, so that the next one leads at
 * once and nobody waits for the end of the lease.
 * @param before who held it before the process was ended.
 */
export async function releaseLead(
  kubernetes: Pick<Kubernetes, 'giveBackLease'>,
  { namespace, name }: LeaseName,
  hostname: string,
  before: LeaseState | undefined,
): Promise<void> {
  if (before === undefined || !isOnHost(before.holder, hostname)) return;
  await kubernetes.giveBackLease({ namespace, name, holder: before.holder });
}

/**
 * Looks again and again. @returns a function that takes what the lease says now and tells whether the same process has held and renewed it
 * long enough to be believed, and else what is missing.
 */
export function watchLead({
  retryMs,
  provenMs,
  who,
}: Lead): (lease: LeaseState | undefined, nowMs: number) => string | undefined {
  let last: LeaseState | undefined;
  let since: number | undefined;
  let seenAlive = 0;
  return (lease, nowMs) => {
    const same = lease !== undefined && lease.holder === last?.holder;
    // What is first seen may be what a dead process has left: only who renews it lives.
    const alive = same && lease.renewed !== last?.renewed;
    if (!same || (!alive && nowMs - seenAlive > RENEWALS * retryMs)) since = undefined;
    if (alive) {
      since ??= nowMs;
      seenAlive = nowMs;
    }
    last = lease;
    if (since === undefined) return `no ${who} leads`;
    return alive && nowMs - since >= provenMs ? undefined : `the ${who} has led for a few seconds only`;
  };
}
