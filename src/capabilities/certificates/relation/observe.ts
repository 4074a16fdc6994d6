/**
 * Reads how it stands between us and the provider of certificates. While nothing has changed since the last look, which is most of the
 * time, that is a few databags and a digest: neither a secret nor the X.509 library is touched.
 */

import { createHash } from 'node:crypto';
import type { Databag, Juju } from '../../../clients/juju/juju.ts';
import { DEFAULT_TIMING, type HeldCertificate, type RelationFacts, type Timing, type WishFacts } from './facts.ts';
import { type Look, type Memory, recall, recallRunOut } from './memory.ts';
import { type Bags, readDetails } from './read-details.ts';
import { REQUESTS_KEY } from './requirer-bag.ts';
import type { CertificateWish } from './wish.ts';

export interface RelationQuestion {
  /** Name of an endpoint that requires `tls-certificates`. */
  readonly endpoint: string;
  /** All of them, the application's too: a unit that does not lead leaves these out by itself. */
  readonly wishes: readonly CertificateWish[];
  readonly now: Date;
  readonly timing?: Timing;
}

export async function observeRelation(juju: Juju, question: RelationQuestion): Promise<RelationFacts> {
  const { endpoint, now, timing = DEFAULT_TIMING } = question;
  const [ids, leader, memory, runOut] = await Promise.all([
    juju.relations.ids(endpoint),
    juju.isLeader(),
    recall(juju.state, endpoint),
    recallRunOut(juju.state, endpoint),
  ]);
  const wishes = question.wishes.filter(({ mode }) => mode === 'unit' || leader);
  const { event } = juju;
  const id = ids[0];
  const base = {
    endpoint,
    requirer: juju.identity.application,
    tooMany: ids.length > 1,
    broken: event.kind === 'relation-broken' && event.endpoint === endpoint,
    memory,
    runOut,
    timing,
    now,
  };
  if (id === undefined || ids.length > 1)
    return { ...base, ...NOTHING_THERE, relation: undefined, wishes: wishes.map(withoutKey) };
  const application = await juju.relations.application(id);
  const bags = await readBags(juju, id, application, leader);
  const digest = digestOf([id, application, leader, timing, wishes, bags]);
  const settled = runOut.size === 0 && event.kind !== 'upgrade-charm' ? sameLook(memory, digest, now) : undefined;
  const relation = { id, application };
  if (settled !== undefined)
    return { ...base, ...NOTHING_THERE, relation, digest, settled, wishes: wishes.map(withoutKey) };
  return { ...base, relation, digest, settled, ...(await readDetails(juju, endpoint, wishes, bags)) };
}

const NOTHING_THERE = {
  requests: [],
  held: new Map<string, HeldCertificate>(),
  certificates: [],
  errors: [],
  capabilities: {},
  digest: '',
  settled: undefined,
};

/** Of all bags only what this is about; Juju's own keys change for reasons of their own. */
async function readBags(
  { relations, identity }: Juju,
  id: string,
  application: string,
  leader: boolean,
): Promise<Bags> {
  const [unit, app, provider] = await Promise.all([
    relations.unitBag(id, identity.unit),
    leader ? relations.applicationBag(id, identity.application) : {},
    relations.applicationBag(id, application),
  ]);
  return {
    unit: only(unit, [REQUESTS_KEY]),
    app: only(app, [REQUESTS_KEY]),
    provider: only(provider, ['certificates', 'request_errors', 'capabilities']),
  };
}

function only(bag: Databag, keys: readonly string[]): Databag {
  return Object.fromEntries(keys.flatMap((key) => (bag[key] === undefined ? [] : [[key, bag[key]]])));
}

function digestOf(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64');
}

function sameLook({ look }: Memory, digest: string, now: Date): Look | undefined {
  return look?.digest === digest && now.getTime() < Date.parse(look.until) ? look : undefined;
}

function withoutKey(wish: CertificateWish): WishFacts {
  return { wish, extensions: [], key: undefined };
}
