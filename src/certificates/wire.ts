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
import type { Decision, PublishedRequest } from './facts.ts';
import { parseObject } from './json.ts';
import type { RequestJournal } from './request-journal.ts';

export const REQUESTS = 'certificate-requests';

export function decisionKey(unit: string): string {
  return `${unit}-certificates`;
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

/** What the other side wrote, or undefined when it is not what it should be. */
export function parseWish(
  text: string | undefined,
): { readonly id: string; readonly requests: readonly PublishedRequest[]; readonly renewal: boolean } | undefined {
  const { id, requests, renewal } = parseObject(text);
  if (typeof id !== 'string' || !ID.test(id) || typeof requests !== 'object' || requests === null) return undefined;
  const published = Object.entries(requests).map(([object, digest]) => ({ object, digest: String(digest) }));
  const usual = published.every(({ object, digest }) => OBJECT.test(object) && DIGEST.test(digest));
  return usual && published.length <= MOST_REQUESTS
    ? { id, requests: published, renewal: renewal === true }
    : undefined;
}

export function formatDecision({ id, approved, reason, at }: Decision): string {
  const time = at === undefined ? '' : `, "at": "${at}"`;
  return `{"id": ${JSON.stringify(id)}, "approved": ${approved}, "reason": ${JSON.stringify(reason)}${time}}`;
}

export function parseDecision(text: string | undefined): Decision | undefined {
  const { id, approved, reason, at } = parseObject(text);
  return typeof id === 'string' && typeof approved === 'boolean'
    ? { id, approved, reason: String(reason ?? ''), ...(typeof at === 'string' ? { at } : {}) }
    : undefined;
}
