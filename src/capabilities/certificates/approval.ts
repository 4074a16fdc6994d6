/**
 * Whether a worker's certificate request may be approved. An approval is a signature of the cluster's authority for whatever
 * the request says, and k8sd's signing controller looks at no subject alternative names, so everything is checked here:
 * who asks, of which signer, for which use, with which key, for which name, and for which addresses. Whoever asks may be
 * somebody who has taken over one worker and wants to pass for another node, or for the API server.
 */

import type { CertificateRequest } from '../../clients/kubernetes/kubernetes.ts';
import { rangeHolds } from '../../core/addresses.ts';
import { LOOPBACK, normaliseSan } from '../../core/san.ts';
import type { ReservedRange } from './facts.ts';
import type { ParsedRequest } from './read-request.ts';
import { REQUEST_KINDS, type SubjectPart } from './signing-request.ts';

/** The unit that the request is supposed to come from, as the leader knows it. */
export interface Requester {
  readonly node: string;
  readonly addresses: readonly string[];
  /** Names and addresses that are somebody else's, in the form of `normaliseSan`, with whose they are. */
  readonly foreign: ReadonlyMap<string, string>;
  readonly reservedRanges: readonly ReservedRange[];
  /** What an operator runs to have other addresses on record. */
  readonly remedy: string;
}

/** Every client of the API has the second; the signer writes all groups of whoever asks into kubelet's certificate. */
const GROUPS = ['system:nodes', 'system:authenticated'];
/** k8sd reads no other kind of key. Beyond the largest, verifying becomes work for everybody else. */
const KEY_ALGORITHM = 'RSASSA-PKCS1-v1_5';
const SMALLEST_RSA = 2048;
const LARGEST_RSA = 8192;
/** Ten years, leap days included: what k8sd gives a worker when it joins is the most that anybody needs. */
const LONGEST_SECONDS = 10 * 366 * 86_400;

/** @returns why the request must be denied, or undefined when it is as it has to be. */
export function reasonToDeny(
  object: CertificateRequest,
  request: ParsedRequest | undefined,
  requester: Requester,
): string | undefined {
  const kind = REQUEST_KINDS.find(({ signerName }) => signerName === object.signerName);
  if (kind === undefined) return `signer ${object.signerName} is none of those of a worker`;
  return (
    askerReason(object, requester.node) ??
    usagesReason(object.usages, kind.usages) ??
    (request === undefined ? 'it holds no certificate signing request that can be read' : undefined) ??
    (request && (keyReason(request) ?? subjectReason(request, kind.subject(requester.node)))) ??
    (request && sanReason(request, kind.pair === 'kubelet', requester))
  );
}

function askerReason({ username, groups, expirationSeconds }: CertificateRequest, node: string): string | undefined {
  const user = `system:node:${node}`;
  if (username !== user) return `it was made by ${username}, not by ${user}`;
  if (!groups.includes('system:nodes')) return 'it was not made by a member of system:nodes';
  const other = groups.filter((group) => !GROUPS.includes(group));
  if (other.length > 0) return `it was made by a member of ${other.join(', ')}`;
  return (expirationSeconds ?? 0) > LONGEST_SECONDS ? 'it asks for a life of more than ten years' : undefined;
}

function usagesReason(usages: readonly string[], wanted: readonly string[]): string | undefined {
  return sameSet(usages, wanted) ? undefined : `its usages are ${usages.join(', ')}; they must be ${wanted.join(', ')}`;
}

function keyReason({ signed, key: { algorithm, bits } }: ParsedRequest): string | undefined {
  if (algorithm !== KEY_ALGORITHM) return `its key is of the kind ${algorithm}; an RSA key is needed`;
  if (bits < SMALLEST_RSA || bits > LARGEST_RSA)
    return `its RSA key has ${bits} bits; ${SMALLEST_RSA} to ${LARGEST_RSA} are needed`;
  return signed ? undefined : 'it is not signed with its own key';
}

function subjectReason({ subject }: ParsedRequest, wanted: readonly SubjectPart[]): string | undefined {
  if (sameSet(subject.map(partText), wanted.map(partText))) return undefined;
  return `its subject is ${subjectText(subject)}; it must be ${subjectText(wanted)}`;
}

function sanReason(request: ParsedRequest, serving: boolean, requester: Requester): string | undefined {
  const { dnsNames, addresses, otherExtensions, otherNames } = request;
  if (otherExtensions.length > 0) return `it asks for the extensions ${otherExtensions.join(', ')}`;
  if (otherNames.length > 0) return `it asks for names of the kinds ${otherNames.join(', ')}`;
  if (serving) return nameReason(dnsNames, requester) ?? addressReason(addresses, requester);
  return dnsNames.length + addresses.length > 0 ? 'it is for a client and asks for names or addresses' : undefined;
}

/** The node's own name and no other; not even that, when it is one by which somebody else is known. */
function nameReason(dnsNames: readonly string[], { node, foreign }: Requester): string | undefined {
  const own = normaliseSan(node);
  const owner = foreign.get(own);
  if (owner !== undefined) return `the name ${own} belongs to ${owner}, too`;
  const other = dnsNames.filter((name) => name !== own);
  if (other.length > 0) return `the names ${other.join(', ')} are not the unit's own`;
  return dnsNames.includes(own) ? undefined : `it lacks the node's name ${own}`;
}

function addressReason(addresses: readonly string[], requester: Requester): string | undefined {
  const own = new Set([...requester.addresses, ...LOOPBACK].map(normaliseSan));
  const other = addresses.filter((address) => !own.has(address));
  // An address in such a range is put on record for nobody: an operator has to change the range, or the address.
  for (const address of other) {
    const range = rangeOf(address, requester);
    if (range !== undefined) return `the address ${address} belongs to ${range.owner}, too`;
  }
  if (other.length > 0)
    return `the addresses ${other.join(', ')} are not the unit's own (on record: ${requester.addresses.join(', ') || 'none'}); if they are right: ${requester.remedy} addresses=${[...requester.addresses, ...other].join(',')}`;
  for (const address of addresses) {
    const owner = requester.foreign.get(address) ?? rangeOf(address, requester)?.owner;
    if (owner !== undefined) return `the address ${address} belongs to ${owner}, too`;
  }
  return undefined;
}

function rangeOf(address: string, { reservedRanges }: Requester): ReservedRange | undefined {
  return reservedRanges.find(({ range }) => rangeHolds(range, address));
}

function subjectText(subject: readonly SubjectPart[]): string {
  return subject.map(partText).join(', ') || 'empty';
}

function partText(part: SubjectPart): string {
  return part.join('=');
}

function sameSet(one: readonly string[], other: readonly string[]): boolean {
  const [a, b] = [one.toSorted(), other.toSorted()];
  return a.length === b.length && a.every((value, index) => value === b[index]);
}
