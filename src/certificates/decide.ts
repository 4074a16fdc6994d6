/** The leader's part in a worker's refresh: looks at each request and approves or denies it. */

import type { Kubernetes } from '../kubernetes/kubernetes.ts';
import { reasonToDeny } from './approval.ts';
import type { Doors } from './doors.ts';
import type { ApprovalWish, Decision } from './facts.ts';
import { RefreshFailed } from './outcome.ts';
import { parseRequest } from './signing-request.ts';
import { decisionKey, formatDecision } from './wire.ts';

/** All of a unit's requests are approved, or none: with a part of its certificates a worker can do nothing. */
export async function decideRequests(doors: Doors, wish: ApprovalWish): Promise<void> {
  const { juju } = doors;
  const kubernetes = await doors.kubernetes();
  if (kubernetes === undefined)
    throw new RefreshFailed('waiting', 'Waiting for the API server to decide certificate requests');
  const denial = await firstDenial(kubernetes, wish);
  for (const name of wish.requests) {
    const object = await kubernetes.certificateRequest(name);
    if (object?.state !== 'pending') continue;
    // A unit may name what another has asked for; that is not this unit's to have denied.
    if (denial !== undefined && object.username !== `system:node:${wish.node}`) continue;
    if (denial === undefined)
      await kubernetes.approve(name, {
        reason: 'ApprovedByCharm',
        message: `Checked against what is known of unit ${wish.unit}`,
      });
    else await kubernetes.deny(name, { reason: 'DeniedByCharm', message: denial.slice(0, 1_000) });
  }
  if (denial === undefined) juju.log.info(`certificate requests of ${wish.unit} approved: ${wish.requests.join(', ')}`);
  else juju.log.warning(`certificate requests of ${wish.unit} denied: ${denial}`);
  const decision: Decision = { id: wish.id, approved: denial === undefined, reason: (denial ?? '').slice(0, 1_000) };
  juju.relations.setApplication(wish.relation, { [decisionKey(wish.unit)]: formatDecision(decision) });
}

async function firstDenial(
  kubernetes: Kubernetes,
  { node, requests, addresses, unit }: ApprovalWish,
): Promise<string | undefined> {
  if (node === undefined) return `${unit} has no node in the cluster`;
  for (const name of requests) {
    const object = await kubernetes.certificateRequest(name);
    if (object === undefined) return `${name} does not exist`;
    if (object.state === 'denied' || object.state === 'failed') return `${name} is ${object.state} already`;
    const request = await parseRequest(object.request).catch(() => undefined);
    const reason = reasonToDeny(object, request, { node, addresses });
    if (reason !== undefined) return `${name}: ${reason}`;
  }
  return undefined;
}
