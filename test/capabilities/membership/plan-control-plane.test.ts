import { describe, expect, it } from 'vitest';
import { formatSealedOffer } from '../../../src/capabilities/membership/deputy.ts';
import type { ControlPlaneFacts } from '../../../src/capabilities/membership/facts.ts';
import { planControlPlane } from '../../../src/capabilities/membership/plan-control-plane.ts';
import { planRemovals } from '../../../src/capabilities/membership/plan-leader.ts';
import type { RawOptions } from '../../../src/core/options.ts';
import { withWaits } from '../../../src/core/waits.ts';
import {
  CLUSTER,
  controlPlaneBag,
  descriptions,
  follower,
  kinds,
  leader,
  NO_MEMORY,
  OUTSIDE,
  PEERS,
  published,
  relation,
  remembered,
  VERSION,
  WORKERS,
  workerBag,
} from './facts.ts';

const alone = relation(PEERS);
const newborn = (more: Partial<ControlPlaneFacts> = {}, set: RawOptions = {}) =>
  leader({ ...OUTSIDE, peers: alone, workers: [], configuration: undefined, ...more }, set);

describe('a machine is prepared first', () => {
  it.each<[string, Partial<ControlPlaneFacts>, RawOptions, readonly string[], readonly string[]]>([
    [
      'refused options stop everything',
      { snap: undefined, daemon: 'absent' },
      { 'snap-channel': 'x' },
      [],
      [
        'snap-channel is "x", of which the track "x" is not a version and -classic; set a channel such as 1.36-classic/stable',
      ],
    ],
    [
      'the snap is installed, also before the peer relation is there',
      { snap: undefined, daemon: 'absent', peers: relation('') },
      {},
      ['install-snap'],
      [],
    ],
    ['k8sd is waited for', { daemon: 'starting' }, {}, ['await-daemon'], []],
    [
      'nothing is published before there is a relation',
      { peers: relation('') },
      {},
      [],
      ['Waiting for the peer relation'],
    ],
  ])('%s', (_, more, set, changes, messages) => {
    const plan = planControlPlane(newborn(more, set));
    expect(kinds(plan.changes)).toEqual(changes);
    expect(plan.reports.map(({ message }) => message)).toEqual(messages);
  });

  it('the snap is installed from the file that the operator gave', () => {
    const snapFile = { path: '/resource/k8s.snap', sha256: 'abc' };
    expect(planControlPlane(newborn({ snap: undefined, daemon: 'absent', snapFile })).changes).toEqual([
      { kind: 'install-snap', channel: '1.36-classic/stable', file: snapFile },
    ]);
  });

  it('the snap is held, or snapd would refresh it behind our back', () => {
    const { heldUntil: _, ...snap } = leader().snap ?? { name: '', version: '', revision: '', confinement: '' };
    expect(kinds(planControlPlane(leader({ snap })).changes)).toEqual(['hold-snap']);
  });
});

describe('bootstrap', () => {
  it.each([
    [
      '10.0.0.10',
      'fd98::/108,172.20.0.0/24',
      'an IPv6 range, but this unit joins by the IPv4 address 10.0.0.10; put the IPv4',
    ],
    [
      'fd00::10',
      '172.20.0.0/24,fd98::/108',
      'an IPv4 range, but this unit joins by the IPv6 address fd00::10; put the IPv6',
    ],
  ])('is refused where kube-apiserver at %s would not start with %s', (address, range, words) => {
    const set = { 'bootstrap-service-cidr': range, 'bootstrap-pod-cidr': 'auto' };
    expect(planControlPlane(newborn({ addresses: [address] }, set))).toMatchObject({
      changes: [{ kind: 'publish' }],
      reports: [{ status: 'blocked', message: `bootstrap-service-cidr begins with ${words} range first` }],
    });
  });

  it('is made by the first leader, which says who it is', () => {
    const { changes, reports } = planControlPlane(newborn());
    expect(descriptions(changes)).toEqual([
      'publish node-name, version on cluster:0 (unit)',
      'bootstrap a cluster with juju-3f2a-0 at 10.0.0.10:6400',
    ]);
    expect(reports).toEqual([]);
  });

  it('carries the options in the words of k8sd', () => {
    const set = {
      'bootstrap-node-taints': 'a:NoSchedule',
      'bootstrap-pod-cidr': '10.2.0.0/16,fd01::/108',
      'bootstrap-service-cidr': 'auto',
      'cluster-annotations': 'k8sd/x=y',
      'kube-apiserver-extra-sans': 'api.example.com',
      'kube-apiserver-extra-args': 'v=4 profiling=true',
      'datastore-extra-args': 'quota-backend-bytes=1',
      'kubelet-extra-args': 'max-pods=50',
    };
    const addresses = ['10.0.0.10', 'fd00:0000:0000:0000:0000:0000:0000:0001'];
    const apiServerSans = { all: ['kubernetes', 'api.example.com'], extra: ['api.example.com'] };
    const change = planControlPlane(newborn({ addresses, apiServerSans }, set)).changes.at(-1);
    expect(change).toMatchObject({
      kind: 'bootstrap',
      config: {
        'cluster-config': { annotations: { 'k8sd/x': 'y' }, network: { enabled: true, 'kube-proxy-enabled': false } },
        'control-plane-taints': ['a:NoSchedule'],
        'pod-cidr': '10.2.0.0/16,fd01::/108',
        'datastore-type': 'etcd',
        'extra-sans': ['api.example.com'],
        // profiling replaces a default, and is set when that can be read and remembered.
        'extra-node-kube-apiserver-args': { '--v': '4' },
        'extra-node-kube-controller-manager-args': { '--cluster-name': CLUSTER },
        'extra-node-kubelet-args': { '--max-pods': '50', '--node-ip': addresses.join(',') },
        'extra-node-etcd-args': { '--quota-backend-bytes': '1' },
      },
    });
    expect(change).not.toHaveProperty('config.service-cidr');
  });

  it('gives an older snap no field that it does not know', () => {
    const snap = {
      name: 'k8s',
      version: '1.35.2',
      revision: '1',
      channel: '1.36-classic/stable',
      confinement: 'classic',
    };
    const change = planControlPlane(
      newborn(
        { snap: { ...snap, channel: '1.35-classic/stable', heldUntil: 'forever' } },
        { 'snap-channel': '1.35-classic/stable' },
      ),
    ).changes.at(-1);
    expect(change).toMatchObject({ kind: 'bootstrap', config: { 'cluster-config': { network: { enabled: true } } } });
    expect(JSON.stringify(change)).not.toContain('kube-proxy-enabled');
  });

  it('uses an external etcd once that has told all', () => {
    const set = { 'bootstrap-datastore': 'etcd', 'datastore-extra-args': 'v=1' };
    const etcd = { servers: ['https://10.0.0.9:2379'], ca: 'CA', certificate: 'CERT', key: 'KEY' };
    expect(planControlPlane(newborn({ etcd: 'no relation' }, set)).reports).toEqual([
      { status: 'blocked', message: 'Missing etcd relation: juju integrate k8s:etcd <application of etcd>' },
    ]);
    expect(planControlPlane(newborn({ etcd: 'not ready' }, set)).reports).toEqual([
      { status: 'waiting', message: 'Waiting for etcd to be ready' },
    ]);
    expect(planControlPlane(newborn({ etcd: 'not valid' }, set)).reports).toEqual([
      {
        status: 'blocked',
        message:
          'The etcd integration gives a connection_string that is not a list of URLs such as https://192.0.2.1:2379',
      },
    ]);
    const change = planControlPlane(newborn({ etcd }, set)).changes.at(-1);
    expect(change).toMatchObject({
      config: {
        'datastore-type': 'external',
        'datastore-servers': ['https://10.0.0.9:2379'],
        'datastore-ca-crt': 'CA',
        'datastore-client-crt': 'CERT',
        'datastore-client-key': 'KEY',
      },
    });
    expect(change).not.toHaveProperty('config.extra-node-etcd-args');
  });

  it('waits for an address', () => {
    expect(planControlPlane(newborn({ addresses: [] })).reports).toEqual([
      { status: 'waiting', message: 'Waiting for an address on the binding of endpoint cluster' },
    ]);
  });

  it.each<[string, Partial<ControlPlaneFacts>]>([
    ['by one that is not the leader', { leader: false }],
    [
      'while another unit is in a cluster',
      { peers: relation(PEERS, { units: new Map([['k8s/1', controlPlaneBag(1)]]) }) },
    ],
    [
      'while one is on record as joined',
      { peers: relation(PEERS, { units: new Map([['k8s/1', {}]]), shared: { 'k8s/1': 'joined-n' } }) },
    ],
    [
      'by a unit that has not met those on record yet',
      { peers: relation(PEERS, { shared: { 'k8s/1': 'joined-n' } }), staying: ['k8s/1'] },
    ],
    [
      'while workers belong to a cluster',
      { workers: [relation(WORKERS, { shared: { 'k8s-worker/0': 'joined-juju-3f2a-4' } })] },
    ],
  ])('is not made %s', (_, more) => {
    expect(kinds(planControlPlane(newborn(more)).changes)).not.toContain('bootstrap');
  });

  it('is made anew when all that are on record are gone: their cluster went with them', () => {
    const peers = relation(PEERS, { shared: { 'k8s/1': 'joined-n', 'k8s/2': 'pending-m' } });
    expect(kinds(planControlPlane(newborn({ peers })).changes)).toContain('bootstrap');
  });

  it('has the same name whoever computes it, so that a hook that failed after it publishes the same', () => {
    const peers = relation(PEERS, { own: { 'node-name': 'juju-3f2a-0', version: VERSION } });
    const { changes } = planControlPlane(leader({ peers, workers: [], members: [] }));
    expect(published(changes, [peers]).get(PEERS)).toEqual({
      own: { 'node-name': 'juju-3f2a-0', version: VERSION, joined: CLUSTER, 'cluster-name': CLUSTER },
      shared: { 'bootstrap-certificates': 'snap-managed', 'k8s/0': 'joined-juju-3f2a-0' },
    });
  });
});

describe('a control plane joins', () => {
  const units = new Map([['k8s/0', controlPlaneBag(0, { 'cluster-name': CLUSTER })]]);
  const own = { 'node-name': 'juju-3f2a-1', version: VERSION };
  const joiner = (more: Partial<ControlPlaneFacts> = {}, bags: Partial<ControlPlaneFacts['peers']> = {}) =>
    follower({
      ...OUTSIDE,
      peers: relation(PEERS, { units, own, shared: { version: VERSION }, ...bags }),
      offeredToken: { revision: '2', token: 'SECRET-TOKEN' },
      ...more,
    });

  it('with the token that it was offered', () => {
    const { changes } = planControlPlane(joiner());
    expect(changes).toMatchObject([
      {
        kind: 'join',
        name: 'juju-3f2a-1',
        address: '10.0.0.11:6400',
        relation: PEERS,
        revision: 2,
        token: 'SECRET-TOKEN',
        config: {
          'extra-sans': ['10.0.0.11'],
          'extra-node-kube-controller-manager-args': { '--cluster-name': CLUSTER },
        },
      },
    ]);
    expect(changes[0]).not.toHaveProperty('config.cluster-config');
  });

  it.each<[string, Partial<ControlPlaneFacts>, Partial<ControlPlaneFacts['peers']>, string]>([
    ['has no token', { offeredToken: undefined }, {}, 'Waiting for Cluster token'],
    ['has an empty one', { offeredToken: { revision: '0', token: '' } }, {}, 'Waiting for Cluster token'],
    [
      'hears two names of the cluster',
      {},
      { units: new Map([...units, ['k8s/2', { 'cluster-name': 'other' }]]) },
      'Waiting for Cluster token',
    ],
    [
      'has failed with this one',
      {},
      { own: { ...own, 'token-failure': '{"revision": 2, "error": "expired"}' } },
      'Waiting for another Cluster token: expired',
    ],
    [
      'has another snap',
      {},
      { shared: { version: '1.35.0' } },
      `Snap ${VERSION} cannot join a cluster of 1.35.0; bring all to one version by another snap-channel or snap-installation, or remove this unit`,
    ],
  ])('not while it %s', (_, more, bags, message) => {
    const plan = planControlPlane(joiner(more, bags));
    expect(kinds(plan.changes)).not.toContain('join');
    expect(plan.reports).toMatchObject([{ message }]);
  });

  it('says so once it is in, from what k8sd says: the hook may have failed after the join', () => {
    const peers = relation(PEERS, {
      units,
      own: { ...own, 'token-failure': '{"revision": 0, "error": "x"}' },
      shared: leader().peers.shared,
    });
    const members = [{ name: 'juju-3f2a-0', address: '10.0.0.10:6400', role: 'voter', status: 'ONLINE' }];
    expect(planControlPlane(follower({ peers, members })).changes).toEqual([
      { kind: 'publish', relation: PEERS, scope: 'unit', entries: { joined: CLUSTER, 'token-failure': undefined } },
    ]);
  });

  it.each<[string, ControlPlaneFacts['members'], string]>([
    [
      'in a cluster without any of the others',
      [{ name: 'juju-3f2a-1', address: '', role: 'voter', status: 'ONLINE' }],
      'This unit has made a cluster of its own while another one existed; remove the unit and add one',
    ],
    ['before k8sd has told who is in it', undefined, 'Waiting for k8sd to tell who is in the cluster'],
  ])('does not say so %s', (_, members, message) => {
    const plan = planControlPlane(follower({ peers: relation(PEERS, { units, own }), members }));
    expect(plan.changes).toEqual([]);
    expect(plan.reports).toMatchObject([{ message }]);
  });

  it('is refused on a machine that is a worker', () => {
    const node = { name: 'n', address: '10.0.0.11', role: 'worker', taints: [] } as const;
    expect(planControlPlane(follower({ node })).reports).toMatchObject([{ status: 'blocked' }]);
  });
});

describe('a control plane that is alone with workers of before', () => {
  const alone = (workers: ControlPlaneFacts['workers']) =>
    leader({ ...OUTSIDE, peers: relation(PEERS, { shared: { 'k8s/9': 'joined-gone' } }), workers });

  it('makes no cluster that they are not in, and says what an operator can do', () => {
    const shared = { 'k8s-worker/0': 'joined-a', 'k8s-worker/1': 'joined-b', 'k8s-worker/2': 'pending-c' };
    const { changes, reports } = planControlPlane(alone([relation(WORKERS, { shared })]));
    expect(kinds(changes)).not.toContain('bootstrap');
    expect(reports).toContainEqual({
      status: 'blocked',
      message:
        'A new cluster waits: k8s-worker/0, k8s-worker/1 belong to one whose control planes are gone, with what ran there; juju remove-relation k8s:k8s-cluster k8s-worker, and integrate again when the new cluster is there',
    });
  });

  it('makes one when nobody is on record: what a worker says of itself keeps no cluster from being made', () => {
    const units = new Map([['k8s-worker/0', workerBag(0)]]);
    expect(kinds(planControlPlane(alone([relation(WORKERS, { units })])).changes)).toContain('bootstrap');
  });
});

describe('a leader that is not in the cluster', () => {
  const units = new Map([
    ['k8s/0', controlPlaneBag(0, { 'cluster-name': CLUSTER })],
    ['k8s/2', {}],
  ]);
  const own = { 'node-name': 'juju-3f2a-1', version: VERSION };
  const outsider = (bags: Partial<ControlPlaneFacts['peers']> = {}, more: Partial<ControlPlaneFacts> = {}) =>
    follower({ ...OUTSIDE, leader: true, peers: relation(PEERS, { units, own, ...bags }), ...more });
  const uri = { 'k8s/1-secret-id': 'secret:a' };
  const offeredToken = { revision: '0', token: 't' };
  const failure = { 'token-failure': '{"revision": 0, "error": "x"}' };

  it('asks a member for a token, with the key to seal it with', () => {
    const ask = { kind: 'ask-deputy', relation: PEERS, deputy: 'k8s/0', unit: 'k8s/1' };
    expect(planControlPlane(outsider()).changes).toEqual([{ ...ask, key: undefined }]);
    const deputyKey = 'secret:k';
    const shared = { deputy: '{"unit":"k8s/0","for":"k8s/1","key":"secret:k"}' };
    expect(planControlPlane(outsider({ shared }, { deputyKey })).changes).toEqual([]);
    // The one that was asked is gone: another gets the same key.
    const before = { deputy: '{"unit":"k8s/5","for":"k8s/1","key":"secret:k"}' };
    expect(planControlPlane(outsider({ shared: before }, { deputyKey })).changes).toEqual([{ ...ask, key: deputyKey }]);
  });

  it('asks again when the key cannot be read, or an earlier revision of the charm asked without one', () => {
    for (const deputy of ['{"unit":"k8s/0","for":"k8s/1","key":"secret:gone"}', '{"unit": "k8s/0", "for": "k8s/1"}'])
      expect(planControlPlane(outsider({ shared: { deputy } })).changes).toMatchObject([
        { kind: 'ask-deputy', key: undefined },
      ]);
  });

  it('joins with what its deputy made', () => {
    const shared = { deputy: '{"unit":"k8s/0","for":"k8s/1","key":"secret:k"}' };
    expect(kinds(planControlPlane(outsider({ shared }, { deputyKey: 'secret:k', offeredToken })).changes)).toEqual([
      'join',
    ]);
  });

  it('uses what the leader before it had offered, and asks for nothing else: two offers would be none', () => {
    expect(kinds(planControlPlane(outsider({ shared: uri }, { offeredToken })).changes)).toEqual(['join']);
  });

  it('clears an offer away that has failed, and starts anew', () => {
    const plan = planControlPlane(outsider({ shared: uri, own: { ...own, ...failure } }, { offeredToken }));
    expect(descriptions(plan.changes)).toEqual([
      'withdraw the join token of k8s/1',
      'publish token-failure on cluster:0 (unit)',
      'ask k8s/0 for a join token for k8s/1',
    ]);
  });

  it('says whom it waits for when it has met no member', () => {
    const plan = planControlPlane(
      outsider({ units: new Map(), shared: { 'k8s/0': 'joined-n' } }, { staying: ['k8s/0'] }),
    );
    expect(kinds(plan.changes)).toEqual([]);
    expect(plan.reports).toContainEqual({
      status: 'waiting',
      message: 'Waiting for a member of the cluster to hand out a token',
    });
  });
});

describe('a deputy', () => {
  const asker = (more = {}) => new Map([['k8s/0', { 'node-name': 'juju-3f2a-0', version: VERSION, ...more }]]);
  const request = { deputy: '{"unit":"k8s/1","for":"k8s/0","key":"secret:k"}' };
  const deputy = (bags: Partial<ControlPlaneFacts['peers']>, more: Partial<ControlPlaneFacts> = {}) =>
    follower({
      peers: relation(PEERS, { own: controlPlaneBag(1), shared: request, units: asker(), ...bags }),
      ...more,
    });
  const sealed = (revision: number, key = 'secret:k') =>
    controlPlaneBag(1, { 'token-offer': formatSealedOffer({ for: 'k8s/0', key, revision, sealed: 'c2VhbGVk' }) });
  const failed = asker({ 'token-failure': '{"revision": 0, "error": "x"}' });
  const OFFER = 'offer a join token for k8s/0 (control plane juju-3f2a-0) in the place of the leader';
  const AWAY = 'publish token-offer on cluster:0 (unit)';

  it.each<[string, ControlPlaneFacts, readonly string[]]>([
    ['offers a token to the leader that asks', deputy({}), [OFFER]],
    ['offers it once', deputy({ own: sealed(0) }), []],
    ['renews it when it failed', deputy({ own: sealed(0), units: failed }), [OFFER]],
    ['renews it once', deputy({ own: sealed(1), units: failed }), []],
    ['seals it anew for another key', deputy({ own: sealed(0, 'secret:old') }), [OFFER]],
    ['withdraws it when the leader has joined', deputy({ own: sealed(0), units: asker({ joined: CLUSTER }) }), [AWAY]],
    [
      'withdraws it when another is asked',
      deputy({ own: sealed(0), shared: { deputy: '{"unit":"k8s/2","for":"k8s/0","key":"secret:k"}' } }),
      [AWAY],
    ],
    ['withdraws it when nobody asks any more', deputy({ own: sealed(0), shared: {} }), [AWAY]],
    [
      'takes back the secret of an earlier revision of the charm',
      deputy({ own: controlPlaneBag(1, { 'k8s/0-secret-id': 'secret:d' }), shared: {} }),
      ['withdraw the join token of k8s/0'],
    ],
    ['does nothing without a key', deputy({ shared: { deputy: '{"unit": "k8s/1", "for": "k8s/0"}' } }), []],
    ['does nothing for one that is not there', deputy({ units: new Map() }), []],
    ['does nothing by a request that makes no sense', deputy({ shared: { deputy: '["k8s/1"]' } }), []],
  ])('%s', (_, facts, expected) => {
    const changes = planControlPlane(facts).changes.filter(({ kind }) => kind !== 'remember');
    expect(descriptions(changes)).toEqual(expected);
  });

  it('renews the tokens of a leader that keeps failing to join more and more slowly', () => {
    const bag = (revision: number) => asker({ 'token-failure': `{"revision": ${revision}, "error": "x"}` });
    const now = new Date('2026-11-23T10:00:00Z');
    const later = (revision: number, minutes: number) => {
      const at = new Date(now.getTime() - minutes * 60_000).toISOString();
      const memory = remembered('k8s', { ...follower().memory, offers: { 'k8s/0': at } });
      return planControlPlane(deputy({ own: sealed(revision), units: bag(revision) }, { memory, now }));
    };
    expect(later(1, 0).changes).toMatchObject([
      { kind: 'offer-sealed-token', revision: 2 },
      { kind: 'remember', key: 'offers', value: `{"k8s/0":"${now.toISOString()}"}` },
    ]);
    expect(later(4, 3)).toEqual({
      changes: [],
      reports: [
        { status: 'active', message: 'k8s/0 failed to join 5 times; it gets its next token after 10:01 UTC: x' },
      ],
    });
    expect(kinds(later(4, 5).changes)).toEqual(['offer-sealed-token', 'remember']);
  });
});

describe('the leader takes nodes out whose units are gone', () => {
  const gone = (shared: Record<string, string>, more: Partial<ControlPlaneFacts> = {}) => {
    const settled = leader();
    const [first] = settled.workers;
    const workers = first ? [{ ...first, shared: { ...first.shared, ...shared } }] : [];
    return planRemovals(leader({ workers, ...more }));
  };

  it.each<[string, Record<string, string>, object[]]>([
    [
      'whatever their application is called',
      { 'workers-small/3': 'joined-n' },
      [{ unit: 'workers-small/3', node: 'n', force: false, uri: undefined }],
    ],
    [
      'by force and with their token when they had not joined',
      { 'k8s-worker/3': 'pending-n', 'k8s-worker/3-secret-id': 'secret:x' },
      [{ node: 'n', force: true, uri: 'secret:x' }],
    ],
    ['not those that are there', {}, []],
    ['not what is no unit', { 'k8s-worker/3-secret-id': 'secret:x', 'certs-provider': 'x' }, []],
  ])('%s', (_, shared, expected) => {
    const changes = gone(shared);
    expect(changes).toHaveLength(expected.length);
    for (const [index, change] of expected.entries())
      expect(changes[index]).toMatchObject({ kind: 'remove-node', relation: WORKERS, ...change });
  });

  it('not itself, and not a control plane that it has only not met yet', () => {
    const { peers } = leader();
    const shared = { ...peers.shared, 'k8s/2': 'joined-n' };
    expect(planRemovals(leader({ peers: { ...peers, shared }, staying: ['k8s/1', 'k8s/2'] }))).toEqual([]);
    expect(planRemovals(leader({ peers: { ...peers, shared } }))).toMatchObject([{ unit: 'k8s/2' }]);
  });
});

describe('the leader announces', () => {
  it('its cluster on each relation with workers, and a version once all have one', () => {
    const fresh = relation('k8s-cluster:7', { units: new Map([['other/0', { 'node-name': 'n', version: VERSION }]]) });
    const { changes } = planControlPlane(leader({ workers: [fresh] }));
    expect(published(changes, [fresh]).get('k8s-cluster:7')).toEqual({
      own: { 'node-name': 'juju-3f2a-0', version: VERSION, 'cluster-name': CLUSTER, joined: CLUSTER },
      shared: { 'bootstrap-certificates': 'snap-managed', version: VERSION },
    });
  });

  it.each<[string, Record<string, string>, string]>([
    ['one that says no version', { version: '' }, 'Waiting for version from k8s-worker/0'],
    ['one of another version', { version: '1.35.0' }, 'Waiting for 1 Worker to upgrade'],
  ])('what it waits for: %s; the version on record stays', (_, bag, message) => {
    const [first] = leader().workers;
    const workers = first
      ? [
          {
            ...first,
            units: new Map([['k8s-worker/0', workerBag(0, bag)]]),
            shared: { ...first.shared, version: '1.35.0' },
          },
        ]
      : [];
    const { changes, reports } = planControlPlane(leader({ workers }));
    expect(published(changes, workers).get(WORKERS)?.shared['version']).toBe('1.35.0');
    expect(reports).toMatchObject([{ status: 'waiting', message }]);
    // A unit that never says it, or never gets there, is one for an operator.
    const { waits } = withWaits(reports, {}, new Date('2026-12-01T10:00:00Z'));
    const [shown] = withWaits(reports, waits, new Date('2026-12-02T10:00:00Z')).reports;
    expect(shown?.status).toBe('blocked');
    expect(shown?.message).toMatch(/ \(since 2026-12-01.*\); see juju status k8s-worker\/0/);
  });

  it('a version without regard to a worker that had no token: what it says of itself counts for nothing', () => {
    for (const bag of [{ joined: CLUSTER }, { joined: CLUSTER, version: '1.35.0' }, { version: '9' }]) {
      const other = relation('k8s-cluster:9', { units: new Map([['thief/0', { 'node-name': '', ...bag }]]) });
      const { reports } = planControlPlane(leader({ workers: [...leader().workers, other] }));
      expect(reports.filter(({ status }) => status === 'waiting')).toEqual([]);
    }
  });

  it('to control planes the version of the control planes, however late a worker is', () => {
    const { peers, workers } = leader();
    const late = new Map([['k8s-worker/0', workerBag(0, { version: '1.35.0' })]]);
    const facts = leader({
      peers: { ...peers, shared: { ...peers.shared, version: '1.35.0' } },
      workers: workers.map((each) => ({ ...each, units: late, shared: { ...each.shared, version: '1.35.0' } })),
    });
    const written = published(planControlPlane(facts).changes, [facts.peers, ...facts.workers]);
    expect(written.get(PEERS)?.shared['version']).toBe(VERSION);
    expect(written.get(WORKERS)?.shared['version']).toBe('1.35.0');
  });

  it('counts both kinds that have to be upgraded', () => {
    const old = (bag: Record<string, string>) => ({ ...bag, version: '1.35.0' });
    const { peers, workers } = leader();
    const facts = leader({
      peers: {
        ...peers,
        units: new Map([
          ['k8s/1', old(controlPlaneBag(1))],
          ['k8s/2', old(controlPlaneBag(2))],
        ]),
        shared: { ...peers.shared, 'k8s/2': 'joined-juju-3f2a-2' },
      },
      workers: workers.map((each) => ({ ...each, units: new Map([['k8s-worker/0', old(workerBag(0))]]) })),
    });
    expect(planControlPlane(facts).reports).toMatchObject([
      { status: 'waiting', message: 'Waiting for 2 Control Planes, 1 Worker to upgrade' },
    ]);
  });

  it('does not write over what is written once', () => {
    const fresh = relation('k8s-cluster:7', { shared: { 'bootstrap-certificates': 'vault' } });
    const { changes } = planControlPlane(leader({ workers: [fresh] }));
    expect(published(changes, [fresh]).get('k8s-cluster:7')?.shared).toEqual({ 'bootstrap-certificates': 'vault' });
  });

  it('registries, also none: workers wait for the key', () => {
    const containerd = [relation('containerd:9', { units: new Map([['k8s-worker/0', {}]]) })];
    expect(published(planControlPlane(leader({ containerd })).changes, containerd).get('containerd:9')?.shared).toEqual(
      { 'custom-registries': '[]' },
    );
    const text = '[{"url":   "https://r.example"}]';
    const facts = leader({ containerd }, { 'containerd-custom-registries': text });
    expect(published(planControlPlane(facts).changes, containerd).get('containerd:9')?.shared).toEqual({
      'custom-registries': text,
    });
  });

  it('keeps the name of a cluster that was named otherwise', () => {
    const peers = relation(PEERS, { own: controlPlaneBag(0, { joined: 'k8s-of-old' }) });
    const { changes } = planControlPlane(leader({ peers, workers: [] }));
    expect(published(changes, [peers]).get(PEERS)?.own).toMatchObject({
      joined: 'k8s-of-old',
      'cluster-name': 'k8s-of-old',
    });
  });
});

describe('the databags of the worker relation', () => {
  const asking = { 'node-name': 'juju-3f2a-4', version: '1.35.0' };
  const snap = { name: 'k8s', version: '1.35.0', revision: '1', confinement: 'classic', heldUntil: 'forever' };
  const peers = relation(PEERS, { own: controlPlaneBag(0, { version: '1.35.0', 'cluster-name': CLUSTER }) });

  it('are those of the existing charms while a worker is joining', () => {
    const workers = relation(WORKERS, { units: new Map([['k8s-worker/0', asking]]) });
    const { changes } = planControlPlane(leader({ snap, peers, workers: [workers] }));
    const bags = published(changes, [workers]).get(WORKERS);
    expect(bags?.own).toEqual({
      'node-name': 'juju-3f2a-0',
      'cluster-name': 'k8s-376106d671644e274a3877e86a4bdbc5',
      joined: 'k8s-376106d671644e274a3877e86a4bdbc5',
      version: '1.35.0',
    });
    // The token's two keys come with its secret, whose id only Juju knows.
    expect(bags?.shared).toEqual({ 'bootstrap-certificates': 'snap-managed', version: '1.35.0' });
    expect(changes).toContainEqual({
      kind: 'offer-token',
      relation: WORKERS,
      unit: 'k8s-worker/0',
      node: 'juju-3f2a-4',
      worker: true,
      replaces: undefined,
    });
  });

  it('are those of the existing charms once it has joined', () => {
    const shared = {
      'bootstrap-certificates': 'snap-managed',
      version: '1.35.0',
      'k8s-worker/0': 'pending-juju-3f2a-4',
      'k8s-worker/0-secret-id': 'secret:d2k9c1fmp25c77u0abcg',
    };
    const workers = relation(WORKERS, { units: new Map([['k8s-worker/0', { ...asking, joined: CLUSTER }]]), shared });
    const { changes } = planControlPlane(leader({ snap, peers, workers: [workers] }));
    expect(published(changes, [workers]).get(WORKERS)?.shared).toMatchObject({ 'k8s-worker/0': 'joined-juju-3f2a-4' });
    expect(changes).toContainEqual({
      kind: 'withdraw-token',
      relation: WORKERS,
      unit: 'k8s-worker/0',
      uri: 'secret:d2k9c1fmp25c77u0abcg',
      as: 'leader',
    });
  });
});

describe('the cluster is kept as configured', () => {
  it.each<[string, RawOptions, readonly string[]]>([
    [
      'features',
      { 'gateway-enabled': true, 'dns-upstream-nameservers': '192.0.2.1' },
      ['configure the cluster: dns, gateway'],
    ],
    [
      'annotations, which are remembered',
      { 'cluster-annotations': 'b=2 a=1' },
      ['configure the cluster: annotations', 'remember the annotations of the cluster'],
    ],
    [
      'arguments',
      { 'kube-apiserver-extra-args': 'v=4 profiling=true' },
      ['kube-apiserver: set --v=4, set --profiling=true, and restart it'],
    ],
    ['labels', { 'node-labels': 'zone=a' }, ['label node juju-3f2a-0: zone=a']],
    [
      'registries',
      { 'containerd-custom-registries': '[{"url":"https://r.example"}]' },
      ['write the files of the custom registries: /etc/containerd/hosts.d/r.example/hosts.toml'],
    ],
    ['a channel', { 'snap-channel': '1.37-classic/stable' }, ['refresh the k8s snap to 1.37-classic/stable']],
  ])('%s', (_, set, expected) => {
    expect(descriptions(planControlPlane(leader({}, set)).changes)).toEqual(expected);
  });

  it('annotations that are no longer wanted go, and are forgotten', () => {
    const memory = { ...leader().memory, annotations: ['a'] };
    const { configuration } = leader();
    const facts = leader({
      memory,
      configuration: { ...configuration, config: { ...configuration?.config, annotations: { a: '1', theirs: 'x' } } },
    });
    expect(planControlPlane(facts).changes).toEqual([
      { kind: 'configure-cluster', config: { annotations: { a: '-' } }, datastore: undefined },
    ]);
    const gone = { ...configuration, config: { ...configuration?.config, annotations: { theirs: 'x' } } };
    expect(planControlPlane({ ...facts, configuration: gone }).changes).toEqual([
      { kind: 'remember', key: 'annotations', value: undefined },
    ]);
  });

  it('an option that an older snap does not know is told', () => {
    const { snap, configuration } = leader();
    const older = snap && { ...snap, version: '1.35.2', channel: '1.35-classic/stable' };
    const network = { enabled: true };
    const facts = leader(
      { snap: older, configuration: { ...configuration, config: { ...configuration?.config, network } } },
      { 'snap-channel': '1.35-classic/stable', 'kube-proxy-enabled': false },
    );
    expect(planControlPlane(facts).reports).toContainEqual({
      status: 'blocked',
      message: 'kube-proxy-enabled needs snap 1.36 or newer; reset it until then',
    });
  });

  it('what is only read at bootstrap is told when it changes afterwards', () => {
    const set = { 'bootstrap-pod-cidr': '10.2.0.0/16', 'bootstrap-service-cidr': 'auto' };
    expect(planControlPlane(leader({}, set))).toEqual({
      changes: [],
      reports: [
        { status: 'blocked', message: 'bootstrap-pod-cidr cannot change after bootstrap; set it back to 10.1.0.0/16' },
      ],
    });
    expect(planControlPlane(leader({ etcd: 'no relation' }, { 'bootstrap-datastore': 'etcd' })).reports).toEqual([
      { status: 'blocked', message: 'bootstrap-datastore cannot change after bootstrap; set it back to managed-etcd' },
    ]);
  });

  it('and on every control-plane unit, also on one that has not asked k8sd', () => {
    const arguments_ = {
      'kube-apiserver': {
        text: '--etcd-servers="https://127.0.0.1:2379"\n--service-cluster-ip-range="10.152.183.0/24"\n',
        journal: undefined,
      },
      'kube-proxy': { text: '--cluster-cidr="10.1.0.0/16"\n', journal: undefined },
    };
    const messages = (set: RawOptions) =>
      planControlPlane(follower({ arguments: arguments_ }, set)).reports.map(({ message }) => message);
    expect(messages({ 'bootstrap-pod-cidr': '10.2.0.0/16' })).toEqual([
      'bootstrap-pod-cidr cannot change after bootstrap; set it back to 10.1.0.0/16',
    ]);
    expect(messages({ 'bootstrap-service-cidr': '10.7.0.0/24', 'bootstrap-datastore': 'etcd' })).toEqual([
      'bootstrap-service-cidr cannot change after bootstrap; set it back to 10.152.183.0/24',
      'bootstrap-datastore cannot change after bootstrap; set it back to managed-etcd',
    ]);
    expect(messages({})).toEqual([]);
  });

  it('a range that differs in bits behind the prefix alone is the same', () => {
    const { configuration } = leader();
    const made = { ...configuration, config: configuration?.config ?? {}, serviceCidr: '10.152.183.9/24' };
    const facts = leader({ configuration: made }, { 'bootstrap-service-cidr': '10.152.183.77/24' });
    expect(planControlPlane(facts).reports).toEqual([]);
  });

  it('new credentials of an external etcd are given to k8sd', () => {
    const etcd = { servers: ['https://10.0.0.9:2379'], ca: 'CA', certificate: 'NEW', key: 'KEY' };
    const datastore = {
      type: 'external',
      servers: ['https://10.0.0.9:2379'],
      'ca-crt': 'CA',
      'client-crt': 'OLD',
      'client-key': 'KEY',
    };
    const configuration = { ...leader().configuration, config: leader().configuration?.config ?? {}, datastore };
    const { changes } = planControlPlane(leader({ etcd, configuration }, { 'bootstrap-datastore': 'etcd' }));
    expect(changes).toMatchObject([
      { kind: 'configure-cluster', config: {}, datastore: { type: 'external', 'client-crt': 'NEW' } },
    ]);
    expect(descriptions(changes)).toEqual(['configure the cluster: datastore']);
    const same = { ...configuration, datastore: { ...datastore, 'client-crt': 'NEW' } };
    expect(planControlPlane(leader({ etcd, configuration: same }, { 'bootstrap-datastore': 'etcd' })).changes).toEqual(
      [],
    );
  });

  it('what k8sd does not tell is waited for', () => {
    expect(planControlPlane(leader({ configuration: undefined })).reports).toEqual([
      { status: 'waiting', message: "Waiting for k8sd to tell the cluster's configuration" },
    ]);
  });

  it('only by the leader, as far as it is of the whole cluster', () => {
    expect(kinds(planControlPlane(follower({}, { 'gateway-enabled': true, 'node-labels': 'zone=a' })).changes)).toEqual(
      ['label-node'],
    );
  });
});

describe('a control plane leaves', () => {
  const stop = { kind: 'stop' } as const;
  const leaving = { leaving: true, memory: { ...NO_MEMORY, leaving: true } };

  it.each<[string, ControlPlaneFacts, readonly string[]]>([
    ['what it has begun is remembered', follower({ leaving: true }), ['remember']],
    ['nothing is done before its relations are over', follower(leaving), []],
    [
      'it waits for the leader to take it out, does it itself if need be, and stops its services',
      follower({ ...leaving, event: stop, staying: ['k8s/0'] }),
      ['await-removal', 'leave-cluster', 'remove-snap'],
    ],
    [
      'the leader takes itself out',
      leader({ ...leaving, event: stop, staying: ['k8s/1'] }),
      ['leave-cluster', 'remove-snap'],
    ],
    ['with the last one the cluster goes', leader({ ...leaving, event: stop }), ['remove-snap']],
    [
      'one that never joined only goes',
      follower({ ...leaving, event: stop, node: undefined, staying: ['k8s/0'] }),
      ['remove-snap'],
    ],
    [
      'one without a snap has nothing to do',
      follower({ ...leaving, event: stop, snap: undefined, node: undefined }),
      [],
    ],
    [
      'the last hook finds what is left to do',
      follower({ ...leaving, event: { kind: 'remove' }, node: undefined }),
      ['remove-snap'],
    ],
    ['refused options do not keep it', follower({ ...leaving, event: stop }, { 'snap-channel': 'x' }), ['remove-snap']],
  ])('%s', (_, facts, expected) => {
    expect(kinds(planControlPlane(facts).changes)).toEqual(expected);
  });
});
