/** The requirer's side, step by step as the interface has it: keys, cleaning up, sending, collecting, renewing, ending. */

import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { readRequest } from '../../../../src/capabilities/certificates/relation/read-request.ts';
import type { CertificateWish } from '../../../../src/capabilities/certificates/relation/wish.ts';
import type { Authority } from '../../../standins/juju/ca-charm/authority.ts';
import { asked, type Desk, dispatch, kinds, labelled, NOON, newDesk, runsOut } from './desk.ts';
import { answerAll, authorityCalled, DAY_MS, issue, type ProviderItem } from './provider.ts';
import { newAuthorityWish, newWish } from './wishes.ts';

const EC = { name: 'ec', curve: 'P-256' } as const;
const SERVING = newWish({ key: EC });
const AUTHORITY: CertificateWish = { ...newAuthorityWish(), key: EC };

let issuer: Authority;
let successor: Authority;

beforeAll(async () => {
  [issuer, successor] = [await authorityCalled('ca'), await authorityCalled('ca')];
});

/** A desk on which everything has been asked for, answered and taken. */
async function settled(wishes: readonly CertificateWish[] = [SERVING], desk: Partial<Desk> = {}): Promise<Desk> {
  const made = newDesk(wishes, desk);
  await dispatch(made);
  await answerAll(made, issuer);
  await dispatch(made);
  return made;
}

async function put(desk: Desk, ...items: readonly ProviderItem[]): Promise<void> {
  desk.provider['certificates'] = JSON.stringify(items);
}

function only<T>(list: readonly T[]): T {
  const [first] = list;
  if (first === undefined || list.length !== 1) throw new Error(`not one, but ${list.length}`);
  return first;
}

const one = (desk: Desk) => only(asked(desk.unit));
const key = (desk: Desk, id = 'apiserver') => only(labelled(desk, 'tls-key').filter(({ label }) => label.endsWith(id)));
const held = (desk: Desk) => only(labelled(desk, 'tls-certificate'));
const publicKeyIn = async (pem: string) => (await readRequest(pem))?.publicKey;
const later = (desk: Desk, ms: number): void => {
  desk.now = new Date(desk.now.getTime() + ms);
};

describe('keys', () => {
  it('are one for each wish, owned by the unit or the application, and of its kind', async () => {
    const desk = await settled([
      SERVING,
      { ...SERVING, id: 'kubelet', key: { name: 'ec', curve: 'P-384' } },
      AUTHORITY,
      { ...AUTHORITY, id: 'client-ca' },
    ]);
    const keys = labelled(desk, 'tls-key');
    expect(keys.map(({ owner, label }) => [owner, label.split('/').at(-1)])).toEqual([
      ['unit', 'apiserver'],
      ['unit', 'kubelet'],
      ['application', 'cluster-ca'],
      ['application', 'client-ca'],
    ]);
    expect(new Set(keys.map(({ content }) => content['private-key'])).size).toBe(4);
    expect(createPrivateKey(keys[1]?.content['private-key'] ?? '').asymmetricKeyDetails?.namedCurve).toBe('secp384r1');
  });

  it('are found again when everything but the secret was lost', async () => {
    const desk = await settled();
    const before = key(desk).content;
    Object.assign(desk, { unit: {}, state: new Map() });
    await dispatch(desk);
    expect(key(desk).content).toEqual(before);
    expect(asked(desk.unit)).toHaveLength(1);
  });

  it('are exchanged for one of another kind, and requests with the former one withdrawn', async () => {
    const desk = await settled();
    const before = one(desk);
    desk.wishes = [{ ...SERVING, key: { name: 'ec', curve: 'P-384' } }];
    expect(kinds(await dispatch(desk))).toEqual(['withdraw-request', 'send-request apiserver']);
    expect(key(desk).revision).toBe(2);
    expect(await publicKeyIn(one(desk).certificate_signing_request)).not.toBe(
      await publicKeyIn(before.certificate_signing_request),
    );
  });
});

describe('requests', () => {
  it('are sent once', async () => {
    const desk = newDesk([SERVING, AUTHORITY]);
    expect(kinds(await dispatch(desk))).toEqual(['send-request apiserver', 'send-request cluster-ca']);
    const bags = [desk.unit, desk.app];
    expect(kinds(await dispatch(desk))).toEqual([]);
    later(desk, 400 * DAY_MS);
    expect(kinds(await dispatch(desk))).toEqual([]);
    expect([desk.unit, desk.app]).toEqual(bags);
  });

  it.each<[string, (item: { certificate_signing_request: string; ca: boolean }) => unknown]>([
    ['that cannot be parsed', () => ({ certificate_signing_request: 'garbage', ca: false })],
    ['with an empty text', () => ({ certificate_signing_request: '', ca: false })],
    ['for an authority where none is wished', (item) => ({ ...item, ca: true })],
  ])('%s are withdrawn, since they stop the provider', async (_, spoil) => {
    const desk = await settled();
    const before = one(desk);
    desk.unit['certificate_signing_requests'] = JSON.stringify([before, spoil(before)]);
    await dispatch(desk);
    expect(asked(desk.unit)).toEqual([before]);
  });

  it('that stand there twice are there once afterwards, and keep their certificate', async () => {
    const desk = await settled();
    const before = one(desk);
    desk.unit['certificate_signing_requests'] = JSON.stringify([before, before]);
    const { standing } = await dispatch(desk);
    expect(asked(desk.unit)).toEqual([before]);
    expect(standing.get('apiserver')?.state).toBe('issued');
  });

  it.each<[string, Partial<CertificateWish>]>([
    ['names', { sans: ['k8s.example', '10.0.0.5', '10.0.0.6'] }],
    ['a subject', { subject: { commonName: 'other' } }],
    ['usages', { extendedKeyUsages: ['server auth'] }],
    ['being an authority', { authority: true, sans: SERVING.sans }],
  ])('are replaced when %s change, with the key that is there', async (_, other) => {
    const desk = await settled();
    const [before, secret] = [one(desk), key(desk)];
    desk.wishes = [{ ...SERVING, ...other }];
    expect(kinds(await dispatch(desk))).toEqual(['withdraw-request', 'send-request apiserver']);
    expect(one(desk)).not.toEqual(before);
    expect(key(desk)).toEqual(secret);
    expect(labelled(desk, 'tls-certificate')).toEqual([]);
  });

  it.each([
    ['another spelling of an address', ['0000:0000::0001', 'k8s.example', '10.0.0.5']],
    ['another order, other case, and one twice', ['10.0.0.5', 'K8S.EXAMPLE', '::1', '::1']],
  ])('stay for %s', async (_, sans) => {
    const desk = await settled([{ ...SERVING, sans: ['k8s.example', '10.0.0.5', '::1'] }]);
    const before = desk.unit;
    desk.wishes = [{ ...SERVING, sans }];
    expect(kinds(await dispatch(desk))).toEqual([]);
    expect(desk.unit).toEqual(before);
  });

  it('of wishes that are gone are withdrawn, which revokes them, with their certificates', async () => {
    const desk = await settled([SERVING, { ...SERVING, id: 'kubelet' }]);
    desk.wishes = [SERVING];
    expect(kinds(await dispatch(desk))).toEqual(['withdraw-request']);
    expect(asked(desk.unit)).toHaveLength(1);
    expect(labelled(desk, 'tls-certificate').map(({ label }) => label.split('/')[3])).toEqual(['apiserver']);
  });

  it('are left alone while what is wished instead cannot be asked for', async () => {
    const desk = await settled();
    const before = desk.unit;
    desk.wishes = [{ ...SERVING, subject: { commonName: 'x'.repeat(65) } }];
    const { done, standing, reports } = await dispatch(desk);
    expect(done).toEqual([]);
    expect(desk.unit).toEqual(before);
    expect(standing.get('apiserver')?.state).toBe('unsound');
    expect(reports[0]?.status).toBe('blocked');
  });
});

describe('certificates', () => {
  it('are taken with chain and authority, into a secret that runs out after nine tenths of their life', async () => {
    const desk = await settled();
    const { content, expire } = held(desk);
    const leaf = new X509Certificate(content['certificate'] ?? '');
    expect(content['chain']?.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(leaf.checkIssued(new X509Certificate(content['authority'] ?? ''))).toBe(true);
    expect(createPublicKey(key(desk).content['private-key'] ?? '').equals(leaf.publicKey)).toBe(true);
    expect(new Date(expire ?? '').getTime() - NOON.getTime()).toBe(81 * DAY_MS);
  });

  it('count their life from when they are received', async () => {
    const desk = newDesk([SERVING], { now: new Date(NOON.getTime() + 40 * DAY_MS) });
    await dispatch(desk);
    await answerAll(desk, issuer);
    await dispatch(desk);
    expect(new Date(held(desk).expire ?? '').getTime() - NOON.getTime()).toBe(85 * DAY_MS);
  });

  it('are taken again on no later pass', async () => {
    const desk = await settled();
    const before = held(desk);
    const { done, standing } = await dispatch(desk, {
      kind: 'relation-changed',
      endpoint: 'certificates',
      relation: 'certificates:4',
      remoteApplication: 'ca',
    });
    expect(done).toEqual([]);
    expect(standing.get('apiserver')).toMatchObject({ state: 'issued', notAfter: '2026-05-30T12:00:00.000Z' });
    expect(held(desk)).toEqual(before);
  });

  it.each<[string, (pem: string) => string]>([
    ['with another line end', (pem) => pem.replaceAll('\n', '\r\n')],
    ['without the last line end', (pem) => pem.trim()],
    ['with line ends to spare', (pem) => `\n\n${pem}\n\n`],
  ])('are matched when the provider quotes the request %s', async (_, quote) => {
    const desk = newDesk([SERVING]);
    await dispatch(desk);
    const item = await issue(issuer, one(desk));
    await put(desk, { ...item, certificate_signing_request: quote(item.certificate_signing_request) });
    expect(kinds(await dispatch(desk))).toEqual(['keep-certificate apiserver']);
  });

  it('are found among those of others', async () => {
    const other = await settled([{ ...SERVING, sans: ['other'] }]);
    const desk = newDesk([SERVING]);
    await dispatch(desk);
    await put(
      desk,
      ...(JSON.parse(other.provider['certificates'] ?? '') as ProviderItem[]),
      await issue(issuer, one(desk)),
    );
    const { standing } = await dispatch(desk);
    expect(standing.get('apiserver')?.state).toBe('issued');
  });

  it.each<[why: string, spoil: (item: ProviderItem) => Promise<Partial<ProviderItem>>]>([
    ['unreadable', async () => ({ certificate: 'garbage' })],
    ['unreadable', async () => ({ ca: '' })],
    ['other-key', async () => ({ certificate: issuer.certificate })],
    ['other-key', async () => ({ certificate: held(await settled()).content['certificate'] ?? '' })],
    ['not-signed', async () => ({ ca: successor.certificate, chain: [successor.certificate] })],
    ['oversized', async () => ({ ca: `${'x'.repeat(64 * 1024)}\n${issuer.certificate}` })],
    ['oversized', async () => ({ chain: Array.from({ length: 11 }, () => issuer.certificate) })],
    ['oversized', async () => ({ chain: [issuer.certificate.repeat(11)] })],
    ['oversized', async () => ({ chain: Array.from({ length: 10 }, () => 'x'.repeat(60 * 1024)) })],
  ])('are refused as %s', async (why, spoil) => {
    const desk = newDesk([SERVING]);
    await dispatch(desk);
    const item = await issue(issuer, one(desk));
    await put(desk, { ...item, ...(await spoil(item)) });
    const { done, standing, reports } = await dispatch(desk);
    expect(done).toEqual([]);
    expect(standing.get('apiserver')).toMatchObject({ state: 'refused', why });
    expect(reports).toHaveLength(1);
    await put(desk, item);
    expect(kinds(await dispatch(desk))).toEqual(['keep-certificate apiserver']);
  });

  it.each([
    ['an ordinary certificate for an authority', AUTHORITY, false, 'no-authority'],
    ['an authority for an ordinary certificate', SERVING, true, 'unwanted-authority'],
  ])('are refused: %s', async (_, wish, authority, why) => {
    const desk = newDesk([wish]);
    await dispatch(desk);
    await answerAll(desk, issuer, { authority });
    expect((await dispatch(desk)).standing.get(wish.id)).toMatchObject({ state: 'refused', why });
    await answerAll(desk, issuer);
    expect((await dispatch(desk)).standing.get(wish.id)?.state).toBe('issued');
  });

  it('that have run out are not taken, and not asked for again and again', async () => {
    const desk = newDesk([SERVING]);
    await dispatch(desk);
    await answerAll(desk, issuer, { from: new Date(NOON.getTime() - 91 * DAY_MS) });
    const { standing, reports } = await dispatch(desk);
    expect(standing.get('apiserver')).toMatchObject({ state: 'refused', why: 'over' });
    expect(reports).toEqual([{ status: 'waiting', message: expect.stringContaining('it ran out at 2026-02-28') }]);
    later(desk, DAY_MS);
    expect(kinds(await dispatch(desk))).toEqual([]);
  });

  it('of an intermediate authority come with whatever of the chain was sent', async () => {
    const desk = newDesk([AUTHORITY]);
    await dispatch(desk);
    const item = await issue(issuer, only(asked(desk.app)));
    await put(desk, { ...item, chain: null });
    await dispatch(desk);
    expect(held(desk).owner).toBe('application');
    expect(new X509Certificate(held(desk).content['certificate'] ?? '').ca).toBe(true);
    expect(held(desk).content['chain']?.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  });
});

describe('revoked certificates', () => {
  it('are forgotten while their request stays, and come again for the same request', async () => {
    const desk = await settled();
    const before = desk.unit;
    const item = only(JSON.parse(desk.provider['certificates'] ?? '') as ProviderItem[]);
    await put(desk, { ...item, revoked: true });
    const { standing, done } = await dispatch(desk);
    expect(done.map(({ kind }) => kind)).toEqual(['discard-certificate']);
    expect(standing.get('apiserver')?.state).toBe('revoked');
    expect(desk.unit).toEqual(before);
    expect(labelled(desk, 'tls-certificate')).toEqual([]);
    expect(kinds(await dispatch(desk))).toEqual([]);
    await answerAll(desk, issuer);
    expect(kinds(await dispatch(desk))).toEqual(['keep-certificate apiserver']);
    expect(desk.unit).toEqual(before);
  });

  it('leave a moment without any when the authority changes, and the former one is told beside the new', async () => {
    const desk = await settled();
    const item = only(JSON.parse(desk.provider['certificates'] ?? '') as ProviderItem[]);
    await put(desk, { ...item, revoked: true });
    await dispatch(desk);
    await answerAll(desk, successor);
    const { standing } = await dispatch(desk);
    expect(standing.get('apiserver')).toMatchObject({
      state: 'issued',
      authority: successor.certificate.trim(),
      formerAuthority: issuer.certificate.trim(),
    });
  });

  it('may be replaced at once, for the same request: the secret gets the new one', async () => {
    const desk = await settled();
    const [before] = [held(desk)];
    await answerAll(desk, successor);
    expect(kinds(await dispatch(desk))).toEqual(['keep-certificate apiserver']);
    expect(held(desk)).toMatchObject({ id: before.id, revision: 2 });
    expect(held(desk).content['authority']).toBe(successor.certificate.trim());
  });
});

describe('renewal', () => {
  it('is another request with the same key, when the secret runs out', async () => {
    const desk = await settled();
    const [before, secret, keyBefore] = [one(desk), held(desk), key(desk)];
    later(desk, 81 * DAY_MS);
    expect(kinds(await dispatch(desk, runsOut(secret)))).toEqual(['withdraw-request', 'send-request apiserver']);
    const after = one(desk);
    expect(after).not.toEqual(before);
    expect(await publicKeyIn(after.certificate_signing_request)).toBe(
      await publicKeyIn(before.certificate_signing_request),
    );
    expect(key(desk)).toEqual(keyBefore);
    expect(labelled(desk, 'tls-certificate')).toEqual([]);
    const { done, reports } = await dispatch(desk);
    expect(done).toEqual([]);
    expect(reports).toEqual([{ status: 'waiting', message: 'Waiting for ca to renew apiserver' }]);
    await answerAll(desk, issuer, { from: desk.now });
    expect(kinds(await dispatch(desk))).toEqual(['keep-certificate apiserver']);
    expect(new Date(held(desk).expire ?? '').getTime() - desk.now.getTime()).toBe(81 * DAY_MS);
  });

  it('is not caused by secrets of others, nor by an older revision', async () => {
    const desk = await settled();
    await answerAll(desk, successor);
    await dispatch(desk);
    const before = desk.unit;
    desk.secrets.set('other', { ...held(desk), id: 'other', label: 'something else' });
    for (const event of [
      runsOut({ ...held(desk), revision: 1 }),
      runsOut({ ...held(desk), id: 'other', label: 'something else' }),
    ])
      expect(kinds(await dispatch(desk, event))).toEqual([]);
    expect(desk.unit).toEqual(before);
  });

  it.each([
    ['not before the safety net', 85.4, []],
    ['by the safety net', 85.6, ['withdraw-request', 'send-request apiserver']],
    ['when the unit slept over the end', 95, ['withdraw-request', 'send-request apiserver']],
  ])('happens %s, without being told', async (_, days, expected) => {
    const desk = await settled();
    later(desk, days * DAY_MS);
    expect(kinds(await dispatch(desk))).toEqual(expected);
    expect(kinds(await dispatch(desk))).toEqual([]);
  });

  it('happens once, however late the provider answers, and whatever is told meanwhile', async () => {
    const desk = await settled();
    const secret = held(desk);
    later(desk, 86 * DAY_MS);
    await dispatch(desk);
    const renewed = desk.unit;
    expect(kinds(await dispatch(desk, runsOut(secret)))).toEqual(['forget-run-out']);
    later(desk, 30 * DAY_MS);
    expect(kinds(await dispatch(desk))).toEqual([]);
    expect(desk.unit).toEqual(renewed);
    expect([...desk.state.keys()]).toEqual(['tls/certificates']);
  });

  it('does not go round in circles with a provider that has only the end of a life to give', async () => {
    const desk = newDesk([SERVING], { now: new Date(NOON.getTime() + 88 * DAY_MS) });
    await dispatch(desk);
    await answerAll(desk, issuer);
    await dispatch(desk);
    const before = desk.unit;
    later(desk, 0.5 * DAY_MS);
    expect(kinds(await dispatch(desk))).toEqual([]);
    expect(desk.unit).toEqual(before);
  });

  it('is left out where the consumer could not exchange the certificate', async () => {
    const desk = await settled([{ ...AUTHORITY, renew: false }]);
    expect(held(desk).expire).toBeUndefined();
    later(desk, 89 * DAY_MS);
    expect(kinds(await dispatch(desk))).toEqual([]);
  });

  it('of the application is for the leader, who may have changed', async () => {
    const desk = await settled([AUTHORITY]);
    later(desk, 86 * DAY_MS);
    desk.leader = false;
    expect(kinds(await dispatch(desk))).toEqual([]);
    Object.assign(desk, { leader: true, state: new Map() });
    expect(kinds(await dispatch(desk))).toEqual(['withdraw-request', 'send-request cluster-ca']);
  });
});

describe('the provider', () => {
  it.each([
    ['an empty databag', {}],
    ['garbage', { certificates: '{"a":', request_errors: 'x', capabilities: '[]' }],
  ])('may have %s for a while: what is held stays', async (_, provider) => {
    const desk = await settled();
    desk.provider = provider;
    const { done, standing } = await dispatch(desk);
    expect(done).toEqual([]);
    expect(standing.get('apiserver')?.state).toBe('issued');
  });

  it('may have another leader, which says another authority: the certificate stays, and is not asked for anew', async () => {
    const desk = await settled();
    const [request, secret] = [desk.unit, held(desk)];
    const item = only(JSON.parse(desk.provider['certificates'] ?? '') as ProviderItem[]);
    await put(desk, { ...item, ca: successor.certificate });
    const { done, standing } = await dispatch(desk);
    expect(done).toEqual([]);
    expect(standing.get('apiserver')).toMatchObject({ state: 'issued', authority: issuer.certificate.trim() });
    expect([desk.unit, held(desk)]).toEqual([request, secret]);
  });

  it('that is gone takes keys and certificates from the secrets, and nothing from what is in service', async () => {
    const desk = await settled([SERVING, AUTHORITY]);
    desk.relation = undefined;
    const event = {
      kind: 'relation-broken',
      endpoint: 'certificates',
      relation: 'certificates:4',
      remoteApplication: 'ca',
    } as const;
    const { reports } = await dispatch(desk, event);
    expect(desk.secrets.size).toBe(0);
    expect(reports).toEqual([
      {
        status: 'blocked',
        message:
          'Integrate certificates with a CA charm for the certificates apiserver, cluster-ca: juju integrate requirer:certificates <application of the CA charm>',
      },
    ]);
  });

  it("that is gone leaves the application's secrets to the leader", async () => {
    const desk = await settled([SERVING, AUTHORITY]);
    Object.assign(desk, { relation: undefined, leader: false });
    await dispatch(desk);
    expect(labelled(desk, 'tls-').map(({ owner }) => owner)).toEqual(['application', 'application']);
  });

  it('that is another one gets requests of its own, with new keys', async () => {
    const desk = await settled();
    const before = key(desk).content;
    desk.relation = undefined;
    await dispatch(desk);
    Object.assign(desk, { relation: 'certificates:9', application: 'other', unit: {}, provider: {} });
    expect(kinds(await dispatch(desk))).toEqual(['send-request apiserver']);
    expect(key(desk).content).not.toEqual(before);
    await answerAll(desk, successor);
    expect((await dispatch(desk)).standing.get('apiserver')).toMatchObject({
      state: 'issued',
      formerAuthority: issuer.certificate.trim(),
    });
  });

  it('is one: with two nothing is done until one is removed', async () => {
    const desk = await settled();
    const before = structuredClone([desk.unit, desk.secrets]);
    desk.relation = 'certificates:4 certificates:5';
    const { done, reports } = await dispatch(desk);
    expect(done).toEqual([]);
    expect(reports[0]).toMatchObject({ status: 'blocked', message: expect.stringContaining('several applications') });
    expect([desk.unit, desk.secrets]).toEqual(before);
    desk.relation = 'certificates:4';
    expect((await dispatch(desk)).standing.get('apiserver')?.state).toBe('issued');
  });

  it('may be an unfinished integration: nothing is wanted, nothing is said', async () => {
    const desk = newDesk([], { relation: undefined });
    expect(await dispatch(desk)).toMatchObject({ done: [], reports: [] });
    expect(desk.state.size).toBe(0);
  });
});

describe('memory', () => {
  it('spares a settled unit the look at secrets', async () => {
    const desk = await settled();
    await dispatch(desk);
    const { secrets } = desk;
    Object.assign(desk, { secrets: new Map() });
    expect((await dispatch(desk)).standing.get('apiserver')?.state).toBe('issued');
    Object.assign(desk, { secrets });
  });

  it('tells the same as a look, and fits into the state of a unit for many wishes', async () => {
    const ids = Array.from({ length: 16 }, (_, index) => `wish-${index}`);
    const desk = await settled(ids.map((id) => ({ ...SERVING, id })));
    await answerAll(desk, successor);
    await dispatch(desk);
    const remembered = await dispatch(desk);
    const looked = await dispatch(desk, { kind: 'upgrade-charm' });
    expect(remembered.standing).toEqual(looked.standing);
    expect(remembered.standing.get('wish-15')).toMatchObject({
      authority: successor.certificate.trim(),
      formerAuthority: issuer.certificate.trim(),
    });
    expect(Buffer.byteLength(desk.state.get('tls/certificates') ?? '')).toBeLessThan(16 * 1024);
  });

  it('does not outlive what it was made from', async () => {
    const desk = await settled();
    await dispatch(desk);
    desk.secrets.clear();
    expect(kinds(await dispatch(desk, { kind: 'upgrade-charm' }))).toEqual([
      'withdraw-request',
      'send-request apiserver',
    ]);
  });
});

describe('a dispatch of which Juju has written the secrets, and nothing else', () => {
  const half = async (desk: Desk, event?: Parameters<typeof dispatch>[1]): Promise<void> => {
    await dispatch(desk, event, 'secrets');
    await dispatch(desk);
  };

  it('is made again: one key, one request, one certificate', async () => {
    const desk = newDesk([SERVING, AUTHORITY]);
    await half(desk);
    expect([labelled(desk, 'tls-key').length, asked(desk.unit).length, asked(desk.app).length]).toEqual([2, 1, 1]);
    await answerAll(desk, issuer);
    await half(desk);
    expect(labelled(desk, 'tls-certificate')).toHaveLength(2);
    expect((await dispatch(desk)).done).toEqual([]);
  });

  it('while it renews, renews with what is left of the old life', async () => {
    const desk = await settled();
    const before = one(desk);
    later(desk, 81 * DAY_MS);
    await half(desk, runsOut(held(desk)));
    expect(one(desk)).toEqual(before);
    expect(new Date(held(desk).expire ?? '').getTime() - desk.now.getTime()).toBe(8.1 * DAY_MS);
    later(desk, 8.1 * DAY_MS);
    await dispatch(desk, runsOut(held(desk)));
    expect(one(desk)).not.toEqual(before);
  });

  it('while it forgets a revoked certificate, or an integration, forgets it all the same', async () => {
    const desk = await settled([SERVING, AUTHORITY]);
    const items = JSON.parse(desk.provider['certificates'] ?? '') as ProviderItem[];
    await put(desk, ...items.map((item) => ({ ...item, revoked: true })));
    await half(desk);
    expect(labelled(desk, 'tls-certificate')).toEqual([]);
    desk.relation = undefined;
    await half(desk);
    expect(desk.secrets.size).toBe(0);
    expect((await dispatch(desk)).done).toEqual([]);
  });
});
