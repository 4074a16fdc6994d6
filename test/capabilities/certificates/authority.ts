/** Certificates as k8sd issues them, made for a test: an authority that signs what it is asked for. */

import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

const KEY = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

export interface Wanted {
  readonly subject: string;
  readonly sans?: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

export interface Authority {
  /** PEM. */
  readonly certificate: string;
  /** PEM. */
  issue(wanted: Wanted): Promise<string>;
}

const FROM = new Date('2026-01-01T00:00:00Z');
const TO = new Date('2046-01-01T00:00:00Z');

export async function newAuthority(name: string): Promise<Authority> {
  const keys = await webcrypto.subtle.generateKey(KEY, true, ['sign', 'verify']);
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: KEY,
    notBefore: FROM,
    notAfter: TO,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  return {
    certificate: root.toString('pem'),
    async issue({ subject, sans = [], notBefore = FROM, notAfter = TO }) {
      const leaf = await webcrypto.subtle.generateKey(KEY, true, ['sign', 'verify']);
      const names = sans.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value }));
      const certificate = await x509.X509CertificateGenerator.create({
        subject,
        issuer: root.subject,
        publicKey: leaf.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: KEY,
        notBefore,
        notAfter,
        extensions: names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : [],
      });
      return certificate.toString('pem');
    },
  };
}

/** A kubeconfig in k8sd's form, with a certificate embedded. */
export function kubeconfig(certificate: string): string {
  const data = Buffer.from(certificate).toString('base64');
  return `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: ${Buffer.from('not this one').toString('base64')}
    server: https://127.0.0.1:6443
  name: k8s
users:
- name: k8s-user
  user:
    client-certificate-data: ${data}
    client-key-data: ${Buffer.from('a key').toString('base64')}
`;
}
