/** Certificate signing requests (PKCS #10) as a worker makes them, and as somebody would who has taken one over. */

import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

export interface RequestOptions {
  /** Default: a 2048 bit RSA key that all requests of a test file share. */
  readonly keys?: webcrypto.CryptoKeyPair;
  readonly names?: readonly x509.JsonGeneralName[];
  readonly extensions?: readonly x509.Extension[];
  readonly attributes?: readonly x509.Attribute[];
}

/** @param subject as in `[{ O: ['system:nodes'] }, { CN: ['system:node:a'] }]` */
export async function makeRequest(subject: x509.JsonName, options: RequestOptions = {}): Promise<string> {
  const keys = options.keys ?? (await usualKeys());
  const names = options.names ?? [];
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: subject,
    keys,
    signingAlgorithm: { ...keys.privateKey.algorithm, hash: 'SHA-256' },
    extensions: [
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension([...names])] : []),
      ...(options.extensions ?? []),
    ],
    attributes: [...(options.attributes ?? [])],
  });
  return pemOf(new Uint8Array(request.rawData));
}

/** DNS names and addresses, as a request's alternative names. */
export function sansOf(...values: readonly string[]): readonly x509.JsonGeneralName[] {
  return values.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value }));
}

export function pemOf(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE REQUEST-----\n${lines.join('\n')}\n-----END CERTIFICATE REQUEST-----\n`;
}

export function derOf(pem: string): Uint8Array {
  return new Uint8Array(Buffer.from(pem.split('\n').slice(1, -2).join(''), 'base64'));
}

export function rsaKeys(bits: number, name = 'RSASSA-PKCS1-v1_5'): Promise<webcrypto.CryptoKeyPair> {
  const algorithm = { name, hash: 'SHA-256', modulusLength: bits, publicExponent: new Uint8Array([1, 0, 1]) };
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

let shared: Promise<webcrypto.CryptoKeyPair> | undefined;
function usualKeys(): Promise<webcrypto.CryptoKeyPair> {
  shared ??= rsaKeys(2048);
  return shared;
}
