/** Reads certificates the way that the services and k8sd do. */

import { createPrivateKey, X509Certificate } from 'node:crypto';

/** Every certificate in a PEM text. */
export function parseCertificates(text: string): readonly X509Certificate[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}

/** Only the first certificate of a PEM text counts as "the" certificate. Throws when there is none. */
export function parseCertificate(text: string): X509Certificate {
  const first = parseCertificates(text)[0];
  if (first === undefined) throw new Error('failed to parse certificate PEM');
  return first;
}

/** Throws k8sd's words for a key that is not RSA. Both PKCS#1 and PKCS#8 are read; an encrypted key is not. */
export function requireRsaKey(text: string): void {
  const type = /-----BEGIN ([A-Z ]+)-----/.exec(text)?.[1];
  if (type === undefined) throw new Error('failed to parse private key PEM');
  if (type !== 'RSA PRIVATE KEY' && type !== 'PRIVATE KEY')
    throw new Error(`unknown private key block type ${JSON.stringify(type)}`);
  if (createPrivateKey(text).asymmetricKeyType !== 'rsa') throw new Error('not an RSA private key');
}

/** Organizations of a certificate's subject, which Go writes into one part of the name. */
export function organizations(certificate: X509Certificate): readonly string[] {
  const value = certificate.toLegacyObject().subject.O as string | readonly string[] | undefined;
  return value === undefined ? [] : [value].flat();
}

export function commonName(certificate: X509Certificate, of: 'subject' | 'issuer' = 'subject'): string {
  const value = certificate.toLegacyObject()[of].CN as string | readonly string[] | undefined;
  return [value ?? ''].flat()[0] ?? '';
}
