/** Authorities that the operator brings in a secret: looked at as a whole, and brought into the form that k8sd takes. */

import { orderChain } from '../relation/chain.ts';
import { type IssuedCertificate, readAllIssued } from '../relation/issued.ts';
import { asGoReads, certificateProblem } from './as-go-reads.ts';
import { clusterAuthorities } from './authorities.ts';
import { successorsIn } from './brevity.ts';
import { trustProblems } from './examine.ts';
import type { Pems } from './fields.ts';
import { leavesForBirth, type OwnLeavesQuestion } from './own-leaves.ts';
import { unknownKeys } from './secret-keys.ts';

export interface ProvidedQuestion extends Omit<OwnLeavesQuestion, 'kept'> {
  /** Whether k8sd operates etcd. */
  readonly etcd: boolean;
}

export interface ProvidedToGive {
  /** Undefined: something is wrong with them. */
  readonly pems: Pems | undefined;
  /** PEM: the server CA and those that vouch for it; empty when k8sd is to make that one. */
  readonly chain: string;
  /** PEM by name of the authorities that come without their keys. */
  readonly kept: Pems;
  /** Each a sentence that begins with a key of the secret. Never quotes a value. */
  readonly problems: readonly string[];
}

interface Provided {
  readonly name: string;
  readonly certificates: readonly IssuedCertificate[];
}

/**
 * Pure. An authority comes with its key, so that k8sd issues with it, or without, so that each unit's certificates are brought; and with
 * its issuers where it is an intermediate one. They are checked and handed on to those who verify. k8sd is given the first alone:
 * kube-controller-manager signs with no chain, and whoever else the issuers have signed for shall be no client of the cluster. Only a
 * server CA that signs nothing here has them along, for clients that want to see the root; and its successors, which k8sd trusts as well.
 */
export function providedToGive(given: ProvidedQuestion): ProvidedToGive {
  const question = { ...given, content: asGoReads(given.content) };
  const { content, nodeName, etcd, now } = question;
  const names = clusterAuthorities(etcd).map(({ name }) => name);
  const provided = names.flatMap((name) => {
    const text = content[`${name}-crt`];
    return text ? [{ name, certificates: orderedChain(text) }] : [];
  });
  const server = provided.find(({ name }) => name === 'ca')?.certificates ?? [];
  const successors = content['ca-key'] ? [] : successorsIn(readAllIssued(content['ca-crt'] ?? ''));
  const chain = [...server, ...successors].map(({ pem }) => `${pem}\n`).join('');
  const certificateOf = ({ name, certificates }: Provided) =>
    name === 'ca' && !content['ca-key'] ? chain : `${certificates[0]?.pem ?? ''}\n`;
  const kept = Object.fromEntries(
    provided.flatMap((each) => (content[`${each.name}-key`] ? [] : [[each.name, certificateOf(each)] as const])),
  );
  const trust = Object.fromEntries([
    ...provided.map((each) => [`${each.name}-crt`, certificateOf(each)] as const),
    ...names.flatMap((name) =>
      content[`${name}-key`] ? [[`${name}-key`, content[`${name}-key`] ?? ''] as const] : [],
    ),
  ]);
  const leaves = leavesForBirth({ ...question, kept }, 'bootstrap');
  const problems = firstOf(
    () => keyProblems(content, names),
    () => provided.flatMap((each) => chainProblems(content, each, now)),
    () => trustProblems({ pems: trust, birth: 'bootstrap', nodeName, etcd, now }),
    () => twinProblems(provided),
    () => leaves.problems,
  );
  return { pems: problems.length === 0 ? { ...trust, ...leaves.pems } : undefined, chain, kept, problems };
}

/** Names of the authorities that the secret has another certificate for than the one in service. @param inService PEM by name. */
export function changedAuthorities(content: Pems, inService: Pems): readonly string[] {
  return clusterAuthorities(true).flatMap(({ name }) => {
    const [wanted] = readAllIssued(content[`${name}-crt`] ?? '');
    const [present] = readAllIssued(inService[name] ?? '');
    return wanted && present && wanted.fingerprint !== present.fingerprint ? [name] : [];
  });
}

function firstOf(...checks: readonly (() => readonly string[])[]): readonly string[] {
  for (const check of checks) {
    const problems = check();
    if (problems.length > 0) return problems;
  }
  return [];
}

function keyProblems(content: Pems, names: readonly string[]): readonly string[] {
  const known = names.flatMap((name) => [`${name}-crt`, `${name}-key`]);
  const strange = strangeKeys(content, names);
  if (strange !== undefined) return [strange];
  if (known.every((key) => !content[key])) return ['ca-crt and ca-key are missing'];
  // The snap's refresh leaves out what etcd serves, so that it would end for good (canonical/k8s-snap, `api/certificates_refresh.go`).
  return content['etcd-ca-crt'] && !content['etcd-ca-key']
    ? [
        "etcd-ca-key is missing: once a node is there, k8sd takes no other certificates of etcd's; give the key, or leave out etcd-ca-crt",
      ]
    : [];
}

/** What of the secret nobody will ever look at: a slip of the pen. Undefined: nothing. */
export function strangeKeys(content: Pems, names: readonly string[]): string | undefined {
  const known = names.flatMap((name) => [`${name}-crt`, `${name}-key`]);
  const unknown = unknownKeys(content, known);
  return unknown.length > 0
    ? `${unknown.join(', ')} cannot be used; it may hold ${known.join(', ')}, and certificates of units such as k8s-0-kubelet-crt and k8s-0-kubelet-key`
    : undefined;
}

/** RFC 5280 section 6: up to a certificate that is trusted by itself. Without it nobody but Go would verify what k8sd issues. */
function chainProblems(content: Pems, { name, certificates }: Provided, now: Date): readonly string[] {
  const crt = `${name}-crt`;
  const [first] = certificates;
  const unreadable = certificateProblem(content[crt] ?? '');
  if (first === undefined || unreadable !== undefined) return [`${crt} ${unreadable ?? 'is no certificate in PEM'}`];
  const over = certificates.slice(1).find(({ notAfter }) => notAfter < now);
  if (over !== undefined) return [`${crt} has an issuer in its chain that ran out at ${over.notAfter.toISOString()}`];
  const complete = orderChain(first, certificates).complete;
  return complete ? [] : [`${crt} is signed by a CA that is not there: append the certificates up to the root`];
}

/** What one of them signs would be trusted as if another had: a kubelet's server certificate as that of a client, a client as front proxy. */
function twinProblems(provided: readonly Provided[]): readonly string[] {
  return provided.flatMap(({ name, certificates }, index) => {
    const twin = provided
      .slice(0, index)
      .find((other) => other.certificates[0]?.publicKey === certificates[0]?.publicKey);
    return twin === undefined ? [] : [`${name}-crt has the same key as ${twin.name}-crt: each CA needs its own`];
  });
}

/** The authority itself comes first in the text; the others in any order. */
function orderedChain(text: string): readonly IssuedCertificate[] {
  if (certificateProblem(text) !== undefined) return [];
  const [first, ...others] = readAllIssued(text);
  return first === undefined ? [] : orderChain(first, others).certificates;
}
