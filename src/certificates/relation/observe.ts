/**
 * Reads how it stands between us and the provider of certificates. While nothing has changed since the last look, which is most of the
 * time, that is a few databags and a digest: neither a secret nor the X.509 library is touched.
 */

import { createHash } from 'node:crypto';
import type { Databag, Juju } from '../../juju/juju.ts';
import type {
  HeldCertificate,
  OwnRequest,
  ProviderCertificate,
  ProviderError,
  RelationFacts,
  Timing,
  WishFacts,
} from './facts.ts';
import { DEFAULT_TIMING } from './facts.ts';
import { readIssued } from './issued.ts';
import { publicKeyOf } from './keys.ts';
import { certificateLabel, keyLabel } from './labels.ts';
import { wantedExtensions } from './make-request.ts';
import { type Look, type Memory, recall, recallRunOut } from './memory.ts';
import { type ProviderBag, parseProviderBag } from './provider-bag.ts';
import { readRequest } from './read-request.ts';
import { parseRequests, REQUESTS_KEY } from './requirer-bag.ts';
import type { CertificateWish, Mode } from './wish.ts';

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
  return { ...base, relation, digest, settled, ...(await readAll(juju, endpoint, wishes, bags)) };
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

interface Bags {
  readonly unit: Databag;
  /** Empty for units that do not lead: theirs is not to be read. */
  readonly app: Databag;
  readonly provider: Databag;
}

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

async function readAll(juju: Juju, endpoint: string, wishes: readonly CertificateWish[], bags: Bags) {
  const provider = parseProviderBag(bags.provider);
  const [own, withKeys, answered] = await Promise.all([
    Promise.all([...readOwn('unit', bags.unit), ...readOwn('app', bags.app)]),
    Promise.all(wishes.map((wish) => readWish(juju, endpoint, wish))),
    readAnswered(provider),
  ]);
  const held = await Promise.all(own.map((request) => readHeld(juju, endpoint, withKeys, request)));
  return {
    requests: own,
    wishes: withKeys,
    held: new Map(held.flatMap((found) => (found === undefined ? [] : [found]))),
    ...answered,
    capabilities: provider.capabilities,
  };
}

function readOwn(mode: Mode, bag: Databag): readonly Promise<OwnRequest>[] {
  return parseRequests(bag).map(async ({ pem, authority }) => ({
    mode,
    pem,
    authority,
    content: await readRequest(pem),
  }));
}

async function readWish(juju: Juju, endpoint: string, wish: CertificateWish): Promise<WishFacts> {
  const [extensions, secret] = await Promise.all([
    wantedExtensions(wish),
    juju.secrets.get({ label: keyLabel(endpoint, wish.mode, wish.id) }, 'refresh'),
  ]);
  return { wish, extensions, key: publicKeyOf(secret?.['private-key'] ?? '') };
}

/** Providers write requests anew before they quote them, so that they are compared as what they say. */
async function readAnswered({ certificates, errors }: ProviderBag): Promise<{
  readonly certificates: readonly ProviderCertificate[];
  readonly errors: readonly ProviderError[];
}> {
  const withDigest = async <T extends { readonly request: string }>(item: T): Promise<(T & { digest: string })[]> => {
    const read = await readRequest(item.request);
    return read === undefined ? [] : [{ ...item, digest: read.digest }];
  };
  return {
    certificates: (await Promise.all(certificates.map(withDigest))).flat(),
    errors: (await Promise.all(errors.map(withDigest))).flat(),
  };
}

async function readHeld(
  juju: Juju,
  endpoint: string,
  wishes: readonly WishFacts[],
  { mode, content }: OwnRequest,
): Promise<readonly [string, HeldCertificate] | undefined> {
  const owner = wishes.find(
    ({ wish, key }) => wish.mode === mode && key !== undefined && key.id === content?.publicKey,
  );
  if (owner === undefined || content === undefined) return undefined;
  const label = certificateLabel(endpoint, mode, owner.wish.id, content.digest);
  const secret = await juju.secrets.get({ label }, 'refresh');
  const certificate = readIssued(secret?.['certificate'] ?? '');
  const receivedAt = new Date(secret?.['received'] ?? Number.NaN);
  if (secret === undefined || certificate === undefined || Number.isNaN(receivedAt.getTime())) return undefined;
  return [
    content.digest,
    { certificate, authority: secret['authority'] ?? '', chain: secret['chain'] ?? '', receivedAt },
  ];
}
