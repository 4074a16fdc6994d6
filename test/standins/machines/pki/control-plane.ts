/**
 * The certificates of a control plane: completes what is given by what is missing, as far as k8sd holds the CA's key, and
 * validates what is given. Values go by k8sd's own field names (`apiserver-crt`, `apiserver-key`).
 */

import { isIP } from 'node:net';
import { issueAuthority, issueLeaf, type Pair, publicKeyOf, type Subject, type Validity } from './issue.ts';
import type { KeyPool } from './keys.ts';
import { requireRsaKey } from './parse.ts';
import { validateAuthority, validateLeaf } from './validate.ts';

/** PEM texts by field name; a missing or empty one is not held. */
export type Pems = Record<string, string>;

export interface Completion {
  readonly node: string;
  /** Addresses and names of this node, in addition to those that k8sd always adds. */
  readonly sans: readonly string[];
  readonly address: string;
  readonly serviceAddresses: readonly string[];
  readonly validity: Validity;
  /** Whether a CA that is not held at all may be made: at bootstrap only. */
  readonly createAuthorities: boolean;
  readonly managedEtcd: boolean;
  readonly keys: KeyPool;
}

interface Authority {
  readonly field: string;
  readonly commonName: string;
  readonly words: string;
}

const SERVER: Authority = { field: 'ca', commonName: 'kubernetes-ca', words: 'kubernetes CA' };
const CLIENT: Authority = { field: 'client-ca', commonName: 'kubernetes-ca-client', words: 'kubernetes client CA' };
const FRONT_PROXY: Authority = { field: 'front-proxy-ca', commonName: 'front-proxy-ca', words: 'front-proxy CA' };
const ETCD: Authority = { field: 'etcd-ca', commonName: 'etcd-ca', words: 'etcd CA' };

interface Leaf {
  readonly field: string;
  readonly authority: Authority;
  readonly subject: (node: string) => Subject;
  readonly sans?: (completion: Completion) => readonly string[];
  /** k8sd validates only some of those that it is given; the name is one that the certificate has to hold. */
  readonly validated?: (node: string) => { readonly hostname?: string };
}

const apiServerNames = [
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster',
  'kubernetes.default.svc.cluster.local',
];

const nodeAddresses = (completion: Completion): readonly string[] => [
  completion.address,
  ...completion.serviceAddresses,
  '127.0.0.1',
  '::1',
];

const etcdNames = (completion: Completion): readonly string[] => [
  completion.node,
  ...completion.sans,
  completion.address,
  '127.0.0.1',
  '::1',
];

/** The leaves of the three Kubernetes CAs that a refresh renews. */
const refreshable: readonly Leaf[] = [
  {
    field: 'front-proxy-client',
    authority: FRONT_PROXY,
    subject: () => ({ commonName: 'front-proxy-client' }),
    validated: () => ({}),
  },
  {
    field: 'apiserver-kubelet-client',
    authority: CLIENT,
    subject: () => ({ commonName: 'apiserver-kubelet-client', organizations: ['system:masters'] }),
    validated: () => ({}),
  },
  {
    field: 'kubelet',
    authority: SERVER,
    subject: (node) => ({ commonName: `system:node:${node}`, organizations: ['system:nodes'] }),
    sans: (completion) => [...completion.sans, completion.node, ...nodeAddresses(completion)],
    validated: (node) => ({ hostname: node }),
  },
  {
    field: 'apiserver',
    authority: SERVER,
    subject: () => ({ commonName: 'kube-apiserver' }),
    sans: (completion) => [...completion.sans, ...apiServerNames, ...nodeAddresses(completion)],
    validated: () => ({ hostname: 'kubernetes' }),
  },
  {
    field: 'admin-client',
    authority: CLIENT,
    subject: () => ({ commonName: 'kubernetes-admin', organizations: ['system:masters'] }),
  },
  {
    field: 'kube-controller-manager-client',
    authority: CLIENT,
    subject: () => ({ commonName: 'system:kube-controller-manager' }),
  },
  { field: 'kube-scheduler-client', authority: CLIENT, subject: () => ({ commonName: 'system:kube-scheduler' }) },
  { field: 'kube-proxy-client', authority: CLIENT, subject: () => ({ commonName: 'system:kube-proxy' }) },
  {
    field: 'kubelet-client',
    authority: CLIENT,
    subject: (node) => ({ commonName: `system:node:${node}`, organizations: ['system:nodes'] }),
  },
];

const etcd: readonly Leaf[] = [
  { field: 'etcd-server', authority: ETCD, subject: () => ({ commonName: 'kube-etcd' }), sans: etcdNames },
  { field: 'etcd-peer', authority: ETCD, subject: () => ({ commonName: 'kube-etcd-peer' }), sans: etcdNames },
  { field: 'etcd-apiserver-client', authority: ETCD, subject: () => ({ commonName: 'kube-apiserver-etcd-client' }) },
];

export const refreshableFields: readonly string[] = refreshable.map((leaf) => leaf.field);

/**
 * All fields, with what was missing made. Throws k8sd's words when something given does not validate, or something missing
 * cannot be made because the CA's key is not held.
 */
export async function completeControlPlane(given: Readonly<Pems>, completion: Completion): Promise<Pems> {
  const pems: Pems = { ...given };
  const authorities = completion.managedEtcd ? [SERVER, CLIENT, FRONT_PROXY, ETCD] : [SERVER, CLIENT, FRONT_PROXY];
  for (const authority of authorities) await completeAuthority(pems, authority, completion);
  if (!held(pems, 'service-account-key')) {
    if (!completion.createAuthorities) throw new Error('service account signing key not specified');
    pems['service-account-key'] = await completion.keys.draw();
  } else requireRsaKey(pems['service-account-key'] ?? '');
  const leaves = completion.managedEtcd ? [...refreshable, ...etcd] : refreshable;
  await Promise.all(leaves.map((leaf) => completeLeaf(pems, leaf, completion)));
  return pems;
}

async function completeAuthority(pems: Pems, authority: Authority, completion: Completion): Promise<void> {
  const crt = `${authority.field}-crt`;
  const key = `${authority.field}-key`;
  if (held(pems, crt)) {
    validateAuthority(authority.words, pems[crt] ?? '');
    if (held(pems, key)) requireRsaKey(pems[key] ?? '');
    return;
  }
  if (held(pems, key)) throw new Error(`${authority.words} key is set but the certificate is not`);
  if (!completion.createAuthorities) throw new Error(`${authority.words} not specified`);
  const made = await issueAuthority(authority.commonName, await completion.keys.draw(), completion.validity);
  pems[crt] = made.certificate;
  pems[key] = made.key;
}

async function completeLeaf(pems: Pems, leaf: Leaf, completion: Completion): Promise<void> {
  const crt = `${leaf.field}-crt`;
  const key = `${leaf.field}-key`;
  const issuer: Pair = {
    certificate: pems[`${leaf.authority.field}-crt`] ?? '',
    key: pems[`${leaf.authority.field}-key`] ?? '',
  };
  if (held(pems, crt) && held(pems, key)) {
    const check = leaf.validated?.(completion.node);
    if (check !== undefined)
      validateLeaf(leaf.field, pems[crt] ?? '', pems[key] ?? '', issuer.certificate, check.hostname);
    return;
  }
  if (issuer.key === '') {
    throw new Error(
      `using an external ${leaf.authority.words} without providing the ${leaf.field} certificate is not possible`,
    );
  }
  const made = await completion.keys.draw();
  pems[key] = made;
  pems[crt] = await issueLeaf({
    subject: leaf.subject(completion.node),
    publicKey: publicKeyOf(made),
    issuer,
    sans: leaf.sans?.(completion) ?? [],
    validity: completion.validity,
  });
}

export function held(pems: Readonly<Pems>, field: string): boolean {
  return (pems[field] ?? '') !== '';
}

/** First usable address of each CIDR, bits behind the prefix masked (`GetFirstIP` of k8s-snap): that of the `kubernetes` service. */
export function firstAddresses(cidrs: string): readonly string[] {
  return cidrs.split(',').map((cidr) => {
    const [address = '', prefix = '0'] = cidr.trim().split('/');
    const width = isIP(address) === 4 ? 32 : 128;
    const free = BigInt(width - Number(prefix));
    return addressOf(((toNumber(address) >> free) << free) + 1n, width);
  });
}

function toNumber(address: string): bigint {
  if (isIP(address) === 4) return address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const groups = (text: string | undefined) => (text ? text.split(':') : []);
  const middle = tail === undefined ? [] : Array<string>(8 - groups(head).length - groups(tail).length).fill('0');
  return [...groups(head), ...middle, ...groups(tail)].reduce((sum, group) => sum * 65536n + BigInt(`0x${group}`), 0n);
}

function addressOf(value: bigint, width: number): string {
  if (width === 32) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.');
  const groups = Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - 16 * index)) & 65535n).toString(16));
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}
