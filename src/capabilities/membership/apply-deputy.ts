/** What a leader that is not in the cluster and its deputy do to hand over a join token. */

import { ChangeFailed } from '../../core/change-failed.ts';
import type { Clients } from '../../core/clients.ts';
import { isOnRecord, newToken, removeSecret } from './apply-tokens.ts';
import type { Change } from './change.ts';
import { formatDeputyRequest, formatSealedOffer, readSealingKey, TOKEN_OFFER } from './deputy.ts';
import { type ClusterFacts, snapMinor } from './facts.ts';
import { newSealingKey, seal } from './sealed-token.ts';
import { DEPUTY } from './wire.ts';

type AskDeputy = Extract<Change, { kind: 'ask-deputy' }>;
type DismissDeputy = Extract<Change, { kind: 'dismiss-deputy' }>;
type OfferSealedToken = Extract<Change, { kind: 'offer-sealed-token' }>;

/** The key's secret belongs to the application: its other units read it without a grant. */
export async function askDeputy({ juju }: Clients, { relation, deputy, unit, key }: AskDeputy): Promise<void> {
  const uri = key ?? (await juju.secrets.add(newSealingKey(), { owner: 'application' }));
  juju.relations.setApplication(relation, { [DEPUTY]: formatDeputyRequest({ unit: deputy, for: unit, key: uri }) });
}

export async function dismissDeputy({ juju }: Clients, { relation, key }: DismissDeputy): Promise<void> {
  if (key !== undefined) await removeSecret(juju, key);
  juju.relations.setApplication(relation, { [DEPUTY]: undefined });
}

export async function offerSealedToken(clients: Clients, facts: ClusterFacts, change: OfferSealedToken): Promise<void> {
  const { juju } = clients;
  const { relation, unit, node, key: uri, revision } = change;
  const key = await readSealingKey(juju, uri);
  if (key === undefined)
    throw new ChangeFailed('waiting', `Waiting for the key with which the leader wants the token for ${unit}`);
  const renewed = revision > 0;
  const offer = { unit, node, worker: false, renewed, recorded: renewed || isOnRecord(facts, node, unit) };
  const token = await newToken(clients, clients.k8sd(snapMinor(facts.snap)), facts, offer);
  const sealed = seal(key, token, { by: juju.identity.unit, for: unit, revision });
  juju.relations.setUnit(relation, { [TOKEN_OFFER]: formatSealedOffer({ for: unit, key: uri, revision, sealed }) });
}
