import { describe, expect, it } from 'vitest';
import type { WorkerFacts } from '../../../src/capabilities/membership/facts.ts';
import { planWorker } from '../../../src/capabilities/membership/plan-worker.ts';
import type { RawOptions } from '../../../src/core/options.ts';
import {
  CLUSTER,
  controlPlaneBag,
  descriptions,
  kinds,
  NO_MEMORY,
  OUTSIDE,
  published,
  relation,
  VERSION,
  worker,
} from './facts.ts';

const units = new Map([['k8s/0', controlPlaneBag(0, { 'cluster-name': CLUSTER })]]);
const identity = { 'node-name': 'juju-3f2a-4', version: VERSION };
const bags = (more: Partial<WorkerFacts['cluster']> = {}) =>
  relation('cluster:4', { units, own: identity, shared: { version: VERSION }, ...more });
const joiner = (more: Partial<WorkerFacts> = {}, set: RawOptions = {}) =>
  worker({ ...OUTSIDE, cluster: bags(), offeredToken: { revision: '0', token: 'SECRET-TOKEN' }, ...more }, set);

describe('a worker joins', () => {
  it('after it has said its name and version, which is its request', () => {
    const cluster = bags({ own: {} });
    const plan = planWorker(joiner({ cluster, offeredToken: undefined }));
    expect(published(plan.changes, [cluster]).get('cluster:4')?.own).toEqual(identity);
    expect(plan.reports).toEqual([{ status: 'waiting', message: 'Waiting for Cluster token' }]);
  });

  it('after it has said with which of its addresses, where Juju gives another first', () => {
    const cluster = bags({ own: {} });
    const facts = joiner({ cluster, offeredToken: undefined, boundAddresses: ['10.0.1.20', '10.0.0.20'] });
    expect(published(planWorker(facts).changes, [cluster]).get('cluster:4')?.own).toEqual({
      ...identity,
      'join-address': '10.0.0.20',
    });
  });

  it('with its token, its options, and both addresses of a machine that has two', () => {
    const set = {
      'bootstrap-node-taints': 'a:NoSchedule b=1:NoExecute',
      'kubelet-extra-args': 'max-pods=50 read-only-port=0',
      'kube-proxy-extra-args': 'v=2',
    };
    const addresses = ['10.0.0.20', 'fd00:0000:0000:0000:0000:0000:0000:0001'];
    expect(planWorker(joiner({ addresses }, set)).changes).toEqual([
      {
        kind: 'join',
        born: { 'kube-proxy': { '--v': { was: null, is: '2' } }, kubelet: { '--max-pods': { was: null, is: '50' } } },
        name: 'juju-3f2a-4',
        address: '10.0.0.20:6400',
        relation: 'cluster:4',
        revision: 0,
        token: 'SECRET-TOKEN',
        config: {
          'extra-node-kube-proxy-args': { '--v': '2' },
          'extra-node-kubelet-args': {
            '--max-pods': '50',
            '--register-with-taints': 'a:NoSchedule,b=1:NoExecute',
            '--node-ip': addresses.join(','),
          },
        },
      },
    ]);
  });

  it('without a configuration where there is none', () => {
    expect(planWorker(joiner()).changes).toMatchObject([{ kind: 'join', config: {} }]);
  });

  it.each<[string, Partial<WorkerFacts>, string]>([
    ['has no token', { offeredToken: undefined }, 'Waiting for Cluster token'],
    ['has an empty one', { offeredToken: { revision: '0', token: '' } }, 'Waiting for Cluster token'],
    ['hears no name of a cluster', { cluster: bags({ units: new Map([['k8s/0', {}]]) }) }, 'Waiting for Cluster token'],
    [
      'hears two names',
      { cluster: bags({ units: new Map([...units, ['k8s/1', { 'cluster-name': 'x' }]]) }) },
      'Waiting for Cluster token',
    ],
    ['has no address', { addresses: [] }, 'Waiting for Cluster token'],
    [
      'has failed with this token',
      { cluster: bags({ own: { ...identity, 'token-failure': '{"revision": 0, "error": "expired"}' } }) },
      'Waiting for another Cluster token: expired',
    ],
    [
      'has a newer snap than one of the control planes',
      { cluster: bags({ units: new Map([...units, ['k8s/1', { version: '1.35.9' }]]) }) },
      `Snap ${VERSION} is newer than the cluster's 1.35.9; set snap-channel or attach snap-installation accordingly`,
    ],
    [
      'has no control plane',
      { cluster: undefined },
      'Missing cluster integration: juju integrate k8s:k8s-cluster k8s-worker:cluster',
    ],
  ])('not while it %s', (_, more, message) => {
    const plan = planWorker(joiner(more));
    expect(kinds(plan.changes)).not.toContain('join');
    expect(plan.reports).toMatchObject([{ message }]);
  });

  it('and calls for no operator before Juju has told it of its integrations', () => {
    const reports = (kind: 'install' | 'start') =>
      planWorker(joiner({ cluster: undefined, event: { kind } })).reports.map(({ status }) => status);
    expect([reports('install'), reports('start')]).toEqual([['maintenance'], ['blocked']]);
  });

  it('with the next token after a failure', () => {
    const cluster = bags({ own: { ...identity, 'token-failure': '{"revision": 0, "error": "expired"}' } });
    expect(planWorker(joiner({ cluster, offeredToken: { revision: '1', token: 't' } })).changes).toMatchObject([
      { kind: 'join', revision: 1 },
    ]);
  });

  it('to a control plane of existing charms, of which it needs the units only', () => {
    const cluster = bags({ shared: {} });
    expect(kinds(planWorker(joiner({ cluster })).changes)).toEqual(['join']);
  });

  it('with an older snap, which Kubernetes allows', () => {
    expect(kinds(planWorker(joiner({ cluster: bags({ shared: { version: '1.37.0' } }) })).changes)).toEqual(['join']);
  });
});

describe('a worker that is in the cluster', () => {
  it('says so in the words of the control plane, and remembers over which integration it came', () => {
    const cluster = bags({ own: { ...identity, 'token-failure': '{"revision": 0, "error": "x"}' } });
    const plan = planWorker(worker({ cluster, memory: NO_MEMORY }));
    expect(plan.changes).toContainEqual({ kind: 'remember', key: 'home', value: 'cluster:4' });
    expect(published(plan.changes, [cluster]).get('cluster:4')?.own).toEqual({ ...identity, joined: CLUSTER });
  });

  it('never writes into an application databag, which is not its own', () => {
    for (const facts of [worker(), joiner(), worker({ cluster: bags({ own: {} }), memory: NO_MEMORY })])
      for (const change of planWorker(facts).changes)
        expect(change).not.toMatchObject({ kind: 'publish', scope: 'application' });
  });

  it('keeps its word when no control plane is left, and waits', () => {
    const cluster = relation('cluster:4', { own: { ...identity, joined: CLUSTER } });
    expect(planWorker(worker({ cluster }))).toEqual({
      changes: [],
      reports: [{ status: 'waiting', message: 'No control plane is left' }],
    });
  });

  it.each<[string, Partial<WorkerFacts>, RawOptions, readonly string[]]>([
    ['arguments', {}, { 'kubelet-extra-args': 'max-pods=50' }, ['kubelet: set --max-pods=50, and restart it']],
    ['labels', {}, { 'node-labels': 'zone=a' }, ['label node juju-3f2a-4: zone=a']],
    [
      'registries of the control plane',
      { registries: [{ url: 'https://r.example', host: 'r.example' }] },
      {},
      ['write the files of the custom registries: /etc/containerd/hosts.d/r.example/hosts.toml'],
    ],
    [
      'a channel',
      {
        cluster: worker().cluster && {
          ...bags({ own: { ...identity, joined: CLUSTER } }),
          units: new Map([['k8s/0', controlPlaneBag(0, { version: '1.37.1' })]]),
        },
      },
      { 'snap-channel': '1.37-classic/stable' },
      ['refresh the k8s snap to 1.37-classic/stable'],
    ],
  ])('is kept as configured: %s', (_, more, set, expected) => {
    expect(descriptions(planWorker(worker(more, set)).changes)).toEqual(expected);
  });

  it('follows a control plane whose leader has an older version on record: that one waits for the workers', () => {
    const behind = { ...bags({ own: { ...identity, joined: CLUSTER } }), shared: { version: '1.36.4' } };
    const moved = new Map([0, 1].map((number) => [`k8s/${number}`, controlPlaneBag(number, { version: '1.37.1' })]));
    const set = { 'snap-channel': '1.37-classic/stable' };
    const changes = (units: typeof moved) => planWorker(worker({ cluster: { ...behind, units } }, set)).changes;
    expect(descriptions(changes(moved))).toEqual(['refresh the k8s snap to 1.37-classic/stable']);
    expect(changes(new Map([...moved, ['k8s/2', controlPlaneBag(2)]]))).toEqual([]);
    // Existing charms tell theirs on the peer relation only.
    expect(changes(new Map([...moved, ['k8s/2', controlPlaneBag(2, { version: '' })]]))).toEqual([]);
  });

  it('waits with a newer channel for the control plane', () => {
    expect(planWorker(worker({}, { 'snap-channel': '1.37-classic/stable' }))).toEqual({
      changes: [],
      reports: [
        { status: 'waiting', message: "snap-channel is newer than the control plane's 1.36.4; waiting for it" },
      ],
    });
  });

  it('is refused on a machine that is a control plane', () => {
    const node = { name: 'n', address: '10.0.0.20:6400', role: 'control-plane', taints: [] } as const;
    expect(planWorker(worker({ node })).reports).toMatchObject([{ status: 'blocked' }]);
  });
});

describe('a worker leaves', () => {
  const leaving = { leaving: true, memory: { ...NO_MEMORY, leaving: true } };
  const broken = (endpoint: string) =>
    ({ kind: 'relation-broken', endpoint, relation: `${endpoint}:4`, remoteApplication: 'k8s' }) as const;

  it.each<[string, WorkerFacts, readonly string[]]>([
    ['with its integration, and becomes a fresh machine', worker({ cluster: undefined }), ['remove-snap']],
    ['with another integration in its place', worker({ cluster: { ...bags(), id: 'cluster:9' } }), ['remove-snap']],
    ['not for an integration that it never joined over', joiner({ cluster: undefined }), []],
    ['what it has begun is remembered', worker({ leaving: true }), ['remember']],
    ['nothing is done before its relations are over', worker(leaving), []],
    [
      'its services stop before the control plane hears that it is gone',
      worker({ ...leaving, event: broken('cluster') }),
      ['remove-snap'],
    ],
    ['not for the end of another relation', worker({ ...leaving, event: broken('containerd') }), []],
    ['the last hooks find what is left to do', worker({ ...leaving, event: { kind: 'stop' } }), ['remove-snap']],
    [
      'once the snap is gone nothing is left',
      worker({ ...leaving, event: { kind: 'remove' }, snap: undefined, node: undefined }),
      [],
    ],
  ])('%s', (_, facts, expected) => {
    expect(kinds(planWorker(facts).changes)).toEqual(expected);
  });
});
