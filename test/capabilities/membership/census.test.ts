import { describe, expect, it } from 'vitest';
import { describeCensus, takeCensus } from '../../../src/capabilities/membership/census.ts';
import { controlPlaneBag, leader, OUTSIDE, PEERS, relation, WORKERS, workerBag } from './facts.ts';

describe('the census', () => {
  it.each([
    ['a settled cluster', leader(), '2 control-plane nodes, 1 worker'],
    [
      'units that are still to come',
      leader({
        peers: relation(PEERS, {
          units: new Map([
            ['k8s/1', controlPlaneBag(1)],
            ['k8s/2', {}],
          ]),
        }),
        workers: [
          relation(WORKERS, {
            units: new Map([
              ['a/0', workerBag(0)],
              ['a/1', {}],
            ]),
            shared: { 'a/0': 'joined-juju-3f2a-4' },
          }),
          relation('k8s-cluster:9', {
            units: new Map([['b/0', workerBag(1)]]),
            shared: { 'b/0': 'joined-juju-3f2a-5' },
          }),
        ],
      }),
      '2 control-plane nodes, 2 workers, 2 joining',
    ],
    [
      'a worker that says it is in, but never had a token',
      leader({ workers: [relation(WORKERS, { units: new Map([['a/0', workerBag(0)]]) })] }),
      '2 control-plane nodes, 0 workers, 1 joining',
    ],
    [
      'a leader outside',
      leader({ ...OUTSIDE, peers: relation(PEERS), workers: [] }),
      '0 control-plane nodes, 0 workers, 1 joining',
    ],
  ])('of %s', (_, facts, expected) => {
    expect(describeCensus(takeCensus(facts))).toBe(expected);
  });
});
