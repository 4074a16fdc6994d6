/** A provider for tests on the desk: issues what was asked for, with every peculiarity that a test wants. */

import 'reflect-metadata';
import { Pkcs10CertificateRequest } from '@peculiar/x509';
import { type Authority, newAuthority, sign } from '../../../standins/juju/ca-charm/authority.ts';
import { openKeyPool } from '../../../standins/machines/pki/keys.ts';
import { asked, type Desk, NOON } from './desk.ts';

export const DAY_MS = 86_400_000;

/** Keys from the suite's cache: making an RSA key takes longer than a test. They end where those of others rarely begin. */
const POOL_BEGIN = 150;
let authorities = 0;

export async function authorityCalled(name: string): Promise<Authority> {
  const key = await openKeyPool(POOL_BEGIN + authorities++).draw();
  return newAuthority(name, key, NOON);
}

export interface ProviderItem {
  certificate_signing_request: string;
  certificate: string;
  ca: string;
  chain?: unknown;
  revoked?: unknown;
  [more: string]: unknown;
}

export interface How {
  readonly days?: number;
  readonly reduced?: boolean;
  readonly authority?: boolean;
  readonly from?: Date;
}

/** An answer to the request, in the words of the fourth generation of the provider's library. */
export async function issue(
  issuer: Authority,
  request: { readonly certificate_signing_request: string; readonly ca: boolean },
  { days = 90, reduced = false, authority = request.ca, from = NOON }: How = {},
): Promise<ProviderItem> {
  const csr = new Pkcs10CertificateRequest(request.certificate_signing_request);
  const certificate = await sign(issuer, csr, { validityMs: days * DAY_MS, authority, reduced, notBefore: from });
  return {
    ca: issuer.certificate,
    certificate_signing_request: csr.toString('pem'),
    certificate,
    chain: [certificate, issuer.certificate],
  };
}

/** Answers all that stands in the databags of the desk, in place of what was answered before. */
export async function answerAll(desk: Desk, issuer: Authority, how: How = {}): Promise<readonly ProviderItem[]> {
  const items = await Promise.all([...asked(desk.unit), ...asked(desk.app)].map((each) => issue(issuer, each, how)));
  desk.provider['certificates'] = JSON.stringify(items);
  return items;
}
