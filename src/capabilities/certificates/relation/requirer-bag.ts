/**
 * What we write for the provider: `certificate_signing_requests`, a JSON list of `{certificate_signing_request, ca}`.
 * `ca` is never left out: without it in one item a provider ignores all of them without a word.
 */

import type { Databag } from '../../../clients/juju/juju.ts';
import { LARGE_BOUNDS, parseObjects, textOf } from '../../../core/foreign-json.ts';

export const REQUESTS_KEY = 'certificate_signing_requests';

export interface BagRequest {
  readonly pem: string;
  readonly authority: boolean;
}

/** Never throws; what is no request at all is left out. */
export function parseRequests(bag: Databag): readonly BagRequest[] {
  return parseObjects(bag[REQUESTS_KEY], LARGE_BOUNDS).map((item) => ({
    pem: textOf(item['certificate_signing_request']).trim(),
    authority: item['ca'] === true,
  }));
}

/** Entries for the databag; without a request the key goes, since an empty list is not what providers expect. */
export function formatRequests(requests: readonly BagRequest[]): Readonly<Record<string, string | undefined>> {
  const items = requests.map(({ pem, authority }) => ({ certificate_signing_request: pem.trim(), ca: authority }));
  return { [REQUESTS_KEY]: items.length === 0 ? undefined : JSON.stringify(items) };
}
