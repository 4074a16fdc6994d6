/** Which authority has issued a wish's certificates, now and before: what it has signed may be in service elsewhere for a while. */

import { createHash } from 'node:crypto';

/** PEM by digest, so that an authority of many wishes is remembered once. */
export type Authorities = Readonly<Record<string, string>>;

/** Digests of authorities. */
export interface Succession {
  readonly current: string;
  readonly former?: string;
}

/**
 * Told apart by what they are, not by what they are called: an authority that renews itself keeps its name.
 * @param authority PEM of the one that issued the present certificate.
 */
export function succession(known: Succession | undefined, authority: string): Succession {
  const current = authorityDigest(authority);
  if (known === undefined) return { current };
  return known.current === current ? known : { current, former: known.current };
}

export function authorityDigest(pem: string): string {
  return createHash('sha256').update(pem.trim()).digest('base64url').slice(0, 22);
}
