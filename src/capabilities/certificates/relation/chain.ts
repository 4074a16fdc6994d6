/** Puts a chain in order: providers send it in any, with or without the leaf, with or without the root. */

import { type IssuedCertificate, isSignedBy } from './issued.ts';

export interface Chain {
  /** Leaf first, each signed by the next; the last one is self-signed, or its issuer was not sent. */
  readonly certificates: readonly IssuedCertificate[];
  /** Whether it ends in a self-signed certificate. */
  readonly complete: boolean;
}

/** @param others candidates for its issuers; what does not belong to the chain is left out. */
export function orderChain(leaf: IssuedCertificate, others: readonly IssuedCertificate[]): Chain {
  const certificates = [leaf];
  for (let last = leaf; ; ) {
    if (isSignedBy(last, last)) return { certificates, complete: true };
    const known = new Set(certificates.map(({ fingerprint }) => fingerprint));
    const issuer = others.find((other) => !known.has(other.fingerprint) && isSignedBy(last, other));
    if (issuer === undefined) return { certificates, complete: false };
    certificates.push(issuer);
    last = issuer;
  }
}
