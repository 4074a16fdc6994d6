/**
 * Our addition to the `k8s-cluster` interface, between charms of ours; existing charms ignore keys that they do not know.
 *
 *   worker unit databag       certificate-requests     {"id": "…", "requests": {"<object>": "<SHA-256 of the PEM text, hexadecimal>", …}, "renewal": true}
 *   control plane's databag   <unit>-certificates      {"id": "…", "approved": true, "reason": "", "at": "…"}
 *
 * `renewal` stands there when nobody has asked for it; `at` where such a one was approved. The digests bind the decision to what the
 * unit has made: objects can be made by whoever has the node's credentials.
 */

import { createHash } from 'node:crypto';
import { readForeign } from '../../core/foreign-json.ts';
import { flag, line, object, or, record, type Shape, text, timestamp, where } from '../../core/shapes.ts';
import type { Decision, PublishedRequest } from './facts.ts';
import type { RequestJournal } from './request-journal.ts';

export const REQUESTS = 'certificate-requests';

export function decisionKey(unit: string): string {
  return `${unit}-certificates`;
}

/** Where the leader records a worker's addresses; read here for its being there alone. */
export function addressesKey(unit: string): string {
  return `${unit}-addresses`;
}

/** The unit of a decision's key, or undefined when it is another key. */
export function decidedUnit(key: string): string | undefined {
  return /^([a-z][a-z0-9-]*\/\d+)-certificates$/.exec(key)?.[1];
}

export function formatWish({ id, requests, renewal }: Pick<RequestJournal, 'id' | 'requests' | 'renewal'>): string {
  const digests = requests.map(({ object, request }) => `${JSON.stringify(object)}: "${digestOf(request)}"`);
  return `{"id": ${JSON.stringify(id)}, "requests": {${digests.join(', ')}}${renewal ? ', "renewal": true' : ''}}`;
}

/** @param pem text of a request, as it stands in its object. */
export function digestOf(pem: string): string {
  return createHash('sha256').update(pem).digest('hex');
}

const MOST_REQUESTS = 10;
const ID = /^[a-z0-9-]{1,200}$/;
/** Names go into URLs: a name such as `..` would lead elsewhere. */
const OBJECT = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
const DIGEST = /^[0-9a-f]{64}$/;

/** A wish without a request is none: a unit that is approved for nothing would only keep others from their turn. */
const WISH = object({
  id: text(200, ID),
  requests: where(record(text(64, DIGEST), MOST_REQUESTS, OBJECT), (requests) => Object.keys(requests).length > 0),
  renewal: or(flag, false),
});

/** What the other side wrote, or undefined when it is not what it should be. */
export function parseWish(
  written: string | undefined,
): { readonly id: string; readonly requests: readonly PublishedRequest[]; readonly renewal: boolean } | undefined {
  const wish = readForeign(written, WISH);
  return wish && { ...wish, requests: Object.entries(wish.requests).map(([object, digest]) => ({ object, digest })) };
}

export function formatDecision({ id, approved, reason, at }: Decision): string {
  const time = at === undefined ? '' : `, "at": "${at}"`;
  return `{"id": ${JSON.stringify(id)}, "approved": ${approved}, "reason": ${JSON.stringify(reason)}${time}}`;
}

const DECISION: Shape<Decision> = object(
  { id: text(200, ID), approved: flag, reason: or(line(2000), '') },
  { at: timestamp },
);

export function parseDecision(written: string | undefined): Decision | undefined {
  return readForeign(written, DECISION);
}
