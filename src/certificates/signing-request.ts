/** Makes a worker's key pairs and certificate signing requests (PKCS #10, RFC 2986), and reads those of others. */

import type { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import type { Pkcs10CertificateRequest } from '@peculiar/x509';
import type { PendingRequest, WorkerPair } from './request-journal.ts';
import { normaliseSan } from './sans.ts';

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

export type SubjectPart = readonly ['CN' | 'O', string];

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

/** @param id makes the objects' names unique among attempts; lower-case letters, digits and dashes. */
export async function makeRequests(
  node: string,
  sans: readonly string[],
  id: string,
): Promise<readonly PendingRequest[]> {
  return Promise.all(
    REQUEST_KINDS.map(async (kind) => ({
      pair: kind.pair,
      object: `k8s-charm-${id}-${kind.pair}`,
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

export interface ParsedRequest {
  readonly subject: readonly SubjectPart[];
  readonly sans: readonly string[];
  /** Extensions asked for other than the subject alternative name, by object identifier. */
  readonly otherExtensions: readonly string[];
  /** Kinds of subject alternative names other than DNS names and IP addresses. */
  readonly otherNames: readonly string[];
  /** `RSA 2048`, `EC P-256`. */
  readonly key: { readonly algorithm: string; readonly bits: number };
  /** Whether it is signed with the key that it asks a certificate for. */
  readonly signed: boolean;
}

/** @throws when it is no PKCS #10 request. */
export async function parseRequest(pem: string): Promise<ParsedRequest> {
  const x509 = await loadX509();
  const request = new x509.Pkcs10CertificateRequest(pem);
  const extension = request.extensions.find(({ type }) => type === SUBJECT_ALT_NAME);
  const names = extension ? new x509.SubjectAlternativeNameExtension(extension.rawData).names.items : [];
  const usable = names.filter(({ type }) => type === 'dns' || type === 'ip');
  return {
    subject: subjectParts(request),
    sans: usable.map(({ value }) => normaliseSan(value)),
    otherExtensions: request.extensions.map(({ type }) => type).filter((type) => type !== SUBJECT_ALT_NAME),
    otherNames: names.filter((name) => !usable.includes(name)).map(({ type }) => type),
    key: keyOf(request),
    signed: await request.verify().catch(() => false),
  };
}

const SUBJECT_ALT_NAME = '2.5.29.17';

function nodeSubject(node: string): readonly SubjectPart[] {
  return [
    ['O', 'system:nodes'],
    ['CN', `system:node:${node}`],
  ];
}

function subjectParts(request: Pkcs10CertificateRequest): readonly SubjectPart[] {
  return request.subjectName
    .toJSON()
    .flatMap((part) =>
      Object.entries(part).flatMap(([type, values]) => values.map((value): SubjectPart => [type as 'CN' | 'O', value])),
    );
}

function keyOf(request: Pkcs10CertificateRequest): ParsedRequest['key'] {
  const algorithm = request.publicKey.algorithm as { name: string; modulusLength?: number; namedCurve?: string };
  return {
    algorithm: algorithm.name,
    bits: algorithm.modulusLength ?? Number(algorithm.namedCurve?.replace(/\D/g, '') ?? 0),
  };
}

/** Loaded only when used: most dispatches never touch a request. The library wants its metadata shim first. */
async function loadX509(): Promise<typeof import('@peculiar/x509')> {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}
