/** Authorities that the operator brings in a secret: looked at as a whole, and brought into the form that k8sd takes. */

import { orderChain } from '../relation/chain.ts';
import { type IssuedCertificate, readAllIssued } from '../relation/issued.ts';
import { clusterAuthorities } from './authorities.ts';
import { givenProblems } from './examine.ts';
import type { Pems } from './fields.ts';

export interface ProvidedQuestion {
  /** What the secret holds. */
  readonly content: Pems;
  readonly nodeName: string;
  readonly etcd: boolean;
  readonly now: Date;
}

export interface ProvidedToGive {
  /** Undefined: something is wrong with them. */
  readonly pems: Pems | undefined;
  /** PEM: the server CA and those that vouch for it; empty when k8sd is to make that one. */
  readonly chain: string;
  /** Each a sentence that begins with a key of the secret. Never quotes a value. */
  readonly problems: readonly string[];
}

interface Provided {
  readonly name: string;
  readonly certificates: readonly IssuedCertificate[];
}

/**
 * Pure. An authority comes with its key, since k8sd is to issue with it, and with its issuers where it is an intermediate one: they are
 * checked and handed on to those who verify, but k8sd is given the first alone, as kube-controller-manager signs with no chain.
 */
export function providedToGive({ content, nodeName, etcd, now }: ProvidedQuestion): ProvidedToGive {
  const names = clusterAuthorities(etcd).map(({ name }) => name);
  const provided = names.flatMap((name) => {
    const text = content[`${name}-crt`];
    return text ? [{ name, certificates: orderedChain(text) }] : [];
  });
  const pems = Object.fromEntries([
    ...provided.map(({ name, certificates }) => [`${name}-crt`, `${certificates[0]?.pem ?? ''}\n`] as const),
    ...names.flatMap((name) =>
      content[`${name}-key`] ? [[`${name}-key`, content[`${name}-key`] ?? ''] as const] : [],
    ),
  ]);
  const problems = firstOf(
    () => keyProblems(content, names),
    () => provided.flatMap((each) => chainProblems(content, each, now)),
    () => givenProblems({ pems, birth: 'bootstrap', nodeName, etcd, now }),
    () => twinProblems(provided),
  );
  const server = provided.find(({ name }) => name === 'ca')?.certificates ?? [];
  const chain = server.map(({ pem }) => `${pem}\n`).join('');
  return { pems: problems.length === 0 ? pems : undefined, chain, problems };
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
  const unknown = Object.keys(content).filter((key) => !known.includes(key));
  if (unknown.length > 0) return [`${unknown.join(', ')} cannot be used; it may hold ${known.join(', ')}`];
  if (names.every((name) => !content[`${name}-crt`] && !content[`${name}-key`]))
    return ['ca-crt and ca-key are missing'];
  return names
    .filter((name) => content[`${name}-crt`] && !content[`${name}-key`])
    .map(
      (name) =>
        `${name}-key is missing: k8sd has to issue with it. Where the key must stay elsewhere, a CA charm can issue (bootstrap-certificates=external)`,
    );
}

/** RFC 5280 section 6: up to a certificate that is trusted by itself. Without it nobody but Go would verify what k8sd issues. */
function chainProblems(content: Pems, { name, certificates }: Provided, now: Date): readonly string[] {
  const crt = `${name}-crt`;
  const [first] = certificates;
  const blocks = content[crt]?.match(/-----BEGIN CERTIFICATE-----/g)?.length ?? 0;
  const readable = readAllIssued(content[crt] ?? '').length;
  if (first === undefined || readable < blocks) return [`${crt} is no certificate in PEM, or one of several is not`];
  const over = certificates.slice(1).find(({ notAfter }) => notAfter < now);
  if (over !== undefined) return [`${crt} has an issuer in its chain that ran out at ${over.notAfter.toISOString()}`];
  const complete = orderChain(first, certificates).complete;
  return complete ? [] : [`${crt} is signed by an authority that is not there: append the certificates up to the root`];
}

/** What one of them signs would be trusted as if another had: a kubelet's server certificate as that of a client, a client as front proxy. */
function twinProblems(provided: readonly Provided[]): readonly string[] {
  return provided.flatMap(({ name, certificates }, index) => {
    const twin = provided
      .slice(0, index)
      .find((other) => other.certificates[0]?.publicKey === certificates[0]?.publicKey);
    return twin === undefined ? [] : [`${name}-crt has the same key as ${twin.name}-crt: each authority needs its own`];
  });
}

/** The authority itself comes first in the text; the others in any order. */
function orderedChain(text: string): readonly IssuedCertificate[] {
  const [first, ...others] = readAllIssued(text);
  return first === undefined ? [] : orderChain(first, others).certificates;
}
