/** The CA charm of the local model is as strict, and as forgetful, as the provider's library that it stands for. */

import 'reflect-metadata';
import { Pkcs10CertificateRequest, X509Certificate } from '@peculiar/x509';
import { beforeAll, describe, expect, it } from 'vitest';
import { generateKey } from '../../../../src/capabilities/certificates/relation/keys.ts';
import { createRequest } from '../../../../src/capabilities/certificates/relation/make-request.ts';
import { newAuthorityWish, newWish } from '../../../capabilities/certificates/relation/wishes.ts';
import { openKeyPool } from '../../machines/pki/keys.ts';
import { type Authority, nameOf, newAuthority } from './authority.ts';
import {
  type Answers,
  answer,
  outstanding,
  type ProviderMode,
  readRequests,
  revokeAll,
  withoutGone,
} from './provider.ts';

const EC = { name: 'ec', curve: 'P-256' } as const;
const NONE: Answers = { certificates: [], request_errors: [] };

let issuer: Authority;
let key: string;

beforeAll(async () => {
  issuer = await newAuthority('provider', await openKeyPool(146).draw());
  key = await generateKey(EC);
});

const bag = (...items: readonly unknown[]) => ({ certificate_signing_requests: JSON.stringify(items) });
let count = 0;
const pemOf = (wish = newWish()): Promise<string> => createRequest({ ...wish, key: EC }, key, String(count++));
const requestOf = async (wish = newWish()) => ({
  csr: new Pkcs10CertificateRequest(await pemOf(wish)),
  authority: wish.authority,
});
const give = (answers: Answers, request: Awaited<ReturnType<typeof requestOf>>, mode: ProviderMode = 'self-signed') =>
  answer(answers, request, { mode, issuer, validityMs: 60_000 });

describe('requests', () => {
  it('of a databag count for nothing when one has no `ca`', async () => {
    const [one, two] = [await pemOf(), await pemOf()];
    const without = { certificate_signing_request: two };
    expect(readRequests(bag({ certificate_signing_request: one, ca: false }, without))).toEqual([]);
    expect(readRequests(bag({ certificate_signing_request: one, ca: null }))).toMatchObject([{ authority: false }]);
  });

  it('that cannot be parsed end the hook', () => {
    expect(() => readRequests(bag({ certificate_signing_request: 'garbage', ca: false }))).toThrow();
  });

  it('are answered once, whatever their text looks like', async () => {
    const request = await requestOf();
    const answers = await give(NONE, request);
    const rewrapped = request.csr.toString('pem').replaceAll('\n', '\r\n');
    expect(outstanding(answers, [{ csr: new Pkcs10CertificateRequest(rewrapped), authority: false }])).toEqual([]);
    expect(outstanding(revokeAll(answers), [request])).toEqual([request]);
    expect((await give(revokeAll(answers), request)).certificates).toHaveLength(1);
  });

  it('that are gone take their certificates and errors with them', async () => {
    const [one, two] = [await requestOf(), await requestOf()];
    const answers = await give(await give(NONE, one), two);
    expect(withoutGone(answers, [two]).certificates).toHaveLength(1);
    expect(withoutGone(answers, [])).toEqual(NONE);
  });
});

describe('certificates', () => {
  const leafOf = (answers: Answers): X509Certificate => new X509Certificate(answers.certificates[0]?.certificate ?? '');
  const extensionsOf = (certificate: X509Certificate): readonly string[] =>
    certificate.extensions.map(({ type }) => type).toSorted();

  it('say what was asked for, and that they are no authority', async () => {
    const leaf = leafOf(await give(NONE, await requestOf(newWish({ extendedKeyUsages: ['server auth'] }))));
    expect(leaf.subjectName.getField('CN')).toEqual(['kube-apiserver']);
    // Subject key, alternative names, basic constraints, authority key, extended key usage.
    expect(extensionsOf(leaf)).toEqual(['2.5.29.14', '2.5.29.17', '2.5.29.19', '2.5.29.35', '2.5.29.37']);
    expect(await leaf.verify({ publicKey: new X509Certificate(issuer.certificate).publicKey })).toBe(true);
    expect(nameOf(issuer)).toBe('provider');
  });

  it('are of an authority when that was asked for', async () => {
    const certificate = leafOf(await give(NONE, await requestOf(newAuthorityWish())));
    const text = certificate.toString('text');
    expect(text).toContain('CA: true');
    expect(text).toContain('crlSign, keyCertSign');
  });

  it('of vault lack organization and addresses, are never of an authority, and none is for a node', async () => {
    const subject = { commonName: 'a', organization: 'o' };
    const answers = await give(NONE, await requestOf(newWish({ subject })), 'vault');
    expect(leafOf(answers).subjectName.getField('O')).toEqual([]);
    expect(leafOf(answers).toString('text')).not.toContain('10.0.0.5');
    expect(leafOf(await give(NONE, await requestOf(newAuthorityWish()), 'vault')).toString('text')).not.toContain(
      'CA: true',
    );
    const node = await give(NONE, await requestOf(newWish({ subject: { commonName: 'system:node:a' } })), 'vault');
    expect(node).toMatchObject({
      certificates: [],
      request_errors: [{ error: { code: 102, name: 'DOMAIN_NOT_ALLOWED' } }],
    });
  });
});
