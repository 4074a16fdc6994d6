import { describe, expect, it } from 'vitest';
import { heldBackReports, type Offers } from '../../../src/capabilities/membership/offer-delay.ts';
import {
  offeredSecret,
  planTokens,
  readOffer,
  unitsWithFailedToken,
} from '../../../src/capabilities/membership/tokens.ts';
import type { Databag, SecretContent } from '../../../src/clients/juju/juju.ts';
import type { RelationFacts } from '../../../src/core/relation-facts.ts';
import { CLUSTER, descriptions, PEERS, relation, VERSION, WORKERS } from './facts.ts';

const failure = (revision: number) => `{"revision": ${revision}, "error": "no"}`;
const asks = (node: string, more: Databag = {}): Databag => ({ 'node-name': node, version: VERSION, ...more });

function plan(
  { peers = {}, workers = {} }: { peers?: Partial<RelationFacts>; workers?: Partial<RelationFacts> },
  failedTokens: ReadonlyMap<string, SecretContent | undefined> = new Map(),
  offers: Offers = {},
) {
  const facts = {
    clusterName: CLUSTER,
    node: 'ours',
    peers: relation(PEERS, peers),
    workers: [relation(WORKERS, workers)],
  };
  return planTokens({ ...facts, failedTokens, offers, now: NOW }).filter(({ kind }) => kind !== 'remember');
}

const NOW = new Date('2026-01-01T12:00:00Z');

describe('workers', () => {
  it('get their tokens all at once; who has not asked, or has one, gets none', () => {
    const changes = plan({
      workers: {
        units: new Map([
          ['k8s-worker/0', asks('a')],
          ['k8s-worker/1', asks('b')],
          ['k8s-worker/2', { version: VERSION }],
          ['other/3', asks('d')],
        ]),
        shared: { 'k8s-worker/1': 'pending-b', 'k8s-worker/1-secret-id': 'secret:b' },
      },
    });
    expect(changes).toEqual([
      {
        kind: 'offer-token',
        relation: WORKERS,
        unit: 'k8s-worker/0',
        node: 'a',
        worker: true,
        replaces: undefined,
      },
      {
        kind: 'offer-token',
        relation: WORKERS,
        unit: 'other/3',
        node: 'd',
        worker: true,
        replaces: undefined,
      },
    ]);
  });
});

describe('a node name', () => {
  const asking = (node: string) => ({ units: new Map([['k8s-worker/0', asks(node)]]) });

  it.each<[string, Parameters<typeof plan>[0]]>([
    ['of our own node', { workers: asking('ours') }],
    ['of another control plane', { peers: { shared: { 'k8s/1': 'joined-b' } }, workers: asking('b') }],
    [
      'of another worker, whether it has joined or not',
      { workers: { ...asking('c'), shared: { 'k8s-worker/7': 'pending-c' } } },
    ],
  ])('%s gets no token', (_, bags) => {
    expect(plan(bags)).toEqual([]);
  });

  it('of two that ask at once goes to the first', () => {
    const units = new Map([
      ['k8s-worker/0', asks('a')],
      ['k8s-worker/1', asks('a')],
    ]);
    expect(plan({ workers: { units } })).toMatchObject([{ unit: 'k8s-worker/0' }]);
  });

  it('of its own gets the next token when the last has failed', () => {
    const units = new Map([['k8s-worker/0', asks('a', { 'token-failure': failure(0) })]]);
    const shared = { 'k8s-worker/0': 'pending-a', 'k8s-worker/0-secret-id': 'secret:a' };
    const content = new Map([['k8s-worker/0', { revision: '0', token: 't' }]]);
    expect(plan({ workers: { units, shared } }, content)).toMatchObject([{ kind: 'offer-token', node: 'a' }]);
  });
});

describe('control planes', () => {
  const three = new Map([
    ['k8s/1', asks('b')],
    ['k8s/2', asks('c')],
    ['k8s/3', asks('d')],
  ]);

  it('get theirs one after the other: etcd takes in one learner at a time', () => {
    expect(descriptions(plan({ peers: { units: three } }))).toEqual(['offer a join token for k8s/1 (control plane b)']);
    const shared = { 'k8s/1': 'pending-b', 'k8s/1-secret-id': 'secret:b' };
    expect(plan({ peers: { units: three, shared } })).toEqual([]);
  });

  it('go on when the one before has joined, in the same dispatch', () => {
    const units = new Map([...three, ['k8s/1', asks('b', { joined: CLUSTER })]]);
    const shared = { 'k8s/1': 'pending-b', 'k8s/1-secret-id': 'secret:b' };
    expect(descriptions(plan({ peers: { units, shared } }))).toEqual([
      'publish k8s/1 on cluster:0 (application)',
      'withdraw the join token of k8s/1',
      'offer a join token for k8s/2 (control plane c)',
    ]);
  });

  it('go on when the one before is gone', () => {
    const units = new Map([...three].slice(1));
    const shared = { 'k8s/1': 'pending-b', 'k8s/1-secret-id': 'secret:b' };
    expect(descriptions(plan({ peers: { units, shared } }))).toEqual([
      'offer a join token for k8s/2 (control plane c)',
    ]);
  });

  it('go on past one whose token failed three times, which still gets its next one', () => {
    const units = new Map([...three, ['k8s/1', asks('b', { 'token-failure': failure(3) })]]);
    const shared = { 'k8s/1': 'pending-b', 'k8s/1-secret-id': 'secret:b' };
    const renewed = plan({ peers: { units, shared } }, new Map([['k8s/1', { revision: '3', token: 't' }]]));
    expect(descriptions(renewed)).toEqual(['renew a join token for k8s/1 (control plane b)']);
    const after = plan({ peers: { units, shared } }, new Map([['k8s/1', { revision: '4', token: 't' }]]));
    expect(descriptions(after)).toEqual(['offer a join token for k8s/2 (control plane c)']);
  });

  it('go on past one whose snap is another: it cannot join before the cluster has that version', () => {
    const units = new Map([...three, ['k8s/1', asks('b', { version: '1.37.0' })]]);
    const shared = { 'k8s/1': 'pending-b', 'k8s/1-secret-id': 'secret:b', version: VERSION };
    expect(descriptions(plan({ peers: { units, shared } }))).toEqual([
      'offer a join token for k8s/2 (control plane c)',
    ]);
  });

  it('keep no worker waiting', () => {
    const shared = { 'k8s/1': 'pending-b', 'k8s/1-secret-id': 'secret:b' };
    const workers = { units: new Map([['k8s-worker/0', asks('a')]]) };
    expect(descriptions(plan({ peers: { units: three, shared }, workers }))).toEqual([
      'offer a join token for k8s-worker/0 (worker a)',
    ]);
  });
});

describe('a failed token', () => {
  const shared = { 'k8s-worker/0': 'pending-a', 'k8s-worker/0-secret-id': 'secret:a' };
  const units = (revision: number) => new Map([['k8s-worker/0', asks('a', { 'token-failure': failure(revision) })]]);

  it.each<[string, number, SecretContent | undefined, object[]]>([
    [
      'is renewed under the next revision',
      0,
      { revision: '0', token: 't' },
      [{ replaces: { uri: 'secret:a', revision: 0 } }],
    ],
    ['is renewed again', 7, { revision: '7', token: 't' }, [{ replaces: { uri: 'secret:a', revision: 7 } }]],
    ['that has been renewed is left alone', 0, { revision: '1', token: 't' }, []],
    ['whose secret is gone is offered anew', 0, undefined, [{ replaces: undefined }]],
    ['whose secret makes no sense is offered anew', 0, { revision: 'x', token: 't' }, [{ replaces: undefined }]],
  ])('%s', (_, revision, content, expected) => {
    const changes = plan({ workers: { units: units(revision), shared } }, new Map([['k8s-worker/0', content]]));
    expect(changes).toHaveLength(expected.length);
    for (const [index, change] of expected.entries())
      expect(changes[index]).toMatchObject({ kind: 'offer-token', ...change });
  });

  /** Revision, seconds since the last renewal, whether there is another. */
  it.each<[number, number | undefined, boolean]>([
    [0, 1, true],
    [1, 1, true],
    [2, undefined, true],
    [2, 59, false],
    [2, 60, true],
    [3, 119, false],
    [3, 120, true],
    [9, 899, false],
    [9, 900, true],
    [1000, 899, false],
    [1000, 900, true],
    [Number.MAX_SAFE_INTEGER - 1, 900, true],
    // The clock was set back by a day.
    [5, -86_400, true],
  ])('of revision %d whose last renewal is %s seconds ago is renewed: %s', (revision, seconds, renewed) => {
    const offers: Offers =
      seconds === undefined ? {} : { 'k8s-worker/0': new Date(NOW.getTime() - seconds * 1000).toISOString() };
    const failed = new Map([['k8s-worker/0', { revision: `${revision}`, token: 't' }]]);
    expect(plan({ workers: { units: units(revision), shared } }, failed, offers)).toHaveLength(renewed ? 1 : 0);
    const told = heldBackReports([{ units: units(revision) }], failed, { offers, now: NOW });
    expect(told).toHaveLength(renewed ? 0 : 1);
    for (const { message } of told) expect(message).toMatch(/^k8s-worker\/0 failed to join \d+ times.* UTC: no$/);
  });

  it('costs one unit no more than some revisions an hour, however fast it reports', () => {
    const bags = new Map([['k8s-worker/0', asks('a')]]);
    let [now, revision, offers, renewals]: [Date, number, Offers, number] = [NOW, 0, {}, 0];
    for (let second = 0; second < 3600; second += 2) {
      now = new Date(NOW.getTime() + second * 1000);
      bags.set('k8s-worker/0', asks('a', { 'token-failure': failure(revision) }));
      const changes = planTokens({
        clusterName: CLUSTER,
        node: 'ours',
        peers: relation(PEERS),
        workers: [relation(WORKERS, { units: bags, shared })],
        failedTokens: new Map([['k8s-worker/0', { revision: `${revision}`, token: 't' }]]),
        offers,
        now,
      });
      for (const change of changes) {
        if (change.kind === 'offer-token') [revision, renewals] = [revision + 1, renewals + 1];
        if (change.kind === 'remember') offers = JSON.parse(change.value ?? '{}');
      }
    }
    expect(renewals).toBeGreaterThan(5);
    expect(renewals).toBeLessThan(12);
    expect(Object.keys(offers)).toEqual(['k8s-worker/0']);
  });

  it('is asked about only of units that report one and have not joined', () => {
    const facts = relation(WORKERS, {
      units: new Map([
        ['k8s-worker/0', asks('a', { 'token-failure': failure(0) })],
        ['k8s-worker/1', asks('b', { 'token-failure': failure(0), joined: CLUSTER })],
        ['k8s-worker/2', asks('c')],
        ['k8s-worker/3', asks('d', { 'token-failure': failure(0) })],
      ]),
      shared: {
        'k8s-worker/0-secret-id': 'secret:a',
        'k8s-worker/1-secret-id': 'secret:b',
        'k8s-worker/2-secret-id': 'secret:c',
      },
    });
    expect(unitsWithFailedToken(facts, facts.shared)).toEqual([{ unit: 'k8s-worker/0', uri: 'secret:a' }]);
  });
});

describe('a unit that has joined', () => {
  const joined = (more: Databag = {}) => new Map([['k8s-worker/0', asks('a', { joined: CLUSTER, ...more })]]);

  it('is recorded, and its token goes', () => {
    const shared = { 'k8s-worker/0': 'pending-a', 'k8s-worker/0-secret-id': 'secret:a' };
    expect(plan({ workers: { units: joined(), shared } })).toEqual([
      { kind: 'publish', relation: WORKERS, scope: 'application', entries: { 'k8s-worker/0': 'joined-a' } },
      { kind: 'withdraw-token', relation: WORKERS, unit: 'k8s-worker/0', uri: 'secret:a', as: 'leader' },
    ]);
  });

  it('is recorded also when no record is left of its offer, as a control plane; of a worker it would be a claim', () => {
    const units = new Map([['k8s/1', asks('b', { joined: CLUSTER })]]);
    expect(plan({ peers: { units } })).toMatchObject([{ entries: { 'k8s/1': 'joined-b' } }]);
    expect(plan({ workers: { units: joined() } })).toEqual([]);
  });

  it('needs nothing once it is settled', () => {
    expect(plan({ workers: { units: joined(), shared: { 'k8s-worker/0': 'joined-a' } } })).toEqual([]);
  });

  it('keeps the node on record when it calls itself otherwise afterwards', () => {
    const units = joined({ 'node-name': 'node-of-another' });
    expect(plan({ workers: { units, shared: { 'k8s-worker/0': 'joined-a' } } })).toEqual([]);
    expect(plan({ workers: { units, shared: { 'k8s-worker/0': 'pending-a' } } })).toMatchObject([
      { entries: { 'k8s-worker/0': 'joined-a' } },
    ]);
  });

  it('of another cluster is none of ours', () => {
    const units = new Map([['k8s-worker/0', asks('a', { joined: 'k8s-of-another-model' })]]);
    expect(plan({ workers: { units } })).toEqual([]);
  });

  it('gets no second token when its databag has not said so yet, but the record does', () => {
    const units = new Map([['k8s-worker/0', asks('a')]]);
    expect(plan({ workers: { units, shared: { 'k8s-worker/0': 'joined-a' } } })).toEqual([]);
  });
});

describe('offeredSecret', () => {
  const uri = { 'k8s-worker/0-secret-id': 'secret:a' };
  it.each<[string, Partial<RelationFacts>, string | undefined]>([
    ['in the application databag', { shared: uri }, 'secret:a'],
    ["in a unit's, as old charms do", { units: new Map([['k8s/0', uri]]) }, 'secret:a'],
    [
      'in both, the same',
      {
        shared: uri,
        units: new Map<string, Databag>([
          ['k8s/0', uri],
          ['k8s/1', {}],
        ]),
      },
      'secret:a',
    ],
    [
      'two different ones are none',
      { shared: uri, units: new Map([['k8s/0', { 'k8s-worker/0-secret-id': 'secret:b' }]]) },
      undefined,
    ],
    ["another unit's is none", { shared: { 'k8s-worker/1-secret-id': 'secret:b' } }, undefined],
  ])('%s', (_, facts, expected) => {
    expect(offeredSecret('k8s-worker/0', relation('cluster:4', facts))).toBe(expected);
  });
});

describe('readOffer', () => {
  it.each([
    [
      { revision: '2', token: 't' },
      { revision: 2, token: 't' },
    ],
    [{ token: 't' }, { revision: 0, token: 't' }],
    [
      { revision: 'x', token: 't' },
      { revision: 0, token: 't' },
    ],
    [{ revision: '2', token: '' }, { revision: 2 }],
    [{}, { revision: 0 }],
  ])('%j', (content, expected) => {
    expect(readOffer(content as SecretContent)).toEqual(expected);
  });
});
