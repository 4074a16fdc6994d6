/** The certificate authority of the CA charm: makes itself, and signs requests as self-signed-certificates does. */

import 'reflect-metadata';
import { createPrivateKey, randomUUID, type webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { realNow } from '../../../time/virtual-time.ts';

const KEY = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
};
const SUBJECT_ALT_NAME = '2.5.29.17';
/** What the authority decides, whatever the request says. */
const OWN_EXTENSIONS = ['2.5.29.14', '2.5.29.19', '2.5.29.35', SUBJECT_ALT_NAME];
const KEY_USAGE = '2.5.29.15';
const YEAR_MS = 365 * 86_400_000;
const UNIQUE_IDENTIFIER = '2.5.4.45';

/** PEM both. */
export interface Authority {
  readonly certificate: string;
  readonly key: string;
}

export interface Signing {
  readonly validityMs: number;
  readonly authority: boolean;
  /** Leaves out organization and IP addresses, as vault does unless it is told otherwise. */
  readonly reduced?: boolean;
  /** When it begins and when its time is counted from; by default now. */
  readonly notBefore?: Date;
}

/**
 * Another one of the same common name differs in key and distinguished name: that has an x500UniqueIdentifier.
 * @param key PKCS #1 or #8 PEM of an RSA key; by default a new one.
 */
export async function newAuthority(
  commonName: string,
  key?: string,
  from = new Date(),
  validityMs = YEAR_MS,
): Promise<Authority> {
  const keys = key === undefined ? await crypto.subtle.generateKey(KEY, true, ['sign', 'verify']) : await pairOf(key);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [commonName] }, { [UNIQUE_IDENTIFIER]: [randomUUID()] }],
    keys,
    signingAlgorithm: KEY,
    notBefore: begun(from),
    notAfter: new Date(from.getTime() + validityMs),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey));
  const pem = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({ format: 'pem', type: 'pkcs8' });
  return { certificate: certificate.toString('pem'), key: pem.toString() };
}

/** Common name of an authority's certificate. */
export function nameOf({ certificate }: Authority): string {
  return new x509.X509Certificate(certificate).subjectName.getField('CN')[0] ?? '';
}

/** When an authority makes another one: what it issues has to end before it does itself. */
export function successionTime({ certificate }: Authority, certificateValidityMs: number): Date {
  const { notAfter } = new x509.X509Certificate(certificate);
  return new Date(notAfter.getTime() - certificateValidityMs);
}

/** PEM of the certificate for a request. Extensions that are not the authority's to decide are copied. */
export async function sign(issuer: Authority, request: x509.Pkcs10CertificateRequest, how: Signing): Promise<string> {
  const { authority, validityMs, reduced = false, notBefore = new Date() } = how;
  const issuing = new x509.X509Certificate(issuer.certificate);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: reduced ? withoutOrganization(request.subjectName) : request.subjectName,
    issuer: issuing.subjectName,
    publicKey: request.publicKey,
    signingKey: (await pairOf(issuer.key)).privateKey,
    signingAlgorithm: KEY,
    notBefore: begun(notBefore),
    notAfter: new Date(notBefore.getTime() + validityMs),
    extensions: [
      new x509.BasicConstraintsExtension(authority, undefined, true),
      await x509.AuthorityKeyIdentifierExtension.create(await issuing.publicKey.export()),
      await x509.SubjectKeyIdentifierExtension.create(await request.publicKey.export()),
      ...names(request, reduced),
      ...(authority
        ? [new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true)]
        : []),
      ...request.extensions.filter(({ type }) => !OWN_EXTENSIONS.includes(type) && !(authority && type === KEY_USAGE)),
    ],
  });
  return certificate.toString('pem');
}

/** Never in the future of OpenSSL, which knows real time only. */
function begun(from: Date): Date {
  return new Date(Math.min(from.getTime(), realNow().getTime()));
}

async function pairOf(pem: string): Promise<webcrypto.CryptoKeyPair> {
  const key = createPrivateKey(pem);
  const { n, e } = key.export({ format: 'jwk' });
  const [privateKey, publicKey] = await Promise.all([
    crypto.subtle.importKey('pkcs8', new Uint8Array(key.export({ format: 'der', type: 'pkcs8' })), KEY, true, ['sign']),
    crypto.subtle.importKey('jwk', { kty: 'RSA', ...(n && { n }), ...(e && { e }) }, KEY, true, ['verify']),
  ]);
  return { privateKey, publicKey };
}

function withoutOrganization(subject: x509.Name): x509.JsonName {
  return subject.toJSON().filter((part) => !('O' in part) && !('OU' in part));
}

function names(request: x509.Pkcs10CertificateRequest, reduced: boolean): readonly x509.Extension[] {
  const asked = request.extensions.find(({ type }) => type === SUBJECT_ALT_NAME);
  const items = asked ? new x509.SubjectAlternativeNameExtension(asked.rawData).names.items : [];
  const emails = request.subjectName.getField('E').map((value) => ({ type: 'email' as const, value }));
  const kept = [...items.filter(({ type }) => !(reduced && type === 'ip')), ...emails];
  return kept.length === 0
    ? []
    : [new x509.SubjectAlternativeNameExtension(kept.map(({ type, value }) => ({ type, value })))];
}
