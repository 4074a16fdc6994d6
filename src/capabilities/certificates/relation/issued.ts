/** Certificates as a provider hands them out: read with Node's own parser, so that a look at an answer loads no library. */

import { X509Certificate } from 'node:crypto';
import { readPem } from '../../../core/pem.ts';
import { parseSubjectAltName } from '../sans.ts';
import { publicKeyId } from './keys.ts';

export interface IssuedCertificate {
  readonly pem: string;
  /** SHA-256, upper-case hexadecimal with colons. */
  readonly fingerprint: string;
  /** As `PublicKey.id`. */
  readonly publicKey: string;
  /** By its basic constraints (RFC 5280 section 4.2.1.9), and by its key usage where it has one. */
  readonly isAuthority: boolean;
  readonly commonName: readonly string[];
  readonly organization: readonly string[];
  readonly sans: readonly string[];
  /** Object identifiers; none: for every purpose (RFC 5280 section 4.2.1.12). */
  readonly purposes: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly parsed: X509Certificate;
}

/** `X509 CERTIFICATE` is an older name of the same. */
const LABELS = ['CERTIFICATE', 'X509 CERTIFICATE'];

/** The first certificate of the text; undefined when there is none that can be read. */
export function readIssued(text: string): IssuedCertificate | undefined {
  return readAllIssued(text)[0];
}

/** All certificates of the text; what cannot be read is left out. */
export function readAllIssued(text: string): readonly IssuedCertificate[] {
  return readPem(text).blocks.flatMap(({ label, bytes }) => {
    if (!LABELS.includes(label)) return [];
    try {
      const certificate = new X509Certificate(bytes);
      // Go takes nothing behind a certificate in its block.
      return certificate.raw.length === bytes.length ? [describeIssued(certificate)] : [];
    } catch {
      return [];
    }
  });
}

/** PEM of each certificate of the text that can be read, each once. */
export function splitCertificates(text: string): readonly string[] {
  return [...new Set(readAllIssued(text).map(({ pem }) => pem))];
}

/** Whether the one is signed with the key of the other. Names say nothing: an authority renews itself under its old name. */
export function isSignedBy(certificate: IssuedCertificate, issuer: IssuedCertificate): boolean {
  try {
    return issuer.isAuthority && certificate.parsed.verify(issuer.parsed.publicKey);
  } catch {
    return false;
  }
}

function describeIssued(parsed: X509Certificate): IssuedCertificate {
  const der = parsed.publicKey.export({ format: 'der', type: 'spki' });
  const [notBefore, notAfter] = [new Date(parsed.validFrom), new Date(parsed.validTo)];
  if (Number.isNaN(notBefore.getTime()) || Number.isNaN(notAfter.getTime())) throw new Error('no dates');
  return {
    pem: parsed.toString().trim(),
    fingerprint: parsed.fingerprint256,
    publicKey: publicKeyId(der),
    isAuthority: parsed.ca,
    commonName: subjectValues(parsed.subject, 'CN'),
    organization: subjectValues(parsed.subject, 'O'),
    sans: parseSubjectAltName(parsed.subjectAltName),
    purposes: parsed.keyUsage ?? [],
    notBefore,
    notAfter,
    parsed,
  };
}

/**
 * From Node's text of a name: a line for each part, with backslashes before what RFC 2253 escapes. Its `toLegacyObject`, which would
 * give the parts as they are, ends the whole process when the certificate is malformed.
 */
function subjectValues(subject: string, name: string): readonly string[] {
  return subject.split(/\n| \+ (?=[A-Za-z0-9.]+=)/).flatMap((part) => {
    const at = part.indexOf('=');
    return part.slice(0, at) === name ? [part.slice(at + 1).replaceAll(/\\(.)/g, '$1')] : [];
  });
}
