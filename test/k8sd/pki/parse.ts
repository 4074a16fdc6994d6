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

/** Values of an attribute of a distinguished name as Node writes it (one `KEY=value` a line). */
export function nameFields(name: string, field: 'CN' | 'O'): readonly string[] {
  return name
    .split('\n')
    .filter((line) => line.startsWith(`${field}=`))
    .map((line) => line.slice(field.length + 1));
}

export function commonName(name: string): string {
  return nameFields(name, 'CN')[0] ?? '';
}
