/** Requests as they are made: what a second implementation reads in them, and which are refused before they are made. */

import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { generateKey, publicKeyOf } from '../../../../src/capabilities/certificates/relation/keys.ts';
import { createRequest, wantedExtensions } from '../../../../src/capabilities/certificates/relation/make-request.ts';
import { fulfils, readRequest } from '../../../../src/capabilities/certificates/relation/read-request.ts';
import type { CertificateWish } from '../../../../src/capabilities/certificates/relation/wish.ts';
import { wantedSans, wishProblem } from '../../../../src/capabilities/certificates/relation/wish.ts';
import { openKeyPool } from '../../../standins/machines/pki/keys.ts';
import { newWish } from './wishes.ts';

const EC = { name: 'ec', curve: 'P-256' } as const;
const SUBJECT = {
  commonName: 'system:node:a',
  organization: 'system:nodes',
  organizationalUnit: 'Ünit',
  email: 'a@example.com',
  country: 'DE',
  state: 'Hessen',
  locality: 'Frankfurt am Main, "Höchst"',
};

let rsa: string;
let ec: string;

beforeAll(async () => {
  rsa = await openKeyPool(149).draw();
  ec = await generateKey(EC);
});

function openssl(input: string, ...args: readonly string[]): string {
  return execFileSync('openssl', args, { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });
}

const make = (wish: CertificateWish, key = wish.key.name === 'rsa' ? rsa : ec): Promise<string> =>
  createRequest(wish, key, randomUUID());

describe('a request', () => {
  it.each([
    ['RSA', { name: 'rsa', bits: 2048 }, 'sha256WithRSAEncryption'],
    ['elliptic curve', EC, 'ecdsa-with-SHA256'],
  ] as const)('with a key of %s is signed as openssl verifies it', async (_, key, algorithm) => {
    const pem = await make(newWish({ key }));
    expect(openssl(pem, 'req', '-verify', '-noout', '-text')).toContain(`Signature Algorithm: ${algorithm}`);
    expect(pem).toMatch(/^-----BEGIN CERTIFICATE REQUEST-----\n[A-Za-z0-9+/=\n]*\n-----END CERTIFICATE REQUEST-----$/);
  });

  it.each([
    [{ name: 'rsa', bits: 2048 }, 'rsa-2048', 'BEGIN RSA PRIVATE KEY'],
    [{ name: 'ec', curve: 'P-256' }, 'ec-P-256', 'BEGIN PRIVATE KEY'],
    [{ name: 'ec', curve: 'P-384' }, 'ec-P-384', 'BEGIN PRIVATE KEY'],
  ] as const)('of %j has a key in the form that consumers read', async (key, algorithm, head) => {
    const pem = await generateKey(key);
    expect(pem).toContain(head);
    expect(publicKeyOf(pem)?.algorithm).toBe(algorithm);
    openssl(await make(newWish({ key }), pem), 'req', '-verify', '-noout');
  });

  it('has its subject in the order of the other implementations, the identifier second and in UTF-8', async () => {
    const pem = await make(newWish({ subject: SUBJECT }));
    const subject = openssl(pem, 'req', '-noout', '-subject', '-nameopt', 'sep_multiline,utf8,show_type,sname')
      .split('\n')
      .map((line) => line.trim())
      .slice(1, -1);
    const [, identifier] = subject;
    expect(identifier).toMatch(
      /^x500UniqueIdentifier=UTF8STRING:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expect(subject.filter((line) => line !== identifier)).toEqual([
      'CN=UTF8STRING:system:node:a',
      'O=UTF8STRING:system:nodes',
      'OU=UTF8STRING:Ünit',
      'emailAddress=IA5STRING:a@example.com',
      'C=PRINTABLESTRING:DE',
      'ST=UTF8STRING:Hessen',
      'L=UTF8STRING:Frankfurt am Main, "Höchst"',
    ]);
  });

  it('has names and addresses in one form, sorted and once each', async () => {
    const sans = ['b.example', '0:0:0:0:0:0:0:1', 'A.example', 'a.example', '10.0.0.5', 'fd00:0::5', '*.apps.example'];
    const text = openssl(await make(newWish({ sans })), 'req', '-noout', '-text');
    expect(/Subject Alternative Name: \n\s*(.*)/.exec(text)?.[1]).toBe(
      'DNS:*.apps.example, IP Address:10.0.0.5, IP Address:0:0:0:0:0:0:0:1, DNS:a.example, DNS:b.example, IP Address:FD00:0:0:0:0:0:0:5',
    );
  });

  it('asks for usages itself, since providers add none to leaves', async () => {
    const wish = newWish({
      keyUsages: ['digital signature', 'key encipherment'],
      extendedKeyUsages: ['server auth', 'client auth'],
    });
    const text = openssl(await make(wish), 'req', '-noout', '-text');
    expect(text).toMatch(/Key Usage: critical\n\s*Digital Signature, Key Encipherment\n/);
    expect(text).toMatch(/Extended Key Usage: \n\s*TLS Web Server Authentication, TLS Web Client Authentication\n/);
  });

  it('never is the same twice, although the key is', async () => {
    const [one, two] = [await make(newWish()), await make(newWish())];
    expect(one).not.toBe(two);
    expect((await readRequest(one))?.publicKey).toBe((await readRequest(two))?.publicKey);
  });

  it('is read the same however its PEM is written', async () => {
    const pem = await make(newWish());
    const base64 = pem.replaceAll(/-----[^-]*-----|\n/g, '');
    const wrapped = (width: number, end: string): string =>
      [
        '-----BEGIN CERTIFICATE REQUEST-----',
        ...(base64.match(new RegExp(`.{1,${width}}`, 'g')) ?? []),
        '-----END CERTIFICATE REQUEST-----',
        '',
      ].join(end);
    const read = await readRequest(pem);
    for (const other of [wrapped(64, '\r\n'), wrapped(76, '\n'), `\n\n${pem}\n \n`])
      expect((await readRequest(other))?.digest).toBe(read?.digest);
  });

  it.each([
    ['nothing', ''],
    ['words', 'not a request'],
    ['another kind of PEM', '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----'],
    ['broken base64', '-----BEGIN CERTIFICATE REQUEST-----\n%%%\n-----END CERTIFICATE REQUEST-----'],
    ['half of one', '-----BEGIN CERTIFICATE REQUEST-----\nMIICijCCAXICAQAwRTEL\n-----END CERTIFICATE REQUEST-----'],
  ])('is not read from %s', async (_, text) => {
    expect(await readRequest(text)).toBeUndefined();
  });
});

describe('requests are told apart', () => {
  const wish = newWish({ subject: SUBJECT, extendedKeyUsages: ['server auth'] });
  const others: readonly (readonly [what: string, other: Partial<CertificateWish>])[] = [
    ['the common name', { subject: { ...SUBJECT, commonName: 'b' } }],
    ['the organization', { subject: { ...SUBJECT, organization: 'b' } }],
    ['the organizational unit', { subject: { ...SUBJECT, organizationalUnit: 'b' } }],
    ['the email address', { subject: { ...SUBJECT, email: 'b@example.com' } }],
    ['the country', { subject: { ...SUBJECT, country: 'FR' } }],
    ['the state', { subject: { ...SUBJECT, state: 'b' } }],
    ['the locality', { subject: { ...SUBJECT, locality: 'b' } }],
    ['a name more', { sans: [...wish.sans, 'b'] }],
    ['a name less', { sans: ['k8s.example'] }],
    ['a usage', { extendedKeyUsages: ['client auth'] }],
    ['a usage of the key', { keyUsages: ['digital signature'] }],
  ];
  const matches = async (pem: string, wanted: CertificateWish): Promise<boolean | undefined> => {
    const read = await readRequest(pem);
    return read && fulfils(read, wanted, await wantedExtensions(wanted));
  };

  it.each(others)('by %s', async (_, other) => {
    expect(await matches(await make(wish), { ...wish, ...other })).toBe(false);
  });

  it('not by the value of the identifier, the order of names or their spelling', async () => {
    const same = { ...wish, sans: ['10.0.0.5', 'K8S.example', 'k8s.example'] };
    expect(await matches(await make(wish), same)).toBe(true);
  });

  it('by the identifier being there at all', async () => {
    const read = await readRequest(await make(wish));
    expect(read && fulfils({ ...read, hasUniqueId: false }, wish, await wantedExtensions(wish))).toBe(false);
  });

  it('not by the spelling of an address, which would have the request replaced in each hook', () => {
    const spellings = ['0000:0000:0000:0000:0000:0000:0000:0001', '::1', '0:0::1'];
    for (const san of spellings) expect(wantedSans({ sans: [san] })).toEqual(['::1']);
  });
});

describe('a wish is refused before it is sent', () => {
  const x = (length: number): string => 'x'.repeat(length);
  const node = (length: number): string => `system:node:${x(length)}`;

  it.each([
    ['a common name of 65', { commonName: x(65) }, 'has 65 characters, and X.509 allows 64'],
    ['a node name of 53', { commonName: node(53) }, "the node's name may have at most 52 characters"],
    ['an organization of 65', { commonName: 'a', organization: x(65) }, 'the organization'],
    ['an organizational unit of 65', { commonName: 'a', organizationalUnit: x(65) }, 'the organizational unit'],
    ['a country of three letters', { commonName: 'a', country: 'DEU' }, 'must be two letters; it is "DEU"'],
    ['an email address that is none of ASCII', { commonName: 'a', email: 'ü@example.com' }, 'ASCII'],
    ['neither a common name nor another', {}, 'neither a common name nor other names'],
  ])('with %s', (_, subject, problem) => {
    const sans = Object.keys(subject).length === 0 ? [] : ['k8s.example'];
    expect(wishProblem(newWish({ subject, sans }))).toContain(problem);
  });

  it.each(['not a name', '10.0.0.5/24', 'fe80::1%eth0', `${x(64)}.example`, '-a', ''])('with the name %j', (san) => {
    expect(wishProblem(newWish({ sans: [san] }))).toContain('neither a DNS name nor an IP address');
  });

  it.each([
    ['64 characters', { commonName: x(64), organization: x(64) }],
    ['64 characters beyond ASCII', { commonName: 'ü'.repeat(64) }],
    ['a node name of 52', { commonName: node(52) }],
  ])('not with %s, which openssl reads', async (_, subject) => {
    const wish = newWish({ subject });
    expect(wishProblem(wish)).toBeUndefined();
    openssl(await make(wish), 'req', '-verify', '-noout');
  });

  it('not with a name alone', () => {
    expect(wishProblem(newWish({ subject: {}, sans: ['a'] }))).toBeUndefined();
  });
});
