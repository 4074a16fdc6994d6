/** Authorities whose keys an operator keeps, and what they issue for units, by its keys in the secret. */

import type { Pems } from '../../../../src/capabilities/certificates/given/fields.ts';
import { exchangeableLeaves, leavesOf } from '../../../../src/capabilities/certificates/given/leaves.ts';
import { keyOf } from '../../../../src/capabilities/certificates/given/secret-keys.ts';
import {
  issueAuthority,
  issueLeaf,
  type Pair,
  publicKeyOf,
  type Subject,
  type Usage,
} from '../../../standins/machines/pki/issue.ts';
import { openKeyPool } from '../../../standins/machines/pki/keys.ts';

const DAY_MS = 86_400_000;
const NAMES = ['ca', 'client-ca', 'front-proxy-ca'];

export interface LeafWish {
  readonly unit: string;
  readonly nodeName: string;
  readonly address: string;
  /** Days from now. */
  readonly from?: number;
  readonly days?: number;
  readonly subject?: Subject;
  readonly sans?: readonly string[];
  readonly usages?: readonly Usage[];
}

export interface KeptAuthorities {
  /** PEM by name. */
  readonly kept: Pems;
  readonly authorities: Readonly<Record<string, Pair>>;
  /** One certificate, sound unless the wish says otherwise. */
  issue(name: string, wish: LeafWish): Promise<Pems>;
  /** All that a unit needs, and for a bootstrap the one that all share. */
  bring(wish: LeafWish, birth: 'bootstrap' | 'control-plane' | 'worker'): Promise<Pems>;
}

const SERVER_NAMES = [
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
  '10.152.183.1',
  '127.0.0.1',
];

/** @param drawn keys of the pool that others have drawn. */
export async function newKeptAuthorities(drawn = 60): Promise<KeptAuthorities> {
  const keys = openKeyPool(drawn);
  const life = span(-1, 3650);
  const pairs = await Promise.all(
    NAMES.map(async (name) => [name, await issueAuthority(`own ${name}`, await keys.draw(), life)] as const),
  );
  const authorities: Readonly<Record<string, Pair>> = Object.fromEntries(pairs);
  const issue = async (name: string, wish: LeafWish): Promise<Pems> => {
    const leaf = [...exchangeableLeaves('control-plane')].find((candidate) => candidate.name === name);
    const issuer = authorities[leaf?.authority ?? ''];
    if (leaf === undefined || issuer === undefined) throw new Error(`no leaf ${name}`);
    const { commonName = name, organization } = leaf.subject?.(wish.nodeName) ?? {};
    const key = await keys.draw();
    const certificate = await issueLeaf({
      subject: wish.subject ?? { commonName, ...(organization ? { organizations: [organization] } : {}) },
      publicKey: publicKeyOf(key),
      issuer,
      sans: wish.sans ?? sansOf(name, wish),
      validity: span(wish.from ?? -1, wish.days ?? 3649),
      ...(wish.usages ? { usages: wish.usages } : {}),
    });
    return { [keyOf(wish.unit, `${name}-crt`)]: certificate, [keyOf(wish.unit, `${name}-key`)]: key };
  };
  return {
    authorities,
    kept: Object.fromEntries(pairs.map(([name, { certificate }]) => [name, certificate])),
    issue,
    async bring(wish, birth) {
      const found = await Promise.all(leavesOf(birth, false).map(({ name }) => issue(name, wish)));
      return Object.assign({}, ...found) as Pems;
    },
  };
}

function sansOf(name: string, { nodeName, address }: LeafWish): readonly string[] {
  if (name === 'apiserver') return [...SERVER_NAMES, address];
  return name === 'kubelet' ? [nodeName, '127.0.0.1', address] : [];
}

function span(from: number, to: number) {
  const at = (days: number) => new Date(Date.now() + days * DAY_MS);
  return { notBefore: at(from), notAfter: at(to) };
}
