import { describe, expect, it } from 'vitest';
import { type Change, describe as describeChange } from '../../../src/capabilities/membership/change.ts';
import type {
  ArgumentsJournal,
  Memory,
  NodeFacts,
  ServiceArguments,
} from '../../../src/capabilities/membership/facts.ts';
import { planLabels, strayLabels } from '../../../src/capabilities/membership/labels.ts';
import {
  planRegistries,
  planServiceArguments,
  planSnapRefresh,
  planUpgradeRelation,
} from '../../../src/capabilities/membership/plan-node.ts';
import { parseRegistries, registryFiles } from '../../../src/capabilities/membership/registries.ts';
import { kinds, leader, NO_MEMORY, relation, worker } from './facts.ts';

describe('planSnapRefresh', () => {
  const plan = (channel: string, more: Partial<NodeFacts> = {}, ceiling?: string) => {
    const facts = leader(more, { 'snap-channel': channel });
    return planSnapRefresh(facts, facts.options, ceiling);
  };
  const snap = leader().snap;
  const local = snap && {
    name: 'k8s',
    version: snap.version,
    revision: 'x1',
    confinement: 'classic',
    heldUntil: 'forever',
  };
  const file = { path: '/resource/k8s.snap', sha256: 'new' };

  it.each<[string, string, Partial<NodeFacts>, string | undefined, readonly string[], readonly string[]]>([
    ['nothing where the channel is followed', '1.36-classic/stable', {}, undefined, [], []],
    ['another risk of the same minor version', '1.36-classic/edge', {}, undefined, ['refresh-snap'], []],
    ['the next minor version', '1.37-classic/stable', {}, undefined, ['refresh-snap'], []],
    [
      'not the one after that',
      '1.38-classic/stable',
      {},
      undefined,
      [],
      ['snap-channel skips a minor version from 1.36; set 1.36 or 1.37'],
    ],
    [
      'not the one before',
      '1.35-classic/stable',
      {},
      undefined,
      [],
      ['snap-channel goes back from 1.36; set 1.36 or 1.37'],
    ],
    ['"latest" as the operator says', 'latest/edge', {}, undefined, ['refresh-snap'], []],
    [
      'not what is newer than the control plane',
      '1.37-classic/stable',
      {},
      '1.36.4',
      [],
      ["snap-channel is newer than the control plane's 1.36.4; waiting for it"],
    ],
    ['what the control plane has', '1.37-classic/stable', {}, '1.37.0', ['refresh-snap'], []],
    ['nothing for a snap from a file', '1.37-classic/stable', { snap: local }, undefined, [], []],
    [
      'a new file',
      '1.36-classic/stable',
      { snap: local, snapFile: file, memory: { ...NO_MEMORY, snapFile: 'old' } },
      undefined,
      ['remember', 'refresh-snap'],
      [],
    ],
    [
      'a new file for which it had to wait',
      '1.36-classic/stable',
      { snap: local, snapFile: file, memory: { ...NO_MEMORY, snapFile: 'old', snapFileDue: true } },
      undefined,
      ['refresh-snap'],
      [],
    ],
    [
      'the channel when an empty file took the place of the one that is installed',
      '1.36-classic/stable',
      { snap: local, snapFile: 'empty', memory: { ...NO_MEMORY, snapFile: 'old' } },
      undefined,
      ['remember', 'refresh-snap'],
      [],
    ],
    [
      'no channel that skips a version, also then',
      '1.38-classic/stable',
      { snap: local, snapFile: 'empty', memory: { ...NO_MEMORY, snapFile: 'old', snapFileDue: true } },
      undefined,
      [],
      ['snap-channel skips a minor version from 1.36; set 1.36 or 1.37'],
    ],
    ['nothing for an empty file', '1.36-classic/stable', { snapFile: 'empty' }, undefined, [], []],
    [
      'nothing that restarts where the channel has the revision that is installed',
      '1.37-classic/stable',
      { channelRevision: snap?.revision },
      undefined,
      ['switch-snap'],
      [],
    ],
    [
      'a refresh where it has another one',
      '1.36-classic/edge',
      { channelRevision: '43' },
      undefined,
      ['refresh-snap'],
      [],
    ],
    [
      'nothing for an archive, whatever the channel, and says so until another resource is attached',
      '1.36-classic/edge',
      { snapFile: 'archive' },
      undefined,
      ['remember'],
      [
        'snap-installation holds an archive (.tar.gz) as the Python charms take it; attach the snap in it (juju attach-resource k8s snap-installation=./k8s.snap), or an empty file to use snap-channel',
      ],
    ],
    [
      'not the file that is installed',
      '1.36-classic/stable',
      { snap: local, snapFile: file, memory: { ...NO_MEMORY, snapFile: 'new' } },
      undefined,
      [],
      [],
    ],
    [
      'to forget that a file was due when the installed one was attached again',
      '1.36-classic/stable',
      { snap: local, snapFile: file, memory: { ...NO_MEMORY, snapFile: 'new', snapFileDue: true } },
      undefined,
      ['remember'],
      [],
    ],
  ])('%s', (_, channel, more, ceiling, changes, messages) => {
    const { changes: planned, reports } = plan(channel, more, ceiling);
    expect(kinds(planned)).toEqual(changes);
    expect(reports.map(({ message }) => message)).toEqual(messages);
  });
});

describe('planServiceArguments', () => {
  const text = '--v="4"\n';
  const memory = { '--v': { was: null, is: '4' } };
  const journal = (more: Partial<ArgumentsJournal> = {}): ArgumentsJournal => ({
    before: '',
    after: text,
    remembered: {},
    remember: memory,
    finished: false,
    ...more,
  });
  const plan = (
    wanted: Record<string, string>,
    file: ServiceArguments,
    remembered: Memory['arguments'][keyof Memory['arguments']] = {},
  ) =>
    planServiceArguments(
      leader({ arguments: { kubelet: file }, memory: { ...NO_MEMORY, arguments: { kubelet: remembered } } }),
      { kubelet: wanted },
    ).changes;

  it.each<[string, readonly Change[], readonly string[]]>([
    [
      'a file that is as wanted needs nothing',
      plan({ '--v': '4' }, { text, journal: journal({ finished: true }) }, memory),
      [],
    ],
    ['one that is not is written', plan({ '--v': '5' }, { text, journal: undefined }, memory), ['write-arguments']],
    [
      'what came with the join is only remembered',
      plan({ '--v': '4' }, { text, journal: undefined }),
      ['remember-arguments'],
    ],
    [
      'an edit whose dispatch ended before the restart is finished, and remembered',
      plan({ '--v': '4' }, { text, journal: journal() }),
      ['finish-arguments', 'remember-arguments'],
    ],
    ['an edit that was undone is not', plan({}, { text: '', journal: journal() }), []],
    [
      'an unfinished edit that is no longer wanted is taken back',
      plan({}, { text, journal: journal() }),
      ['write-arguments'],
    ],
  ])('%s', (_, changes, expected) => {
    expect(kinds(changes)).toEqual(expected);
  });

  it('leaves services alone that the node does not have', () => {
    expect(planServiceArguments(leader({ arguments: {} }), { etcd: { '--v': '4' } }).changes).toEqual([]);
  });
});

const CHARM_LABELS = { 'juju-application': 'k8s', 'juju-charm': 'k8s' };

describe('strayLabels', () => {
  const memory = { ...NO_MEMORY, labels: { zone: 'a', tier: 'control' } };

  it('are those of ours that the node lacks or has otherwise', () => {
    expect(strayLabels(memory, { zone: 'b', other: 'x' })).toEqual(['zone', 'tier']);
    expect(strayLabels(memory, { zone: 'a', tier: 'control', other: 'x' })).toEqual([]);
  });
});

describe('planLabels', () => {
  it('sets what is new or other, and takes off what was ours and is no longer wanted', () => {
    const facts = leader(
      { memory: { ...NO_MEMORY, labels: { ...CHARM_LABELS, a: '1', b: '1', c: '1' } } },
      { 'node-labels': 'a=1 b=2 d=4' },
    );
    expect(planLabels(facts, 'control-plane', facts.options)).toEqual([
      {
        kind: 'label-node',
        node: 'juju-3f2a-0',
        labels: { b: '2', d: '4', c: null },
        remember: { ...CHARM_LABELS, a: '1', b: '2', d: '4' },
      },
    ]);
  });

  it('waits for the Node: a kubelet that does not run is reported by itself', () => {
    for (const [registered, expected] of [
      [false, 0],
      [true, 1],
      [undefined, 1],
    ] as const) {
      const facts = worker({ memory: NO_MEMORY, registered });
      expect(planLabels(facts, 'worker', facts.options)).toHaveLength(expected);
    }
  });

  it('gives those by which the nodes of an application are found, as the existing charms do', () => {
    const facts = worker({ memory: NO_MEMORY });
    expect(planLabels(facts, 'worker', facts.options)).toMatchObject([
      { labels: { 'juju-application': 'k8s-worker', 'juju-charm': 'k8s-worker' } },
    ]);
  });

  it('takes a label off with the value -, also one that was never ours, and keeps it off', () => {
    const set = { 'node-labels': 'a=1 b=-' };
    const facts = leader({ memory: { ...NO_MEMORY, labels: { ...CHARM_LABELS, a: '1' } } }, set);
    const [change, ...rest] = planLabels(facts, 'control-plane', facts.options);
    expect(rest).toEqual([]);
    expect(change).toMatchObject({ labels: { b: null }, remember: { a: '1', b: '-' } });
    const after = { ...NO_MEMORY, labels: { ...CHARM_LABELS, a: '1', b: '-' } };
    expect(planLabels(leader({ memory: after }, set), 'control-plane', facts.options)).toEqual([]);
    expect(strayLabels(after, { ...CHARM_LABELS, a: '1' })).toEqual([]);
    expect(strayLabels(after, { ...CHARM_LABELS, a: '1', b: 'back' })).toEqual(['b']);
    const given = leader({ memory: after }, { 'node-labels': 'a=1' });
    expect(planLabels(given, 'control-plane', given.options)).toMatchObject([{ labels: {}, remember: { a: '1' } }]);
  });
});

describe('planRegistries', () => {
  const { value: registries } = parseRegistries(
    'o',
    '[{"url": "https://r.example", "password": "hunter2", "username": "u"}]',
  );
  const files = Object.fromEntries(registries.flatMap(registryFiles).map(({ path, content }) => [path, content]));
  const paths = Object.keys(files);
  const plan = (registryFilesThere: Record<string, string>, remembered: readonly string[]) =>
    planRegistries(
      leader({ registryFiles: registryFilesThere, memory: { ...NO_MEMORY, registries: remembered } }),
      registries,
    );

  it.each<[string, readonly Change[], object[]]>([
    ['writes what differs', plan({}, []), [{ write: [{ path: paths[0] }], remove: [], remember: paths }]],
    ['writes what somebody has changed', plan({ [paths[0] ?? '']: 'x' }, paths), [{ write: [{ path: paths[0] }] }]],
    ['needs nothing where all is there', plan(files, paths), []],
    ['remembers what a hook wrote that failed afterwards', plan(files, []), [{ write: [], remember: paths }]],
    [
      'removes ours that are no longer wanted',
      plan(files, [...paths, '/etc/containerd/hosts.d/old/hosts.toml']),
      [{ write: [], remove: ['/etc/containerd/hosts.d/old/hosts.toml'] }],
    ],
    ['removes nothing elsewhere, whatever is remembered', plan(files, [...paths, '/etc/passwd']), []],
  ])('%s', (_, changes, expected) => {
    expect(changes).toHaveLength(expected.length);
    for (const [index, change] of expected.entries()) expect(changes[index]).toMatchObject(change);
  });

  it('is described without credentials', () => {
    const text = plan({}, []).map(describeChange).join();
    expect(text).toContain('hosts.toml');
    expect(text).not.toContain(Buffer.from('u:hunter2').toString('base64'));
  });
});

describe('planUpgradeRelation', () => {
  it('leaves no upgrade behind that the charm before it had prepared', () => {
    const upgradeRelation = relation('upgrade:1', {
      own: { state: 'ready' },
      shared: { 'upgrade-stack': '[1, 0]', dependencies: '{}' },
    });
    expect(planUpgradeRelation(leader({ upgradeRelation }), true)).toEqual([
      { kind: 'publish', relation: 'upgrade:1', scope: 'unit', entries: { state: 'idle' } },
      { kind: 'publish', relation: 'upgrade:1', scope: 'application', entries: { 'upgrade-stack': undefined } },
    ]);
    expect(planUpgradeRelation(leader({ upgradeRelation }), false)).toHaveLength(1);
    expect(planUpgradeRelation(leader(), true)).toEqual([]);
  });
});

describe('the description of a change', () => {
  it('tells no token and no key', () => {
    const secret = 'hunter2';
    const changes: readonly Change[] = [
      { kind: 'join', name: 'n', address: 'a', relation: 'r', revision: 0, token: secret, config: {}, born: {} },
      {
        kind: 'bootstrap',
        note: { mode: 'snap-managed', chain: '' },
        born: {},
        name: 'n',
        address: 'a',
        config: { 'datastore-client-key': secret },
      },
      { kind: 'configure-cluster', config: {}, datastore: { type: 'external', 'client-key': secret } },
      { kind: 'publish', relation: 'r', scope: 'application', entries: { 'custom-registries': secret } },
      { kind: 'remember', key: 'registries', value: secret },
      {
        kind: 'offer-token',
        relation: 'r',
        unit: 'u/0',
        node: 'n',
        worker: true,
        replaces: { uri: secret, revision: 0 },
      },
      { kind: 'withdraw-token', relation: 'r', unit: 'u/0', uri: secret, as: 'leader' },
    ];
    for (const change of changes) expect(describeChange(change)).not.toContain(secret);
  });
});
