/**
 * Certificates that the operator brings for a unit, where the key of their authority stays with the operator, so that k8sd can issue none:
 * those that are missing before the node comes into being, and those that a running node is to be given next.
 */

import type { Role } from '../../../core/role.ts';
import { readIssued } from '../relation/issued.ts';
import { asGoReads } from './as-go-reads.ts';
import { type GivenQuestion, leafProblems } from './examine.ts';
import type { Pems } from './fields.ts';
import { exchangeableLeaves, type Leaf, leavesOf } from './leaves.ts';
import { fieldsOfUnit, keyOf } from './secret-keys.ts';

export interface OwnLeavesQuestion {
  /** What the secret holds. */
  readonly content: Pems;
  /** `k8s/0` */
  readonly unit: string;
  readonly nodeName: string;
  /** PEM by name of authorities whose key the operator keeps. */
  readonly kept: Pems;
  /** Fields of certificates that a CA charm issues instead: `apiserver`, `kubelet`. */
  readonly issued: readonly string[];
  /** What each certificate that is served must have, by its field. */
  readonly sans: Readonly<Record<string, readonly string[]>>;
  readonly now: Date;
}

export interface OwnLeaves {
  /** By k8sd's fields. */
  readonly pems: Pems;
  /** Each a sentence that begins with a key of the secret. */
  readonly problems: readonly string[];
}

/** Pure. For a node that comes into being: all that k8sd could not issue must be there. */
export function leavesForBirth(given: OwnLeavesQuestion, birth: GivenQuestion['birth']): OwnLeaves {
  const question = { ...given, content: asGoReads(given.content) };
  const leaves = ownLeaves(leavesOf(birth, false), question);
  const fields = fieldsOfUnit(question.content, question.unit);
  const missing = leaves.filter(({ name }) => !fields[`${name}-crt`] && !fields[`${name}-key`]);
  const problems = missing.length > 0 ? [missingText(missing, question)] : problemsOf(leaves, question, birth);
  return { pems: only(fields, leaves), problems: [...uselessProblems(question), ...problems] };
}

export interface NextLeaves extends OwnLeaves {
  /** Fields of those that are not in service. */
  readonly due: readonly string[];
  /** The beginning of the fingerprint of each, so that one is told from the next. */
  readonly prints: readonly string[];
}

/** Pure. Of a running node: those of the secret that are not in service. @param inService fingerprints by field. */
export function nextLeaves(
  given: OwnLeavesQuestion,
  role: Role,
  inService: Readonly<Record<string, string | undefined>>,
): NextLeaves {
  const question = { ...given, content: asGoReads(given.content) };
  const fields = fieldsOfUnit(question.content, question.unit);
  const found = ownLeaves(exchangeableLeaves(role), question).flatMap((leaf) => {
    const [crt, key] = [fields[`${leaf.name}-crt`], fields[`${leaf.name}-key`]];
    if (!crt && !key) return [];
    const fingerprint = readIssued(crt ?? '')?.fingerprint;
    return fingerprint !== undefined && fingerprint === inService[leaf.name] ? [] : [{ leaf, fingerprint }];
  });
  const due = found.map(({ leaf }) => leaf);
  return {
    due: due.map(({ name }) => name),
    prints: found.map(({ fingerprint }) => fingerprint?.slice(0, 11) ?? ''),
    pems: only(fields, due),
    // It may be a new one for a reason that does not hold at a birth: what k8sd has in its database stays as it is.
    problems: [...uselessProblems(question), ...problemsOf(due, question, role)],
  };
}

/** Those that nobody else issues. */
function ownLeaves(leaves: readonly Leaf[], { kept, issued }: OwnLeavesQuestion): readonly Leaf[] {
  return leaves.filter(({ name, authority }) => kept[authority] !== undefined && !issued.includes(name));
}

function problemsOf(
  leaves: readonly Leaf[],
  { content, unit, nodeName, kept, sans, now }: OwnLeavesQuestion,
  birth: GivenQuestion['birth'],
): readonly string[] {
  const authorities = Object.entries(kept).map(([name, pem]) => [`${name}-crt`, pem] as const);
  const pems = { ...Object.fromEntries(authorities), ...fieldsOfUnit(content, unit) };
  const called = (field: string) => keyOf(unit, field);
  return leaves.flatMap((leaf) => leafProblems({ pems, birth, nodeName, etcd: false, now, sans, called }, leaf));
}

/** Said where it is looked for: who brings a certificate wants it to be used. */
function uselessProblems({ content, unit, kept }: OwnLeavesQuestion): readonly string[] {
  const fields = fieldsOfUnit(content, unit);
  return leavesOf('bootstrap', false)
    .filter(({ name, authority }) => fields[`${name}-crt`] && kept[authority] === undefined)
    .map(
      ({ name, authority }) => `${keyOf(unit, `${name}-crt`)} cannot be used: k8sd has ${authority}-key and issues it`,
    );
}

/** With what each has to name, which an operator has to know before it can be issued. */
function missingText(missing: readonly Leaf[], { unit, nodeName, sans }: OwnLeavesQuestion): string {
  const keys = missing.map(({ name }) => `${keyOf(unit, name)}-crt and -key`);
  const authorities = [...new Set(missing.map(({ authority }) => `${authority}-key`))];
  const wanted = missing.flatMap((leaf) => {
    const names = sans[leaf.name] ?? [];
    if (names.length > 0) return [`${leaf.name} for ${names.join(', ')}`];
    const { commonName, organization } = leaf.subject?.(nodeName) ?? {};
    const subject = [...(organization ? [`O=${organization}`] : []), ...(commonName ? [`CN=${commonName}`] : [])];
    return subject.length > 0 ? [`${leaf.name} as ${subject.join(', ')}`] : [];
  });
  return `${keys.join(', ')} are missing, which k8sd cannot issue without ${authorities.join(' and ')}; issue ${wanted.join('; ')}`;
}

function only(fields: Pems, leaves: readonly Leaf[]): Pems {
  const names = leaves.flatMap(({ name }) => [`${name}-crt`, `${name}-key`]);
  return Object.fromEntries(Object.entries(fields).filter(([field]) => names.includes(field)));
}
