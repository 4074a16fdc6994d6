/** Databags as they are written for providers, and as they are read whatever a provider writes. */

import { beforeAll, describe, expect, it } from 'vitest';
import { readAllIssued } from '../../../../src/capabilities/certificates/relation/issued.ts';
import { parseProviderBag } from '../../../../src/capabilities/certificates/relation/provider-bag.ts';
import { readRequest } from '../../../../src/capabilities/certificates/relation/read-request.ts';
import { formatRequests, parseRequests } from '../../../../src/capabilities/certificates/relation/requirer-bag.ts';
import type { Authority } from '../../../standins/juju/ca-charm/authority.ts';
import { asked, type Desk, dispatch, newDesk } from './desk.ts';
import { answerAll, authorityCalled } from './provider.ts';
import { newAuthorityWish, newWish } from './wishes.ts';

const EC = { name: 'ec', curve: 'P-256' } as const;
const REQUEST = '-----BEGIN CERTIFICATE REQUEST-----\nMIIC\n-----END CERTIFICATE REQUEST-----';

describe('the databag that we write', () => {
  it('has `ca` in each item, and PEM as it is without blanks around it', () => {
    const requests = [
      { pem: `\n${REQUEST}\n`, authority: false },
      { pem: REQUEST, authority: true },
    ];
    expect(formatRequests(requests)).toEqual({
      certificate_signing_requests: JSON.stringify([
        { certificate_signing_request: REQUEST, ca: false },
        { certificate_signing_request: REQUEST, ca: true },
      ]),
    });
  });

  it('has no key at all when there is no request', () => {
    expect(formatRequests([])).toEqual({ certificate_signing_requests: undefined });
  });

  it.each([
    ['nothing', undefined],
    ['no JSON', '['],
    ['no list', '{"a": 1}'],
    ['no objects', '[1, null, "a", []]'],
  ])('is read as empty from %s', (_, text) => {
    expect(parseRequests(text === undefined ? {} : { certificate_signing_requests: text })).toEqual([]);
  });

  it('leaves the keys of Juju alone', async () => {
    const desk = newDesk([newWish({ key: EC })]);
    await dispatch(desk);
    expect(Object.keys(desk.unit)).toEqual(['ingress-address', 'certificate_signing_requests']);
    desk.wishes = [];
    await dispatch(desk);
    expect(desk.unit).toEqual({ 'ingress-address': '10.0.0.1' });
  });

  it("has the unit's requests in the unit's, the application's in the application's, and those by the leader only", async () => {
    const desk = newDesk([newWish({ key: EC }), { ...newAuthorityWish(), key: EC }], { leader: false });
    await dispatch(desk);
    expect([asked(desk.unit).length, asked(desk.app).length]).toEqual([1, 0]);
    desk.leader = true;
    await dispatch(desk);
    expect(asked(desk.unit).map(({ ca }) => ca)).toEqual([false]);
    expect(asked(desk.app).map(({ ca }) => ca)).toEqual([true]);
  });
});

describe("the provider's databag", () => {
  const item = { certificate_signing_request: REQUEST, certificate: 'C', ca: 'A', chain: ['C', 'A'] };
  const read = (certificates: unknown) => parseProviderBag({ certificates: JSON.stringify(certificates) }).certificates;

  it.each([
    ['a chain', {}, { chain: ['C', 'A'] }],
    ['no chain', { chain: undefined }, { chain: [''] }],
    ['null for a chain', { chain: null }, { chain: [''] }],
    ['a chain in one text', { chain: 'C\nA' }, { chain: ['C\nA'] }],
    ['`revoked` true', { revoked: true }, { revoked: true }],
    ['`revoked` false', { revoked: false }, { revoked: false }],
    ['`revoked` null', { revoked: null }, { revoked: false }],
    [
      'keys that are not known',
      { expiry_time: 'x', version: 0, recommended_expiry_notification_time: 9 },
      { revoked: false },
    ],
  ])('is read with %s', (_, more, expected) => {
    expect(read([{ ...item, ...more }])).toEqual([expect.objectContaining({ request: REQUEST, ...expected })]);
  });

  it.each(['csr', 'certificate_signing_request'])('has errors under the name %s', (name) => {
    const error = { code: 101, name: 'IP_NOT_ALLOWED', message: 'no\naddresses', reason: null };
    const bag = { request_errors: JSON.stringify([{ [name]: REQUEST, error }]) };
    expect(parseProviderBag(bag).errors).toEqual([{ request: REQUEST, code: 101, message: 'no addresses' }]);
  });

  it.each([
    ['a lower-case name', { code: 102, name: 'domain_not_allowed' }, 102],
    ['an upper-case name', { code: 102, name: 'DOMAIN_NOT_ALLOWED' }, 102],
    ['a code in a text', { code: '201' }, 201],
    ['no code', { name: 'IP_NOT_ALLOWED' }, 999],
    ['no error', undefined, 999],
  ])('has errors with %s, of which the code counts', (_, error, code) => {
    const bag = { request_errors: JSON.stringify([{ csr: REQUEST, error }]) };
    expect(parseProviderBag(bag).errors[0]?.code).toBe(code);
  });

  it.each([
    ['nothing', undefined, {}],
    ['null', 'null', {}],
    ['null in it', '{"supports_ip_sans": null, "provider_type": null}', {}],
    ['a text for a flag', '{"supports_ip_sans": "no"}', {}],
    [
      'flags',
      '{"supports_ip_sans": false, "supports_ca_certificates": true, "supports_wildcard_dns": false, "provider_type": "vault", "allowed_domains": ["a"]}',
      { ipSans: false, authorities: true, wildcards: false, providerType: 'vault' },
    ],
  ])('has capabilities: %s', (_, text, expected) => {
    expect(parseProviderBag(text === undefined ? {} : { capabilities: text }).capabilities).toEqual(expected);
  });

  it('with many answers to one request is read by the last few: each costs signature checks', async () => {
    const desk = newDesk([newWish({ key: EC })]);
    const issuer = await authorityCalled('many');
    await dispatch(desk);
    const [item] = await answerAll(desk, issuer);
    const unusable = { ...item, ca: '' };
    const standingAfter = async (items: readonly unknown[]) => {
      desk.provider['certificates'] = JSON.stringify(items);
      return (await dispatch(desk)).standing.get('apiserver');
    };
    expect(await standingAfter([item, ...Array.from({ length: 5 }, () => unusable)])).toMatchObject({
      state: 'refused',
      why: 'unreadable',
    });
    expect(await standingAfter([...Array.from({ length: 500 }, () => unusable), item])).toMatchObject({
      state: 'issued',
    });
  });

  it('with a chain of hundreds of certificates is refused before a signature is checked', async () => {
    const desk = newDesk([newWish({ key: EC })]);
    const issuer = await authorityCalled('long');
    await dispatch(desk);
    const [item] = await answerAll(desk, issuer);
    desk.provider['certificates'] = JSON.stringify([
      { ...item, chain: Array.from({ length: 400 }, () => issuer.certificate) },
    ]);
    const { standing } = await dispatch(desk);
    expect(standing.get('apiserver')).toMatchObject({ state: 'refused', why: 'oversized' });
  });

  it.each([
    '{"code": {"toString": null}}',
    '{"code": {"valueOf": null, "toString": null}, "message": {"toString": 1}}',
    '{"code": [102], "reason": {"toJSON": null}}',
    '{"__proto__": {"code": 102}, "code": "1e2"}',
  ])('with the error %s has one of no known kind', (error) => {
    const bag = { request_errors: `[{"csr": "a", "error": ${error}}]` };
    expect(parseProviderBag(bag).errors).toEqual([{ request: 'a', code: 999, message: '' }]);
  });

  it.each(['', '{', 'null', '1', '"x"', '{}', '[null]', '[[]]', '[1]', '[{}]', '[{"certificate": {}, "ca": 1}]'])(
    'of %j is no certificate, and no trouble',
    async (text) => {
      const desk = newDesk([newWish({ key: EC })], {
        provider: { certificates: text, request_errors: text, capabilities: text },
      });
      await dispatch(desk);
      const { standing } = await dispatch(desk);
      expect(standing.get('apiserver')?.state).toBe('requested');
    },
  );
});

describe('whatever is made of a databag, nothing is thrown and nothing wrong is taken', () => {
  let issuer: Authority;
  let desk: Desk;

  beforeAll(async () => {
    issuer = await authorityCalled('mutated');
    desk = newDesk([newWish({ key: EC })]);
    await dispatch(desk);
    await answerAll(desk, issuer);
  });

  /** Reproducible: the same numbers in each run. */
  function numbers(seed: number): () => number {
    let state = seed;
    return () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32;
    };
  }

  function mutate(text: string, next: () => number): string {
    const at = Math.floor(next() * text.length);
    const length = Math.floor(next() * 40);
    const characters = ['{', '"', '\\', '\0', 'A', '=', '\n', '-', '[', ',', 'é', '\ud800'];
    const put = characters[Math.floor(next() * characters.length)] ?? '';
    const ways = [
      text.slice(0, at) + put + text.slice(at + 1),
      text.slice(0, at) + text.slice(at + length),
      text.slice(0, at),
      text.slice(0, at) + text.slice(at, at + length) + text.slice(at),
    ];
    return ways[Math.floor(next() * ways.length)] ?? '';
  }

  it('in 1500 mutations of the text', async () => {
    const text = desk.provider['certificates'] ?? '';
    const next = numbers(1);
    for (let count = 0; count < 1500; count += 1) {
      const mutated = mutate(text, next);
      const bag = parseProviderBag({ certificates: mutated, request_errors: mutated, capabilities: mutated });
      for (const each of bag.certificates) {
        readAllIssued([each.certificate, each.authority, ...each.chain].join('\n'));
        await readRequest(each.request);
      }
    }
  });

  it('in 150 mutations of DER, seen by the whole of a dispatch', async () => {
    const [item] = JSON.parse(desk.provider['certificates'] ?? '[]') as Record<string, string>[];
    const next = numbers(2);
    const states = new Set<string>();
    for (let count = 0; count < 150; count += 1) {
      const field = ['certificate', 'ca', 'certificate_signing_request'][count % 3] ?? '';
      const [, kind = '', base64 = ''] = /-----BEGIN ([A-Z ]+)-----([^-]*)/.exec(item?.[field] ?? '') ?? [];
      const der = Buffer.from(base64, 'base64');
      for (let bytes = 0; bytes < 1 + (count % 4); bytes += 1)
        der[Math.floor(next() * der.length)] = Math.floor(next() * 256);
      const pem = `-----BEGIN ${kind}-----\n${der.toString('base64')}\n-----END ${kind}-----`;
      const copy = newDesk(desk.wishes, {
        unit: { ...desk.unit },
        secrets: new Map(desk.secrets),
        provider: { certificates: JSON.stringify([{ ...item, chain: [], [field]: pem }]) },
      });
      const { standing } = await dispatch(copy);
      const state = standing.get('apiserver')?.state ?? '';
      states.add(state);
      // Nobody checks with what the authority at the end of a chain has signed itself (RFC 5280 section 6.1).
      const harmless = field === 'ca' || der.toString('base64') === base64.replaceAll('\n', '');
      if (!harmless) expect(state).not.toBe('issued');
    }
    expect([...states].sort()).toEqual(['issued', 'refused', 'requested']);
  });
});
