/**
 * Authorities that a provider signs: asked for before the cluster is made, given to k8sd with their keys, and then no business of the
 * provider's any more, since k8sd cannot take others.
 */

import type { CertificateAndKey } from '../relation/collect.ts';
import { authorityWish, type ClusterAuthority, clusterAuthorities } from './authorities.ts';
import { givenProblems } from './examine.ts';
import { fieldsOf, type Pems } from './fields.ts';

export interface IssuedAuthority {
  readonly authority: ClusterAuthority;
  /** Undefined: it has not been issued. */
  readonly issued: CertificateAndKey | undefined;
}

export interface AuthoritiesQuestion {
  readonly issued: readonly IssuedAuthority[];
  readonly nodeName: string;
  readonly etcd: boolean;
  readonly now: Date;
}

export interface AuthoritiesToGive {
  /** Undefined: not all are there, or not all are fit. */
  readonly pems: Pems | undefined;
  /** PEM: the server CA, then those that vouch for it as far as the provider sent them. */
  readonly chain: string;
  readonly problems: readonly string[];
}

export function intermediateWishes(etcd: boolean) {
  return clusterAuthorities(etcd).map(authorityWish);
}

/** Pure. The certificate alone is given, without those that vouch for it: kube-controller-manager signs with no chain. */
export function authoritiesToGive({ issued, nodeName, etcd, now }: AuthoritiesQuestion): AuthoritiesToGive {
  const chain = issued.find(({ authority }) => authority.name === 'ca')?.issued?.chain ?? '';
  const pems = fieldsOf(Object.fromEntries(issued.map(({ authority: { name }, issued: pair }) => [name, pair])));
  if (issued.some((each) => each.issued === undefined)) return { pems: undefined, chain, problems: [] };
  const problems = givenProblems({ pems, birth: 'bootstrap', nodeName, etcd, now });
  return { pems: problems.length === 0 ? pems : undefined, chain, problems };
}
