/** Guards the decision on statuses: tables of reports and what is shown. */

import { describe, expect, it } from 'vitest';
import type { ControlPlaneFacts } from '../../src/capabilities/membership/facts.ts';
import { nodeOf } from '../../src/capabilities/membership/node.ts';
import type { UnitStatus } from '../../src/clients/juju/status.ts';
import type { RelationFacts } from '../../src/core/relation-facts.ts';
import { decideApplicationStatus, decideUnitStatus } from '../../src/engine/status.ts';
import { follower, leader, relation as relationOf } from '../capabilities/membership/facts.ts';

const report = (text: string): UnitStatus => {
  const [status = '', ...message] = text.split(' ');
  return { status: status as UnitStatus['status'], message: message.join(' ') };
};

describe('the status of a unit', () => {
  it.each<[string, readonly string[], string]>([
    ['nothing is reported', [], 'active Ready'],
    ['there is a note only', ['active a note'], 'active Ready; a note'],
    ['the worst comes last', ['active a note', 'waiting for b', 'blocked by c'], 'blocked by c; for b; a note'],
    ['maintenance is among them', ['waiting for b', 'maintenance of a'], 'waiting for b; of a'],
    ['two are as bad: in the order in which they were told', ['blocked by b', 'blocked by a'], 'blocked by b; by a'],
    ['one is told twice', ['waiting for b', 'waiting for b'], 'waiting for b'],
    ['one has several lines', ['blocked by\n  a\tb '], 'blocked by a b'],
  ])('when %s', (_, reports, shown) => {
    expect(decideUnitStatus(reports.map(report), 'k8s/0')).toEqual(report(shown));
  });

  it('has a message that fits into a table, is cut between two words, and says where', () => {
    const { message } = decideUnitStatus([report(`blocked ${'word '.repeat(300)}`)], 'k8s/0');
    expect(message.length).toBeLessThanOrEqual(500);
    expect(message).toMatch(/^(?:word )+word…$/);
  });

  it('says what a ready unit has to tell, however long it is', () => {
    const note = `active ${'note '.repeat(60)}end`;
    expect(decideUnitStatus([report(note)], 'k8s/0').message).toMatch(/^Ready; note .*end$/);
  });

  it('shows the first of many problems, counts the others, and names the command that shows them', () => {
    const problems = ['a', 'b', 'c', 'd', 'e'].map((name) =>
      report(`blocked ${name}-option must be one of the values that are known, such as ${name.repeat(80)}`),
    );
    const { message } = decideUnitStatus(problems, 'k8s/3');
    expect(message).toMatch(/^a-option must be .*a; 4 more: juju run k8s\/3 plan$/);
    expect(message.length).toBeLessThan(220);
  });
});

describe('the status of the application', () => {
  const active: UnitStatus = { status: 'active', message: 'Ready' };

  const view = (facts: ControlPlaneFacts) => nodeOf(facts, [], {});

  function relation(id: string, joined: number, others = 0): RelationFacts {
    const units = Array.from({ length: joined + others }, (_, index) => {
      const bag: Record<string, string> = index < joined ? { joined: 'k8s-1' } : {};
      return [`${id}/${index}`, bag] as const;
    });
    const shared = Object.fromEntries(units.slice(0, joined).map(([unit]) => [unit, 'joined-n']));
    return relationOf(id, { units: new Map(units), shared });
  }

  it.each<[number, number, string]>([
    [1, 0, '1 control-plane node, 0 workers'],
    [1, 1, '1 control-plane node, 1 worker'],
    [3, 2, '3 control-plane nodes, 2 workers'],
  ])('counts %i and %i nodes', (controlPlanes, workers, message) => {
    const facts = { peers: relation('k8s', controlPlanes - 1), workers: [relation('w', workers)] };
    expect(decideApplicationStatus(view(leader(facts)), active)).toEqual({ status: 'active', message });
  });

  it('counts those that are still to come, of all relations', () => {
    const facts = { peers: relation('k8s', 1, 1), workers: [relation('v', 2, 1), relation('w', 1)] };
    expect(decideApplicationStatus(view(leader(facts)), active)?.message).toBe(
      '2 control-plane nodes, 3 workers, 2 joining',
    );
  });

  it('says what the leader itself waits for', () => {
    const facts = { peers: relation('k8s', 0), workers: [] };
    expect(decideApplicationStatus(view(leader(facts)), report('blocked by a\nb'))).toEqual(
      report('blocked 1 control-plane node, 0 workers; by a b'),
    );
  });

  it('is the leader’s own before there is a cluster', () => {
    expect(decideApplicationStatus(view(leader({ node: undefined })), report('waiting for a'))).toEqual(
      report('waiting for a'),
    );
  });

  it.each<[string, ControlPlaneFacts]>([
    ['is not the leader', follower()],
    ['leaves', leader({ leaving: true })],
  ])('is none of the unit’s business when it %s', (_, facts) => {
    expect(decideApplicationStatus(view(facts), active)).toBeUndefined();
  });
});
