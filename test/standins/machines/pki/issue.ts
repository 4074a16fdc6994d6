/** Makes X.509 certificates and certificate signing requests of the shapes that k8sd makes. */

import 'reflect-metadata';
import { createPrivateKey, createPublicKey, randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

const RSA = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } as const;
const crypto = webcrypto;

export interface Subject {
  readonly commonName: string;
  readonly organizations?: readonly string[];
}

export interface Pair {
  /** PEM. */
  readonly certificate: string;
  /** PKCS#1 PEM. */
  readonly key: string;
}

export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

export type Usage = 'clientAuth' | 'serverAuth';

export interface LeafRequest {
  readonly subject: Subject;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  readonly issuer: Pair;
  /** DNS names and IP addresses, in any order. */
  readonly sans?: readonly string[];
  /** Default both, as k8sd does. */
  readonly usages?: readonly Usage[];
  readonly validity: Validity;
}

export async function issueLeaf(request: LeafRequest): Promise<string> {
  const issuer = new x509.X509Certificate(request.issuer.certificate);
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: serial(),
      subject: name(request.subject),
      issuer: issuer.subjectName,
      ...request.validity,
      publicKey: bytes(request.publicKey),
      signingKey: signingKey(request.issuer.key),
      signingAlgorithm: RSA,
      extensions: [
        new x509.KeyUsagesExtension(
          x509.KeyUsageFlags.digitalSignature |
            x509.KeyUsageFlags.keyEncipherment |
            x509.KeyUsageFlags.dataEncipherment,
          true,
        ),
        new x509.ExtendedKeyUsageExtension(
          (request.usages ?? ['clientAuth', 'serverAuth']).map((usage) => x509.ExtendedKeyUsage[usage]),
        ),
        new x509.BasicConstraintsExtension(false, undefined, true),
        await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey, false, crypto),
        ...alternativeNames(request.sans ?? []),
      ],
    },
    crypto,
  );
  return pem(certificate);
}

export async function issueAuthority(commonName: string, key: string, validity: Validity): Promise<Pair> {
  const publicKey = bytes(publicKeyOf(key));
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: serial(),
      subject: name({ commonName }),
      issuer: name({ commonName }),
      ...validity,
      publicKey,
      signingKey: signingKey(key),
      signingAlgorithm: RSA,
      extensions: [
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyCertSign, true),
        new x509.BasicConstraintsExtension(true, undefined, true),
        await x509.SubjectKeyIdentifierExtension.create(new x509.PublicKey(publicKey), false, crypto),
      ],
    },
    crypto,
  );
  return { certificate: pem(certificate), key };
}

/** A self-signed serving certificate, as microcluster makes for a node and for the cluster. */
export async function issueSelfSigned(
  commonName: string,
  key: string,
  sans: readonly string[],
  validity: Validity,
): Promise<string> {
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: serial(),
      subject: name({ commonName, organizations: ['LXD'] }),
      issuer: name({ commonName, organizations: ['LXD'] }),
      ...validity,
      publicKey: bytes(publicKeyOf(key)),
      signingKey: signingKey(key),
      signingAlgorithm: RSA,
      extensions: [
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
        new x509.BasicConstraintsExtension(true, undefined, true),
        ...alternativeNames(sans),
      ],
    },
    crypto,
  );
  return pem(certificate);
}

/** PEM of a PKCS#10 request. */
export async function makeSigningRequest(subject: Subject, key: string, sans: readonly string[]): Promise<string> {
  const request = await x509.Pkcs10CertificateRequestGenerator.create(
    {
      name: name(subject),
      keys: { privateKey: signingKey(key), publicKey: verifyingKey(key) },
      signingAlgorithm: RSA,
      extensions: alternativeNames(sans),
    },
    crypto,
  );
  return `${request.toString('pem')}\n`;
}

export interface ParsedSigningRequest {
  readonly subject: Subject;
  readonly publicKey: Uint8Array;
  readonly sans: readonly string[];
}

/** Throws when it is not a PKCS#10 request in PEM, or is not signed by its own key. */
export async function parseSigningRequest(text: string): Promise<ParsedSigningRequest> {
  if (!/^\s*-----BEGIN CERTIFICATE REQUEST-----/.test(text))
    throw new Error('PEM block type must be CERTIFICATE REQUEST');
  const request = new x509.Pkcs10CertificateRequest(text);
  if (!(await request.verify(crypto))) throw new Error('the request is not signed by its own key');
  const extension = request.extensions.find((candidate) => candidate instanceof x509.SubjectAlternativeNameExtension);
  return {
    subject: {
      commonName: request.subjectName.getField('CN')[0] ?? '',
      organizations: request.subjectName.getField('O'),
    },
    publicKey: new Uint8Array(request.publicKey.rawData),
    sans: extension?.names.items.map((item) => item.value) ?? [],
  };
}

/** SubjectPublicKeyInfo (DER) of a private key in PEM. */
export function publicKeyOf(key: string): Uint8Array {
  return createPublicKey(key).export({ type: 'spki', format: 'der' });
}

function name(subject: Subject): x509.JsonName {
  const organizations = subject.organizations ?? [];
  return [...(organizations.length > 0 ? [{ O: [...organizations] }] : []), { CN: [subject.commonName] }];
}

function alternativeNames(sans: readonly string[]): x509.Extension[] {
  if (sans.length === 0) return [];
  const unique = [...new Set(sans)];
  return [
    new x509.SubjectAlternativeNameExtension(
      unique.map((san) => ({ type: isIP(san) === 0 ? ('dns' as const) : ('ip' as const), value: san })),
    ),
  ];
}

function signingKey(key: string): webcrypto.CryptoKey {
  return createPrivateKey(key).toCryptoKey(RSA, false, ['sign']);
}

function verifyingKey(key: string): webcrypto.CryptoKey {
  return createPublicKey(key).toCryptoKey(RSA, true, ['verify']);
}

/** 127 random bits: positive, and not zero in its first byte. */
function serial(): string {
  const value = randomBytes(16);
  value[0] = ((value[0] ?? 0) & 0x7f) | 0x40;
  return value.toString('hex');
}

function pem(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}

function bytes(buffer: Uint8Array): ArrayBuffer {
  return Uint8Array.from(buffer).buffer;
}
