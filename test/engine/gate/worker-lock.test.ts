/**
 * Guards who of the workers gets the rollout lock, over all their relations; what the control plane tells them; and that what an attacker writes on
 * a worker neither keeps the lock nor reaches others as anything but bounded text.
 */

import { describe, expect, it } from 'vitest';
import type { Databag } from '../../../src/clients/juju/juju.ts';
import type { RelationFacts } from '../../../src/core/relation-facts.ts';
import { lockReport } from '../../../src/engine/gate/disruptive.ts';
import { release } from '../../../src/engine/gate/lock.ts';
import { FAILURE, failedElsewhere, LATEST_START_MS, LEASE_MS, REQUEST, turn } from '../../../src/engine/gate/pool.ts';
import {
  FAILURES,
  GRANTS,
  grantWorkers,
  HELD,
  MOST_SLOTS,
  workerSeat,
  workersWant,
} from '../../../src/engine/gate/worker-lock.ts';

const NOW = new Date('2026-11-23T10:00:00Z');
const ago = (ms: number) => new Date(NOW.getTime() - ms).toISOString();
const ASKED = ago(60_000);
const request = (id: string, at = ASKED, reason = 'restart') =>
  `{"id": "${id}", "at": "${at}", "reason": ${JSON.stringify(reason)}}`;
const asks = (id: string): Databag => ({ [REQUEST]: request(id) });
const grant = (unit: string, id: string, at = ago(0), asked = ASKED, work = 'restart') =>
  `{"unit": "${unit}", "id": "${id}", "asked": "${asked}", "at": "${at}", "work": "${work}"}`;
const list = (...grants: readonly string[]) => `[${grants.join(', ')}]`;
const CONTROL_PLANE = { unit: 'k8s/1', id: 'z', asked: ASKED, at: ago(60_000), work: 'restarting kube-apiserver' };

function relation(id: string, units: Readonly<Record<string, Databag>>, shared: Databag = {}): RelationFacts {
  return { id, application: 'w', units: new Map(Object.entries(units)), own: {}, shared };
}

/** Two applications of workers; what is granted stands in both databags. */
function workers(
  units: { readonly w?: Readonly<Record<string, Databag>>; readonly gpu?: Readonly<Record<string, Databag>> },
  grants = '[]',
  slots = 1,
) {
  const shared = { [GRANTS]: grants };
  const relations = [
    relation('k8s-cluster:1', units.w ?? {}, shared),
    relation('k8s-cluster:2', units.gpu ?? {}, shared),
  ];
  return { relations, slots, now: NOW };
}

const granted = (given: ReturnType<typeof grantWorkers>, id = 'k8s-cluster:1') => given.entries.get(id)?.[GRANTS];

describe('the leader', () => {
  it.each<[string, ReturnType<typeof workers>, string | undefined]>([
    ['has nothing to say where nobody asks', workers({ w: { 'w/0': {} } }), undefined],
    [
      'gives the first application its turn',
      workers({ w: { 'w/0': asks('a') }, gpu: { 'gpu/0': asks('b') } }),
      list(grant('gpu/0', 'b')),
    ],
    [
      'gives no more than there are slots, over all relations',
      workers({ w: { 'w/1': asks('a') }, gpu: { 'gpu/0': asks('b') } }, list(grant('w/1', 'a', ago(1)))),
      undefined,
    ],
    [
      'gives as many as there are slots',
      workers({ w: { 'w/10': asks('a'), 'w/9': asks('a') }, gpu: { 'gpu/0': asks('b') } }, '[]', 2),
      list(grant('gpu/0', 'b'), grant('w/9', 'a')),
    ],
    [
      'goes on when one was given back, and leaves the others',
      workers(
        { w: { 'w/0': asks('a'), 'w/1': {}, 'w/2': asks('a') } },
        list(grant('w/0', 'a', ago(2)), grant('w/1', 'a', ago(1))),
        2,
      ),
      list(grant('w/0', 'a', ago(2)), grant('w/2', 'a')),
    ],
    [
      'goes on when its unit is gone',
      workers({ w: { 'w/2': asks('a') } }, list(grant('w/1', 'a', ago(1)))),
      list(grant('w/2', 'a')),
    ],
    [
      'goes round when nothing was heard for too long',
      workers({ w: { 'w/0': asks('a'), 'w/1': asks('a'), 'w/2': asks('a') } }, list(grant('w/1', 'a', ago(LEASE_MS)))),
      list(grant('w/2', 'a')),
    ],
    [
      'takes back what was granted for something else',
      workers({ w: { 'w/0': asks('b'), 'w/1': asks('a') } }, list(grant('w/0', 'a', ago(1)))),
      list(grant('w/1', 'a')),
    ],
    [
      'takes no slot for a control-plane node for which workers waited',
      workers({ w: { 'w/0': asks('a') } }, list(grant('k8s/1', 'z'))),
      list(grant('w/0', 'a')),
    ],
    ['leaves more than it can tell for later', workers({ w: asking(MOST_SLOTS + 5) }, '[]', 5000), expect.any(String)],
    [
      'does not fall over a request that makes no sense',
      workers({ w: { 'w/0': { [REQUEST]: '[' }, 'w/1': asks('a') } }),
      list(grant('w/1', 'a')),
    ],
    ['replaces a list that makes no sense', workers({ w: { 'w/0': asks('a') } }, 'x'), list(grant('w/0', 'a'))],
    [
      'tells that it grants where nobody has heard of it',
      { ...workers({}), relations: [relation('k8s-cluster:1', {})] },
      '[]',
    ],
  ])('%s', (_, facts, expected) => {
    const given = grantWorkers(facts, undefined, undefined);
    expect(granted(given)).toEqual(expected);
    const listed = JSON.parse(granted(given) ?? '[]') as readonly unknown[];
    expect(listed.length).toBeLessThanOrEqual(Math.min(facts.slots, MOST_SLOTS));
  });

  it('tells all relations the same, so that each worker can say for whom it waits', () => {
    const given = grantWorkers(workers({ w: { 'w/0': asks('a') }, gpu: { 'gpu/0': asks('b') } }), undefined, undefined);
    expect(granted(given, 'k8s-cluster:2')).toBe(granted(given, 'k8s-cluster:1'));
  });

  it('gives none while a control-plane node holds its lock, and tells which while a worker waits', () => {
    const waiting = grantWorkers(workers({ w: { 'w/0': asks('a') } }), CONTROL_PLANE, undefined);
    expect(granted(waiting)).toBe(list(grant('k8s/1', 'z', ago(60_000), ASKED, 'restarting kube-apiserver')));
    expect(waiting.held).toBeUndefined();
    expect(granted(grantWorkers(workers({ w: { 'w/0': {} } }), CONTROL_PLANE, undefined))).toBeUndefined();
    const under = workers({ w: { 'w/0': asks('a') } }, list(grant('w/0', 'a', ago(1))));
    // What has begun goes on.
    expect(granted(grantWorkers(under, CONTROL_PLANE, undefined))).toBeUndefined();
  });

  it('says why none gets the lock, and takes that back', () => {
    const given = grantWorkers(workers({ w: { 'w/0': asks('a') } }), undefined, 'k8s/2 is joining');
    expect(given.held).toEqual({ unit: 'w/0', why: 'k8s/2 is joining' });
    expect(given.entries.get('k8s-cluster:2')).toEqual({ [HELD]: 'k8s/2 is joining' });
    const told = [relation('k8s-cluster:1', {}, { [GRANTS]: '[]', [HELD]: 'k8s/2 is joining' })];
    const after = grantWorkers({ relations: told, slots: 1, now: NOW }, undefined, 'k8s/2 is joining');
    expect(after.entries.get('k8s-cluster:1')).toEqual({ [HELD]: undefined });
  });

  it('knows who is behind while others wait', () => {
    const facts = workers({ w: { 'w/0': asks('a'), 'w/1': asks('a') } }, list(grant('w/0', 'a', ago(9))));
    expect(grantWorkers(facts, undefined, undefined).behind).toMatchObject({ holder: { unit: 'w/0' }, waiting: 'w/1' });
    const alone = workers({ w: { 'w/0': asks('a'), 'w/1': {} } }, list(grant('w/0', 'a', ago(9))));
    expect(grantWorkers(alone, undefined, undefined).behind).toBeUndefined();
  });

  it('looks whether all answer only when a worker waits for a free slot', () => {
    expect(workersWant(workers({ w: { 'w/0': {} } }))).toBe(false);
    expect(workersWant(workers({ w: { 'w/0': asks('a') } }))).toBe(true);
    expect(workersWant(workers({ w: { 'w/0': asks('a'), 'w/1': asks('a') } }, list(grant('w/0', 'a', ago(1)))))).toBe(
      false,
    );
    expect(workersWant(workers({ w: { 'w/0': asks('a') } }, list(grant('w/0', 'a', ago(1))), 2))).toBe(false);
  });
});

describe('a worker', () => {
  const seat = (shared: Databag, own: Databag = {}) =>
    workerSeat({ ...relation('cluster:3', { 'k8s/0': {} }, shared), own }, 'w/0', NOW);

  it.each<[string, Databag]>([
    ['says nothing of it', {}],
    ['has taken it back', { [GRANTS]: '' }],
  ])('needs no lock where the control plane %s', (_, shared) => {
    expect(seat(shared)).toBeUndefined();
  });

  it.each<[string, Databag, Databag, object]>([
    ['asks', { [GRANTS]: '[]' }, {}, { kind: 'ask', entries: { [REQUEST]: request('a', ago(0)) } }],
    ['waits', { [GRANTS]: '[]' }, asks('a'), { kind: 'wait', holder: undefined }],
    [
      'waits for another',
      { [GRANTS]: list(grant('gpu/7', 'x', ago(120_000))) },
      asks('a'),
      { kind: 'wait', holder: { unit: 'gpu/7', since: new Date(ago(120_000)), work: 'restart' } },
    ],
    [
      'waits for nobody whose lease is over',
      { [GRANTS]: list(grant('gpu/7', 'x', ago(LEASE_MS))) },
      asks('a'),
      { kind: 'wait', holder: undefined },
    ],
    ['goes ahead', { [GRANTS]: list(grant('gpu/7', 'x'), grant('w/0', 'a')) }, asks('a'), { kind: 'granted' }],
    ['does not begin late', { [GRANTS]: list(grant('w/0', 'a', ago(LATEST_START_MS))) }, asks('a'), { kind: 'wait' }],
    [
      'does not begin with what answers another request',
      { [GRANTS]: list(grant('w/0', 'a', ago(0), ago(1))) },
      asks('a'),
      { kind: 'wait' },
    ],
    ['waits where the list makes no sense: who grants will mend it', { [GRANTS]: '{' }, asks('a'), { kind: 'wait' }],
  ])('%s', (_, shared, own, expected) => {
    const one = seat(shared, own);
    expect(one && turn(one, 'a', 'restart')).toMatchObject(expected);
  });

  it('tries nothing that has failed for good on another', () => {
    const failures = '[{"id": "a", "reason": "kubelet did not come up"}]';
    const given = grantWorkers(workers({ w: { 'w/1': { [FAILURE]: failures } } }), undefined, undefined);
    const text = given.entries.get('k8s-cluster:2')?.[FAILURES];
    expect(text).toBe('[{"unit": "w/1", "id": "a", "reason": "kubelet did not come up"}]');
    const one = seat({ [GRANTS]: '[]', [FAILURES]: text ?? '' });
    expect(failedElsewhere(one, { id: 'a' })).toMatchObject({ unit: 'w/1', reason: 'kubelet did not come up' });
    expect(failedElsewhere(one, { id: 'b' })).toBeUndefined();
    const own = seat({ [GRANTS]: '[]', [FAILURES]: '[{"unit": "w/0", "id": "a", "reason": "x"}]' });
    expect(failedElsewhere(own, { id: 'a' })).toBeUndefined();
  });

  it('releases what it asked for, and tells how far it is to nobody', () => {
    expect(release(asks('a'), [])).toEqual({ [REQUEST]: undefined });
  });

  it.each<[string, Databag, string]>([
    [
      'who holds the lock',
      { [GRANTS]: list(grant('k8s/1', 'z')) },
      'Waiting for the rollout lock: k8s/1 has held it since 2026-11-23 10:00 UTC (restart), for ',
    ],
    [
      'why nobody gets it',
      { [GRANTS]: '[]', [HELD]: 'k8s/2 is\njoining' },
      'Waiting for the rollout lock, which no worker gets now: k8s/2 is joining, for ',
    ],
    [
      'who grants it',
      { [GRANTS]: '[]' },
      "Waiting for the rollout lock, which the control plane's leader grants, for ",
    ],
  ])('says %s', (_, shared, message) => {
    const one = seat(shared, asks('a'));
    if (one === undefined) throw new Error('there is a lock');
    const decision = turn(one, 'a', '');
    const report = lockReport(one, decision.kind === 'wait' ? decision.holder : undefined, []);
    expect(report).toMatchObject({ status: 'waiting', message });
  });
});

describe('a worker that an attacker owns', () => {
  it('has the lock no longer than a lease while others wait, whatever it asks for', () => {
    let [now, grants] = [NOW.getTime(), '[]'];
    const had: string[] = [];
    for (let round = 0; round < 6; round += 1) {
      const liar = { [REQUEST]: `{"id": "x${round}", "at": "${new Date(now).toISOString()}", "reason": "x"}` };
      const facts = {
        ...workers({ w: { 'w/0': liar, 'w/1': asks('a'), 'w/2': asks('a') } }, grants),
        now: new Date(now),
      };
      grants = granted(grantWorkers(facts, undefined, undefined)) ?? grants;
      had.push(...(JSON.parse(grants) as { unit: string }[]).map(({ unit }) => unit));
      now += LEASE_MS;
    }
    expect(had).toEqual(['w/0', 'w/1', 'w/2', 'w/0', 'w/1', 'w/2']);
  });

  it('wakes nobody with other words for what it does', () => {
    const facts = workers(
      { w: { 'w/0': { [REQUEST]: request('a', ASKED, 'other words') } } },
      list(grant('w/0', 'a', ago(1))),
    );
    expect(granted(grantWorkers(facts, undefined, undefined))).toBeUndefined();
  });

  it('leaves room for what others tell, however much it says has failed', () => {
    const many = JSON.stringify(Array.from({ length: 32 }, (_, n) => ({ id: `a${n}`, reason: 'y'.repeat(500) })));
    const units = { 'w/0': { [FAILURE]: many }, 'w/1': { [FAILURE]: '[{"id": "b", "reason": "real"}]' } };
    const text =
      grantWorkers(workers({ w: units }), undefined, undefined).entries.get('k8s-cluster:1')?.[FAILURES] ?? '';
    const told = JSON.parse(text) as { unit: string; reason: string }[];
    expect(told.filter(({ unit }) => unit === 'w/0')).toHaveLength(8);
    expect(told.at(-1)).toEqual({ unit: 'w/1', id: 'b', reason: 'real' });
    for (const { reason } of told) expect(reason.length).toBeLessThanOrEqual(200);
  });

  it.each([
    '',
    '{',
    '[]',
    'null',
    '{"id": "a"}',
    '{"id": "a\\"}", "at": "x"}',
    '{"id": {"toString": null}, "at": 1}',
    '[['.repeat(9000),
  ])('gets nothing by %j', (text) => {
    const facts = workers({ w: { 'w/0': { [REQUEST]: text, [FAILURE]: text } } });
    const given = grantWorkers(facts, undefined, undefined);
    expect(granted(given)).toBeUndefined();
    expect(given.entries.get('k8s-cluster:1')).toEqual({});
  });
});

function asking(count: number): Readonly<Record<string, Databag>> {
  return Object.fromEntries(Array.from({ length: count }, (_, number) => [`w/${number}`, asks('a')]));
}
