/** What keeps certificates from being renewed, in words for the status: pure. The way out is told by `certs-status`. */

import type { UnitStatus } from '../../../clients/juju/status.ts';
import type { Examined } from '../inventory/examined.ts';
import { thresholdOf } from '../threshold.ts';
import { type Renewable, secondsLeft } from './due.ts';

export interface Authority {
  readonly name: string;
  readonly notAfter: Date;
}

const MOST_NAMES = 3;

/** Those of the named authorities that are so near their end that what they sign now would soon be due again. */
export function endingAuthorities(
  inventory: readonly Examined[],
  names: readonly string[],
  wanted: number,
  now: Date,
): readonly Authority[] {
  return inventory.flatMap(({ name, notBefore, notAfter }) => {
    if (!names.includes(name) || notBefore === undefined || notAfter === undefined) return [];
    const near = secondsLeft({ notAfter }, now) < thresholdOf({ notBefore, notAfter }, wanted);
    return near ? [{ name, notAfter }] : [];
  });
}

/** It can be issued anew only by an authority that lives. */
export function notRenewed(
  certificates: readonly Pick<Renewable, 'name'>[],
  { name, notAfter }: Authority,
): UnitStatus {
  const message = `${listed(certificates)} not renewed: the CA ${name} ends ${notAfter.toISOString().slice(0, 10)}; certs-status tells what to do`;
  return { status: 'active', message };
}

export function firstEnd(certificates: readonly Pick<Renewable, 'notAfter'>[]): Date {
  return new Date(Math.min(...certificates.map(({ notAfter }) => notAfter.getTime())));
}

/** `juju status` is a table. */
export function listed(certificates: readonly Pick<Renewable, 'name'>[]): string {
  const names = certificates.slice(0, MOST_NAMES).map(({ name }) => name);
  const more = certificates.length - names.length;
  return more > 0 ? `${names.join(', ')} and ${more} more` : names.join(', ');
}
