/** A root authority, an intermediate one below it, and what the intermediate one issues: as where a company's CA stands above the cluster's. */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

export interface Issued {
  /** PEM. */
  readonly certificate: string;
  /** PEM. */
  readonly key: string;
}

export interface Authority {
  /** PEM. */
  readonly root: string;
  /** PEM. */
  readonly intermediate: string;
  server(address: string): Promise<Issued>;
  client(name: string, group: string): Promise<Issued>;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

export async function newAuthority(): Promise<Authority> {
  const [rootKeys, keys] = await Promise.all([newKeys(), newKeys()]);
  const root = await certify('CN=root', 'CN=root', rootKeys.publicKey, rootKeys.privateKey, [
    new x509.BasicConstraintsExtension(true, undefined, true),
  ]);
  const intermediate = await certify('CN=kubernetes-ca', 'CN=root', keys.publicKey, rootKeys.privateKey, [
    new x509.BasicConstraintsExtension(true, 0, true),
  ]);
  const issue = async (subject: string, extensions: readonly x509.Extension[]): Promise<Issued> => {
    const leaf = await newKeys();
    const certificate = await certify(subject, 'CN=kubernetes-ca', leaf.publicKey, keys.privateKey, extensions);
    const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', leaf.privateKey)).toString('base64');
    return { certificate, key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n` };
  };
  return {
    root,
    intermediate,
    server: (address) =>
      issue('CN=kube-apiserver', [
        new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: address }]),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      ]),
    client: (name, group) =>
      issue(`CN=${name}, O=${group}`, [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth])]),
  };
}

/** A certificate request (PKCS #10, PEM) by a new RSA key, as kubelets make. */
export async function signingRequest(name: string): Promise<string> {
  const rsa = {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
  };
  const keys = await webcrypto.subtle.generateKey(rsa, true, ['sign', 'verify']);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({ name, keys, signingAlgorithm: rsa });
  return `${request.toString('pem')}\n`;
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

async function certify(
  subject: string,
  issuer: string,
  publicKey: webcrypto.CryptoKey,
  signingKey: webcrypto.CryptoKey,
  extensions: readonly x509.Extension[],
): Promise<string> {
  const certificate = await x509.X509CertificateGenerator.create({
    subject,
    issuer,
    publicKey,
    signingKey,
    signingAlgorithm: algorithm,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 3_600_000),
    extensions: [...extensions],
  });
  return certificate.toString('pem');
}
