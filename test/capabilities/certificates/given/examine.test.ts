/**
 * What k8sd is given is looked at before: whatever it would refuse is refused here, too, and so is what it takes and a service then
 * stumbles over. Each case is tried on the stand-in for k8sd as well.
 */

import 'reflect-metadata';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { Pkcs10CertificateRequest } from '@peculiar/x509';
import { beforeAll, describe, expect, it } from 'vitest';
import { type GivenQuestion, givenProblems } from '../../../../src/capabilities/certificates/given/examine.ts';
import type { Pems } from '../../../../src/capabilities/certificates/given/fields.ts';
import { createRequest } from '../../../../src/capabilities/certificates/relation/make-request.ts';
import { newAuthority, sign } from '../../../standins/juju/ca-charm/authority.ts';
import { completeControlPlane } from '../../../standins/machines/pki/control-plane.ts';
import {
  issueAuthority,
  issueLeaf,
  type LeafRequest,
  type Pair,
  publicKeyOf,
} from '../../../standins/machines/pki/issue.ts';
import { openKeyPool } from '../../../standins/machines/pki/keys.ts';
import { newAuthorityWish } from '../relation/wishes.ts';

const NOW = new Date();
const DAY_MS = 86_400_000;
const span = (from: number, to: number) => ({
  notBefore: new Date(NOW.getTime() + from * DAY_MS),
  notAfter: new Date(NOW.getTime() + to * DAY_MS),
});
const SOUND = span(-1, 365);
const keys = openKeyPool(0);
const EC = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  publicKeyEncoding: { type: 'spki', format: 'der' },
  privateKeyEncoding: { type: 'sec1', format: 'pem' },
});
const encrypted = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' },
}).privateKey;

const ED25519 = generateKeyPairSync('ed25519', {
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const pkcs8 = (key: string): string => createPrivateKey(key).export({ type: 'pkcs8', format: 'pem' }).toString();

/** Signed by another, which k8sd is not given. */
let intermediate: Pems;
let etcdPairs: Pems;
let ca: Pair;
let other: Pair;
let sound: Pems;
let apiserver: Pair;
let kubelet: Pair;

async function leaf(issuer: Pair, more: Partial<LeafRequest> = {}): Promise<Pair> {
  const key = await keys.draw();
  const certificate = await issueLeaf({
    subject: { commonName: 'x' },
    publicKey: publicKeyOf(key),
    issuer,
    sans: ['kubernetes', 'node-1'],
    validity: SOUND,
    ...more,
  });
  return { certificate, key };
}

const pair = (name: string, { certificate, key }: Pair): Pems => ({
  [`${name}-crt`]: certificate,
  [`${name}-key`]: key,
});
const without = (pems: Pems, ...fields: string[]): Pems =>
  Object.fromEntries(Object.entries(pems).filter(([field]) => !fields.includes(field)));
const external = (): Pems => ({
  'ca-crt': ca.certificate,
  ...pair('apiserver', apiserver),
  ...pair('kubelet', kubelet),
});

beforeAll(async () => {
  const [first, second, third, fourth] = await Promise.all(
    ['one', 'two', 'three', 'four'].map(async (name) => issueAuthority(name, await keys.draw(), SOUND)),
  );
  if (!first || !second || !third || !fourth) throw new Error('no authorities');
  [ca, other] = [first, second];
  sound = {
    ...pair('ca', ca),
    ...pair('client-ca', second),
    ...pair('front-proxy-ca', third),
    ...pair('etcd-ca', fourth),
  };
  [apiserver, kubelet] = await Promise.all([leaf(ca), leaf(ca)]);
  const pairs = ['etcd-server', 'etcd-peer', 'etcd-apiserver-client'].map(async (name) =>
    pair(name, await leaf(fourth)),
  );
  etcdPairs = Object.assign({}, ...(await Promise.all(pairs))) as Pems;
  const root = await newAuthority('root', await keys.draw());
  const key = await keys.draw();
  const request = new Pkcs10CertificateRequest(await createRequest(newAuthorityWish('cluster-ca'), key, 'a'));
  const validity = { notBefore: SOUND.notBefore, validityMs: 2 * DAY_MS };
  intermediate = pair('ca', { certificate: await sign(root, request, { authority: true, ...validity }), key });
});

const ask = (pems: Pems, more: Partial<GivenQuestion> = {}) =>
  givenProblems({ pems, birth: 'bootstrap', nodeName: 'node-1', etcd: true, now: new Date(), ...more });

/** Whether the stand-in for k8sd refuses it. */
async function refused(pems: Pems): Promise<boolean> {
  const completion = {
    node: 'node-1',
    sans: [],
    address: '10.0.0.1',
    serviceAddresses: ['10.152.183.1'],
    validity: SOUND,
    createAuthorities: true,
    managedEtcd: true,
    keys,
  };
  return completeControlPlane(pems, completion).then(
    () => false,
    () => true,
  );
}

describe('what k8sd is to be given', () => {
  it.each<[string, () => Pems]>([
    ['nothing', () => ({})],
    ['all authorities with their keys', () => sound],
    ['some authorities with their keys', () => without(sound, 'client-ca-crt', 'client-ca-key')],
    ['an authority without its key, and its certificates', external],
    [
      'the issuer with its own issuer beside it',
      () => ({ ...external(), 'ca-crt': ca.certificate + other.certificate }),
    ],
    ['an intermediate authority without those above it', () => ({ ...sound, ...intermediate })],
    ['keys in PKCS #8', () => ({ ...sound, 'ca-key': pkcs8(ca.key) })],
    ['an authority for etcd, and its certificates', () => ({ ...sound, ...etcdPairs })],
  ])('may be %s', async (_, pems) => {
    expect(ask(pems())).toEqual([]);
    expect(await refused(pems())).toBe(false);
  });

  /** The last column: whether k8sd itself refuses it. What it does not, a service does. */
  it.each<[string, () => Pems | Promise<Pems>, RegExp, boolean]>([
    ['a key without its certificate', () => ({ 'ca-key': ca.key }), /^ca-key is given without ca-crt$/, true],
    ['no certificate', () => ({ ...sound, 'ca-crt': 'x' }), /^ca-crt is no certificate in PEM$/, true],
    ['no key', () => ({ ...sound, 'ca-key': 'x' }), /^ca-key is no private key in PEM$/, true],
    ['an EC key', () => ({ ...sound, 'ca-key': EC.privateKey }), /^ca-key must be an RSA key/, true],
    ['an Ed25519 key', () => ({ ...sound, 'ca-key': ED25519.privateKey }), /^ca-key must be an RSA key/, true],
    ['an encrypted key', () => ({ ...sound, 'ca-key': encrypted }), /^ca-key is encrypted/, true],
    ["another's key", () => ({ ...sound, 'ca-key': other.key }), /^ca-key is not the key of the certificate/, false],
    [
      'an authority that has ended',
      async () => ({ ...sound, ...pair('ca', await issueAuthority('x', ca.key, span(-2, -1))) }),
      /^ca-crt ran out at/,
      true,
    ],
    [
      'an authority of tomorrow',
      async () => ({ ...sound, ...pair('etcd-ca', await issueAuthority('x', ca.key, span(1, 2))) }),
      /^etcd-ca-crt is not valid before/,
      true,
    ],
    [
      'an authority that is none',
      () => ({ ...sound, ...pair('ca', apiserver) }),
      /^ca-crt is no CA certificate/,
      false,
    ],
    [
      'a chain to sign with',
      () => ({ ...sound, 'ca-crt': ca.certificate + other.certificate }),
      /^ca-crt must be one certificate when its key is given/,
      false,
    ],
    [
      "a client CA without its key beside k8sd's own server CA",
      () => ({ 'client-ca-crt': other.certificate }),
      /^client-ca-key is missing: k8sd cannot have/,
      true,
    ],
    [
      'an authority without its key and without a certificate of its',
      () => without(external(), 'kubelet-crt', 'kubelet-key'),
      /^kubelet-crt is missing: without ca-key/,
      true,
    ],
    ['half a pair', () => ({ ...sound, 'apiserver-crt': apiserver.certificate }), /^apiserver-key is missing/, false],
    [
      'an EC key of a certificate',
      () => ({ ...external(), 'apiserver-key': EC.privateKey }),
      /^apiserver-key must be an RSA key/,
      true,
    ],
    [
      'a certificate for an EC key',
      async () => ({ ...external(), 'apiserver-crt': (await leaf(ca, { publicKey: EC.publicKey })).certificate }),
      /^apiserver-crt must have an RSA key/,
      false,
    ],
    [
      "a certificate beside another's key",
      () => ({ ...external(), 'apiserver-key': kubelet.key }),
      /^apiserver-key is not the key/,
      false,
    ],
    [
      'a certificate that has ended',
      async () => ({ ...external(), ...pair('apiserver', await leaf(ca, { validity: span(-2, -1) })) }),
      /^apiserver-crt ran out/,
      true,
    ],
    [
      'a certificate of another authority',
      async () => ({ ...external(), ...pair('apiserver', await leaf(other)) }),
      /^apiserver-crt is not signed by the CA that/,
      true,
    ],
    [
      'a certificate with its issuer in the same text, and only the root as authority',
      async () => ({
        ...external(),
        'apiserver-crt': (await leaf(other)).certificate + other.certificate,
      }),
      /^apiserver-crt is not signed by the CA that/,
      true,
    ],
    [
      "an API server's certificate that is not for kubernetes",
      async () => ({ ...external(), ...pair('apiserver', await leaf(ca, { sans: ['node-1'] })) }),
      /^apiserver-crt has no DNS name kubernetes/,
      true,
    ],
    [
      "kubelet's certificate with the node's name as common name only",
      async () => ({
        ...external(),
        ...pair('kubelet', await leaf(ca, { subject: { commonName: 'node-1' }, sans: ['kubernetes'] })),
      }),
      /^kubelet-crt has no DNS name node-1/,
      true,
    ],
    [
      'a serving certificate for clients',
      async () => ({ ...external(), ...pair('kubelet', await leaf(ca, { usages: ['clientAuth'] })) }),
      /^kubelet-crt is not for server authentication/,
      true,
    ],
    [
      'a client certificate for clients only, of those that k8sd checks',
      async () => ({
        ...sound,
        ...pair(
          'front-proxy-client',
          await leaf(
            { certificate: sound['front-proxy-ca-crt'] ?? '', key: sound['front-proxy-ca-key'] ?? '' },
            { usages: ['clientAuth'] },
          ),
        ),
      }),
      /^front-proxy-client-crt is not for server authentication/,
      true,
    ],
    [
      "an etcd's certificate of another authority",
      async () => ({ ...sound, ...etcdPairs, ...pair('etcd-peer', await leaf(other)) }),
      /^etcd-peer-crt is not signed by the CA that/,
      false,
    ],
    [
      'a client certificate for servers only',
      async () => ({ ...sound, ...pair('admin-client', await leaf(other, { usages: ['serverAuth'] })) }),
      /^admin-client-crt is not for client authentication/,
      false,
    ],
  ])('may not be %s', async (_, given, problem, byK8sd) => {
    const pems = await given();
    const problems = ask(pems);
    expect(problems).toEqual([expect.stringMatching(problem)]);
    expect(problems.join()).not.toMatch(/PRIVATE KEY/);
    expect(await refused(pems)).toBe(byK8sd);
  });

  it('is for a worker its own three certificates, of which k8sd looks at none', async () => {
    const stray = await leaf(other);
    const question = { birth: 'worker', nodeName: 'node-1' } as const;
    expect(ask({ 'ca-crt': ca.certificate, ...pair('kubelet', kubelet) }, question)).toEqual([]);
    expect(ask({ 'ca-crt': ca.certificate, ...pair('kubelet', stray) }, question)).toEqual([
      expect.stringMatching(/^kubelet-crt is not signed/),
    ]);
    expect(ask(pair('kubelet', kubelet), { ...question, nodeName: 'node-2' })).toEqual([
      'kubelet-crt has no DNS name node-2; the common name does not count',
    ]);
  });
});
