/** What an operator brings in a secret is refused as a whole when anything in it is wrong: k8sd can never be given another. */

import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { changedAuthorities, providedToGive } from '../../../../src/capabilities/certificates/given/provided.ts';
import { newOwnAuthorities, type OwnAuthorities } from './authorities.ts';

let own: OwnAuthorities;
let other: OwnAuthorities;

beforeAll(async () => {
  [own, other] = await Promise.all([newOwnAuthorities(), newOwnAuthorities()]);
});

type Content = Readonly<Record<string, string>>;

const ask = (content: Content, etcd = true) =>
  providedToGive({ content, unit: 'k8s/0', nodeName: 'n', etcd, issued: [], sans: {}, now: new Date() });
const without = (content: Content, ...keys: string[]): Content =>
  Object.fromEntries(Object.entries(content).filter(([key]) => !keys.includes(key)));
const first = (text: string): string => new X509Certificate(text).toString();

describe('authorities in a secret', () => {
  it('are given one certificate each, and the chain to those who verify', () => {
    const { pems, chain, problems } = ask(own.content);
    expect(problems).toEqual([]);
    expect(Object.keys(pems ?? {}).toSorted()).toEqual(Object.keys(own.content).toSorted());
    expect(pems?.['ca-crt']?.match(/BEGIN/g)).toHaveLength(1);
    expect(chain.match(/BEGIN/g)).toHaveLength(2);
    expect(first(chain)).toBe(first(own.content['ca-crt'] ?? ''));
  });

  it('may be a part of them, and roots', () => {
    const content = { 'ca-crt': own.root.certificate, 'ca-key': own.root.key };
    expect(ask(content)).toMatchObject({ problems: [], pems: { 'ca-key': own.root.key } });
  });

  it.each<[string, () => Content, RegExp]>([
    ['nothing', () => ({}), /^ca-crt and ca-key are missing$/],
    ['another key', () => ({ ...own.content, 'ca-cert': 'x' }), /^ca-cert cannot be used; it may hold ca-crt, ca-key,/],
    [
      "no private key, and none of the unit's certificates",
      () => without(own.content, 'ca-key'),
      /^k8s-0-apiserver-crt and -key, k8s-0-kubelet-crt and -key are missing, which k8sd cannot issue without ca-key;/,
    ],
    [
      "no private key of etcd's",
      () => without(own.content, 'etcd-ca-key'),
      /^etcd-ca-key is missing: once a node is there, k8sd takes no other certificates of etcd's/,
    ],
    [
      'no private key of the client CA alone: k8sd would sign with the key of the server CA',
      () => without(own.content, 'client-ca-key'),
      /^client-ca-key is missing: k8sd cannot have/,
    ],
    [
      'a certificate of a unit that k8sd issues',
      () => ({ ...own.content, 'k8s-0-kubelet-crt': 'x', 'k8s-0-kubelet-key': 'x' }),
      /^k8s-0-kubelet-crt cannot be used: k8sd has ca-key and issues it$/,
    ],
    [
      "a slip in the name of a unit's certificate",
      () => ({ ...own.content, 'k8s-0-apiservr-crt': 'x' }),
      /^k8s-0-apiservr-crt cannot be used; it may hold ca-crt, .*and certificates of units such as/,
    ],
    ['no certificate', () => without(own.content, 'client-ca-crt'), /^client-ca-key is given without client-ca-crt$/],
    ['no PEM', () => ({ ...own.content, 'ca-crt': 'x' }), /^ca-crt is no certificate in PEM$/],
    [
      'a broken issuer',
      () => ({
        ...own.content,
        'ca-crt': `${first(own.content['ca-crt'] ?? '')}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`,
      }),
      /^ca-crt has a certificate in it that cannot be read$/,
    ],
    [
      'no issuers',
      () => ({ ...own.content, 'ca-crt': first(own.content['ca-crt'] ?? '') }),
      /^ca-crt is signed by a CA that is not there: append the certificates up to the root$/,
    ],
    [
      "another root's certificate as issuer",
      () => ({ ...own.content, 'ca-crt': first(own.content['ca-crt'] ?? '') + other.root.certificate }),
      /^ca-crt is signed by a CA that is not there/,
    ],
    [
      "another's key",
      () => ({ ...own.content, 'ca-key': other.content['ca-key'] ?? '' }),
      /^ca-key is not the key of the certificate beside it$/,
    ],
    [
      'one authority twice',
      () => ({
        ...own.content,
        'client-ca-crt': own.content['ca-crt'] ?? '',
        'client-ca-key': own.content['ca-key'] ?? '',
      }),
      /^client-ca-crt has the same key as ca-crt: each CA needs its own$/,
    ],
  ])('may not be %s', (_, content, problem) => {
    const { pems, problems } = ask(content());
    expect(problems).toEqual([expect.stringMatching(problem)]);
    expect(pems).toBeUndefined();
    expect(problems.join()).not.toMatch(/PRIVATE KEY|BEGIN CERT/);
  });

  it('may not have ended', async () => {
    const { content } = await newOwnAuthorities(-1000);
    expect(ask(content).problems).toContainEqual(expect.stringMatching(/^ca-crt ran out at/));
  });

  it('hold none for etcd where k8sd operates none', () => {
    expect(ask(own.content, false).problems).toEqual([
      expect.stringMatching(/^etcd-ca-crt, etcd-ca-key cannot be used/),
    ]);
  });

  it('are compared with those in service by what they are', () => {
    const inService = {
      ca: first(own.content['ca-crt'] ?? ''),
      'client-ca': first(own.content['client-ca-crt'] ?? ''),
    };
    expect(changedAuthorities(own.content, inService)).toEqual([]);
    expect(changedAuthorities({ ...own.content, 'ca-crt': other.content['ca-crt'] ?? '' }, inService)).toEqual(['ca']);
  });
});
