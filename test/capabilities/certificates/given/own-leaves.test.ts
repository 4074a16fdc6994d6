/**
 * Guards what an operator brings for each unit where the key of an authority stays away from k8sd: what is missing is named with its key
 * in the secret and with what it has to say, and nothing that k8sd or a service would stumble over gets through. k8sd's own word is asked
 * of the stand-in.
 */

import { beforeAll, describe, expect, it } from 'vitest';
import type { Pems } from '../../../../src/capabilities/certificates/given/fields.ts';
import {
  leavesForBirth,
  nextLeaves,
  type OwnLeavesQuestion,
} from '../../../../src/capabilities/certificates/given/own-leaves.ts';
import { providedToGive } from '../../../../src/capabilities/certificates/given/provided.ts';
import { keyOf, unknownKeys } from '../../../../src/capabilities/certificates/given/secret-keys.ts';
import { readIssued } from '../../../../src/capabilities/certificates/relation/issued.ts';
import { completeControlPlane } from '../../../standins/machines/pki/control-plane.ts';
import { openKeyPool } from '../../../standins/machines/pki/keys.ts';
import { type KeptAuthorities, type LeafWish, newKeptAuthorities } from './kept.ts';

const NOW = new Date();
const DAY_MS = 86_400_000;
const NODE = { unit: 'k8s/0', nodeName: 'node-0', address: '10.0.0.10' };
const SANS = { apiserver: ['kubernetes', '10.152.183.1', '10.0.0.10'], kubelet: ['node-0', '10.0.0.10'] };
const CLIENTS = [
  'admin-client',
  'kube-controller-manager-client',
  'kube-scheduler-client',
  'kubelet-client',
  'kube-proxy-client',
];

let own: KeptAuthorities;
let other: KeptAuthorities;
/** All nine of the unit `k8s/0`, by their keys in the secret. */
let nine: Pems;

beforeAll(async () => {
  [own, other] = await Promise.all([newKeptAuthorities(), newKeptAuthorities(100)]);
  nine = await own.bring(NODE, 'bootstrap');
}, 30_000);

const question = (content: Pems, more: Partial<OwnLeavesQuestion> = {}): OwnLeavesQuestion => ({
  content,
  unit: NODE.unit,
  nodeName: NODE.nodeName,
  kept: own.kept,
  issued: [],
  sans: SANS,
  now: NOW,
  ...more,
});
const without = (content: Pems, ...names: string[]): Pems =>
  Object.fromEntries(Object.entries(content).filter(([key]) => !names.some((name) => key.includes(`-${name}-`))));
const bootstrap = (content: Pems, issued: readonly string[] = []) =>
  providedToGive({ ...question(content), issued, etcd: true });

describe('a bootstrap without keys of authorities', () => {
  const only = (...names: readonly string[]): Pems =>
    Object.fromEntries(names.map((name) => [`${name}-crt`, own.kept[name] ?? '']));

  it('is given the authorities and all nine certificates, with which k8sd is content', async () => {
    const { pems, kept, problems } = bootstrap({ ...only('ca', 'client-ca', 'front-proxy-ca'), ...nine });
    expect(problems).toEqual([]);
    expect(kept).toEqual(own.kept);
    expect(Object.keys(pems ?? {})).toHaveLength(3 + 18);
    await expect(completeControlPlane(pems ?? {}, completion())).resolves.toMatchObject({ ...pems });
  });

  it('of the server CA alone is given what is served', async () => {
    const { pems, problems } = bootstrap({
      ...only('ca'),
      ...without(nine, ...CLIENTS, 'apiserver-kubelet-client', 'front-proxy-client'),
    });
    expect(problems).toEqual([]);
    expect(Object.keys(pems ?? {}).toSorted()).toEqual([
      'apiserver-crt',
      'apiserver-key',
      'ca-crt',
      'kubelet-crt',
      'kubelet-key',
    ]);
    await completeControlPlane(pems ?? {}, completion());
  });

  it('of the server CA is given nothing of what a CA charm issues', () => {
    expect(bootstrap(only('ca'), ['apiserver', 'kubelet'])).toMatchObject({ problems: [], pems: only('ca') });
  });

  it.each<[string, () => Pems, RegExp]>([
    [
      'all that are missing, with what they have to say',
      () => only('ca', 'front-proxy-ca'),
      /^k8s-0-apiserver-crt and -key, k8s-0-kubelet-crt and -key, k8s-0-front-proxy-client-crt and -key are missing, which k8sd cannot issue without ca-key and front-proxy-ca-key; issue apiserver for kubernetes, 10\.152\.183\.1, 10\.0\.0\.10; kubelet for node-0, 10\.0\.0\.10; front-proxy-client as CN=front-proxy-client$/,
    ],
    [
      'those of the client CA, with users and groups',
      () => ({ ...only('ca', 'client-ca'), ...without(nine, 'kubelet-client', 'front-proxy-client') }),
      /^k8s-0-kubelet-client-crt and -key, .*issue kubelet-client as O=system:nodes, CN=system:node:node-0/,
    ],
    [
      'one that k8sd makes by itself',
      () => ({ ...only('ca'), ...without(nine, ...CLIENTS, 'apiserver-kubelet-client') }),
      /^k8s-0-front-proxy-client-crt cannot be used: k8sd has front-proxy-ca-key and issues it$/,
    ],
  ])('names %s', (_, content, problem) => {
    const { pems, problems } = bootstrap(content());
    expect(problems).toEqual([expect.stringMatching(problem)]);
    expect(pems).toBeUndefined();
  });

  it('has to have the one that k8sd keeps for ever for as long as its authority lives', async () => {
    const short = await own.issue('apiserver-kubelet-client', { ...NODE, days: 90 });
    const content = { ...only('ca', 'client-ca', 'front-proxy-ca'), ...nine, ...short };
    expect(bootstrap(content).problems).toEqual([
      expect.stringMatching(
        /^k8s-0-apiserver-kubelet-client-crt ends \d{4}-\d\d-\d\d: k8sd keeps it for ever .* as long as client-ca-crt, until \d{4}/,
      ),
    ]);
    expect(nextLeaves(question(content), 'control-plane', {}).problems).toEqual([]);
  });

  /** The last column: whether k8sd itself refuses it. */
  it.each<[string, Partial<LeafWish> & { readonly name: string; readonly of?: 'other' }, RegExp, boolean]>([
    ['has ended', { name: 'kubelet', from: -2, days: -1 }, /^k8s-0-kubelet-crt ran out at/, true],
    ['begins tomorrow', { name: 'apiserver', from: 1, days: 9 }, /^k8s-0-apiserver-crt is not valid before/, true],
    ['is of another authority', { name: 'apiserver', of: 'other' }, /^k8s-0-apiserver-crt is not signed by/, true],
    ['names another node', { name: 'kubelet', sans: ['node-9'] }, /^k8s-0-kubelet-crt has no DNS name node-0/, true],
    [
      'lacks an address',
      { name: 'apiserver', sans: ['kubernetes', '10.0.0.10'] },
      /^k8s-0-apiserver-crt lacks the names 10\.152\.183\.1$/,
      false,
    ],
    [
      'is for clients alone where k8sd wants a server',
      { name: 'front-proxy-client', usages: ['clientAuth'] },
      /^k8s-0-front-proxy-client-crt is not for server authentication/,
      true,
    ],
    [
      'is for servers alone where the API server wants a client',
      { name: 'kubelet-client', usages: ['serverAuth'] },
      /^k8s-0-kubelet-client-crt is not for client authentication/,
      false,
    ],
    [
      "is another node's",
      { name: 'kubelet-client', subject: { commonName: 'system:node:node-9', organizations: ['system:nodes'] } },
      /^k8s-0-kubelet-client-crt must have the common name system:node:node-0$/,
      false,
    ],
    [
      'is of nobody whom the API server lets do anything',
      { name: 'admin-client', subject: { commonName: 'admin' } },
      /^k8s-0-admin-client-crt must have the organization system:masters$/,
      false,
    ],
  ])('refuses one that %s', async (_, { name, of, ...wish }, problem, byK8sd) => {
    const bad = await (of ? other : own).issue(name, { ...NODE, ...wish });
    const content = { ...only('ca', 'client-ca', 'front-proxy-ca'), ...nine, ...bad };
    const { problems } = bootstrap(content);
    expect(problems).toEqual([expect.stringMatching(problem)]);
    expect(problems.join()).not.toMatch(/BEGIN/);
    const fields = Object.entries({ ...nine, ...bad }).map(([key, pem]) => [key.replace('k8s-0-', ''), pem]);
    const refused = await completeControlPlane(
      { ...only('ca', 'client-ca', 'front-proxy-ca'), ...Object.fromEntries(fields) },
      completion(),
    ).then(
      () => false,
      () => true,
    );
    expect(refused).toBe(byK8sd);
  });
});

describe('a join', () => {
  it.each<[string, 'control-plane' | 'worker', readonly string[], readonly string[]]>([
    ['control plane', 'control-plane', ['ca'], ['apiserver', 'kubelet']],
    ['control plane', 'control-plane', ['ca', 'client-ca'], ['apiserver', 'kubelet', ...CLIENTS]],
    ['control plane', 'control-plane', ['front-proxy-ca'], ['front-proxy-client']],
    ['worker', 'worker', ['ca'], ['kubelet']],
    ['worker', 'worker', ['ca', 'client-ca', 'front-proxy-ca'], ['kubelet', 'kubelet-client', 'kube-proxy-client']],
    ['worker', 'worker', ['front-proxy-ca'], []],
  ])('of a %s (%s) without the keys of %j needs %j', async (_, birth, authorities, names) => {
    const kept = Object.fromEntries(authorities.map((name) => [name, own.kept[name] ?? '']));
    const { problems } = leavesForBirth(question({}, { kept }), birth);
    const told = problems[0]?.split(' are missing')[0]?.split(', ') ?? [];
    expect(told).toEqual(names.map((name) => `k8s-0-${name}-crt and -key`));
    const all = Object.fromEntries(
      Object.entries(nine).filter(([key]) => names.some((name) => key.replace(/-(crt|key)$/, '') === `k8s-0-${name}`)),
    );
    const { pems, problems: none } = leavesForBirth(question(all, { kept }), birth);
    expect(none).toEqual([]);
    expect(Object.keys(pems)).toHaveLength(names.length * 2);
  });

  it('does not go on with half a pair, and looks at no other unit', () => {
    const kept = { ca: own.kept['ca'] ?? '' };
    const content: Pems = {
      ...without(nine, ...CLIENTS, 'apiserver-kubelet-client', 'front-proxy-client'),
      'k8s-1-kubelet-crt': 'x',
    };
    const half = { ...content, 'k8s-0-kubelet-key': '' };
    expect(leavesForBirth(question(content, { kept }), 'control-plane').problems).toEqual([]);
    expect(leavesForBirth(question(half, { kept }), 'control-plane').problems).toEqual([
      'k8s-0-kubelet-key is missing: a certificate goes with its key',
    ]);
  });
});

describe('a running node', () => {
  const inService = () =>
    Object.fromEntries(
      Object.entries(nine)
        .filter(([key]) => key.endsWith('-crt'))
        .map(([key, pem]) => [key.slice('k8s-0-'.length, -'-crt'.length), readIssued(pem)?.fingerprint]),
    );

  it('is given nothing while what the secret holds is in service, or the secret holds nothing', () => {
    for (const content of [nine, {}])
      expect(nextLeaves(question(content), 'control-plane', inService())).toMatchObject({
        due: [],
        pems: {},
        problems: [],
      });
  });

  it('is given what is new, and only that', async () => {
    const next = await own.issue('kubelet', { ...NODE, days: 10 });
    const { due, pems, prints, problems } = nextLeaves(question({ ...nine, ...next }), 'control-plane', inService());
    expect({ due, problems }).toEqual({ due: ['kubelet'], problems: [] });
    expect(pems).toEqual({ 'kubelet-crt': next['k8s-0-kubelet-crt'], 'kubelet-key': next['k8s-0-kubelet-key'] });
    expect(prints).toEqual([readIssued(next['k8s-0-kubelet-crt'] ?? '')?.fingerprint.slice(0, 11)]);
    const issued = { issued: ['apiserver', 'kubelet'] };
    expect(nextLeaves(question({ ...nine, ...next }, issued), 'control-plane', inService()).due).toEqual([]);
  });

  it('is not given what is broken', () => {
    const content = { ...nine, 'k8s-0-kubelet-crt': 'x' };
    expect(nextLeaves(question(content), 'control-plane', inService()).problems).toEqual([
      'k8s-0-kubelet-crt is no certificate in PEM',
    ]);
  });
});

describe('keys of the secret', () => {
  it('follow the rule of Juju', () => {
    for (const unit of ['k8s/0', 'k8s-worker/12', 'a1-b2/3'])
      expect(keyOf(unit, 'kube-controller-manager-client-crt')).toMatch(/^[a-z](?:-?[a-z0-9]){2,}$/);
  });

  it.each([
    ['k8s-0-kubelet-crt', true],
    ['my-k8s-worker-12-kube-proxy-client-key', true],
    ['ca-crt', true],
    ['kubelet-crt', false],
    ['k8s-kubelet-crt', false],
    ['k8s-0-kubelet-pem', false],
    ['k8s-0-etcd-server-crt', false],
  ])('%s are known: %s', (key, known) => {
    expect(unknownKeys({ [key]: 'x' }, ['ca-crt'])).toEqual(known ? [] : [key]);
  });
});

function completion() {
  return {
    node: NODE.nodeName,
    sans: [],
    address: NODE.address,
    serviceAddresses: ['10.152.183.1'],
    validity: { notBefore: NOW, notAfter: new Date(NOW.getTime() + 365 * DAY_MS) },
    createAuthorities: true,
    managedEtcd: true,
    keys: openKeyPool(150),
  };
}
