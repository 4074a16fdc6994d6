/**
 * Guards that certificates and keys in whatever form people have them are either handed to k8sd in the form that Go reads, or refused with
 * what is wrong. The stand-in of k8sd reads PEM as Go does.
 */

import { execFileSync } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Pems } from '../../../../src/capabilities/certificates/given/fields.ts';
import { nextLeaves } from '../../../../src/capabilities/certificates/given/own-leaves.ts';
import { providedToGive } from '../../../../src/capabilities/certificates/given/provided.ts';
import { completeControlPlane } from '../../../standins/machines/pki/control-plane.ts';
import { openKeyPool } from '../../../standins/machines/pki/keys.ts';
import { parseCertificate, requireKeyPair } from '../../../standins/machines/pki/parse.ts';
import { hasOpenssl } from '../inventory/openssl.ts';
import { newOwnAuthorities, type OwnAuthorities } from './authorities.ts';
import { type KeptAuthorities, newKeptAuthorities } from './kept.ts';

const NODE = { unit: 'k8s/0', nodeName: 'node-0', address: '10.0.0.10' };
const SANS = { apiserver: ['kubernetes', '10.152.183.1', '10.0.0.10'], kubelet: ['node-0', '10.0.0.10'] };
const COMMON = {
  unit: NODE.unit,
  nodeName: NODE.nodeName,
  issued: [],
  sans: SANS,
  /** Of each call: the CAs are made after this file is read. */
  get now() {
    return new Date();
  },
};

let own: OwnAuthorities;
let kept: KeptAuthorities;
let brought: Pems;

beforeAll(async () => {
  [own, kept] = await Promise.all([newOwnAuthorities(), newKeptAuthorities()]);
  const all = await kept.bring(NODE, 'bootstrap');
  brought = Object.fromEntries(Object.entries(all).filter(([key]) => /-(apiserver|kubelet)-(crt|key)$/.test(key)));
}, 30_000);

const crlf = (text: string): string => text.replaceAll('\n', '\r\n');
const openssl = (input: string, ...args: string[]): string =>
  execFileSync('openssl', args, { input, encoding: 'utf8' });
const BAG = 'Bag Attributes\n    friendlyName: k8s\n    localKeyID: 01 02\nsubject=CN = x\nissuer=CN = y\n';
const KEY_BAG = 'Bag Attributes\n    localKeyID: 01 02\nKey Attributes: <No Attributes>\n';
type Form = readonly [what: string, certificate: (text: string) => string, key: (text: string) => string];

const GOOD: readonly Form[] = [
  ['as it should be', (text) => text, (text) => text],
  ['with a byte order mark', (text) => `\uFEFF${text}`, (text) => `\uFEFF${text}`],
  ['with line ends of Windows', crlf, crlf],
  ['with a byte order mark and line ends of Windows', (text) => `\uFEFF${crlf(text)}`, (text) => `\uFEFF${crlf(text)}`],
  ['without a line break at its end', (text) => text.trim(), (text) => text.trim()],
  ['as openssl pkcs12 writes it', (text) => BAG + text, (text) => KEY_BAG + text],
  ['behind text in its first line', (text) => `certificate: ${text}`, (text) => `key: ${text}`],
  ['indented', (text) => text.replaceAll(/^/gm, '  '), (text) => text.replaceAll(/^/gm, '  ')],
  [
    'with blanks at the ends of lines',
    (text) => text.replaceAll('\n', '  \n'),
    (text) => text.replaceAll('\n', '  \n'),
  ],
  ['with the older label', (text) => text.replaceAll('CERTIFICATE', 'X509 CERTIFICATE'), (text) => text],
  [
    'with its parameters before it',
    (text) => text,
    (text) => `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${text}`,
  ],
];

describe('an authority with its key', () => {
  const give = (crt: string, key: string) =>
    providedToGive({ ...COMMON, content: { 'ca-crt': crt, 'ca-key': key }, etcd: true });

  it.each(GOOD)('%s is given in the form that Go reads', (_, certificate, key) => {
    const { pems, problems } = give(certificate(own.content['ca-crt'] ?? ''), key(own.content['ca-key'] ?? ''));
    expect(problems).toEqual([]);
    expect(parseCertificate(pems?.['ca-crt'] ?? '').ca).toBe(true);
    requireKeyPair(pems?.['ca-crt'] ?? '', pems?.['ca-key'] ?? '');
    expect(pems?.['ca-key']).toBe(own.content['ca-key']);
  });

  it('in one file, or with the root first, is told apart by its key', () => {
    const [crt = '', key = ''] = [own.content['ca-crt'], own.content['ca-key']];
    const plain = give(crt, key).pems;
    expect(give(key + crt, crt + key).pems).toEqual(plain);
    expect(give(own.root.certificate + crt, key).pems).toEqual(plain);
    expect(give(crt.trim() + own.root.certificate.trim(), key).pems).toEqual(plain);
  });

  it.each<[string, (crt: string) => string, (key: string) => string, RegExp]>([
    [
      'in base64',
      (crt) => Buffer.from(crt).toString('base64'),
      (key) => key,
      /^ca-crt is encoded in base64 once more; give the PEM file/,
    ],
    ['in one line', (crt) => crt.replaceAll('\n', ' '), (key) => key, /^ca-crt has its line breaks replaced by blanks/],
    [
      'with line breaks written out',
      (crt) => crt.replaceAll('\n', '\\n'),
      (key) => key,
      /^ca-crt has a backslash and an n/,
    ],
    [
      'that is cut off',
      (crt) => crt.slice(0, -40),
      (key) => key,
      /^ca-crt has a block of PEM that is cut off or damaged$/,
    ],
    ['that is a key', () => own.root.key, (key) => key, /^ca-crt holds a private key and no certificate$/],
    ['of a name only', () => '/etc/ssl/ca.pem', (key) => key, /^ca-crt is no certificate in PEM$/],
    [
      'of more certificates than a chain has',
      (crt) => crt.repeat(6),
      (key) => key,
      /^ca-crt has 12 certificates; at most 10/,
    ],
    ['with two keys', (crt) => crt, (key) => key + own.root.key, /^ca-key holds 2 private keys/],
    [
      'with a key that is cut off',
      (crt) => crt,
      (key) => key.slice(0, 200),
      /^ca-key has a block of PEM that is cut off/,
    ],
    ['with a certificate for a key', (crt) => crt, () => own.root.certificate, /^ca-key is no private key in PEM$/],
    [
      'with a key that is encrypted',
      (crt) => crt,
      (key) => encrypted(key),
      /^ca-key is encrypted; give it without a passphrase$/,
    ],
    ['with a key of an elliptic curve', (crt) => crt, () => ecKey(), /^ca-key must be an RSA key/],
  ])('%s is refused with what is wrong', (_, certificate, key, problem) => {
    const { pems, problems } = give(certificate(own.content['ca-crt'] ?? ''), key(own.content['ca-key'] ?? ''));
    expect(pems).toBeUndefined();
    expect(problems).toEqual([expect.stringMatching(problem)]);
    expect(problems.join()).not.toContain('-----');
  });

  it.skipIf(!hasOpenssl)('in the forms that openssl writes: those that Go reads are given, the others named', () => {
    const [crt = '', key = ''] = [own.content['ca-crt'], own.content['ca-key']];
    const { certificate, key: rootKey } = own.root;
    expect(give(openssl(certificate, 'x509', '-text'), rootKey).problems).toEqual([]);
    expect(give(certificate, openssl(rootKey, 'rsa', '-traditional')).problems).toEqual([]);
    expect(give(openssl(crt, 'x509', '-trustout') + crt, key).problems).toEqual([
      expect.stringMatching(/^ca-crt is in a form that only OpenSSL reads \(TRUSTED CERTIFICATE\)/),
    ]);
    for (const how of [[], ['-traditional']])
      expect(give(crt, openssl(key, 'rsa', '-aes256', '-passout', 'pass:x', ...how)).problems).toEqual([
        'ca-key is encrypted; give it without a passphrase',
      ]);
  });
});

describe('certificates of a unit', () => {
  const form = ([, certificate, key]: Form): Pems => ({
    ...brought,
    'k8s-0-apiserver-crt': certificate(brought['k8s-0-apiserver-crt'] ?? ''),
    'k8s-0-apiserver-key': key(brought['k8s-0-apiserver-key'] ?? ''),
  });
  const authority = (): string => kept.kept['ca'] ?? '';

  it.each(GOOD)('%s are what k8sd and the API server can read', async (...each) => {
    const content = { 'ca-crt': authority(), ...form(each) };
    const { pems, problems } = providedToGive({ ...COMMON, content, etcd: true });
    expect(problems).toEqual([]);
    const made = await completeControlPlane(pems ?? {}, {
      node: NODE.nodeName,
      sans: [],
      address: NODE.address,
      serviceAddresses: ['10.152.183.1'],
      validity: { notBefore: COMMON.now, notAfter: new Date(COMMON.now.getTime() + 3_600_000) },
      createAuthorities: true,
      managedEtcd: true,
      keys: openKeyPool(150),
    });
    requireKeyPair(made['apiserver-crt'] ?? '', made['apiserver-key'] ?? '');
  });

  it.each(GOOD)('%s are put into service on a running node in the same form', (...each) => {
    const question = { ...COMMON, content: form(each), kept: { ca: authority() } };
    const { pems, problems } = nextLeaves(question, 'control-plane', {});
    expect(problems).toEqual([]);
    expect(pems).toEqual(nextLeaves({ ...question, content: brought }, 'control-plane', {}).pems);
  });

  it('behind their authority, or behind their key, are found', () => {
    const key = brought['k8s-0-apiserver-key'] ?? '';
    const leaf = brought['k8s-0-apiserver-crt'] ?? '';
    const found = [authority() + leaf, key + leaf, leaf].map((crt) => {
      const content = { ...brought, 'k8s-0-apiserver-crt': crt };
      return nextLeaves({ ...COMMON, content, kept: { ca: authority() } }, 'control-plane', {});
    });
    for (const { pems, problems } of found) {
      expect(problems).toEqual([]);
      requireKeyPair(pems['apiserver-crt'] ?? '', pems['apiserver-key'] ?? '');
    }
  });
});

function encrypted(key: string): string {
  return createPrivateKey(key)
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
    .toString();
}

function ecKey(): string {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ type: 'sec1', format: 'pem' })
    .toString();
}
