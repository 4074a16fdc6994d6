/** Guards what the leader holds to be so of workers against what their databags say later. */

import { describe, expect, it } from 'vitest';
import type { Change } from '../../../src/capabilities/membership/change.ts';
import type { ControlPlaneFacts } from '../../../src/capabilities/membership/facts.ts';
import {
  boundAddressesEntry,
  joinAddressEntry,
  recordedAddresses,
  recordReports,
  reservedAddresses,
  reservedFor,
  saidAddresses,
  withRecords,
} from '../../../src/capabilities/membership/records.ts';
import type { Databag } from '../../../src/clients/juju/juju.ts';
import { leader, relation, WORKERS, workerBag } from './facts.ts';

const ADDRESSES = 'k8s-worker/0-addresses';

/** The settled cluster, whose worker says and has on record what is given. */
function cluster(said: Databag, shared: Databag = {}, more: Partial<ControlPlaneFacts> = {}): ControlPlaneFacts {
  const units = new Map([['k8s-worker/0', workerBag(0, said)]]);
  return leader({ workers: [relation(WORKERS, { units, shared: { ...JOINED, ...shared } })], ...more });
}

const JOINED = { 'k8s-worker/0': 'joined-juju-3f2a-4' };
const messages = (facts: ControlPlaneFacts) => recordReports(facts).map(({ message }) => message);

describe('addresses of a worker', () => {
  const entries = (facts: ControlPlaneFacts) =>
    withRecords(facts, []).flatMap((change) => (change.kind === 'publish' ? [change.entries] : []));
  const offer: Change = {
    kind: 'offer-token',
    relation: WORKERS,
    unit: 'k8s-worker/0',
    node: 'n',
    worker: true,
    replaces: undefined,
  };

  it('are recorded as Juju gives them when it gets a token', () => {
    const facts = cluster({ joined: '', 'private-address': '10.0.0.20' }, { 'k8s-worker/0': '' });
    expect(entries(facts)).toEqual([]);
    // With the token, so that a unit whose token is refused has no record either.
    expect(withRecords(facts, [offer])).toEqual([{ ...offer, addresses: ['10.0.0.20'] }]);
  });

  it('are recorded of those that another revision, or another charm, has let in', () => {
    expect(entries(cluster({ 'private-address': '2001:DB8:0::20' }))).toEqual([
      { [ADDRESSES]: '["10.0.0.20","2001:db8::20"]' },
    ]);
  });

  it('are recorded as none of a member whose databag has none, so that its requests are decided', () => {
    const hostNames = { 'ingress-address': 'node.example', 'private-address': 'node.example' };
    expect(entries(cluster(hostNames))).toEqual([{ [ADDRESSES]: '[]' }]);
    expect(entries(cluster(hostNames, { 'k8s-worker/0': 'pending-juju-3f2a-4' }))).toEqual([]);
  });

  it('on record stay as they are', () => {
    const shared = { [ADDRESSES]: '["10.0.0.20"]' };
    expect(entries(cluster({ 'ingress-address': '203.0.113.7', 'private-address': '10.0.0.99' }, shared))).toEqual([]);
  });

  it.each([
    ['our own control plane', '10.0.0.10'],
    ['another control plane', '10.0.0.11'],
    ['a control plane, mapped into IPv6', '::ffff:10.0.0.11'],
    ['a service', '10.152.183.1'],
    ['a pod', '10.1.77.7'],
    ['a name of the API server', '198.51.100.1'],
  ])('that are those of %s are not recorded, and the unit is named', (_, address) => {
    const facts = cluster(
      { 'private-address': address },
      {},
      {
        apiServerSans: { all: ['10.0.0.10', '198.51.100.1'], extra: [] },
        configuration: { config: {}, serviceCidr: '10.152.183.0/24', podCidr: '10.1.0.0/16,fd01::/108' },
      },
    );
    expect(entries(facts)).toEqual([{ [ADDRESSES]: '["10.0.0.20"]' }]);
    const recorded = {
      ...facts,
      workers: facts.workers.map((one) => ({ ...one, shared: { ...one.shared, [ADDRESSES]: '["10.0.0.20"]' } })),
    };
    expect(messages(recorded)).toEqual([
      expect.stringMatching(/^k8s-worker\/0 says that its address is .*, which belongs to /),
    ]);
  });

  it('that are a further one of another control plane are not recorded', () => {
    const peers = leader().peers;
    const units = new Map([['k8s/1', { ...peers.units.get('k8s/1'), 'bound-addresses': '["10.0.0.11","10.9.0.11"]' }]]);
    const facts = cluster({ 'private-address': '10.9.0.11' }, {}, { peers: { ...peers, units } });
    expect(entries(facts)).toEqual([{ [ADDRESSES]: '["10.0.0.20"]' }]);
  });

  it('of a control plane are told to the others where there are several', () => {
    expect(boundAddressesEntry({ boundAddresses: ['10.0.0.11', '10.0.0.11'] })).toEqual({});
    expect(boundAddressesEntry({ boundAddresses: ['10.9.0.11', '10.0.0.11', 'x'] })).toEqual({
      'bound-addresses': '["10.0.0.11","10.9.0.11"]',
    });
  });

  it('that the load balancer gives away are not recorded', () => {
    const config = { 'load-balancer': { cidrs: ['192.0.2.10-192.0.2.20'] } };
    expect(entries(cluster({ 'private-address': '192.0.2.15' }, {}, { configuration: { config } }))).toEqual([
      { [ADDRESSES]: '["10.0.0.20"]' },
    ]);
  });

  it('in a range of the cluster are told with the option that has the range', () => {
    const config = { 'load-balancer': { cidrs: ['192.0.2.10-192.0.2.20'] } };
    const reserved = reservedAddresses(leader({ configuration: { config } }));
    expect(reservedFor(reserved, '192.0.2.15')).toBe(
      'the load balancer (load-balancer-cidrs has 192.0.2.10-192.0.2.20)',
    );
  });

  it('on record for another are not recorded; where neither has a record, for neither', () => {
    const units = new Map([
      ['k8s-worker/0', workerBag(0, { 'private-address': '10.0.0.21' })],
      ['k8s-worker/1', workerBag(1)],
    ]);
    const both = { ...JOINED, 'k8s-worker/1': 'joined-juju-3f2a-5' };
    const of = (shared: Databag) => leader({ workers: [relation(WORKERS, { units, shared: { ...both, ...shared } })] });
    expect(entries(of({ 'k8s-worker/1-addresses': '["10.0.0.21"]' }))).toEqual([{ [ADDRESSES]: '["10.0.0.20"]' }]);
    expect(entries(of({}))).toEqual([{ [ADDRESSES]: '["10.0.0.20"]' }, { 'k8s-worker/1-addresses': '[]' }]);
  });

  it('that two claim, and neither has on record, are told with both: an operator must not accept those of the wrong one', () => {
    const units = new Map([
      ['k8s-worker/0', workerBag(0, { 'private-address': '10.0.0.21' })],
      ['k8s-worker/1', workerBag(1)],
    ]);
    const shared = {
      ...JOINED,
      'k8s-worker/1': 'joined-juju-3f2a-5',
      [ADDRESSES]: '["10.0.0.20"]',
      'k8s-worker/1-addresses': '[]',
    };
    expect(messages(leader({ workers: [relation(WORKERS, { units, shared })] }))).toEqual([
      'k8s-worker/0 says that its address is 10.0.0.21, and so does k8s-worker/1: find out whose it is; on record is 10.0.0.20. If that is right: juju run k8s/leader accept-addresses unit=k8s-worker/0',
      'k8s-worker/1 says that its address is 10.0.0.21, and so does k8s-worker/0: find out whose it is; on record is none. If that is right: juju run k8s/leader accept-addresses unit=k8s-worker/1',
    ]);
  });

  it('that change need an operator, who is told the command', () => {
    const facts = cluster({ 'ingress-address': '10.0.0.99' }, { [ADDRESSES]: '["10.0.0.20"]' });
    expect(messages(facts)).toEqual([
      'k8s-worker/0 says that its address is 10.0.0.99; on record is 10.0.0.20. If that is right: juju run k8s/leader accept-addresses unit=k8s-worker/0',
    ]);
  });

  it.each(['', '{', '{}', '"x"', 'null', '[{"toString":null}]'])('make nothing of the record %s', (text) => {
    expect(recordedAddresses({ [ADDRESSES]: text }, 'k8s-worker/0') ?? []).toEqual([]);
  });

  it('of a worker with several are those of Juju and the one with which its node joins', () => {
    const bag = { 'ingress-address': '10.0.1.20', 'private-address': '10.0.1.20', 'join-address': '10.0.0.20' };
    expect(saidAddresses(bag)).toEqual(['10.0.1.20', '10.0.0.20']);
    expect(saidAddresses({ 'join-address': '203.0.113.7; reboot' })).toEqual([]);
  });

  it.each<[string, readonly string[], readonly string[], string | undefined]>([
    ['the only one', ['10.0.0.20'], ['10.0.0.20', '10.0.0.20'], undefined],
    ['the first of several', ['10.0.0.20'], ['10.0.0.20', '10.0.1.20'], undefined],
    ['another than the first', ['10.0.0.20'], ['10.0.1.20', '10.0.0.20'], '10.0.0.20'],
    ['written out in full', ['2001:0db8:0:0:0:0:0:1'], ['2001:db8::2', '2001:db8::1'], '2001:db8::1'],
    ['gone from the machine', ['10.0.0.99'], ['10.0.1.20', '10.0.0.20'], undefined],
  ])('with which a node joins are told where Juju tells another: %s', (_, addresses, boundAddresses, expected) => {
    expect(joinAddressEntry({ node: undefined, addresses, boundAddresses })).toEqual({ 'join-address': expected });
  });

  it('are addresses, and nothing else', () => {
    expect(saidAddresses({ 'ingress-address': 'host.example', 'private-address': 'fe80::1%eth0' })).toEqual([]);
  });
});

describe('a node name', () => {
  const asking = (node: string, bag: Databag = {}, shared: Databag = {}) =>
    cluster({ 'node-name': node, joined: '', 'ingress-address': '', ...bag }, { 'k8s-worker/0': '', ...shared });

  it.each([
    ['of our own node', 'juju-3f2a-0', {}, 'k8s/0'],
    ['of another control plane', 'juju-3f2a-1', {}, 'k8s/1'],
    ['of another worker', 'n', { 'k8s-worker/7': 'pending-n' }, 'k8s-worker/7'],
  ])('%s is told with whose it is', (_, node, shared, owner) => {
    expect(messages(asking(node, {}, shared))).toEqual([
      `k8s-worker/0 has the node name ${node} of ${owner}; give its machine another host name, or remove the unit that is not to be`,
    ]);
  });

  it('of a worker that says it has joined, but had no token, is told', () => {
    expect(messages(asking('n', { joined: 'k8s-376106d671644e274a3877e86a4bdbc5' }))).toEqual([
      'k8s-worker/0 says that it is in the cluster as n, but got no token; remove the unit',
    ]);
  });

  it('that is free, or on record for the very unit, is no news', () => {
    expect(messages(asking('n'))).toEqual([]);
    expect(messages(asking('n', {}, { 'k8s-worker/0': 'pending-n' }))).toEqual([]);
  });
});
