/** What is wrong with a certificate whatever the time: pure. Each check names the rule that it applies. */

import type { Role } from '../../../core/role.ts';
import { CONTROL_PLANE_NAMES } from '../names.ts';
import { type CertificateRecord, type InventoryRecord, isRead, keyText } from './record.ts';

/** What, and of what: `['weak-key', 'RSA 1024']`. Short, since it is remembered between dispatches. */
export type Flaw = readonly [code: FlawCode, detail: string];

export type FlawCode =
  | 'unreadable'
  | 'key-mismatch'
  | 'key-missing'
  | 'key-unreadable'
  | 'key-unsupported'
  | 'weak-key'
  | 'weak-signature'
  | 'chain'
  | 'outlives-authority'
  | 'not-an-authority'
  | 'usage'
  | 'trailing-data';

/** NIST SP 800-131A revision 2 section 3 disallows less for signatures. */
const SMALLEST_RSA = 2048;

/** Broken hashes (RFC 6151, RFC 9155); Go refuses a certificate that is signed with one. */
const BROKEN_HASH = /md[245]|sha-?1(?!\d)/i;

export function flawsOf(record: InventoryRecord, role: Role): readonly Flaw[] {
  if (!isRead(record)) return [['unreadable', record.problem]];
  const { place } = record;
  return [
    ...keyFlaws(record, role),
    ...strengthFlaws(record),
    ...(place.kind === 'authority' ? authorityFlaws(record) : chainFlaws(record)),
    ...lifeFlaws(record),
    ...usageFlaws(record, role),
    ...trailingFlaws(record),
  ];
}

/**
 * TLS needs the private key of the leaf (RFC 8446 section 4.4.3). k8sd compares the two of no pair. An authority's key need not be
 * here: the authority is then external, or etcd's.
 */
function keyFlaws({ place, key, privateKey }: CertificateRecord, role: Role): readonly Flaw[] {
  const found: Flaw[] = [];
  if (privateKey === 'other') found.push(['key-mismatch', '']);
  if (privateKey === 'unreadable') found.push(['key-unreadable', '']);
  if (privateKey === 'absent' && place.kind !== 'authority') found.push(['key-missing', '']);
  // k8sd parses those of a control plane in every refresh, and RSA only; kubeconfigs and workers' pairs it takes unseen.
  const parsed = place.kind === 'authority' ? privateKey !== 'absent' : CONTROL_PLANE_NAMES.includes(place.name);
  if (role === 'control-plane' && parsed && place.keyPath !== undefined && key.type !== 'rsa')
    found.push(['key-unsupported', keyText(key)]);
  return found;
}

function strengthFlaws({ key, signatureAlgorithm, signer }: CertificateRecord): readonly Flaw[] {
  const rsa = key.type.startsWith('rsa');
  const weakKey = (rsa && (key.bits ?? 0) < SMALLEST_RSA) || key.type === 'dsa';
  // Nobody verifies what a trust anchor has signed itself with (RFC 5280 section 6.1).
  const weakSignature = signer.kind !== 'self' && BROKEN_HASH.test(signatureAlgorithm);
  return [
    ...(weakKey ? [['weak-key', keyText(key)] as const] : []),
    ...(weakSignature ? [['weak-signature', signatureAlgorithm] as const] : []),
  ];
}

/** RFC 5280 sections 4.2.1.9 (the CA flag) and 4.2.1.3 (`keyCertSign`); without them verifiers reject all that it has signed. */
function authorityFlaws({ isAuthority }: CertificateRecord): readonly Flaw[] {
  return isAuthority ? [] : [['not-an-authority', '']];
}

/** RFC 5280 section 6.1.3 (a)(1) and (a)(4): signed by the key, and in the name, of the authority that verifiers of this leaf trust. */
function chainFlaws({ place, signer }: CertificateRecord): readonly Flaw[] {
  if (place.kind === 'self-signed')
    return signer.kind === 'self' ? [] : [['chain', 'is not signed by itself, though it has to be']];
  if (signer.kind === 'self') return [['chain', `is signed by itself, not by ${place.authority}`]];
  if (signer.kind === 'unknown') return [['chain', `is signed by none of this unit's authorities`]];
  if (signer.name !== place.authority) return [['chain', `is signed by ${signer.name}, not by ${place.authority}`]];
  return signer.agrees
    ? []
    : [['chain', `is signed by ${signer.name}, but names another issuer or key identifier than that has`]];
}

/** RFC 5280 section 6.1.3 (a)(2) looks at the validity of each certificate of a chain: the rest of a longer life is worth nothing. So
 * it is with what k8sd issues to nodes that join later: as many years as the authority was given, but from then on.
 */
function lifeFlaws({ signer, notAfter }: CertificateRecord): readonly Flaw[] {
  if (signer.kind !== 'authority' || notAfter.getTime() <= signer.notAfter.getTime()) return [];
  return [['outlives-authority', `${signer.name}, which ends ${signer.notAfter.toISOString().slice(0, 10)}`]];
}

/**
 * RFC 5280 section 4.2.1.12. In addition k8sd verifies two clients' certificates as if they were servers', and refuses to refresh
 * anything while they are for clients only.
 */
function usageFlaws({ place, usages }: CertificateRecord, role: Role): readonly Flaw[] {
  if (usages === undefined || usages.includes('anyExtendedKeyUsage') || place.kind !== 'leaf') return [];
  const missing = place.uses.filter((use) => !usages.includes(`${use}Auth`)).map((use) => `${use}Auth`);
  if (missing.length > 0) return [['usage', `lacks the extended key usage ${missing.join(', ')}`]];
  const verifiedAsServer = ['front-proxy-client', 'apiserver-kubelet-client'].includes(place.name);
  if (role !== 'control-plane' || !verifiedAsServer || usages.includes('serverAuth')) return [];
  return [['usage', 'lacks the extended key usage serverAuth, without which k8sd refuses it']];
}

function trailingFlaws({ trailing }: CertificateRecord): readonly Flaw[] {
  return trailing === 'none' ? [] : [['trailing-data', trailing]];
}
