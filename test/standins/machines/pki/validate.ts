/**
 * What k8sd checks of a certificate that it is given, and no more: Go's `Verify` with every certificate of the CA text as a
 * root, no intermediates from the leaf's text, and Go's default of asking for server authentication. That a key belongs to
 * its certificate is not checked; the service finds out.
 */

import type { X509Certificate } from 'node:crypto';
import { parseCertificate, parseCertificates, requireRsaKey } from './parse.ts';

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const ANY_USAGE = '2.5.29.37.0';

/** Throws with k8sd's kind of text. `hostname`: a DNS name that the certificate has to hold. */
export function validateLeaf(
  what: string,
  certificate: string,
  key: string,
  authority: string,
  hostname?: string,
): void {
  try {
    requireRsaKey(key);
    const leaf = parseCertificate(certificate);
    requireDates(leaf);
    requireChain(leaf, parseCertificates(authority));
    requireServerAuth(leaf);
    if (hostname !== undefined && leaf.checkHost(hostname, { subject: 'never' }) === undefined) {
      throw new Error(`x509: certificate is not valid for any names, but wanted to match ${hostname}`);
    }
  } catch (error) {
    throw new Error(`${what} certificate validation failure: ${(error as Error).message}`);
  }
}

/** A CA is only checked for its dates. */
export function validateAuthority(what: string, certificate: string): void {
  try {
    requireDates(parseCertificate(certificate));
  } catch (error) {
    throw new Error(`${what} certificate validation failure: ${(error as Error).message}`);
  }
}

function requireDates(certificate: X509Certificate): void {
  const now = Date.now();
  if (now < certificate.validFromDate.getTime()) throw new Error('certificate is not yet valid');
  if (now > certificate.validToDate.getTime()) throw new Error('certificate has expired');
}

function requireChain(leaf: X509Certificate, roots: readonly X509Certificate[]): void {
  const now = Date.now();
  const issuer = roots.find((root) => leaf.checkIssued(root) && leaf.verify(root.publicKey));
  if (issuer === undefined) throw new Error('x509: certificate signed by unknown authority');
  if (now > issuer.validToDate.getTime()) throw new Error('x509: certificate has expired or is not yet valid');
}

function requireServerAuth(leaf: X509Certificate): void {
  const usages = leaf.keyUsage as readonly string[] | undefined;
  if (usages === undefined || usages.length === 0) return;
  if (!usages.includes(SERVER_AUTH) && !usages.includes(ANY_USAGE)) {
    throw new Error('x509: certificate specifies an incompatible key usage');
  }
}
