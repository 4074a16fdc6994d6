/**
 * Serving certificates that a provider issues for each unit: of the API server and of kubelet. All others stay with k8sd, which has no
 * other way to be given a part only (canonical/k8s-snap, `pki/control_plane.go`).
 */

import type { Role } from '../../../core/role.ts';
import { LOOPBACK } from '../../../core/san.ts';
import type { CertificateAndKey } from '../relation/collect.ts';
import { splitCertificates } from '../relation/issued.ts';
import type { CertificateWish } from '../relation/wish.ts';
import { givenProblems } from './examine.ts';
import { fieldsOf, type Pems } from './fields.ts';

export interface ServingNames {
  readonly role: Role;
  readonly nodeName: string;
  /** Of the unit's bindings. */
  readonly addresses: readonly string[];
  /** What the API server's certificate must have. */
  readonly apiServer: readonly string[];
}

/** Who issues them, for the inventory. */
export const EXTERNAL_NAMES: Readonly<Record<Role, readonly string[]>> = {
  'control-plane': ['apiserver', 'kubelet'],
  worker: ['kubelet'],
};

/** Both loopback addresses, by which the node's own clients come. */
export function servingWishes({ role, nodeName, addresses, apiServer }: ServingNames): readonly CertificateWish[] {
  const own = [nodeName, ...LOOPBACK, ...addresses];
  const kubelet = serving('kubelet', { commonName: `system:node:${nodeName}`, organization: 'system:nodes' }, own);
  const sans = [...own, ...apiServer];
  return role === 'worker' ? [kubelet] : [serving('apiserver', { commonName: 'kube-apiserver' }, sans), kubelet];
}

function serving(id: string, subject: CertificateWish['subject'], sans: readonly string[]): CertificateWish {
  return {
    id,
    subject,
    sans,
    authority: false,
    keyUsages: ['digital signature', 'key encipherment'],
    extendedKeyUsages: ['server auth'],
    key: { name: 'rsa', bits: 2048 },
    mode: 'unit',
    renew: true,
  };
}

export interface ServingQuestion {
  /** By name; undefined: not issued. */
  readonly issued: Readonly<Record<string, CertificateAndKey | undefined>>;
  readonly birth: 'bootstrap' | 'control-plane' | 'worker';
  readonly nodeName: string;
  /** PEM of what the cluster trusts; undefined: there is no cluster, and what has issued the API server's certificate will be it. */
  readonly authority: string | undefined;
  readonly etcd: boolean;
  readonly now: Date;
}

export interface ServingToGive {
  /** Undefined: not all are there, or not all are fit. */
  readonly pems: Pems | undefined;
  /** PEM: the server CA and those that vouch for it. */
  readonly authority: string;
  readonly problems: readonly string[];
}

/** Pure. Only a bootstrap is given the authority: whoever joins has it from k8sd. */
export function servingToGive({ issued, birth, nodeName, authority, etcd, now }: ServingQuestion): ServingToGive {
  const trusted = authority ?? issuersOf(issued['apiserver']);
  if (Object.values(issued).includes(undefined)) return { pems: undefined, authority: trusted, problems: [] };
  const pairs = fieldsOf(issued);
  const all = trusted === '' ? pairs : { 'ca-crt': trusted, ...pairs };
  const problems = givenProblems({ pems: all, birth, nodeName, etcd, now });
  const pems = birth === 'bootstrap' ? all : pairs;
  return { pems: problems.length === 0 ? pems : undefined, authority: trusted, problems };
}

/** The issuer first, since k8sd takes the first for the authority itself; then its own issuers, so that any client can verify. */
function issuersOf(pair: CertificateAndKey | undefined): string {
  if (pair === undefined) return '';
  const [leaf] = splitCertificates(pair.certificate);
  const issuers = splitCertificates(`${pair.authority}\n${pair.chain}`).filter((pem) => pem !== leaf);
  return `${issuers.join('\n')}\n`;
}
