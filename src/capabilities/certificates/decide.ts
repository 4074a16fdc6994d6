/** The leader's part in a worker's refresh: looks at each request and approves or denies it. */

import { KubernetesError } from '../../clients/kubernetes/errors.ts';
import type { CertificateRequest, Kubernetes, Node } from '../../clients/kubernetes/kubernetes.ts';
import type { Clients } from '../../core/clients.ts';
import { oneLine } from '../../core/printable.ts';
import { normaliseSan } from '../../core/san.ts';
import { reasonToDeny } from './approval.ts';
import type { ApprovalWish, Decision, PublishedRequest, SpentDecision } from './facts.ts';
import { RefreshFailed } from './outcome.ts';
import { parseRequest } from './read-request.ts';
import { WORKER_PAIRS } from './request-journal.ts';
import { objectName } from './signing-request.ts';
import { decisionKey, digestOf, formatDecision } from './wire.ts';

/** Characters of a reason; much of it is what the other side wrote. */
const LONGEST = 1_000;

/** All of a unit's requests are approved, or none: with a part of its certificates a worker can do nothing. */
export async function decideRequests(clients: Clients, wish: ApprovalWish): Promise<void> {
  const { juju, host } = clients;
  const kubernetes = await clients.kubernetes();
  if (kubernetes === undefined)
    throw new RefreshFailed('waiting', 'Waiting for the API server to decide certificate requests');
  const found = await Promise.all(wish.requests.map(({ object }) => kubernetes.certificateRequest(object)));
  const denial = await firstDenial(kubernetes, wish, found);
  for (const object of found) if (object?.state === 'pending') await decide(kubernetes, wish, object, denial);
  const names = wish.requests.map(({ object }) => object).join(', ');
  if (denial === undefined) juju.log.info(`certificate requests of ${wish.unit} approved: ${names}`);
  else juju.log.warning(`certificate requests of ${wish.unit} denied: ${denial}`);
  // Of renewals only a few are under way at once.
  const begun = wish.renewal && denial === undefined ? { at: host.now().toISOString() } : {};
  const decision: Decision = {
    id: wish.id,
    approved: denial === undefined,
    reason: denial ?? '',
    ...begun,
  };
  juju.relations.setApplication(wish.relation, { [decisionKey(wish.unit)]: formatDecision(decision) });
}

/** By uid: what is approved is what was looked at, whoever puts another object under its name meanwhile. */
async function decide(
  kubernetes: Kubernetes,
  { unit, node }: ApprovalWish,
  { name, uid, username }: CertificateRequest,
  denial: string | undefined,
): Promise<void> {
  if (denial === undefined)
    return kubernetes.approve(name, {
      uid,
      reason: 'ApprovedByCharm',
      message: `Checked against what is known of ${unit}`,
    });
  // A unit may name what another has asked for; that is not this unit's to have denied.
  if (node !== undefined && username === userOf(node))
    await kubernetes.deny(name, { uid, reason: 'DeniedByCharm', message: denial });
}

/**
 * What is left of requests that the worker has taken, or given up. Only those of its own node: the id is what the unit wrote.
 * Kubernetes deletes them itself some time later, so that it is no failure when it cannot be done now.
 */
export async function sweepRequests(clients: Clients, { id, node }: SpentDecision): Promise<void> {
  if (node === undefined) return;
  try {
    const kubernetes = await clients.kubernetes();
    for (const pair of WORKER_PAIRS) {
      const object = await kubernetes?.certificateRequest(objectName(id, pair));
      if (object?.username === userOf(node)) await kubernetes?.deleteCertificateRequest(object.name);
    }
  } catch (error) {
    if (!(error instanceof KubernetesError)) throw error;
    clients.juju.log.debug(`certificate requests of ${node} are left for Kubernetes to delete: ${error.message}`);
  }
}

async function firstDenial(
  kubernetes: Kubernetes,
  wish: ApprovalWish,
  found: readonly (CertificateRequest | undefined)[],
): Promise<string | undefined> {
  const { node, unit, rival } = wish;
  if (node === undefined) return `${unit} has no node in the cluster`;
  if (rival !== undefined) return `${unit} and ${rival} are both on record for the node ${node}`;
  const { addresses, reservedRanges, remedy } = wish;
  const foreign = new Map([...namesOfOthers(wish, await kubernetes.nodes()), ...wish.foreign]);
  const requester = { node, addresses, foreign, reservedRanges, remedy };
  for (const [index, published] of wish.requests.entries()) {
    const object = found[index];
    const reason = (await objectReason(object, published)) ?? (object && (await contentReason(object, requester)));
    if (reason !== undefined) return oneLine(`${published.object}: ${reason}`, LONGEST);
  }
  return undefined;
}

async function objectReason(
  object: CertificateRequest | undefined,
  { digest }: PublishedRequest,
): Promise<string | undefined> {
  if (object === undefined) return 'it does not exist';
  if (object.state === 'denied' || object.state === 'failed') return `it is ${object.state} already`;
  return digestOf(object.request) === digest ? undefined : 'it is not the request that the unit says it has made';
}

async function contentReason(
  object: CertificateRequest,
  requester: Parameters<typeof reasonToDeny>[2],
): Promise<string | undefined> {
  return reasonToDeny(object, await parseRequest(object.request).catch(() => undefined), requester);
}

/**
 * Names of all nodes: a kubelet can make no other than its own. Addresses of control planes and of nodes that are no unit's. Those of
 * workers are on record; what their kubelets report beside that would keep others from what is theirs.
 */
function namesOfOthers(
  { node: own, claimants }: Pick<ApprovalWish, 'node' | 'claimants'>,
  nodes: readonly Node[],
): readonly (readonly [string, string])[] {
  return nodes
    .filter(({ name }) => name !== own)
    .flatMap(({ name, addresses }) => {
      const ips = addresses.filter(({ type }) => type.endsWith('IP')).map(({ address }) => address);
      const sans = claimants.includes(name) ? [name] : [name, ...ips];
      return sans.map((san) => [normaliseSan(san), `node ${name}`] as const);
    });
}

function userOf(node: string): string {
  return `system:node:${node}`;
}
