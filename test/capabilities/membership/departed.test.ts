/** Guards that a node whose kubelet outlives its removal does not stay in the cluster, and that nobody else's is taken for it. */

import { describe, expect, it } from 'vitest';
import { DEPARTED, departedEntries, departedNodes } from '../../../src/capabilities/membership/departed.ts';
import type { ControlPlaneFacts } from '../../../src/capabilities/membership/facts.ts';
import { planControlPlane } from '../../../src/capabilities/membership/plan-control-plane.ts';
import { planRemovals } from '../../../src/capabilities/membership/plan-leader.ts';
import { leader, relation } from './facts.ts';

const NOW = new Date('2026-11-23T10:00:00Z');
const minutesAgo = (minutes: number): string => new Date(NOW.getTime() - minutes * 60_000).toISOString();

function withRecord(text: string, more: Partial<ControlPlaneFacts> = {}): ControlPlaneFacts {
  const facts = leader({ now: NOW });
  return { ...facts, peers: { ...facts.peers, shared: { ...facts.peers.shared, [DEPARTED]: text } }, ...more };
}

const record = (...nodes: readonly (readonly [string, number])[]): string =>
  JSON.stringify(nodes.map(([node, minutes]) => ({ node, at: minutesAgo(minutes) })));

describe('nodes that have gone', () => {
  it('are put on record as they are removed', () => {
    const facts = leader({ now: NOW });
    const workers = facts.workers.map((relation) => ({
      ...relation,
      shared: { ...relation.shared, 'k8s-worker/7': 'joined-gone' },
    }));
    const { changes } = planControlPlane({ ...facts, workers });
    expect(changes.map(({ kind }) => kind)).toEqual(['remove-node', 'publish']);
    expect(changes[1]).toMatchObject({ scope: 'application', entries: { [DEPARTED]: record(['gone', 0]) } });
  });

  it('keep the time of the first attempt while their removal fails: with each time another one the plan would not come to an end', () => {
    const text = record(['gone', 5]);
    const facts = withRecord(text);
    const workers = facts.workers.map((each) => ({
      ...each,
      shared: { ...each.shared, 'k8s-worker/7': 'joined-gone' },
    }));
    const { changes } = planControlPlane({ ...facts, workers });
    expect(changes).toEqual([expect.objectContaining({ kind: 'remove-node', node: 'gone' })]);
  });

  it.each<[string, string, readonly string[], string | undefined]>([
    ['stay on record for an hour', record(['a', 59]), [], record(['a', 59])],
    ['are forgotten after an hour', record(['a', 61], ['b', 1]), [], record(['b', 1])],
    ['leave no record when all are forgotten', record(['a', 61]), [], undefined],
    ['stay on record as long as they come back', record(['a', 61]), ['a'], record(['a', 61])],
    ['are not on record when it is garbage', '{"node": 7', [], undefined],
    ['are not on record when it is of another shape', '[{"node": 7, "at": "never"}, null, "a"]', [], undefined],
  ])('%s', (_, text, returned, expected) => {
    const facts = withRecord(text, { returned });
    expect(departedEntries(facts, planRemovals(facts))).toEqual({ [DEPARTED]: expected });
  });

  it('are removed again when they come back', () => {
    const { changes } = planControlPlane(withRecord(record(['a', 5]), { returned: ['a'] }));
    expect(changes).toEqual([{ kind: 'remove-returned-node', node: 'a' }]);
  });

  it('are not those of units that have the same node name now', () => {
    const facts = withRecord(record(['juju-3f2a-0', 1], ['juju-3f2a-1', 1], ['juju-3f2a-4', 1], ['gone', 1]));
    expect(departedNodes(facts).map(({ node }) => node)).toEqual(['gone']);
  });

  it("are not somebody else's because a worker says so: it has no token for the name", () => {
    const facts = withRecord(record(['gone', 1]));
    const units = new Map([['evil/0', { 'node-name': 'gone', joined: 'k8s' }]]);
    const claimed = { ...facts, workers: [...facts.workers, relation('k8s-cluster:9', { units })] };
    expect(departedNodes(claimed).map(({ node }) => node)).toEqual(['gone']);
    const meant = relation('k8s-cluster:9', { units, shared: { 'evil/0': 'pending-gone' } });
    expect(departedNodes({ ...facts, workers: [meant] })).toEqual([]);
  });
});
