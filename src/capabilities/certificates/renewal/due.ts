/** Which certificates are to be renewed now, and for how long: pure. */

import type { Role } from '../../../core/role.ts';
import type { Examined } from '../inventory/examined.ts';
import { placeIn } from '../inventory/findings.ts';
import type { Manager } from '../inventory/record.ts';
import { thresholdOf } from '../threshold.ts';

export interface Renewable {
  readonly name: string;
  /** Names of the authority that signs it. */
  readonly authority: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** Those that k8sd issues anew when it is asked to: not authorities, nor what it makes only once, nor what somebody else brings. */
export function renewableCertificates(
  inventory: readonly Examined[],
  circumstances: { readonly role: Role; readonly managers: Readonly<Record<string, Manager>> },
): readonly Renewable[] {
  return inventory.flatMap((one) => {
    const place = placeIn(inventory, circumstances.role, one.name);
    const { name, notBefore, notAfter, issuable } = one;
    const ours = place.renewal === 'refresh' && issuable && (circumstances.managers[name] ?? 'snap') === 'snap';
    if (!ours || place.authority === undefined || notBefore === undefined || notAfter === undefined) return [];
    return [{ name, authority: place.authority, notBefore, notAfter }];
  });
}

/** Whether the rest of its life is shorter than so many times its threshold. */
export function endsWithin(one: Renewable, wanted: number, times: number, now: Date): boolean {
  return secondsLeft(one, now) < thresholdOf(one, wanted) * times;
}

/**
 * All that are to be renewed together: those that are due, and with them those that would be before long, since each renewal restarts
 * services. Empty while none is due.
 */
export function dueTogether(renewable: readonly Renewable[], wanted: number, now: Date): readonly Renewable[] {
  const due = renewable.some((one) => endsWithin(one, wanted, 1, now));
  return due ? renewable.filter((one) => endsWithin(one, wanted, 2, now)) : [];
}

export function secondsLeft({ notAfter }: Pick<Renewable, 'notAfter'>, now: Date): number {
  return (notAfter.getTime() - now.getTime()) / 1000;
}
