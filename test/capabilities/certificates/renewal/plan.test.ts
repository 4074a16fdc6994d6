/** Guards when a node renews its certificates by itself, for how long, and what it says when it does not: tables, with the time as a fact. */

import { describe, expect, it } from 'vitest';
import {
  describe as describeCertificateChange,
  isDisruptive as isDisruptiveCertificateChange,
} from '../../../../src/capabilities/certificates/change.ts';
import type { ApprovalWish, CertificateFacts, NodeIdentity } from '../../../../src/capabilities/certificates/facts.ts';
import type { Examined } from '../../../../src/capabilities/certificates/inventory/examined.ts';
import { CONTROL_PLANE_NAMES } from '../../../../src/capabilities/certificates/names.ts';
import { DEFAULT_OPTIONS } from '../../../../src/capabilities/certificates/options.ts';
import { planCertificates } from '../../../../src/capabilities/certificates/plan.ts';
import type { FailedAttempts } from '../../../../src/capabilities/certificates/renewal/attempts.ts';
import { spread } from '../../../../src/capabilities/certificates/renewal/spread.ts';
import { ahead, allLiving, authorities, DAY, factsOf, living, NOW, withOthers } from './facts.ts';

const YEAR = 365 * DAY;
const WORKER = ['kubelet', 'kubelet.conf', 'proxy.conf'];
const off = { options: { ...DEFAULT_OPTIONS, renewBeforeSeconds: undefined } };
const failed = (count: number, secondsAgo: number, options = `${YEAR}/${30 * DAY}`): FailedAttempts => ({
  count,
  at: ahead(-secondsAgo),
  options,
});

describe('a control plane', () => {
  const young = allLiving('control-plane', YEAR, 200 * DAY);
  const due = (...names: string[]) => withOthers(young, ...names.map((name) => living(name, YEAR, 20 * DAY)));
  const renewing = (names: readonly string[], expirationSeconds = YEAR, extraSans: readonly string[] = []) => [
    { kind: 'renew', names, expirationSeconds, extraSans },
  ];

  it.each<[string, readonly Examined[], Partial<CertificateFacts>, Partial<NodeIdentity>, readonly unknown[]]>([
    ['leaves alone what lives long enough', young, {}, {}, []],
    ['renews what falls under the threshold', due('apiserver'), {}, {}, renewing(['apiserver'])],
    ['renews what has ended', withOthers(young, living('admin.conf', YEAR, -DAY)), {}, {}, renewing(['admin.conf'])],
    ['renews nothing where that is off', due('apiserver'), {}, off, []],
    [
      'renews in one go what would follow before long',
      withOthers(due('apiserver'), living('kubelet', YEAR, 59 * DAY), living('proxy.conf', YEAR, 61 * DAY)),
      {},
      {},
      renewing(['apiserver', 'kubelet']),
    ],
    [
      'renews all that were issued together, in the order of the names',
      allLiving('control-plane', YEAR, 29 * DAY),
      {},
      {},
      renewing([...CONTROL_PLANE_NAMES]),
    ],
    ['waits with a short life for the last third of it', allLiving('control-plane', 60, 21), {}, {}, []],
    [
      'renews a short life in its last third',
      withOthers(young, living('kubelet', 60, 19)),
      {},
      {},
      renewing(['kubelet']),
    ],
    [
      'asks for what the option says',
      due('kubelet'),
      {},
      { options: { ...DEFAULT_OPTIONS, validitySeconds: 90 * DAY } },
      renewing(['kubelet'], 90 * DAY),
    ],
    [
      'asks for no longer a life than the authority has, less a day',
      withOthers(due('kubelet'), living('ca', 20 * YEAR, 100.5 * DAY, { issuable: false })),
      {},
      {},
      renewing(['kubelet'], 99 * DAY),
    ],
    [
      'minds the authorities of what it renews only',
      withOthers(due('kubelet'), living('front-proxy-ca', 20 * YEAR, 100 * DAY, { issuable: false })),
      {},
      {},
      renewing(['kubelet']),
    ],
    [
      'leaves out what an authority near its end has signed',
      withOthers(due('kubelet', 'admin.conf'), living('client-ca', 20 * YEAR, 25 * DAY, { issuable: false })),
      {},
      {},
      renewing(['kubelet']),
    ],
    [
      'tries nothing while an authority has ended: k8sd refuses every refresh then',
      withOthers(due('kubelet'), living('front-proxy-ca', 20 * YEAR, -1, { issuable: false })),
      {},
      {},
      [],
    ],
    [
      'does not ask k8sd for what it cannot issue',
      withOthers(due('kubelet'), living('apiserver', YEAR, 10 * DAY, { issuable: false })),
      {},
      {},
      renewing(['kubelet']),
    ],
    [
      'does not ask k8sd for what somebody else brings',
      due('apiserver'),
      {},
      { managers: { apiserver: 'relation' } },
      [],
    ],
    [
      "leaves etcd's and k8sd's own alone",
      [
        ...young,
        living('etcd/server', YEAR, DAY),
        living('k8sd/cluster', YEAR, DAY),
        living('apiserver-etcd-client', YEAR, DAY),
      ],
      {},
      {},
      [],
    ],
    [
      'keeps the names that both servers have, and brings missing ones along',
      withOthers(
        due(),
        living('apiserver', YEAR, 20 * DAY, { sans: ['10.0.0.10', 'kubernetes'] }),
        living('kubelet', YEAR, 200 * DAY, { sans: ['node-0', '10.0.0.10'] }),
      ),
      { apiServer: { sans: ['10.0.0.10', 'kubernetes'], notBefore: ahead(-YEAR), notAfter: ahead(YEAR) } },
      { requiredSans: ['api.example.com'] },
      renewing(['apiserver'], YEAR, ['10.0.0.10', 'api.example.com', 'node-0']),
    ],
    [
      'first brings an interrupted refresh to its end',
      due('kubelet'),
      { note: NOTE() },
      {},
      [{ kind: 'finish-refresh', note: NOTE() }],
    ],
    [
      'waits a quarter of an hour after a failure',
      due('kubelet'),
      { renewal: havingFailed(failed(1, 14 * 60)) },
      {},
      [],
    ],
    ['tries again then', due('kubelet'), { renewal: havingFailed(failed(1, 15 * 60)) }, {}, renewing(['kubelet'])],
    ['waits longer after the next one', due('kubelet'), { renewal: havingFailed(failed(2, 59 * 60)) }, {}, []],
    [
      'tries again at once under other options',
      due('kubelet'),
      { renewal: havingFailed(failed(4, 60, '1/1')) },
      {},
      renewing(['kubelet']),
    ],
  ])('%s', (_, inventory, more, identity, changes) => {
    expect(planCertificates(factsOf('control-plane', inventory, more, identity)).changes).toEqual(changes);
  });

  it('renews in turn with the others, and says what', () => {
    const [change] = planCertificates(factsOf('control-plane', allLiving('control-plane', YEAR, 20 * DAY))).changes;
    expect(change && isDisruptiveCertificateChange(change)).toBe(true);
    expect(change && describeCertificateChange(change)).toBe(
      'renew the certificates admin.conf, apiserver, apiserver-kubelet-client and 6 more',
    );
  });

  it.each<[string, readonly Examined[], Partial<CertificateFacts>, string]>([
    [
      'that an authority is at its end',
      withOthers(due('kubelet', 'apiserver'), living('ca', 20 * YEAR, 25 * DAY, { issuable: false })),
      {},
      'active: apiserver, kubelet not renewed: the CA ca ends 2026-12-18; certs-status tells what to do',
    ],
    [
      'why it failed, and when it is tried again',
      due('kubelet'),
      { failure: 'Renewal failed: no luck', renewal: havingFailed(failed(2, 60)) },
      'active: Renewal failed: no luck; tried again after 2026-11-23 12:59 UTC',
    ],
    [
      'that somebody has to look, when it has failed often',
      due('kubelet'),
      { failure: 'Renewal failed: no luck', renewal: havingFailed(failed(3, 60)) },
      'blocked: Renewal failed: no luck; tried again after 2026-11-23 17:59 UTC',
    ],
    [
      'why a refresh failed that nobody tries again',
      young,
      { failure: 'Refresh failed: no luck', renewal: havingFailed(failed(3, 60)) },
      'active: Refresh failed: no luck',
    ],
  ])('says %s', (_, inventory, more, told) => {
    const { reports } = planCertificates(factsOf('control-plane', inventory, more));
    expect(reports.map(({ status, message }) => `${status}: ${message}`)).toContain(told);
  });
});

describe('a worker', () => {
  const soon = allLiving('worker', YEAR, 20 * DAY);
  const begin = (expirationSeconds = YEAR) => [{ kind: 'begin-renewal', expirationSeconds }];

  it.each<[string, readonly Examined[], Partial<CertificateFacts>, Partial<NodeIdentity>, readonly unknown[]]>([
    ['leaves alone what lives long enough', allLiving('worker', YEAR, 31 * DAY), {}, {}, []],
    [
      'renews all when one is due',
      withOthers(allLiving('worker', YEAR, 200 * DAY), living('proxy.conf', YEAR, 5 * DAY)),
      {},
      {},
      begin(),
    ],
    ['renews nothing where that is off', soon, {}, off, []],
    ['cannot renew without a control plane', soon, { relation: undefined }, {}, []],
    [
      'renews what k8sd issues beside what somebody else brings',
      soon,
      {},
      { managers: { kubelet: 'relation' } },
      begin(),
    ],
    [
      'minds the authorities of what it renews only',
      withOthers(soon, living('ca', 20 * YEAR, 10 * DAY, { issuable: false })),
      {},
      { managers: { kubelet: 'relation' } },
      begin(),
    ],
    [
      'does not ask k8sd for what somebody else brings',
      soon,
      {},
      { managers: { kubelet: 'operator', 'kubelet.conf': 'operator', 'proxy.conf': 'operator' } },
      [],
    ],
    ['cannot renew with an old snap', soon, {}, { minor: 32 }, []],
    [
      'has nothing to ask with when the certificate of its kubelet has ended',
      withOthers(soon, living('kubelet.conf', YEAR, -1)),
      {},
      {},
      [],
    ],
    ['renews what it serves even when that has ended', withOthers(soon, living('kubelet', YEAR, -1)), {}, {}, begin()],
    [
      'asks for no longer a life than its authorities have, less a day',
      withOthers(soon, living('client-ca', 20 * YEAR, 200.5 * DAY, { issuable: false })),
      {},
      {},
      begin(199 * DAY),
    ],
    [
      'has no authority that could sign for long',
      [...soon.filter(({ name }) => WORKER.includes(name)), ...authorities('worker', 25 * DAY)],
      {},
      {},
      [],
    ],
    ['waits after a failure', soon, { renewal: havingFailed(failed(1, 14 * 60)) }, {}, []],
    ['tries again then', soon, { renewal: havingFailed(failed(1, 15 * 60)) }, {}, begin()],
    [
      'takes back first what it had announced of an earlier one',
      soon,
      { announced: 'something' },
      {},
      [{ kind: 'clear-announcement', relation: 'cluster:1' }, ...begin()],
    ],
  ])('%s', (_, inventory, more, identity, changes) => {
    expect(planCertificates(factsOf('worker', inventory, more, identity)).changes).toEqual(changes);
  });

  it.each<[string, readonly Examined[], Partial<NodeIdentity>, string]>([
    [
      'long before that its snap is too old',
      allLiving('worker', 10 * YEAR, 170 * DAY),
      { minor: 32 },
      'active: kubelet, kubelet.conf, proxy.conf end 2027-05-12 and cannot be renewed below snap 1.33: refresh the snap, or replace this unit',
    ],
    [
      'that it has nothing to ask with',
      withOthers(soon, living('kubelet.conf', YEAR, -1)),
      {},
      'blocked: The certificate of kubelet.conf has ended, and the API server takes no requests of this node any more: remove the unit and add another',
    ],
  ])('says %s', (_, inventory, identity, told) => {
    const { reports } = planCertificates(factsOf('worker', inventory, {}, identity));
    expect(reports.map(({ status, message }) => `${status}: ${message}`)).toContain(told);
  });

  it('begins at a time of its own, and in any case well before the end', () => {
    const threshold = 30 * DAY;
    const times = Array.from({ length: 200 }, (_, number) => spread(`k8s-worker/${number}`, threshold));
    expect(Math.max(...times)).toBeLessThan(3 * DAY);
    // Spread over the whole window, and no two in the same minute of it more often than chance has it.
    for (const [from, to] of [
      [0, 0.25],
      [0.25, 0.5],
      [0.5, 0.75],
      [0.75, 1],
    ] as const)
      expect(times.filter((time) => time >= from * 3 * DAY && time < to * 3 * DAY).length).toBeGreaterThan(25);
    expect(new Set(times.map((time) => Math.floor(time / 60))).size).toBeGreaterThan(180);
    for (let number = 0; number < 200; number += 1) expect(spread(`k8s-worker/${number}`, 20)).toBeLessThan(5);
    const unit = 'k8s-worker/1';
    const left = (threshold - spread(unit, threshold)) / DAY;
    const changes = (days: number) =>
      planCertificates(
        factsOf('worker', allLiving('worker', YEAR, days * DAY), {
          renewal: { unit, failed: undefined, approvedAt: [] },
        }),
      ).changes;
    expect(changes(left + 0.01)).toEqual([]);
    expect(changes(left - 0.01)).toEqual(begin());
  });
});

describe('the leader', () => {
  const wish = (unit: string, renewal: boolean): ApprovalWish => ({
    relation: 'k8s-cluster:1',
    unit,
    node: unit.replace('/', '-'),
    rival: undefined,
    id: unit,
    requests: [],
    addresses: [],
    foreign: new Map(),
    reservedRanges: [],
    claimants: [],
    remedy: '',
    renewal,
  });
  const renewals = [0, 1, 2, 3, 4].map((number) => wish(`k8s-worker/${number}`, true));
  const minutesAgo = (minutes: number) => ahead(-60 * minutes);

  it.each<[string, readonly ApprovalWish[], readonly Date[], readonly string[]]>([
    ['decides three renewals at once', renewals, [], ['k8s-worker/0', 'k8s-worker/1', 'k8s-worker/2']],
    ['counts those that are under way', renewals, [minutesAgo(1), minutesAgo(2)], ['k8s-worker/0']],
    ['holds the others back', renewals, [minutesAgo(1), minutesAgo(2), minutesAgo(3)], []],
    [
      'does not wait for those that do not come back',
      renewals,
      [minutesAgo(1), minutesAgo(2), minutesAgo(15)],
      ['k8s-worker/0'],
    ],
    [
      'holds nobody back who was asked by an operator',
      [...renewals, wish('k8s-worker/9', false)],
      [minutesAgo(1), minutesAgo(1), minutesAgo(1)],
      ['k8s-worker/9'],
    ],
  ])('%s', (_, wishes, approvedAt, decided) => {
    const facts = factsOf('control-plane', allLiving('control-plane', YEAR, 200 * DAY), {
      wishes,
      renewal: { unit: 'k8s/0', failed: undefined, approvedAt },
    });
    const { changes } = planCertificates(facts);
    expect(changes.map((change) => (change.kind === 'decide-requests' ? change.wish.unit : change.kind))).toEqual(
      decided,
    );
  });
});

function NOTE() {
  return { names: ['kubelet'], before: { kubelet: 'AA' }, startedAt: NOW.toISOString() };
}

function havingFailed(attempts: FailedAttempts) {
  return { unit: 'k8s/0', failed: attempts, approvedAt: [] };
}
