/** Whether the CAs that k8sd is about to be given last long enough: it keeps them for ever, and a cluster ends with the first of them. Pure. */

import { daysUntil } from '../../../core/validity.ts';
import { orderChain } from '../relation/chain.ts';
import { type IssuedCertificate, isSignedBy, readAllIssued } from '../relation/issued.ts';

export interface BriefAuthority {
  /** k8sd's name: `ca`, `client-ca`. */
  readonly name: string;
  /** Of the certificate that ends first, which may be an issuer further up. */
  readonly commonName: string;
  readonly notAfter: Date;
  readonly days: number;
}

/**
 * The CA that ends first, where that is before the minimum is over; undefined: all last.
 * @param authorities PEM of each with its issuers, and with its successors where there are some, by k8sd's name.
 */
export function briefAuthority(
  authorities: Readonly<Record<string, string>>,
  minimumSeconds: number,
  now: Date,
): BriefAuthority | undefined {
  const least = now.getTime() + minimumSeconds * 1000 - LEEWAY_MS;
  const [first] = Object.entries(authorities)
    .flatMap(([name, text]) => {
      const last = lasting(text);
      return last !== undefined && last.notAfter.getTime() < least ? [{ name, ...last }] : [];
    })
    .toSorted((one, other) => one.notAfter.getTime() - other.notAfter.getTime());
  if (first === undefined) return undefined;
  const { name, commonName, notAfter } = first;
  return { name, commonName: commonName[0] ?? name, notAfter, days: daysUntil(notAfter, now) };
}

/** Whoever asks for five years gets them some time before they are looked at, and years of the calendar have leap days. */
const LEEWAY_MS = 7 * 86_400_000;

/** When the CA ended that a cluster trusts, where it has; its issuers further up do not count. @param text PEM, the CA first. */
export function expiredAuthority(text: string, now: Date): Date | undefined {
  const ends = roots(text).map(({ notAfter }) => notAfter);
  return ends.length > 0 && ends.every((end) => end < now)
    ? ends.toSorted((a, b) => Number(b) - Number(a))[0]
    : undefined;
}

/**
 * Other CAs in the text of one: k8sd trusts each certificate of it as a root, so that a successor that is there from the beginning can
 * sign when the first one has ended.
 */
export function successorsIn(certificates: readonly IssuedCertificate[]): readonly IssuedCertificate[] {
  const [first, ...others] = certificates;
  if (first === undefined) return [];
  const chain = new Set(orderChain(first, others).certificates.map(({ fingerprint }) => fingerprint));
  return others.filter((each) => !chain.has(each.fingerprint) && isSignedBy(each, each));
}

/** The certificate that decides: of the chain the one that ends first, unless a successor lasts longer. */
function lasting(text: string): IssuedCertificate | undefined {
  const certificates = readAllIssued(text);
  const [first, ...others] = certificates;
  if (first === undefined) return undefined;
  const chain = orderChain(first, others).certificates.filter(({ isAuthority }) => isAuthority);
  const [shortest] = chain.toSorted(byEnd);
  return [...(shortest === undefined ? [] : [shortest]), ...successorsIn(certificates)].toSorted(byEnd).at(-1);
}

function roots(text: string): readonly IssuedCertificate[] {
  const certificates = readAllIssued(text);
  return [...certificates.slice(0, 1), ...successorsIn(certificates)];
}

function byEnd(one: IssuedCertificate, other: IssuedCertificate): number {
  return one.notAfter.getTime() - other.notAfter.getTime();
}
