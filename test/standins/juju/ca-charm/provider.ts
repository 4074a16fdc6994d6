/**
 * The providing side of interface `tls-certificates` as the fourth generation of its library behaves: strict where it reads, and
 * answering each request once.
 */

import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import type { Databag } from '../../../../src/clients/juju/juju.ts';
import { type Authority, sign } from './authority.ts';

export type ProviderMode = 'self-signed' | 'vault' | 'manual';

export interface ProviderItem {
  readonly ca: string;
  readonly certificate_signing_request: string;
  readonly certificate: string;
  readonly chain: readonly string[];
  /** Written only when true. */
  readonly revoked?: true;
}

export interface RequestError {
  readonly csr: string;
  readonly error: Readonly<Record<string, unknown>>;
}

export interface Answers {
  readonly certificates: readonly ProviderItem[];
  readonly request_errors: readonly RequestError[];
}

export interface Request {
  readonly csr: x509.Pkcs10CertificateRequest;
  readonly authority: boolean;
}

/**
 * Requests of one requirer's databag. An item without `ca` makes all of the bag count for nothing; a request that cannot be parsed is an
 * exception that ends the provider's hook.
 */
export function readRequests(bag: Databag): readonly Request[] {
  const items = JSON.parse(bag['certificate_signing_requests'] ?? '[]') as Readonly<Record<string, unknown>>[];
  if (!items.every((item) => 'ca' in item)) return [];
  return items.map((item) => ({
    csr: new x509.Pkcs10CertificateRequest(String(item['certificate_signing_request'])),
    authority: item['ca'] === true,
  }));
}

export function readAnswers(bag: Databag): Answers {
  return {
    certificates: JSON.parse(bag['certificates'] ?? '[]') as ProviderItem[],
    request_errors: JSON.parse(bag['request_errors'] ?? '[]') as RequestError[],
  };
}

export function writeAnswers(answers: Answers): Readonly<Record<string, string | undefined>> {
  const list = (items: readonly unknown[]): string | undefined =>
    items.length === 0 ? undefined : JSON.stringify(items);
  return { certificates: list(answers.certificates), request_errors: list(answers.request_errors) };
}

/** What is left of the answers when some requests have gone. */
export function withoutGone(answers: Answers, requests: readonly Request[]): Answers {
  const asked = new Set(requests.map(({ csr }) => identity(csr)));
  const isAsked = (pem: string): boolean => asked.has(identity(new x509.Pkcs10CertificateRequest(pem)));
  return {
    certificates: answers.certificates.filter((item) => isAsked(item.certificate_signing_request)),
    request_errors: answers.request_errors.filter(({ csr }) => isAsked(csr)),
  };
}

/** Requests without a certificate that holds. */
export function outstanding(answers: Answers, requests: readonly Request[]): readonly Request[] {
  const served = new Set(
    answers.certificates
      .filter(({ revoked }) => revoked !== true)
      .map((item) => identity(new x509.Pkcs10CertificateRequest(item.certificate_signing_request))),
  );
  return requests.filter(({ csr }) => !served.has(identity(csr)));
}

export function revokeAll({ certificates, request_errors }: Answers): Answers {
  return { certificates: certificates.map((item) => ({ ...item, revoked: true as const })), request_errors };
}

export interface Issuing {
  readonly mode: ProviderMode;
  readonly issuer: Authority;
  /** From now on. */
  readonly validityMs: number;
  /** How long ago the validity began; by default it begins now. */
  readonly ageMs?: number;
}

/** One certificate or one error for the request, in place of what it had. */
export async function answer(
  answers: Answers,
  request: Request,
  { mode, issuer, validityMs, ageMs = 0 }: Issuing,
): Promise<Answers> {
  // Written anew, and stripped: not the text that the requirer sent.
  const csr = request.csr.toString('pem').trim();
  const others = withoutGone(
    answers,
    [...known(answers)].filter((each) => identity(each.csr) !== identity(request.csr)),
  );
  const refusal = mode === 'vault' ? refusalOf(request.csr) : undefined;
  if (refusal !== undefined) return { ...others, request_errors: [...others.request_errors, { csr, error: refusal }] };
  const certificate = await sign(issuer, request.csr, {
    validityMs: ageMs + validityMs,
    notBefore: new Date(Date.now() - ageMs),
    authority: mode !== 'vault' && request.authority,
    reduced: mode === 'vault',
  });
  const item: ProviderItem = {
    ca: issuer.certificate.trim(),
    certificate_signing_request: csr,
    certificate: certificate.trim(),
    // Some revisions of vault leave the leaf out.
    chain: mode === 'vault' ? [issuer.certificate.trim()] : [certificate.trim(), issuer.certificate.trim()],
  };
  return { ...others, certificates: [...others.certificates, item] };
}

function refusalOf(csr: x509.Pkcs10CertificateRequest): Readonly<Record<string, unknown>> | undefined {
  const name = csr.subjectName.getField('CN')[0] ?? '';
  if (!name.startsWith('system:node:')) return undefined;
  return {
    code: 102,
    name: 'DOMAIN_NOT_ALLOWED',
    message: `common name ${name} not allowed by this role`,
    reason: null,
    provider: 'vault',
    endpoint: null,
  };
}

function known({ certificates, request_errors }: Answers): readonly Request[] {
  return [...certificates.map((item) => item.certificate_signing_request), ...request_errors.map(({ csr }) => csr)].map(
    (pem) => ({ csr: new x509.Pkcs10CertificateRequest(pem), authority: false }),
  );
}

function identity(csr: x509.Pkcs10CertificateRequest): string {
  return Buffer.from(csr.rawData).toString('base64');
}
