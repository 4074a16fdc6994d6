import { describe, expect, it } from 'vitest';
import { newClusterName } from '../../../src/capabilities/membership/cluster-name.ts';
import { knownClusterName } from '../../../src/capabilities/membership/facts.ts';
import {
  allocations,
  formatAllocation,
  formatTokenFailure,
  minorOf,
  parseTokenFailure,
  secretIdKey,
} from '../../../src/capabilities/membership/wire.ts';
import { MODEL_UUID } from './facts.ts';

describe('the cluster name', () => {
  it('is the one that the existing charms compute', () => {
    expect(newClusterName('k8s', MODEL_UUID)).toBe('k8s-376106d671644e274a3877e86a4bdbc5');
  });

  it('is what the unit has joined, then what the others agree on', () => {
    const units = (...names: string[]) =>
      new Map(names.map((name, index) => [`k8s/${index}`, { 'cluster-name': name }]));
    expect(knownClusterName({ joined: 'a' }, units('b'))).toBe('a');
    expect(knownClusterName({}, units('b', '', 'b'))).toBe('b');
    expect(knownClusterName({}, units('b', 'c'))).toBeUndefined();
    expect(knownClusterName({}, units())).toBeUndefined();
  });
});

describe('allocations', () => {
  it('are split at the first dash, whatever the application is called', () => {
    const bag = {
      'k8s-worker/0': 'pending-juju-3f2a-4',
      'k8s/1': 'joined-ip-10-0-0-1.ec2.internal',
      'workers-small/12': 'joined-n',
      'k8s-prod/3': 'pending-m',
    };
    expect([...allocations(bag)]).toEqual([
      ['k8s-worker/0', { state: 'pending', node: 'juju-3f2a-4' }],
      ['k8s/1', { state: 'joined', node: 'ip-10-0-0-1.ec2.internal' }],
      ['workers-small/12', { state: 'joined', node: 'n' }],
      ['k8s-prod/3', { state: 'pending', node: 'm' }],
    ]);
  });

  it('are nothing else that stands there', () => {
    const bag = {
      'k8s-worker/0-secret-id': 'secret:d2k9c1fmp25c77u0abcg',
      'k8s-worker/0-certificates': 'pending-x',
      version: '1.36.4',
      'bootstrap-certificates': 'snap-managed',
      'certs-provider': 'joined-x',
      'k8s/1': 'leaving-x',
      'k8s/2': 'joined-',
      'K8s/3': 'joined-x',
    };
    expect([...allocations(bag)]).toEqual([]);
  });

  it('are written as they are read', () => {
    expect(formatAllocation({ state: 'pending', node: 'juju-3f2a-4' })).toBe('pending-juju-3f2a-4');
    expect(secretIdKey('k8s-worker/0')).toBe('k8s-worker/0-secret-id');
  });
});

describe('token-failure', () => {
  it("is JSON as Python's json.dumps spaces it, with a number", () => {
    expect(formatTokenFailure({ revision: 0, error: 'say "no"\n' })).toBe(
      '{"revision": 0, "error": "say \\"no\\"\\n"}',
    );
  });

  it.each([
    ['{"revision": 3, "error": "x"}', { revision: 3, error: 'x' }],
    ['{"error":"x","revision":"3"}', { revision: 3, error: 'x' }],
    ['{"revision": 0}', { revision: 0, error: '' }],
    ['{"revision": "x"}', undefined],
    ['{"error": "x"}', undefined],
    ['[0]', undefined],
    ['{', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%j is read as %j', (text, expected) => {
    expect(parseTokenFailure(text)).toEqual(expected);
  });
});

describe('minorOf', () => {
  it.each([
    ['1.36', 36],
    ['1.36.4', 36],
    ['1.9', 9],
    ['2.36', undefined],
    ['1.36-classic', undefined],
    ['latest', undefined],
    ['', undefined],
  ])('%j: %j', (text, expected) => {
    expect(minorOf(text)).toBe(expected);
  });
});
