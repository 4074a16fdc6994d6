/**
 * Whether a worker's certificate request may be approved. An approval is a signature of the cluster's authority for whatever
 * the request says, and k8sd's signing controller looks at no subject alternative names, so everything is checked here:
 * who asks, of which signer, for which use, for which name, and for which addresses.
 */

import { isIP } from 'node:net';
import type { CertificateRequest } from '../kubernetes/kubernetes.ts';
import { normaliseSan } from './sans.ts';
import { type ParsedRequest, REQUEST_KINDS, type SubjectPart } from './signing-request.ts';

/** The unit that the request is supposed to come from, as the leader knows it. */
export interface Requester {
  readonly node: string;
  readonly addresses: readonly string[];
}

const SMALLEST_RSA = 2048;
const LOOPBACK = ['127.0.0.1', '::1'];
/** A year and a day over ten: what k8sd gives a worker when it joins is the most that anybody needs. */
const LONGEST_SECONDS = 10 * 366 * 86_400;

/** @returns why the request must be denied, or undefined when it is as it has to be. */
export function reasonToDeny(
  object: CertificateRequest,
  request: ParsedRequest | undefined,
  requester: Requester,
): string | undefined {
  const kind = REQUEST_KINDS.find(({ signerName }) => signerName === object.signerName);
  if (kind === undefined) return `signer ${object.signerName} is none of those of a worker`;
  const user = `system:node:${requester.node}`;
  if (object.username !== user) return `it was made by ${object.username}, not by ${user}`;
  if (!object.groups.includes('system:nodes')) return 'it was not made by a member of system:nodes';
  if (!sameSet(object.usages, kind.usages))
    return `its usages are ${object.usages.join(', ')}; they must be ${kind.usages.join(', ')}`;
  if ((object.expirationSeconds ?? 0) > LONGEST_SECONDS) return 'it asks for a life of more than ten years';
  if (request === undefined) return 'it holds no certificate signing request that can be read';
  if (!request.signed) return 'it is not signed with its own key';
  if (request.key.algorithm.startsWith('RSA') && request.key.bits < SMALLEST_RSA)
    return `its RSA key has ${request.key.bits} bits; at least ${SMALLEST_RSA} are needed`;
  if (!sameSubject(request.subject, kind.subject(requester.node)))
    return `its subject is ${subjectText(request.subject)}; it must be ${subjectText(kind.subject(requester.node))}`;
  if (request.otherExtensions.length > 0) return `it asks for the extensions ${request.otherExtensions.join(', ')}`;
  if (request.otherNames.length > 0) return `it asks for names of the kinds ${request.otherNames.join(', ')}`;
  return sanReason(request.sans, kind.pair === 'kubelet', requester);
}

function sanReason(sans: readonly string[], serving: boolean, { node, addresses }: Requester): string | undefined {
  if (!serving) return sans.length > 0 ? 'it is for a client and asks for names or addresses' : undefined;
  const own = new Set([node, ...addresses, ...LOOPBACK].map(normaliseSan));
  const foreign = sans.filter((san) => !own.has(san));
  if (foreign.length > 0) return `${foreign.map(sanText).join(', ')} not among the unit's own names and addresses`;
  return sans.includes(normaliseSan(node)) ? undefined : `it lacks the node's name ${node}`;
}

function sanText(san: string): string {
  return `${isIP(san) === 0 ? 'name' : 'address'} ${san}`;
}

function sameSubject(one: readonly SubjectPart[], other: readonly SubjectPart[]): boolean {
  return sameSet(
    one.map((part) => part.join('=')),
    other.map((part) => part.join('=')),
  );
}

function subjectText(subject: readonly SubjectPart[]): string {
  return subject.map((part) => part.join('=')).join(', ') || 'empty';
}

function sameSet(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && new Set([...one, ...other]).size === one.length;
}
