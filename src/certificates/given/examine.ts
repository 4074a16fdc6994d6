/**
 * Checks certificates and keys that k8sd is about to be given, by everything that k8sd itself would refuse (`pkg/utils/pki` of
 * canonical/k8s-snap) and by what it accepts and the services then fail with. k8sd wipes the node when it refuses them half way, and
 * can never be given another authority, so that nothing that is wrong may get there.
 */

import type { X509Certificate } from 'node:crypto';
import { type IssuedCertificate, isSignedBy, readAllIssued } from '../relation/issued.ts';
import { clusterAuthorities } from './authorities.ts';
import type { Pems } from './fields.ts';
import { type Leaf, leavesOf } from './leaves.ts';
import { readGivenKey } from './private-key.ts';

export interface GivenQuestion {
  readonly pems: Pems;
  /** What of a node is being made. */
  readonly birth: 'bootstrap' | 'control-plane' | 'worker';
  readonly nodeName: string;
  /** Whether k8sd operates etcd. */
  readonly etcd: boolean;
  readonly now: Date;
}

/** RSA keys below that are broken, or soon will be (NIST SP 800-131A). */
const LEAST_BITS = 2048;
const PURPOSES = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' } as const;
const ANY_PURPOSE = '2.5.29.37.0';

/** What is wrong, each a sentence that begins with the field; none when all may be given. Never quotes a key. */
export function givenProblems(question: GivenQuestion): readonly string[] {
  const authorities = clusterAuthorities(question.etcd).flatMap(({ name }) => authorityProblems(question, name));
  if (authorities.length > 0) return authorities;
  const mixed = mixProblems(question);
  if (mixed.length > 0) return mixed;
  return leavesOf(question.birth, question.etcd).flatMap((leaf) => leafProblems(question, leaf));
}

/** Only the first certificate of a text counts as "the" one for k8sd. */
function authorityProblems({ pems, now }: GivenQuestion, name: string): readonly string[] {
  const [crt, key] = [`${name}-crt`, `${name}-key`];
  if (!pems[crt]) return pems[key] ? [`${key} is given without ${crt}`] : [];
  const all = readAllIssued(pems[crt]);
  const [authority] = all;
  if (authority === undefined) return [`${crt} is no certificate in PEM`];
  const wrong = authority.isAuthority
    ? unfit(authority, now)
    : 'is no authority: its basic constraints or its key usage do not allow it to sign';
  if (wrong !== undefined) return [`${crt} ${wrong}`];
  if (!servesBoth(authority.purposes))
    return [`${crt} is limited to other purposes than server and client authentication`];
  if (!pems[key]) return [];
  if (all.length > 1)
    return [
      `${crt} must be one certificate when its key is given: kube-controller-manager does not start with a chain to sign with`,
    ];
  return keyProblems(key, pems[key], authority.parsed);
}

/** Without a key of the client CA k8sd takes that of the server CA for it, and signs with it what no API server trusts. */
function mixProblems({ pems, birth }: GivenQuestion): readonly string[] {
  const external = (name: string): boolean => Boolean(pems[`${name}-crt`]) && !pems[`${name}-key`];
  return birth === 'bootstrap' && external('client-ca') && !external('ca')
    ? [
        'client-ca-key is missing: k8sd cannot have a client CA of which it holds no key beside a server CA of which it does',
      ]
    : [];
}

function leafProblems(question: GivenQuestion, leaf: Leaf): readonly string[] {
  const { pems, birth } = question;
  const [crt, key] = [`${leaf.name}-crt`, `${leaf.name}-key`];
  const authority = pems[`${leaf.authority}-crt`];
  if (!pems[crt] && !pems[key])
    return birth === 'bootstrap' && authority && !pems[`${leaf.authority}-key`]
      ? [`${crt} is missing: without ${leaf.authority}-key k8sd cannot issue it`]
      : [];
  if (!pems[crt] || !pems[key]) return [`${pems[crt] ? key : crt} is missing: a certificate goes with its key`];
  const [certificate] = readAllIssued(pems[crt]);
  if (certificate === undefined) return [`${crt} is no certificate in PEM`];
  const wrong =
    unfit(certificate, question.now) ??
    (authority ? unsigned(certificate, readAllIssued(authority), question.now) : undefined) ??
    unserving(certificate, leaf, question.nodeName);
  return wrong === undefined ? keyProblems(key, pems[key], certificate.parsed) : [`${crt} ${wrong}`];
}

function unfit({ parsed, notBefore, notAfter }: IssuedCertificate, now: Date): string | undefined {
  if (now < notBefore) return `is not valid before ${notBefore.toISOString()}`;
  if (now > notAfter) return `ran out at ${notAfter.toISOString()}`;
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = parsed.publicKey;
  if (type !== 'rsa') return 'must have an RSA key: k8sd takes no other';
  const bits = details?.modulusLength ?? 0;
  return bits < LEAST_BITS ? `has an RSA key of ${bits} bits; ${LEAST_BITS} are the least` : undefined;
}

/** Every certificate of the authority's text is a root to k8sd; further ones in the leaf's text are not looked at. */
function unsigned(leaf: IssuedCertificate, roots: readonly IssuedCertificate[], now: Date): string | undefined {
  const issuer = roots.find((root) => leaf.parsed.checkIssued(root.parsed) && isSignedBy(leaf, root));
  if (issuer === undefined) return 'is not signed by the authority that the cluster trusts for it';
  return now > issuer.notAfter
    ? `is signed by an authority that ran out at ${issuer.notAfter.toISOString()}`
    : undefined;
}

/** Extended key usages count only where there are some (RFC 5280 section 4.2.1.12); names as in RFC 6125 section 6.4.4. */
function unserving({ parsed, purposes }: IssuedCertificate, leaf: Leaf, nodeName: string): string | undefined {
  const lacks = leaf.purposes.filter((purpose) => !purposes.includes(PURPOSES[purpose]));
  if (lacks.length > 0 && purposes.length > 0 && !purposes.includes(ANY_PURPOSE))
    return `is not for ${lacks.join(' and ')} authentication (extended key usage)`;
  const host = leaf.host?.(nodeName);
  return host !== undefined && parsed.checkHost(host, { subject: 'never' }) === undefined
    ? `has no DNS name ${host}; the common name does not count`
    : undefined;
}

function servesBoth(purposes: readonly string[]): boolean {
  if (purposes.length === 0 || purposes.includes(ANY_PURPOSE)) return true;
  return Object.values(PURPOSES).every((purpose) => purposes.includes(purpose));
}

/** k8sd does not look whether the two belong together; the service that is to use them then does not start. */
function keyProblems(field: string, pem: string, certificate: X509Certificate): readonly string[] {
  const read = readGivenKey(pem);
  if ('problem' in read) return [`${field} ${read.problem}`];
  return certificate.checkPrivateKey(read.key) ? [] : [`${field} is not the key of the certificate beside it`];
}
