/** When a certificate is renewed: early enough to try again, and by two clocks, since one of them may stand still. */

import type { HeldCertificate, Timing } from './facts.ts';
import type { IssuedCertificate } from './issued.ts';

/** When the certificate's secret runs out, which Juju tells its owner: a share of what is left of its life at receipt. */
export function secretExpiry({ notAfter }: IssuedCertificate, { renewAt }: Timing, receivedAt: Date): Date {
  const left = notAfter.getTime() - receivedAt.getTime();
  return new Date(receivedAt.getTime() + Math.floor(left * renewAt));
}

/** For units whose agent was down when the secret ran out: a share of the certificate's whole life. */
export function safetyTime({ notBefore, notAfter }: IssuedCertificate, { safetyNet }: Timing): Date {
  return new Date(notBefore.getTime() + Math.floor((notAfter.getTime() - notBefore.getTime()) * safetyNet));
}

/**
 * When to renew without having been told. A certificate that was received later than its safety time is used to its end: another
 * request would be answered with the same, again and again.
 */
export function renewalTime({ certificate, receivedAt }: HeldCertificate, timing: Timing): Date {
  const safety = safetyTime(certificate, timing);
  return receivedAt.getTime() < safety.getTime() ? safety : certificate.notAfter;
}
