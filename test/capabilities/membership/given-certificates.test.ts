/** Which certificates a cluster is made with: decided once, said to everybody, and waited for before anything is made. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { certificateMode, keptAuthorities } from '../../../src/capabilities/membership/certificate-mode.ts';
import type { Change } from '../../../src/capabilities/membership/change.ts';
import type { ControlPlaneFacts } from '../../../src/capabilities/membership/facts.ts';
import {
  readBootstrapNote,
  removeBootstrapNote,
  writeBootstrapNote,
} from '../../../src/capabilities/membership/given-certificates.ts';
import { planCluster } from '../../../src/capabilities/membership/plan.ts';
import { openHost } from '../../../src/clients/host/open-host.ts';
import { CLUSTER, leader, relation, worker } from './facts.ts';

const MISSING = { pems: undefined, chain: '' };
const GIVEN = { pems: { 'ca-crt': 'PEM', 'ca-key': 'KEY' }, chain: 'PEM ROOT' };
const INTERMEDIATE = { 'bootstrap-certificates': 'intermediate-ca' };

function first(more: Partial<ControlPlaneFacts> = {}): ControlPlaneFacts {
  const facts = leader({}, INTERMEDIATE);
  const peers = { ...facts.peers, shared: {}, own: {}, units: new Map() };
  return leader({ node: undefined, peers, workers: [], configuration: undefined, ...more }, INTERMEDIATE);
}

const kinds = (changes: readonly Change[]) => changes.map(({ kind }) => kind);

describe('a bootstrap', () => {
  it('waits for certificates that have to come from elsewhere', () => {
    expect(kinds(planCluster(first({ given: MISSING })).changes)).not.toContain('bootstrap');
  });

  it('is made with them, and with a note of how', () => {
    const change = planCluster(first({ given: GIVEN })).changes.find(({ kind }) => kind === 'bootstrap');
    expect(change).toMatchObject({ config: GIVEN.pems, note: { mode: 'intermediate-ca', chain: 'PEM ROOT' } });
  });
});

describe('a join', () => {
  const offer = { token: 't', revision: '0' };

  it.each([
    [
      'control plane',
      (given: typeof GIVEN | typeof MISSING) => leader({ leader: false, node: undefined, given, offeredToken: offer }),
    ],
    ['worker', (given: typeof GIVEN | typeof MISSING) => worker({ node: undefined, given, offeredToken: offer })],
  ])('of a %s waits for them, and is made with them', (_, facts) => {
    expect(kinds(planCluster(facts(MISSING)).changes)).not.toContain('join');
    const change = planCluster(facts(GIVEN)).changes.find(({ kind }) => kind === 'join');
    expect(change).toMatchObject({ config: GIVEN.pems });
  });
});

describe('how a cluster was made', () => {
  const told = (mode: string) => ({ ...leader().peers, shared: { 'bootstrap-certificates': mode } });

  it.each([
    ['the option, before there is a cluster', first(), 'intermediate-ca'],
    ['the cluster, whatever the option says later', first({ peers: told('snap-managed') }), 'snap-managed'],
    [
      'the machine, until the cluster says it',
      leader({ peers: { ...told(''), shared: {} }, bootstrapped: { mode: 'intermediate-ca', chain: '' } }),
      'intermediate-ca',
    ],
    [
      'nobody: a cluster of an older charm',
      leader({ peers: { ...told(''), shared: {} } }, INTERMEDIATE),
      'snap-managed',
    ],
    ['a word that nobody knows', leader({ peers: told('vault') }), 'snap-managed'],
  ] as const)('is said by %s', (_, facts, mode) => {
    expect(certificateMode(facts)).toBe(mode);
  });

  it('is said to a worker by its control plane', () => {
    expect(certificateMode(worker({ cluster: undefined }))).toBeUndefined();
    const cluster = relation('cluster:4', { shared: { 'bootstrap-certificates': 'external' } });
    expect(certificateMode(worker({ cluster }))).toBe('external');
  });

  it('is published with the authority on each relation, once', () => {
    const peers = { ...leader().peers, shared: { 'k8s/0': 'joined-juju-3f2a-0', 'k8s/1': 'joined-juju-3f2a-1' } };
    const facts = leader(
      { peers, workers: [], bootstrapped: { mode: 'external', chain: 'PEM ROOT' } },
      { 'bootstrap-certificates': 'external' },
    );
    const published = planCluster(facts).changes.find(
      (change) =>
        change.kind === 'publish' && change.scope === 'application' && 'bootstrap-certificates' in change.entries,
    );
    expect(published).toMatchObject({
      entries: { 'bootstrap-certificates': 'external', 'certificate-authority': 'PEM ROOT' },
    });
    const kept = { ca: 'PEM CA', 'client-ca': 'PEM CLIENT CA' };
    const brought = leader(
      { peers, workers: [], bootstrapped: { mode: 'provided', chain: 'PEM CA', kept } },
      { 'bootstrap-certificates': 'provided' },
    );
    expect(keptAuthorities(brought)).toEqual(kept);
    const told = planCluster(brought).changes.flatMap((change) =>
      change.kind === 'publish' && change.scope === 'application' ? [change.entries['kept-authorities']] : [],
    );
    expect(told).toContain(JSON.stringify(kept));
    const shared = { 'bootstrap-certificates': 'provided', 'kept-authorities': JSON.stringify(kept) };
    expect(keptAuthorities(worker({ cluster: relation('cluster:4', { shared }) }))).toEqual(kept);
    for (const text of ['[]', '{"ca": 3}', 'x'])
      expect(keptAuthorities(leader({ peers: { ...peers, shared: { ...shared, 'kept-authorities': text } } }))).toEqual(
        {},
      );
    const settled = leader({
      peers: { ...leader().peers, shared: { ...leader().peers.shared, 'bootstrap-certificates': 'external' } },
      workers: [],
    });
    expect(JSON.stringify(planCluster(settled).changes)).not.toContain('bootstrap-certificates');
  });

  it('cannot be changed, and the status says what it was', () => {
    const { reports } = planCluster(leader({}, INTERMEDIATE));
    expect(reports).toContainEqual({
      status: 'blocked',
      message: 'bootstrap-certificates cannot change after bootstrap; set it back to snap-managed',
    });
  });

  it('is noted on the machine in between, and unreadable notes are none', async () => {
    const root = await mkdtemp(join(tmpdir(), 'gc-'));
    try {
      const { files } = openHost(root);
      expect(await readBootstrapNote(files)).toBeUndefined();
      for (const note of [
        { mode: 'external', chain: CLUSTER },
        { mode: 'provided', chain: CLUSTER, kept: { ca: 'PEM' } },
      ] as const) {
        await writeBootstrapNote(files, note);
        expect(await readBootstrapNote(files)).toEqual(note);
      }
      await files.write('/var/lib/k8s-charm/bootstrap.json', '{"mode": "other"', { mode: 0o600 });
      expect(await readBootstrapNote(files)).toBeUndefined();
      await removeBootstrapNote(files);
      expect(await files.read('/var/lib/k8s-charm/bootstrap.json')).toBeUndefined();
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  });
});
