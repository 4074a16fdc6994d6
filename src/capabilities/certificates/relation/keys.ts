/** Private keys of requests: made with WebCrypto, kept as PEM in the form that consumers of such certificates read. */

import { createHash, createPrivateKey, createPublicKey, type KeyObject, type webcrypto } from 'node:crypto';
import type { KeyAlgorithm } from './wish.ts';

const PUBLIC_EXPONENT = new Uint8Array([1, 0, 1]);

/** What may be known of a key by everybody. */
export interface PublicKey {
  /** SHA-256 of the SubjectPublicKeyInfo, hexadecimal. */
  readonly id: string;
  readonly algorithm: string;
}

/** PEM: PKCS #1 for RSA (`BEGIN RSA PRIVATE KEY`), PKCS #8 for elliptic curves. */
export async function generateKey(algorithm: KeyAlgorithm): Promise<string> {
  const pair = await crypto.subtle.generateKey(webAlgorithm(algorithm), true, ['sign', 'verify']);
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', pair.privateKey));
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return key.export({ format: 'pem', type: algorithm.name === 'rsa' ? 'pkcs1' : 'pkcs8' }).toString();
}

/** Of a private key in PEM; undefined when it cannot be read. */
export function publicKeyOf(pem: string): PublicKey | undefined {
  try {
    const { publicKey } = parts(createPrivateKey(pem));
    return publicKey;
  } catch {
    return undefined;
  }
}

/** Identifier of a public key by its DER SubjectPublicKeyInfo. */
export function publicKeyId(spki: Uint8Array | ArrayBuffer): string {
  return createHash('sha256').update(new Uint8Array(spki)).digest('hex');
}

/** `rsa-2048`, `ec-P-256`, as `PublicKey.algorithm` has it. */
export function algorithmName(algorithm: KeyAlgorithm): string {
  return algorithm.name === 'rsa' ? `rsa-${algorithm.bits}` : `ec-${algorithm.curve}`;
}

/** The pair as WebCrypto wants it for signing, with the algorithm to sign with (SHA-256, or SHA-384 with P-384). */
export async function signingPair(
  pem: string,
  algorithm: KeyAlgorithm,
): Promise<{ readonly pair: webcrypto.CryptoKeyPair; readonly signing: SigningAlgorithm }> {
  const { key, spki } = parts(createPrivateKey(pem));
  const pkcs8 = key.export({ format: 'der', type: 'pkcs8' });
  const imported = webAlgorithm(algorithm);
  const [privateKey, publicKey] = await Promise.all([
    crypto.subtle.importKey('pkcs8', new Uint8Array(pkcs8), imported, false, ['sign']),
    crypto.subtle.importKey('spki', new Uint8Array(spki), imported, true, ['verify']),
  ]);
  return { pair: { privateKey, publicKey }, signing: { name: imported.name, hash: imported.hash } };
}

export interface SigningAlgorithm {
  readonly name: string;
  readonly hash: string;
}

function webAlgorithm(algorithm: KeyAlgorithm) {
  return algorithm.name === 'rsa'
    ? {
        name: 'RSASSA-PKCS1-v1_5',
        hash: 'SHA-256',
        modulusLength: algorithm.bits,
        publicExponent: PUBLIC_EXPONENT,
      }
    : { name: 'ECDSA', namedCurve: algorithm.curve, hash: algorithm.curve === 'P-384' ? 'SHA-384' : 'SHA-256' };
}

function parts(key: KeyObject): { readonly key: KeyObject; readonly spki: Buffer; readonly publicKey: PublicKey } {
  const spki = createPublic(key);
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
  const curve = namedCurve === 'prime256v1' ? 'P-256' : namedCurve === 'secp384r1' ? 'P-384' : (namedCurve ?? '');
  const algorithm = modulusLength === undefined ? `ec-${curve}` : `${key.asymmetricKeyType}-${modulusLength}`;
  return { key, spki, publicKey: { id: publicKeyId(spki), algorithm } };
}

function createPublic(key: KeyObject): Buffer {
  return createPublicKey(key).export({ format: 'der', type: 'spki' });
}
