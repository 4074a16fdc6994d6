/** What a certificate signing request says, and whether that is what is wished. */

import { createHash } from 'node:crypto';
import type { Pkcs10CertificateRequest } from '@peculiar/x509';
import { normaliseSan } from '../../../core/san.ts';
import { loadX509 } from '../signing-request.ts';
import { publicKeyId } from './keys.ts';
import { extensionText, SUBJECT_ALT_NAME, SUBJECT_PARTS, UNIQUE_IDENTIFIER } from './request-parts.ts';
import { type CertificateWish, type RequestSubject, wantedSans } from './wish.ts';

/** As the library abbreviates them. */
const SHORT_NAMES: Readonly<Record<string, string>> = {
  CN: '2.5.4.3',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  E: '1.2.840.113549.1.9.1',
  C: '2.5.4.6',
  ST: '2.5.4.8',
  L: '2.5.4.7',
};

export interface SigningRequest {
  /** As it stands in the databag, without blanks around it. */
  readonly pem: string;
  /** SHA-256 of the DER form, hexadecimal: the same however the PEM was wrapped. */
  readonly digest: string;
  /** As `PublicKey.id`. */
  readonly publicKey: string;
  readonly subject: RequestSubject;
  readonly hasUniqueId: boolean;
  readonly sans: readonly string[];
  /** Extensions besides the names, as sorted `oid critical hex`. */
  readonly extensions: readonly string[];
}

/** What the request says; undefined for what is none. Its signature is not checked. */
export async function readRequest(pem: string): Promise<SigningRequest | undefined> {
  const { Pkcs10CertificateRequest, SubjectAlternativeNameExtension } = await loadX509();
  try {
    const request = new Pkcs10CertificateRequest(pem);
    const altNames = request.extensions.find(({ type }) => type === SUBJECT_ALT_NAME);
    const items = altNames ? new SubjectAlternativeNameExtension(altNames.rawData).names.items : [];
    return {
      pem: pem.trim(),
      digest: createHash('sha256').update(new Uint8Array(request.rawData)).digest('hex'),
      publicKey: publicKeyId(request.publicKey.rawData),
      ...readSubject(request),
      sans: [...new Set(items.map(({ value }) => normaliseSan(value)))].sort(),
      extensions: request.extensions
        .filter(({ type }) => type !== SUBJECT_ALT_NAME)
        .map(extensionText)
        .sort(),
    };
  } catch {
    return undefined;
  }
}

/**
 * Whether the request asks for what is wished: subject, names and extensions alike, and told apart from others by an identifier whose
 * value does not matter. Who signed it, and whether it is for an authority, is compared elsewhere.
 * @param extensions as `wantedExtensions` gives them
 */
export function fulfils(request: SigningRequest, wish: CertificateWish, extensions: readonly string[]): boolean {
  return (
    SUBJECT_PARTS.every(([part]) => (request.subject[part] ?? '') === (wish.subject[part] ?? '')) &&
    request.hasUniqueId &&
    sameTexts(request.sans, wantedSans(wish)) &&
    sameTexts(request.extensions, extensions)
  );
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, index) => text === b[index]);
}

function readSubject(request: Pkcs10CertificateRequest): Pick<SigningRequest, 'subject' | 'hasUniqueId'> {
  const values = new Map<string, string>();
  for (const part of request.subjectName.toJSON()) {
    for (const [type, texts] of Object.entries(part)) {
      const oid = SHORT_NAMES[type] ?? type;
      values.set(oid, [values.get(oid), ...texts].filter((text) => text !== undefined).join('\n'));
    }
  }
  const subject = Object.fromEntries(
    SUBJECT_PARTS.flatMap(([part, oid]) => (values.has(oid) ? [[part, values.get(oid)]] : [])),
  ) as RequestSubject;
  return { subject, hasUniqueId: values.has(UNIQUE_IDENTIFIER) };
}
