/** Guards what units and the leader make of a refresh of the whole cluster: tables, and words that another side has written. */

import { describe, expect, it } from 'vitest';
import type {
  ClusterRefreshFacts,
  OrderPart,
} from '../../../../src/capabilities/certificates/cluster-refresh/facts.ts';
import {
  describeNews,
  describeProgress,
  progressOf,
} from '../../../../src/capabilities/certificates/cluster-refresh/progress.ts';
import {
  formatEnded,
  formatOrder,
  formatReport,
  type Order,
  parseEnded,
  parseOrder,
  parseReport,
  type Report,
} from '../../../../src/capabilities/certificates/cluster-refresh/wire.ts';
import type { CertificateFacts } from '../../../../src/capabilities/certificates/facts.ts';
import { CONTROL_PLANE_NAMES } from '../../../../src/capabilities/certificates/names.ts';
import { planCertificates } from '../../../../src/capabilities/certificates/plan.ts';
import { ahead, allLiving, DAY, factsOf, living, NOW, withOthers } from '../renewal/facts.ts';

const YEAR = 365 * DAY;
const order: Order = { id: 'k8s-0-1', seconds: 90 * DAY, at: ahead(-60), units: ['k8s/0', 'k8s/1'] };
const workers: Order = { ...order, units: ['k8s-worker/0', 'k8s-worker/1'] };
const done: Report = { id: order.id, failure: '' };
const failed: Report = { id: order.id, failure: 'no luck' };
const earlier: Report = { id: 'k8s-0-0', failure: '' };

function facts(more: Partial<ClusterRefreshFacts>): ClusterRefreshFacts {
  return { relation: 'cluster:0', order: undefined, report: undefined, parts: [], ...more };
}

function part(of: Order, reports: Readonly<Record<string, Report | undefined>>, relation = 'cluster:0'): OrderPart {
  return { relation, peers: relation === 'cluster:0', order: of, reports: new Map(Object.entries(reports)) };
}

describe('a unit', () => {
  const young = allLiving('control-plane', YEAR, 300 * DAY);
  const renewing = {
    kind: 'renew',
    names: [...CONTROL_PLANE_NAMES],
    expirationSeconds: 90 * DAY,
    extraSans: [],
    order: order.id,
  };
  const note = { names: ['kubelet'], before: {}, startedAt: NOW.toISOString(), order: order.id };

  it.each<[string, ClusterRefreshFacts, readonly unknown[], Partial<CertificateFacts>?]>([
    ['has nothing to do where nothing is asked', facts({}), []],
    ['refreshes all that k8sd can renew', facts({ order }), [renewing]],
    ['refreshes once', facts({ order, report: done }), []],
    ['tries once', facts({ order, report: failed }), []],
    [
      'refreshes again when it is asked again',
      facts({ order, report: earlier }),
      [{ kind: 'clear-refresh-report' }, renewing],
    ],
    ['that joined later is not meant', facts({ order: { ...order, units: ['k8s/1'] } }), []],
    ['forgets what it has told when it is over', facts({ report: done }), [{ kind: 'clear-refresh-report' }]],
    ['first brings to its end what it has begun', facts({ order }), [{ kind: 'finish-refresh', note }], { note }],
  ])('%s', (_, clusterRefresh, changes, more = {}) => {
    expect(planCertificates(factsOf('control-plane', young, { clusterRefresh, ...more })).changes).toEqual(changes);
  });

  it('does not do twice what is due anyway', () => {
    const due = allLiving('control-plane', YEAR, 10 * DAY);
    expect(planCertificates(factsOf('control-plane', due, { clusterRefresh: facts({ order }) })).changes).toEqual([
      renewing,
    ]);
  });

  it('says that it cannot', () => {
    const ending = withOthers(young, living('client-ca', YEAR, DAY, { issuable: false }));
    expect(planCertificates(factsOf('control-plane', ending, { clusterRefresh: facts({ order }) })).changes).toEqual([
      { kind: 'report-refresh', id: order.id, failure: 'a CA of its certificates is at its end' },
    ]);
  });

  it('that is a worker begins its walk', () => {
    const clusterRefresh = facts({ order: workers });
    const old = allLiving('worker', YEAR, 300 * DAY);
    const begun = [{ kind: 'begin-renewal', expirationSeconds: 90 * DAY, order: order.id }];
    expect(planCertificates(factsOf('worker', old, { clusterRefresh })).changes).toEqual(begun);
    expect(planCertificates(factsOf('worker', old, { clusterRefresh, relation: undefined })).changes).toEqual([]);
    const beside = planCertificates(factsOf('worker', old, { clusterRefresh }, { managers: { kubelet: 'relation' } }));
    expect(beside.changes).toMatchObject([{ kind: 'begin-renewal' }]);
  });
});

describe('the leader', () => {
  const end = (summary: string, relations = ['cluster:0', 'k8s-cluster:1']) => [
    { kind: 'end-cluster-refresh', order, relations, summary },
  ];

  it.each<[string, readonly OrderPart[], Date, readonly unknown[]]>([
    ['waits for all', [part(order, { 'k8s/0': done, 'k8s/1': undefined })], NOW, []],
    ['does not take an earlier answer for one', [part(order, { 'k8s/0': done, 'k8s/1': earlier })], NOW, []],
    [
      'waits for workers',
      [part(order, { 'k8s/0': done }), part(workers, { 'k8s-worker/0': undefined }, 'k8s-cluster:1')],
      NOW,
      [],
    ],
    [
      'ends it when all have told, those that failed, too',
      [part(order, { 'k8s/0': done, 'k8s/1': failed }), part(workers, { 'k8s-worker/0': done }, 'k8s-cluster:1')],
      NOW,
      end('refreshed 2 of 3 units; failed: k8s/1 (no luck)'),
    ],
    [
      'does not wait for units that are gone',
      [part(order, { 'k8s/1': done })],
      NOW,
      end('refreshed 1 of 1 units', ['cluster:0']),
    ],
    [
      'does not wait for ever',
      [part(order, { 'k8s/0': done, 'k8s/1': undefined })],
      ahead(DAY),
      end('refreshed 1 of 2 units; waiting for k8s/1', ['cluster:0']),
    ],
    [
      'takes back what is left on a relation',
      [part(workers, { 'k8s-worker/0': done }, 'k8s-cluster:1')],
      NOW,
      [{ kind: 'clear-refresh-order', relation: 'k8s-cluster:1' }],
    ],
  ])('%s', (_, parts, now, changes) => {
    const clusterRefresh = facts({ order, report: done, parts });
    const young = allLiving('control-plane', YEAR, 300 * DAY);
    expect(planCertificates(factsOf('control-plane', young, { clusterRefresh, now })).changes).toEqual(changes);
  });

  it('tells how far it is, and of the last one', () => {
    const reports = Object.fromEntries(Array.from({ length: 9 }, (_, number) => [`k8s-worker/${number}`, undefined]));
    const parts = [part(order, { 'k8s/0': done, 'k8s/1': failed }), part(workers, reports, 'k8s-cluster:1')];
    expect(describeProgress(progressOf(parts))).toBe(
      'refreshed 1 of 11 units; waiting for k8s-worker/0, k8s-worker/1, k8s-worker/2, k8s-worker/3, k8s-worker/4 and 4 more; failed: k8s/1 (no luck)',
    );
    const last = { at: ahead(-60), ended: NOW, summary: 'refreshed 2 of 2 units' };
    expect(describeNews({ parts: [], last })).toBe('refreshed 2 of 2 units; ended 2026-11-23T12:00:00.000Z');
    expect(describeNews({ parts: [], last: undefined })).toBeUndefined();
  });
});

describe('in a databag', () => {
  it('an order, its end and a report are read as they were written', () => {
    expect(parseOrder(formatOrder(order))).toEqual(order);
    const last = { at: ahead(-60), ended: NOW, summary: 'refreshed "2" of 2 units' };
    expect(parseEnded(formatEnded(last))).toEqual(last);
    expect(parseOrder(formatEnded(last))).toBeUndefined();
    expect(parseEnded(formatOrder(order))).toBeUndefined();
    expect(parseReport(formatReport(failed))).toEqual(failed);
  });

  it('a reason is one line of bounded length, whoever wrote it', () => {
    const text = `${'x'.repeat(1_000)}\u001b[2J\n`;
    expect(parseReport(formatReport({ id: 'a', failure: text }))?.failure).toBe(`${'x'.repeat(199)}…`);
    expect(parseReport(JSON.stringify({ id: 'a', failure: 'a\n\u001b[2J\u202eb' }))?.failure).toBe('a [2J b');
  });

  it.each([
    undefined,
    '',
    '{',
    'null',
    '[]',
    '{"id": "a"}',
    ...[
      { id: 'A b' },
      { seconds: 599 },
      { seconds: 1e10 },
      { seconds: '90' },
      { at: 'soon' },
      { units: 'k8s/0' },
      { units: ['x'] },
    ].map((wrong) => JSON.stringify({ ...(JSON.parse(formatOrder(order)) as object), ...wrong })),
  ])('%j is no order', (text) => {
    expect(parseOrder(text)).toBeUndefined();
    expect(parseEnded(text)).toBeUndefined();
  });
});
