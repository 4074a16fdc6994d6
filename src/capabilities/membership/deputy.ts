/**
 * How a leader that is not in the cluster gets a token: it names a member that makes one for it, with the secret of the key to seal
 * it with; that member, the deputy, answers in its own databag. Ours: existing charms have no deputies.
 *
 *   application databag   deputy        {"unit": "k8s/1", "for": "k8s/0", "key": "<URI of the secret with the sealing key>"}
 *   deputy's databag      token-offer   {"for": "k8s/0", "key": "<URI>", "revision": 0, "sealed": "<base64>"}
 */

import type { Databag, Juju } from '../../clients/juju/juju.ts';
import { readForeign } from '../../core/foreign-json.ts';
import type { RelationFacts } from '../../core/relation-facts.ts';
import { object, text, whole } from '../../core/shapes.ts';
import { LONGEST_SEALED, sealingKey, unseal } from './sealed-token.ts';
import { DEPUTY, UNIT_NAME } from './wire.ts';

export const TOKEN_OFFER = 'token-offer';

const UNIT = text(200, UNIT_NAME);
const URI = text(200);
const REQUEST = object({ unit: UNIT, for: UNIT }, { key: URI });
const OFFER = object({ for: UNIT, key: URI, revision: whole(), sealed: text(LONGEST_SEALED) });

export interface DeputyRequest {
  readonly unit: string;
  readonly for: string;
  /** Absent in what an earlier revision of the charm has written. */
  readonly key?: string;
}

export interface SealedOffer {
  readonly for: string;
  readonly key: string;
  readonly revision: number;
  readonly sealed: string;
}

export function formatDeputyRequest({ unit, for: asker, key }: DeputyRequest): string {
  return JSON.stringify({ unit, for: asker, key });
}

export function parseDeputyRequest(written: string | undefined): DeputyRequest | undefined {
  return readForeign(written, REQUEST);
}

export function formatSealedOffer({ for: asker, key, revision, sealed }: SealedOffer): string {
  return JSON.stringify({ for: asker, key, revision, sealed });
}

export function parseSealedOffer(written: string | undefined): SealedOffer | undefined {
  return readForeign(written, OFFER);
}

/** The unit for which a control plane's databag has a token, in a list; none where it has none. */
export function sealedFor(bag: Databag): readonly string[] {
  const offer = parseSealedOffer(bag[TOKEN_OFFER]);
  return offer === undefined ? [] : [offer.for];
}

export async function readSealingKey({ secrets }: Juju, uri: string): Promise<Buffer | undefined> {
  return sealingKey(await secrets.get({ uri }, 'refresh'));
}

/** What the deputy that was asked last has sealed for this unit, opened, in the form in which a token lies in a secret. */
export function deputyToken(
  unit: string,
  { units, shared }: RelationFacts,
  key: Buffer,
): { readonly token: string; readonly revision: string } | undefined {
  const request = parseDeputyRequest(shared[DEPUTY]);
  const bag: Databag | undefined = request?.for === unit ? units.get(request.unit) : undefined;
  const offer = parseSealedOffer(bag?.[TOKEN_OFFER]);
  if (request === undefined || offer?.for !== unit || offer.key !== request.key) return undefined;
  const { revision, sealed } = offer;
  const token = unseal(key, sealed, { by: request.unit, for: unit, revision });
  return token === undefined ? undefined : { token, revision: String(revision) };
}
