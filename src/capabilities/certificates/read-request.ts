/**
 * Reads certificate signing requests (PKCS #10, RFC 2986) that others have made. Whoever signs one reads it with another parser
 * than ours. So only the one form is read that leaves nothing to interpretation: one PEM block and no text around it, one list of
 * extensions, no extension twice. Otherwise a request could show us one thing and the signer another.
 */

import { isIP } from 'node:net';
import type { Pkcs10CertificateRequest } from '@peculiar/x509';
import { normaliseSan } from '../../core/san.ts';
import { loadX509, type SubjectPart } from './signing-request.ts';

export interface ParsedRequest {
  readonly subject: readonly SubjectPart[];
  /** Lower case. */
  readonly dnsNames: readonly string[];
  /** As `normaliseSan` writes them. */
  readonly addresses: readonly string[];
  /** Extensions asked for other than the subject alternative name, by object identifier. */
  readonly otherExtensions: readonly string[];
  /** Kinds of subject alternative names other than DNS names and IP addresses. */
  readonly otherNames: readonly string[];
  readonly key: { readonly algorithm: string; readonly bits: number };
  /** Whether it is signed with the key that it asks a certificate for. */
  readonly signed: boolean;
}

const PEM = /^-----BEGIN CERTIFICATE REQUEST-----\n((?:[A-Za-z0-9+/=]{1,76}\n)+)-----END CERTIFICATE REQUEST-----\n?$/;
const SUBJECT_ALT_NAME = '2.5.29.17';
/** `extensionRequest` of PKCS #9. */
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';

/** @throws when it is no PKCS #10 request in the form that is read. */
export async function parseRequest(pem: string): Promise<ParsedRequest> {
  const x509 = await loadX509();
  const request = new x509.Pkcs10CertificateRequest(derOf(pem));
  checkAttributes(request);
  const alternative = request.extensions.filter(({ type }) => type === SUBJECT_ALT_NAME);
  if (alternative.length > 1) throw new Error('it asks for subject alternative names twice');
  const names = alternative.flatMap(({ rawData }) => new x509.SubjectAlternativeNameExtension(rawData).names.items);
  const dns = names.filter(({ type }) => type === 'dns');
  const ip = names.filter(({ type, value }) => type === 'ip' && isIP(value) !== 0);
  return {
    subject: subjectParts(request),
    dnsNames: dns.map(({ value }) => value.toLowerCase()),
    addresses: ip.map(({ value }) => normaliseSan(value)),
    otherExtensions: request.extensions.map(({ type }) => type).filter((type) => type !== SUBJECT_ALT_NAME),
    otherNames: names.filter((name) => !dns.includes(name) && !ip.includes(name)).map(({ type }) => type),
    key: keyOf(request),
    signed: await request.verify().catch(() => false),
  };
}

function derOf(pem: string): Uint8Array<ArrayBuffer> {
  const base64 = PEM.exec(pem)?.[1]?.replaceAll('\n', '') ?? '';
  const der = Buffer.from(base64, 'base64');
  if (base64 === '' || der.toString('base64') !== base64) throw new Error('it is not one PEM block');
  if (sequenceSize(der) !== der.length) throw new Error('it is not one sequence and nothing else');
  return new Uint8Array(der);
}

/** Bytes of a DER sequence with its header: tag 0x30, then the length as a number of one or two bytes behind 0x80 plus their count. */
function sequenceSize(der: Buffer): number {
  const bytes = (der[1] ?? 0) - 0x80;
  return der[0] === 0x30 && (bytes === 1 || bytes === 2) ? 2 + bytes + der.readUIntBE(2, bytes) : Number.NaN;
}

function checkAttributes({ attributes }: Pkcs10CertificateRequest): void {
  const usual = attributes.every(({ type, values }) => type === EXTENSION_REQUEST && values.length === 1);
  if (!usual || attributes.length > 1) throw new Error('it has other attributes than one list of extensions');
}

function subjectParts(request: Pkcs10CertificateRequest): readonly SubjectPart[] {
  return request.subjectName
    .toJSON()
    .flatMap((part) =>
      Object.entries(part).flatMap(([type, values]) => values.map((value): SubjectPart => [type, value])),
    );
}

function keyOf(request: Pkcs10CertificateRequest): ParsedRequest['key'] {
  const algorithm = request.publicKey.algorithm as { name: string; modulusLength?: number; namedCurve?: string };
  return {
    algorithm: algorithm.name,
    bits: algorithm.modulusLength ?? Number(algorithm.namedCurve?.replace(/\D/g, '') ?? 0),
  };
}
