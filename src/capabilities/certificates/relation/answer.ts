/** Whether a certificate is what was wished for. */

import { isAddress } from '../../../core/addresses.ts';
import { type Chain, orderChain } from './chain.ts';
import { type IssuedCertificate, isSignedBy, readAllIssued, readIssued } from './issued.ts';
import type { BagCertificate } from './provider-bag.ts';
import { type CertificateWish, wantedSans } from './wish.ts';

export interface Answer {
  readonly certificate: IssuedCertificate;
  readonly chain: Chain;
  /** The one that has signed it: the provider may name its present one, which need not be the one of then. */
  readonly authority: IssuedCertificate;
}

export type RefusalKind =
  | 'unreadable'
  | 'other-key'
  | 'no-authority'
  | 'unwanted-authority'
  | 'over'
  | 'lacks-names'
  | 'lacks-subject'
  | 'lacks-purposes'
  | 'not-signed'
  | 'oversized';

export interface Refusal {
  readonly refused: RefusalKind;
  /** What is missing or wrong, for a message. */
  readonly detail: string;
}

const PURPOSES = { 'server auth': '1.3.6.1.5.5.7.3.1', 'client auth': '1.3.6.1.5.5.7.3.2' } as const;
const MOST_NAMES = 4;
/** Each step of a chain costs a signature check, and all of it goes into a Juju secret. */
const MOST_CERTIFICATES = 10;
/** Characters: of one certificate of the answer, and of all. */
const LARGEST = 64 * 1024;
const LARGEST_SUM = 256 * 1024;
const ANY_PURPOSE = '2.5.29.37.0';

/** @param publicKey `PublicKey.id` of the wish's key. */
export function examineAnswer(
  wish: CertificateWish,
  publicKey: string,
  item: BagCertificate,
  now: Date,
): Answer | Refusal {
  const oversized = oversize(item);
  if (oversized !== undefined) return refusal('oversized', oversized);
  const certificate = readIssued(item.certificate);
  const authority = readIssued(item.authority);
  if (certificate === undefined) return refusal('unreadable', 'the certificate cannot be read');
  if (authority === undefined) return refusal('unreadable', 'the certificate of its CA cannot be read');
  if (certificate.publicKey !== publicKey) return refusal('other-key', 'it is for another key');
  if (certificate.isAuthority !== wish.authority)
    return wish.authority
      ? refusal('no-authority', 'it is an ordinary certificate, not that of a CA')
      : refusal('unwanted-authority', 'it is the certificate of a CA');
  if (certificate.notAfter.getTime() <= now.getTime())
    return refusal('over', `it ran out at ${certificate.notAfter.toISOString()}`);
  const others = readAllIssued(item.chain.join('\n'));
  if (others.length > MOST_CERTIFICATES) return refusal('oversized', TOO_LONG);
  const chain = orderChain(certificate, [...others, authority]);
  if (chain.certificates.length === 1 && !chain.complete)
    return refusal('not-signed', 'no CA that was sent with it has signed it');
  const issuer = isSignedBy(certificate, authority) ? authority : (chain.certificates[1] ?? authority);
  return shortfall(wish, certificate) ?? { certificate, authority: issuer, chain };
}

const TOO_LONG = `its chain has more than ${MOST_CERTIFICATES} certificates`;

function oversize({ certificate, authority, chain }: BagCertificate): string | undefined {
  const sizes = [certificate, authority, ...chain].map(({ length }) => length);
  if (chain.length > MOST_CERTIFICATES) return TOO_LONG;
  if (sizes.some((size) => size > LARGEST)) return 'a certificate of it is larger than 64 KiB';
  return sizes.reduce((sum, size) => sum + size, 0) > LARGEST_SUM ? 'it is larger than 256 KiB' : undefined;
}

export function isRefusal(result: Answer | Refusal): result is Refusal {
  return 'refused' in result;
}

/** Providers leave out what they do not issue, and say nothing of it. */
function shortfall(wish: CertificateWish, certificate: IssuedCertificate): Refusal | undefined {
  const { commonName, organization } = wish.subject;
  const missing = wantedSans(wish).filter((san) => !certificate.sans.includes(san));
  if (missing.length > 0) return refusal('lacks-names', list(missing.toSorted(namesBeforeAddresses)));
  if (organization && !certificate.organization.includes(organization))
    return refusal('lacks-subject', `the organization ${organization}`);
  if (commonName && !certificate.commonName.includes(commonName))
    return refusal('lacks-subject', `the common name ${commonName}`);
  const purposes = certificate.purposes;
  const unfit = wish.extendedKeyUsages.filter((usage) => !purposes.includes(PURPOSES[usage]));
  return unfit.length > 0 && purposes.length > 0 && !purposes.includes(ANY_PURPOSE)
    ? refusal('lacks-purposes', unfit.join(' and '))
    : undefined;
}

/** Enough of them to see what they are. */
function list(names: readonly string[]): string {
  const more = names.length - MOST_NAMES;
  return more > 0 ? `${names.slice(0, MOST_NAMES).join(', ')} and ${more} more` : names.join(', ');
}

function refusal(refused: RefusalKind, detail: string): Refusal {
  return { refused, detail };
}

function namesBeforeAddresses(a: string, b: string): number {
  return Number(isAddress(a)) - Number(isAddress(b));
}
