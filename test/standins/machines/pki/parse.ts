/** Reads certificates and keys the way that the services and k8sd do, in the order and with the errors of Go's packages. */

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { decodeAll } from './go-pem.ts';

/** A pool of certificates (`CertPool.AppendCertsFromPEM`): what is no certificate, has headers or cannot be read is skipped. */
export function parseCertificates(text: string): readonly X509Certificate[] {
  return decodeAll(text)
    .filter(({ type, headers }) => type === 'CERTIFICATE' && Object.keys(headers).length === 0)
    .flatMap(({ bytes }) => {
      try {
        return [certificateOf(bytes)];
      } catch {
        return [];
      }
    });
}

/** Only the first block of a PEM text counts as "the" certificate, whatever it is called (`LoadCertificate` of k8sd's `pkg/utils/pki`). */
export function parseCertificate(text: string): X509Certificate {
  const first = decodeAll(text)[0];
  if (first === undefined) throw new Error('failed to parse certificate PEM');
  return certificateOf(first.bytes);
}

/** Throws k8sd's words for a key that is not RSA. Both PKCS#1 and PKCS#8 are read; an encrypted key is not. */
export function requireRsaKey(text: string): void {
  const first = decodeAll(text)[0];
  if (first === undefined) throw new Error('failed to parse private key PEM');
  const { type, bytes } = first;
  if (type !== 'RSA PRIVATE KEY' && type !== 'PRIVATE KEY')
    throw new Error(`unknown private key block type ${JSON.stringify(type)}`);
  const key = keyOf(bytes, type === 'PRIVATE KEY' ? 'pkcs8' : 'pkcs1');
  if (key === undefined) throw new Error('failed to parse private key: asn1: structure error');
  if (key.asymmetricKeyType !== 'rsa') throw new Error('not an RSA private key');
}

/** What a service does with the two files of a pair (`tls.X509KeyPair`). */
export function requireKeyPair(certificateText: string, keyText: string): void {
  const leaf = decodeAll(certificateText).find(({ type }) => type === 'CERTIFICATE');
  if (leaf === undefined) throw new Error('tls: failed to find any PEM data in certificate input');
  const block = decodeAll(keyText).find(({ type }) => type === 'PRIVATE KEY' || type.endsWith(' PRIVATE KEY'));
  if (block === undefined) throw new Error('tls: failed to find any PEM data in key input');
  const key = (['pkcs1', 'pkcs8', 'sec1'] as const).map((form) => keyOf(block.bytes, form)).find(Boolean);
  if (key === undefined) throw new Error('tls: failed to parse private key');
  if (!certificateOf(leaf.bytes).checkPrivateKey(key)) throw new Error('tls: private key does not match public key');
}

function certificateOf(bytes: Buffer): X509Certificate {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(bytes);
  } catch {
    throw new Error('failed to parse certificate: x509: malformed certificate');
  }
  if (certificate.raw.length !== bytes.length) throw new Error('failed to parse certificate: x509: trailing data');
  return certificate;
}

function keyOf(key: Buffer, type: 'pkcs1' | 'pkcs8' | 'sec1'): KeyObject | undefined {
  try {
    return createPrivateKey({ key, format: 'der', type });
  } catch {
    return undefined;
  }
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
