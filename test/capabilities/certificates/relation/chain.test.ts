/** Chains in whatever form providers send them, put in order by who signed what. */

import 'reflect-metadata';
import { Pkcs10CertificateRequest } from '@peculiar/x509';
import { beforeAll, describe, expect, it } from 'vitest';
import { orderChain } from '../../../../src/capabilities/certificates/relation/chain.ts';
import {
  type IssuedCertificate,
  readAllIssued,
  readIssued,
} from '../../../../src/capabilities/certificates/relation/issued.ts';
import { generateKey } from '../../../../src/capabilities/certificates/relation/keys.ts';
import { createRequest } from '../../../../src/capabilities/certificates/relation/make-request.ts';
import { type Authority, sign } from '../../../standins/juju/ca-charm/authority.ts';
import { openKeyPool } from '../../../standins/machines/pki/keys.ts';
import { NOON } from './desk.ts';
import { authorityCalled, DAY_MS } from './provider.ts';
import { newAuthorityWish, newWish } from './wishes.ts';

const EC = { name: 'ec', curve: 'P-256' } as const;
const NAMES = { root: 'root', renewed: 'root under its old name', intermediate: 'intermediate', leaf: 'leaf' } as const;
type Name = keyof typeof NAMES;

const certificates = new Map<Name, IssuedCertificate>();

const the = (name: Name): IssuedCertificate => {
  const found = certificates.get(name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
};

beforeAll(async () => {
  const root = await authorityCalled('root');
  const renewed = await authorityCalled('root');
  const key = await openKeyPool(148).draw();
  const certify = async (issuer: Authority, pem: string, authority: boolean): Promise<string> =>
    sign(issuer, new Pkcs10CertificateRequest(pem), { authority, validityMs: 30 * DAY_MS, notBefore: NOON });
  const intermediate = await certify(root, await createRequest(newAuthorityWish(), key, 'a'), true);
  const request = await createRequest(newWish({ key: EC }), await generateKey(EC), 'b');
  const leaf = await certify({ certificate: intermediate, key }, request, false);
  const all = { root: root.certificate, renewed: renewed.certificate, intermediate, leaf };
  for (const [name, pem] of Object.entries(all)) {
    const read = readIssued(pem);
    if (read !== undefined) certificates.set(name as Name, read);
  }
});

describe('a chain', () => {
  it.each<[string, Name[], Name[], boolean]>([
    ['in order', ['leaf', 'intermediate', 'root'], ['leaf', 'intermediate', 'root'], true],
    ['the other way round', ['root', 'intermediate', 'leaf'], ['leaf', 'intermediate', 'root'], true],
    ['without the leaf', ['intermediate', 'root'], ['leaf', 'intermediate', 'root'], true],
    ['without the root', ['leaf', 'intermediate'], ['leaf', 'intermediate'], false],
    ['that is absent', [], ['leaf'], false],
    [
      'with each twice',
      ['root', 'root', 'intermediate', 'leaf', 'intermediate'],
      ['leaf', 'intermediate', 'root'],
      true,
    ],
    ['with strangers', ['renewed', 'intermediate'], ['leaf', 'intermediate'], false],
    ['with two roots of one name', ['renewed', 'root', 'intermediate'], ['leaf', 'intermediate', 'root'], true],
    ['without the link', ['leaf', 'root'], ['leaf'], false],
  ])('%s', (_, sent, expected, complete) => {
    const chain = orderChain(the('leaf'), sent.map(the));
    expect(chain.certificates.map(({ fingerprint }) => fingerprint)).toEqual(
      expected.map((name) => the(name).fingerprint),
    );
    expect(chain.complete).toBe(complete);
  });

  it('is found in one text, with what cannot be read left out', () => {
    const text = `${the('leaf').pem}\nwords\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n${the('root').pem}`;
    expect(readAllIssued(text).map(({ fingerprint }) => fingerprint)).toEqual(
      [the('leaf'), the('root')].map(({ fingerprint }) => fingerprint),
    );
  });

  it('does not go through a certificate that is no authority, whatever it signed', async () => {
    const key = await openKeyPool(147).draw();
    const root = await authorityCalled('honest');
    const request = await createRequest(newWish(), key, 'c');
    const ordinary = await sign(root, new Pkcs10CertificateRequest(request), {
      authority: false,
      validityMs: DAY_MS,
      notBefore: NOON,
    });
    const forged = await sign(
      { certificate: ordinary, key },
      new Pkcs10CertificateRequest(await createRequest(newWish({ key: EC }), await generateKey(EC), 'd')),
      { authority: false, validityMs: DAY_MS, notBefore: NOON },
    );
    const [leaf, ...others] = readAllIssued([forged, ordinary, root.certificate].join('\n'));
    if (leaf === undefined) throw new Error('unreadable');
    expect(orderChain(leaf, others)).toEqual({ certificates: [leaf], complete: false });
  });
});
