/** Makes a worker's key pairs and certificate signing requests (PKCS #10, RFC 2986). */

import type { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import type { PendingRequest, WorkerPair } from './request-journal.ts';

/** k8sd reads RSA keys only, and issues with this size itself. */
const KEY = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
};

const BASE_USAGES = ['digital signature', 'key encipherment'];

/** What k8sd signs for a worker: signer, usages and subject are checked to the letter by its signing controller. */
export interface RequestKind {
  readonly pair: WorkerPair;
  readonly signerName: string;
  readonly usages: readonly string[];
  subject(node: string): readonly SubjectPart[];
}

/** Attribute (`CN`, `O`, or an object identifier) and value. */
export type SubjectPart = readonly [string, string];

export const REQUEST_KINDS: readonly RequestKind[] = [
  {
    pair: 'kubelet',
    signerName: 'k8sd.io/kubelet-serving',
    usages: [...BASE_USAGES, 'server auth'],
    subject: nodeSubject,
  },
  {
    pair: 'kubelet-client',
    signerName: 'k8sd.io/kubelet-client',
    usages: [...BASE_USAGES, 'client auth'],
    subject: nodeSubject,
  },
  {
    pair: 'kube-proxy-client',
    signerName: 'k8sd.io/kube-proxy-client',
    usages: [...BASE_USAGES, 'client auth'],
    subject: () => [['CN', 'system:kube-proxy']],
  },
];

/** Name of the CertificateSigningRequest object. */
export function objectName(id: string, pair: WorkerPair): string {
  return `k8s-charm-${id}-${pair}`;
}

/**
 * @param pairs which of a worker's certificates.
 * @param id makes the objects' names unique among attempts; lower-case letters, digits and dashes.
 */
export async function makeRequests(
  pairs: readonly WorkerPair[],
  node: string,
  sans: readonly string[],
  id: string,
): Promise<readonly PendingRequest[]> {
  return Promise.all(
    REQUEST_KINDS.filter(({ pair }) => pairs.includes(pair)).map(async (kind) => ({
      pair: kind.pair,
      object: objectName(id, kind.pair),
      signerName: kind.signerName,
      usages: kind.usages,
      ...(await makeRequest(kind.subject(node), kind.pair === 'kubelet' ? sans : [])),
    })),
  );
}

async function makeRequest(
  subject: readonly SubjectPart[],
  sans: readonly string[],
): Promise<{ request: string; key: string }> {
  const { Pkcs10CertificateRequestGenerator, SubjectAlternativeNameExtension } = await loadX509();
  const keys = await crypto.subtle.generateKey(KEY, true, ['sign', 'verify']);
  const names = sans.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value }));
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: subject.map(([type, value]) => ({ [type]: [value] })),
    keys,
    signingAlgorithm: KEY,
    extensions: names.length > 0 ? [new SubjectAlternativeNameExtension(names)] : [],
  });
  return { request: request.toString('pem'), key: await exportKey(keys.privateKey) };
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', key));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`;
}

function nodeSubject(node: string): readonly SubjectPart[] {
  return [
    ['O', 'system:nodes'],
    ['CN', `system:node:${node}`],
  ];
}

/** Loaded only when used: most dispatches never touch a request. The library wants its metadata shim first. */
export async function loadX509(): Promise<typeof import('@peculiar/x509')> {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}
