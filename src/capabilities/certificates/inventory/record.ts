/** What is known of one certificate of a unit, as data: read from its file and compared with the files beside it. */

import type { Place } from './places.ts';

/** Who brings a new one in time. */
export type Manager = 'snap' | 'relation' | 'operator';

export interface CertificateRecord {
  readonly place: Place;
  /** In one line, in the order of the certificate: `O=system:nodes, CN=system:node:juju-3f2a-4`. May be empty. */
  readonly subject: string;
  readonly issuer: string;
  /** DNS names and IP addresses, sorted, in the form of `normaliseSan`. */
  readonly sans: readonly string[];
  /** Upper-case hexadecimal. */
  readonly serial: string;
  readonly key: PublicKey;
  /** OpenSSL's name of it: `sha256WithRSAEncryption`. */
  readonly signatureAlgorithm: string;
  /** Extended key usages by their names in RFC 5280 section 4.2.1.12, or their object identifiers; undefined: not restricted. */
  readonly usages: readonly string[] | undefined;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** SHA-256, upper-case hexadecimal with colons. */
  readonly fingerprint: string;
  /** Whether it may sign certificates (basic constraints and key usage). */
  readonly isAuthority: boolean;
  readonly signer: Signer;
  /** Whether the private key that lies beside it is its own. */
  readonly privateKey: 'own' | 'other' | 'absent' | 'unreadable';
  /** Something follows the certificate, within its PEM block or after it. */
  readonly trailing: 'none' | 'within' | 'after';
}

export interface PublicKey {
  /** As node:crypto has it: `rsa`, `ec`, `ed25519`. */
  readonly type: string;
  /** Of an RSA key. */
  readonly bits: number | undefined;
  /** Of an elliptic curve key, by its usual name: `P-256`. */
  readonly curve: string | undefined;
}

/** Whose key the signature is of: told by the signature itself, since two authorities may have one name. */
export type Signer =
  | { readonly kind: 'self' }
  | {
      readonly kind: 'authority';
      /** Name of its place: `ca`. */
      readonly name: string;
      readonly notAfter: Date;
      readonly isAuthority: boolean;
      /** Whether names, key identifiers and key usage agree, too; verifiers look for an issuer by them (RFC 5280 section 6.1.3). */
      readonly agrees: boolean;
    }
  | { readonly kind: 'unknown' };

/** A file that is there and holds no certificate, or is not there though it should be. */
export interface UnreadableRecord {
  readonly place: Place;
  /** Completes the sentence that begins with the certificate's name. Repeats nothing of the file. */
  readonly problem: string;
}

export type InventoryRecord = CertificateRecord | UnreadableRecord;

export function isRead(record: InventoryRecord): record is CertificateRecord {
  return 'fingerprint' in record;
}

/** `RSA 2048`, `EC P-256`, `Ed25519`. */
export function keyText({ type, bits, curve }: PublicKey): string {
  if (type === 'ec') return `EC ${curve ?? '?'}`;
  if (bits !== undefined) return `${type.toUpperCase()} ${bits}`;
  return `${type.charAt(0).toUpperCase()}${type.slice(1)}`;
}
