/** What is wanted of a certificate authority: one certificate, with a key of its own. */

import { isAddress } from '../../../core/addresses.ts';
import { normaliseSan } from '../../../core/san.ts';

export type KeyAlgorithm =
  | { readonly name: 'rsa'; readonly bits: 2048 | 3072 | 4096 }
  | { readonly name: 'ec'; readonly curve: 'P-256' | 'P-384' };

export interface RequestSubject {
  readonly commonName?: string;
  readonly organization?: string;
  readonly organizationalUnit?: string;
  readonly email?: string;
  /** Two letters. */
  readonly country?: string;
  readonly state?: string;
  readonly locality?: string;
}

/** RFC 5280 section 4.2.1.3. */
export type KeyUsage = 'digital signature' | 'key encipherment' | 'key agreement';

/** RFC 5280 section 4.2.1.12. */
export type ExtendedKeyUsage = 'server auth' | 'client auth';

/** Whose key it is, and in which databag the request stands: each unit's, or the application's, for which the leader acts. */
export type Mode = 'unit' | 'app';

export interface CertificateWish {
  /** Tells the wishes of an endpoint apart, and names their secrets: lower-case letters, digits and dashes. */
  readonly id: string;
  readonly subject: RequestSubject;
  /** DNS names and IP addresses in any spelling and order. */
  readonly sans: readonly string[];
  /** Whether the certificate shall be that of an authority (`ca` on the wire). */
  readonly authority: boolean;
  /** None: the provider decides, which for a leaf mostly means that it may be used for anything. */
  readonly keyUsages: readonly KeyUsage[];
  readonly extendedKeyUsages: readonly ExtendedKeyUsage[];
  readonly key: KeyAlgorithm;
  readonly mode: Mode;
  /** False: what was issued stays until it runs out, for a consumer that can never exchange it. */
  readonly renew: boolean;
}

/** Upper bounds of X.520, in characters; RFC 5280 appendix A.1 repeats them. */
const LONGEST_NAME = 64;
const LONGEST_LOCALITY = 128;
const LONGEST_EMAIL = 255;

const DNS_NAME = /^(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?$/;

/** Sorted and each once: an order or a spelling that changes would have the certificate issued anew each time. */
export function wantedSans({ sans }: Pick<CertificateWish, 'sans'>): readonly string[] {
  return [...new Set(sans.map(normaliseSan))].sort();
}

/** Why no authority could fulfil it, in words for the operator; undefined when it is sound. */
export function wishProblem(wish: CertificateWish): string | undefined {
  const { commonName, organization, organizationalUnit, email, country, state, locality } = wish.subject;
  const wrong = wantedSans(wish).find((san) => !isSan(san));
  if (!commonName && wish.sans.length === 0)
    return `the certificate ${wish.id} has neither a common name nor other names`;
  if (wrong !== undefined)
    return `the certificate ${wish.id} cannot have the name ${JSON.stringify(wrong.slice(0, 80))}: it is neither a DNS name nor an IP address`;
  if (country !== undefined && !/^[A-Za-z]{2}$/.test(country))
    return `the country of the certificate ${wish.id} must be two letters; it is ${JSON.stringify(country.slice(0, 40))}`;
  if (email !== undefined && !/^[\x21-\x7e]*$/.test(email))
    return `the email address of the certificate ${wish.id} has characters other than those of ASCII`;
  return (
    tooLong(wish.id, 'common name', commonName, LONGEST_NAME) ??
    tooLong(wish.id, 'organization', organization, LONGEST_NAME) ??
    tooLong(wish.id, 'organizational unit', organizationalUnit, LONGEST_NAME) ??
    tooLong(wish.id, 'email address', email, LONGEST_EMAIL) ??
    tooLong(wish.id, 'state', state, LONGEST_LOCALITY) ??
    tooLong(wish.id, 'locality', locality, LONGEST_LOCALITY)
  );
}

function isSan(san: string): boolean {
  return isAddress(san) || (san.length <= 253 && DNS_NAME.test(san));
}

function tooLong(id: string, what: string, text: string | undefined, most: number): string | undefined {
  const length = [...(text ?? '')].length;
  if (length <= most) return undefined;
  const node = /^system:node:(.*)$/s.exec(text ?? '')?.[1];
  const remedy =
    node === undefined ? '' : `; the node's name may have at most ${most - 'system:node:'.length} characters`;
  return `the ${what} of the certificate ${id} has ${length} characters, and X.509 allows ${most}${remedy}`;
}
