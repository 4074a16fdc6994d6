/**
 * Which of the certificates that were issued for a running node are to be put into service now. Each exchange restarts services, the API
 * server among them; so those that are renewed at the same time are exchanged at once, also when they are not answered at once. Pure.
 */

import type { Standing } from '../relation/standing.ts';
import type { CertificateInService } from './in-service.ts';

export interface Exchangeable {
  readonly id: string;
  readonly standing: Standing | undefined;
  readonly inService: CertificateInService | undefined;
}

/** Longer than an authority takes that answers by itself. */
const PATIENCE_MS = 2 * 60_000;

/** Ids of wishes. */
export function dueForExchange(certificates: readonly Exchangeable[], now: Date): readonly string[] {
  const due = certificates.filter(
    ({ standing, inService }) => standing?.state === 'issued' && standing.fingerprint !== inService?.fingerprint,
  );
  const end = Math.min(...due.map(({ inService }) => inService?.notAfter.getTime() ?? 0));
  const others = certificates.some(({ standing }) => isOnItsWay(standing, end, now.getTime()));
  return others ? [] : due.map(({ id }) => id);
}

/** Waited for no longer than half of the time that what is in service has left. */
function isOnItsWay(standing: Standing | undefined, end: number, now: number): boolean {
  if (standing?.state !== 'requested' || !standing.renewal) return false;
  const asked = Date.parse(standing.since);
  return now < asked + Math.min(PATIENCE_MS, (end - asked) / 2);
}
