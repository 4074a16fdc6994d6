/** Everything that reads JSON which somebody else wrote, against the values that an attacker would write. In-process. */

import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { readNote } from '../../src/capabilities/certificates/backup.ts';
import { parseEnded, parseOrder, parseReport } from '../../src/capabilities/certificates/cluster-refresh/wire.ts';
import { recall as recallRelation } from '../../src/capabilities/certificates/relation/memory.ts';
import { parseProviderBag } from '../../src/capabilities/certificates/relation/provider-bag.ts';
import { parseRequests } from '../../src/capabilities/certificates/relation/requirer-bag.ts';
import { readAttempts } from '../../src/capabilities/certificates/renewal/attempts.ts';
import { readRequestJournal } from '../../src/capabilities/certificates/request-journal.ts';
import { parseDecision, parseWish } from '../../src/capabilities/certificates/wire.ts';
import { recallRewrite } from '../../src/capabilities/encryption/memory.ts';
import { parseRollout } from '../../src/capabilities/encryption/rollout.ts';
import { withInheritance } from '../../src/capabilities/hardening/inheritance.ts';
import { recall as recallRemedies, withUncommitted } from '../../src/capabilities/hardening/remedy/memory.ts';
import { readBirthNote, readJournal } from '../../src/capabilities/membership/arguments-journal.ts';
import { departedNodes } from '../../src/capabilities/membership/departed.ts';
import { KEPT, readBootstrapNote } from '../../src/capabilities/membership/given-certificates.ts';
import { recall as recallCluster } from '../../src/capabilities/membership/memory.ts';
import { parseRegistries, registriesAsJson } from '../../src/capabilities/membership/registries.ts';
import { allocations, parseTokenFailure } from '../../src/capabilities/membership/wire.ts';
import type { Files } from '../../src/clients/host/host.ts';
import type { State } from '../../src/clients/juju/juju.ts';
import { readForeign } from '../../src/core/foreign-json.ts';
import { GRANT, grantTurns, type Rolling, seatOf } from '../../src/engine/gate/lock.ts';
import { FAILURE, failedElsewhere, REQUEST, turn } from '../../src/engine/gate/pool.ts';
import { FAILURES, GRANTS, grantWorkers, HELD, workerSeat } from '../../src/engine/gate/worker-lock.ts';
import { hostileText, isHarmless } from './values.ts';

const RUNS = 400;
const DIGEST = 'a'.repeat(64);
const AT = '2026-12-01T06:00:00.000Z';

let tried = 0;
afterAll(() => console.info(`${tried} hostile inputs were tried on readers of JSON`));

const state = (text: string): State => ({
  get: async () => text,
  entries: async (prefix) =>
    Object.fromEntries(
      ['arguments', 'labels', 'annotations', 'registries', 'failures', 'offers'].map((key) => [
        `${prefix}${key}`,
        text,
      ]),
    ),
  set: () => undefined,
});
const files = (text: string) => ({ read: async () => text }) as unknown as Files;

type Reader = (text: string) => unknown;

const READERS: Readonly<Record<string, readonly [right: string, read: Reader]>> = {
  'certificate-requests': [`{"id":"a","requests":{"x":"${DIGEST}"},"renewal":true}`, parseWish],
  'a decision': [`{"id":"a","approved":true,"reason":"","at":"${AT}"}`, parseDecision],
  'an order to refresh': [`{"id":"a","seconds":86400,"at":"${AT}","units":["k8s/0"]}`, parseOrder],
  'an ended order': [`{"at":"${AT}","ended":"${AT}","summary":"x"}`, parseEnded],
  'a report': ['{"id":"a","failure":""}', parseReport],
  'token-failure': ['{"revision":0,"error":"x"}', parseTokenFailure],
  'kept authorities': ['{"ca":"x"}', (text) => readForeign(text, KEPT)],
  "a provider's certificates": [
    '{"certificate_signing_request":"x","certificate":"x","ca":"x","chain":["x"]}',
    (text) => [
      parseProviderBag({ certificates: text, request_errors: text, capabilities: text }),
      parseProviderBag({ certificates: `[${text}]`, request_errors: `[${text}]` }),
    ],
  ],
  "a provider's refusals": [
    '{"csr":"x","error":{"code":101,"message":"x","reason":"y"}}',
    (text) => parseProviderBag({ request_errors: `[${text}]` }),
  ],
  'requests of our own databag': [
    '{"certificate_signing_request":"x","ca":false}',
    (text) => parseRequests({ certificate_signing_requests: `[${text}]` }),
  ],
  'departed nodes': [
    `{"node":"a","at":"${AT}"}`,
    (text) =>
      departedNodes({
        peers: { id: '', application: 'k8s', units: new Map(), own: {}, shared: { 'departed-nodes': `[${text}]` } },
        workers: [],
        node: undefined,
      }),
  ],
  'encryption rollout': [
    `{"step":3,"phase":"write","now":"aesgcm:1","next":"aesgcm:2","last":2,"since":"${AT}","at":"${AT}","secret":"s","digest":"d"}`,
    parseRollout,
  ],
  'inherited hardening': [
    '{"cis-mode":true,"hardening-waivers":"[]","pod-max-pids":5}',
    (text) => withInheritance({}, text),
  ],
  registries: [
    '{"url":"https://r.example.com","username":"u","host":"r.example.com"}',
    async (text) => [
      parseRegistries('option', await registriesAsJson(`[${text}]`)),
      parseRegistries('option', await registriesAsJson(text)),
    ],
  ],
  'unit state of the cluster': [
    '{"kubelet":{"--v":{"was":null,"is":"2","by":"x"}}}',
    (text) => recallCluster(state(text)),
  ],
  'unit state of a provider': [
    `{"since":{"a":"${AT}"},"issuers":{"a":{"current":"x"}},"authorities":{},"discarded":[],"lost":{}}`,
    (text) => recallRelation(state(text), 'certificates'),
  ],
  'failed renewals': [`{"count":1,"at":"${AT}","options":"1/"}`, (text) => readAttempts(state(text))],
  'how far Secrets are': [
    '{"step":1,"stage":"list","done":5,"refused":[],"after":"x"}',
    (text) => recallRewrite(state(text), 1),
  ],
  'what is to be restored': [
    '{"/etc/x":{"mode":{"was":420,"is":384},"owner":{"was":"0:0","is":"0:0"}}}',
    async (text) => [
      await recallRemedies(state(text)),
      await withUncommitted(files(`{"from":["x"],"next":{"files":${text}}}`), { files: {}, kernel: undefined }),
    ],
  ],
  'journal of an argument file': [
    '{"before":"a","after":"b","finished":true,"remembered":{},"remember":{}}',
    async (text) => [await readJournal(files(text), 'kubelet'), await readBirthNote(files(text))],
  ],
  'note of the bootstrap': [
    '{"mode":"provided","chain":"x","kept":{"ca":"x"}}',
    (text) => readBootstrapNote(files(text)),
  ],
  'note of a refresh': [
    `{"names":["ca"],"before":{"ca":"x"},"startedAt":"${AT}","order":"x","failure":"y"}`,
    (text) => readNote(files(text)),
  ],
  'journal of requests': [
    `{"id":"a","requestedAt":"${AT}","expirationSeconds":600,"requests":[{"pair":"kubelet","object":"a","signerName":"s","usages":[],"request":"x","key":"k"}]}`,
    (text) => readRequestJournal(files(text)),
  ],
};

describe('what somebody else wrote', () => {
  it.each(Object.entries(READERS))('is read without harm: %s', async (name, [right, read]) => {
    await fc.assert(
      fc.asyncProperty(hostileText(right), async (text) => {
        tried += 1;
        const began = performance.now();
        const result = await read(text);
        expect(isHarmless(await Promise.all(Array.isArray(result) ? result : [result]))).toBe(true);
        // What was read can be printed and copied, which would run an object's own methods.
        expect(() => JSON.stringify(result)).not.toThrow();
        expect(performance.now() - began).toBeLessThan(2000);
      }),
      // YAML takes its time.
      { numRuns: name === 'registries' ? RUNS / 8 : RUNS },
    );
  });

  it.each(Object.entries(READERS).filter(([name]) => name !== 'inherited hardening'))(
    'is understood when it is right: %s',
    async (_, [right, read]) => {
      const nothing = await read('');
      expect(JSON.stringify(await read(right))).not.toBe(JSON.stringify(nothing));
    },
  );
});

describe('the rollout lock', () => {
  const request = `{"id":"a1","at":"${AT}","reason":"x"}`;
  const grant = `{"unit":"k8s/1","id":"a1","asked":"${AT}","at":"${AT}"}`;
  const rolling = (theirs: string, shared: string): Rolling => ({
    relation: 'cluster:0',
    unit: 'k8s/0',
    leader: true,
    own: { [REQUEST]: request },
    units: new Map([['k8s/1', { [REQUEST]: theirs, [FAILURE]: `[${theirs}]`, joined: 'c' }]]),
    shared: { [GRANT]: shared },
    now: new Date(AT),
  });

  it('is given to nobody but a member that asks, whatever another control plane says', () => {
    fc.assert(
      fc.property(hostileText(request), hostileText(grant), (theirs, shared) => {
        tried += 1;
        const facts = rolling(theirs, shared);
        const { entries } = grantTurns(facts, () => undefined);
        const given = entries[GRANT];
        if (given !== undefined) {
          const { unit, ...rest } = JSON.parse(given) as Record<string, string>;
          expect(['k8s/0', 'k8s/1']).toContain(unit);
          expect(Object.values(rest).every((text) => text.length <= 64 && !text.includes('\n'))).toBe(true);
        }
        expect(['granted', 'ask', 'wait']).toContain(turn(seatOf(facts), 'a1', 'x').kind);
        const reason = failedElsewhere(seatOf(facts), { id: 'a1' })?.reason;
        expect(reason === undefined || (reason.length < 700 && !/\p{Cc}/u.test(reason))).toBe(true);
      }),
      { numRuns: RUNS * 2 },
    );
  });

  it('of the workers is given to nobody but one that asks, and tells others nothing but bounded text', () => {
    const known = `[{"unit":"k8s-worker/1","id":"a1","asked":"${AT}","at":"${AT}","work":"x"}]`;
    fc.assert(
      fc.property(hostileText(request), hostileText(known), (theirs, shared) => {
        tried += 1;
        const units = new Map([
          ['k8s-worker/0', { [REQUEST]: request }],
          ['k8s-worker/1', { [REQUEST]: theirs, [FAILURE]: `[${theirs}]` }],
        ]);
        const told = { [GRANTS]: shared, [FAILURES]: shared, [HELD]: shared };
        const facts = { id: 'k8s-cluster:1', application: 'k8s', units, own: {}, shared: told };
        const { entries } = grantWorkers({ relations: [facts], slots: 1, now: new Date(AT) }, undefined, undefined);
        const list = JSON.parse(entries.get(facts.id)?.[GRANTS] ?? '[]') as readonly Record<string, string>[];
        expect(list.length).toBeLessThanOrEqual(1);
        for (const { unit, ...rest } of list) {
          expect([...units.keys()]).toContain(unit);
          expect(Object.values(rest).every((text) => text.length <= 400 && !text.includes('\n'))).toBe(true);
        }
        const own = { ...facts, own: { [REQUEST]: request } };
        const seat = workerSeat(own, 'k8s-worker/0', new Date(AT));
        if (seat === undefined) return;
        expect(['granted', 'ask', 'wait']).toContain(turn(seat, 'a1', 'x').kind);
        for (const text of [seat.held ?? '', ...seat.holders.map(({ work }) => work)])
          expect(text.length < 700 && !/\p{Cc}/u.test(text)).toBe(true);
      }),
      { numRuns: RUNS * 2 },
    );
  });

  it('comes to the honest one after the lease of a liar that asks again and again', () => {
    let now = Date.parse(AT);
    let shared = '';
    const had: string[] = [];
    for (let round = 0; round < 4; round += 1) {
      const liar = `{"id":"x${round}","at":"${new Date(now).toISOString()}","reason":"x"}`;
      const facts = { ...rolling(liar, shared), now: new Date(now) };
      const { entries } = grantTurns(facts, () => undefined);
      shared = entries[GRANT] ?? shared;
      had.push((JSON.parse(shared) as { unit: string }).unit);
      now += 46 * 60_000;
    }
    expect(new Set(had)).toEqual(new Set(['k8s/0', 'k8s/1']));
  });
});

describe('records of nodes', () => {
  it('name none that Kubernetes would not take', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.constantFrom('x\ny', '..', 'a'.repeat(254), 'A', 'a_b')), (node) => {
        tried += 1;
        for (const { node: name } of allocations({ 'k8s-worker/0': `joined-${node}` }).values())
          expect(name).toMatch(/^[a-z0-9.-]{1,253}$/);
      }),
    );
  });
});
