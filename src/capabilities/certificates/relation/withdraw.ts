/** Taking requests out of the databag. */

import type { RelationChange } from './change.ts';
import type { OwnRequest, RelationFacts } from './facts.ts';

/** @param kept requests that stay: of one that is there twice the certificate must stay, too. */
export function withdrawal(
  facts: RelationFacts,
  request: OwnRequest,
  kept: ReadonlySet<OwnRequest> = new Set(),
): RelationChange & { kind: 'withdraw-request' } {
  const { mode, pem, authority, content } = request;
  const digest = content?.digest;
  const twice = [...kept].some((other) => other.mode === mode && other.content?.digest === digest);
  return {
    kind: 'withdraw-request',
    relation: facts.relation?.id ?? '',
    mode,
    pem,
    authority,
    digest,
    id: undefined,
    reason: content === undefined ? 'unreadable' : twice ? 'duplicate' : 'unwanted',
  };
}
