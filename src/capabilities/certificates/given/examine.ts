/**
 * Checks certificates and keys that k8sd is about to be given, by everything that k8sd itself would refuse (`pkg/utils/pki` of
 * canonical/k8s-snap) and by what it accepts and the services then fail with. k8sd wipes the node when it refuses them half way, and
 * can never be given another authority, so that nothing that is wrong may get there.
 */

import type { X509Certificate } from 'node:crypto';
import { type IssuedCertificate, isSignedBy, readAllIssued } from '../relation/issued.ts';
import { missingSans } from '../sans.ts';
import { certificateProblem, readGivenKey } from './as-go-reads.ts';
import { clusterAuthorities } from './authorities.ts';
import type { Pems } from './fields.ts';
import { type Leaf, leavesOf } from './leaves.ts';

export interface GivenQuestion {
  readonly pems: Pems;
  /** What of a node is being made. */
  readonly birth: 'bootstrap' | 'control-plane' | 'worker';
  readonly nodeName: string;
  /** Whether k8sd operates etcd. */
  readonly etcd: boolean;
  readonly now: Date;
  /** Names and addresses that a certificate must have, by its name; none: only what k8sd itself looks for. */
  readonly sans?: Readonly<Record<string, readonly string[]>>;
  /** What whoever brings it calls a certificate's field; by default as k8sd does. */
  readonly called?: (field: string) => string;
}

/** RSA keys below that are broken, or soon will be (NIST SP 800-131A). */
const LEAST_BITS = 2048;
const PURPOSES = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' } as const;
const ANY_PURPOSE = '2.5.29.37.0';

/** What is wrong, each a sentence that begins with the field; none when all may be given. Never quotes a key. */
export function givenProblems(question: GivenQuestion): readonly string[] {
  const trust = trustProblems(question);
  if (trust.length > 0) return trust;
  return leavesOf(question.birth, question.etcd).flatMap((leaf) => [
    ...missingProblems(question, leaf),
    ...leafProblems(question, leaf),
  ]);
}

/** Of the authorities alone. */
export function trustProblems(question: GivenQuestion): readonly string[] {
  const authorities = clusterAuthorities(question.etcd).flatMap(({ name }) => authorityProblems(question, name));
  return authorities.length > 0 ? authorities : mixProblems(question);
}

/** Only the first certificate of a text counts as "the" one for k8sd. */
function authorityProblems({ pems, now }: GivenQuestion, name: string): readonly string[] {
  const [crt, key] = [`${name}-crt`, `${name}-key`];
  if (!pems[crt]) return pems[key] ? [`${key} is given without ${crt}`] : [];
  const all = readAllIssued(pems[crt]);
  const [authority] = all;
  if (authority === undefined) return [`${crt} ${certificateProblem(pems[crt]) ?? 'is no certificate in PEM'}`];
  const wrong = authority.isAuthority
    ? unfit(authority, now)
    : 'is no CA certificate: its basic constraints or its key usage do not allow it to sign';
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

function missingProblems({ pems, birth }: GivenQuestion, { name, authority }: Leaf): readonly string[] {
  const kept = birth === 'bootstrap' && pems[`${authority}-crt`] && !pems[`${authority}-key`];
  return kept && !pems[`${name}-crt`] && !pems[`${name}-key`]
    ? [`${name}-crt is missing: without ${authority}-key k8sd cannot issue it`]
    : [];
}

/** Of one certificate with its key; none when it is not given at all. */
export function leafProblems(question: GivenQuestion, leaf: Leaf): readonly string[] {
  const { pems, called = (field) => field } = question;
  const [certificatePem, keyPem] = [pems[`${leaf.name}-crt`], pems[`${leaf.name}-key`]];
  const [crt, key] = [called(`${leaf.name}-crt`), called(`${leaf.name}-key`)];
  if (!certificatePem && !keyPem) return [];
  if (!certificatePem || !keyPem) return [`${certificatePem ? key : crt} is missing: a certificate goes with its key`];
  const unreadable = certificateProblem(certificatePem);
  const [certificate] = readAllIssued(certificatePem);
  if (unreadable !== undefined || certificate === undefined)
    return [`${crt} ${unreadable ?? 'is no certificate in PEM'}`];
  const authority = readAllIssued(pems[`${leaf.authority}-crt`] ?? '');
  const wrong =
    unfit(certificate, question.now) ??
    (authority.length > 0 ? unsigned(certificate, authority, question.now) : undefined) ??
    unserving(certificate, leaf, question) ??
    unknown(certificate, leaf, question.nodeName) ??
    unlasting(certificate, leaf, question, authority[0]);
  return wrong === undefined ? keyProblems(key, keyPem, certificate.parsed) : [`${crt} ${wrong}`];
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
  if (issuer === undefined) return 'is not signed by the CA that the cluster trusts for it';
  return now > issuer.notAfter ? `is signed by a CA that expired on ${issuer.notAfter.toISOString()}` : undefined;
}

/** Extended key usages count only where there are some (RFC 5280 section 4.2.1.12); names as in RFC 6125 section 6.4.4. */
function unserving(
  { parsed, purposes, sans }: IssuedCertificate,
  leaf: Leaf,
  { nodeName, sans: wanted }: GivenQuestion,
): string | undefined {
  const lacks = leaf.purposes.filter((purpose) => !purposes.includes(PURPOSES[purpose]));
  if (lacks.length > 0 && purposes.length > 0 && !purposes.includes(ANY_PURPOSE))
    return `is not for ${lacks.join(' and ')} authentication (extended key usage)`;
  const host = leaf.host?.(nodeName);
  if (host !== undefined && parsed.checkHost(host, { subject: 'never' }) === undefined)
    return `has no DNS name ${host}; the common name does not count`;
  const missing = missingSans(sans, wanted?.[leaf.name] ?? []);
  return missing.length > 0 ? `lacks the names ${missing.join(', ')}` : undefined;
}

/** RFC 5280 section 4.1.2.6 leaves it to applications what a subject means; to Kubernetes it is the user and the groups. */
function unknown({ commonName, organization }: IssuedCertificate, leaf: Leaf, nodeName: string): string | undefined {
  const wanted = leaf.subject?.(nodeName);
  if (wanted?.commonName !== undefined && !commonName.includes(wanted.commonName))
    return `must have the common name ${wanted.commonName}`;
  return wanted?.organization !== undefined && !organization.includes(wanted.organization)
    ? `must have the organization ${wanted.organization}`
    : undefined;
}

/** Once it has ended, no control plane could join any more, and nothing can change what k8sd has in its database. */
function unlasting(
  { notAfter }: IssuedCertificate,
  { shared, authority }: Leaf,
  { pems, birth }: GivenQuestion,
  issuer: IssuedCertificate | undefined,
): string | undefined {
  if (!shared || birth !== 'bootstrap' || pems[`${authority}-key`] || issuer === undefined) return undefined;
  if (notAfter.getTime() >= issuer.notAfter.getTime() - LEEWAY_MS) return undefined;
  return `ends ${notAfter.toISOString().slice(0, 10)}: k8sd keeps it for ever and gives it to each control plane that joins, so it must last as long as ${authority}-crt, until ${issuer.notAfter.toISOString().slice(0, 10)}`;
}

/** Nobody issues to the second. */
const LEEWAY_MS = 31 * 86_400_000;

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
