/** Carries out one planned change. Databags, secrets and memory are committed by Juju together, or not at all. */

import { randomUUID } from 'node:crypto';
import type { Juju, SecretContent, SecretOptions } from '../../../clients/juju/juju.ts';
import type { RelationChange } from './change.ts';
import { algorithmName, generateKey, publicKeyOf } from './keys.ts';
import { certificateLabel, isLabelOf, keyLabel } from './labels.ts';
import { createRequest } from './make-request.ts';
import { remember, rememberRunOut } from './memory.ts';
import { type BagRequest, formatRequests, parseRequests } from './requirer-bag.ts';
import type { CertificateWish, Mode } from './wish.ts';

export async function applyRelation(juju: Juju, endpoint: string, change: RelationChange): Promise<void> {
  switch (change.kind) {
    case 'withdraw-request':
      await rewrite(juju, change.relation, change.mode, without(change, change.reason === 'duplicate'));
      if (change.digest === undefined || change.reason === 'duplicate') return;
      await removeCertificate(juju, endpoint, change.mode, change.digest);
      return rememberRunOut(juju.state, endpoint, change.digest, false);
    case 'send-request': {
      const { wish, relation } = change;
      const pem = await createRequest(wish, await fittingKey(juju, endpoint, wish), randomUUID());
      return rewrite(juju, relation, wish.mode, (all) => [...all, { pem, authority: wish.authority }]);
    }
    case 'keep-certificate': {
      const { wish, digest, answer, expire, receivedAt } = change;
      const content = {
        certificate: answer.certificate.pem,
        authority: answer.authority.pem,
        chain: answer.chain.certificates.map(({ pem }) => pem).join('\n'),
        received: receivedAt.toISOString(),
      };
      const label = certificateLabel(endpoint, wish.mode, wish.id, digest);
      return keep(juju, label, content, { owner: ownerOf(wish.mode), ...(expire === undefined ? {} : { expire }) });
    }
    case 'discard-certificate':
      return removeLabelled(juju, certificateLabel(endpoint, change.wish.mode, change.wish.id, change.digest));
    case 'forget-relation':
      return forget(juju, endpoint);
    case 'forget-run-out':
      for (const digest of change.digests) rememberRunOut(juju.state, endpoint, digest, false);
      return;
    case 'remember':
      return remember(juju.state, endpoint, change.memory);
  }
}

type Rewrite = (requests: readonly BagRequest[]) => readonly BagRequest[];

async function rewrite({ relations, identity }: Juju, relation: string, mode: Mode, change: Rewrite): Promise<void> {
  if (mode === 'unit') {
    const bag = await relations.unitBag(relation, identity.unit);
    return relations.setUnit(relation, formatRequests(change(parseRequests(bag))));
  }
  const bag = await relations.applicationBag(relation, identity.application);
  relations.setApplication(relation, formatRequests(change(parseRequests(bag))));
}

/** Of a request that stands there twice one stays. */
function without({ pem, authority }: BagRequest, onlyOne: boolean): Rewrite {
  return (requests) => {
    const isIt = (request: BagRequest): boolean => request.pem === pem && request.authority === authority;
    const first = requests.findIndex(isIt);
    return requests.filter((request, index) => (onlyOne ? index !== first : !isIt(request)));
  };
}

/** The key that the wish has, or a new one when it has none, or one of another kind. */
async function fittingKey(juju: Juju, endpoint: string, wish: CertificateWish): Promise<string> {
  const label = keyLabel(endpoint, wish.mode, wish.id);
  const known = (await juju.secrets.get({ label }, 'refresh'))?.['private-key'];
  if (known !== undefined && publicKeyOf(known)?.algorithm === algorithmName(wish.key)) return known;
  const key = await generateKey(wish.key);
  await keep(juju, label, { 'private-key': key }, { owner: ownerOf(wish.mode) });
  return key;
}

/** By its label, since a secret may be there of which nothing else tells: Juju writes secrets before it commits the rest. */
async function keep(juju: Juju, label: string, content: SecretContent, options: SecretOptions): Promise<void> {
  const known = await juju.secrets.info({ label });
  if (known === undefined) await juju.secrets.add(content, { ...options, label });
  else await juju.secrets.set(known.id, content, options.expire === undefined ? {} : { expire: options.expire });
}

function ownerOf(mode: Mode): 'unit' | 'application' {
  return mode === 'unit' ? 'unit' : 'application';
}

async function removeLabelled(juju: Juju, label: string): Promise<void> {
  const known = await juju.secrets.info({ label });
  if (known !== undefined) await juju.secrets.remove(known.id);
}

/** Whichever wish it was for: that may not be known any more. */
async function removeCertificate(juju: Juju, endpoint: string, mode: Mode, digest: string): Promise<void> {
  const isIt = (label: string): boolean => isLabelOf(label, endpoint, mode) && label.endsWith(`/${digest}`);
  await removeWhere(juju, isIt);
}

/** Keys and certificates of units are theirs to forget, those of the application the leader's. */
async function forget(juju: Juju, endpoint: string): Promise<void> {
  const modes: readonly Mode[] = (await juju.isLeader()) ? ['unit', 'app'] : ['unit'];
  await removeWhere(juju, (label) => modes.some((mode) => isLabelOf(label, endpoint, mode)));
}

async function removeWhere(juju: Juju, isIt: (label: string) => boolean): Promise<void> {
  const ids = await juju.secrets.ids();
  const found = await Promise.all(ids.map((id) => juju.secrets.info({ uri: id })));
  for (const secret of found) if (secret !== undefined && isIt(secret.label)) await juju.secrets.remove(secret.id);
}
