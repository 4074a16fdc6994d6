/** Guards what follows from the facts about certificates: tables of facts and changes. */

import { describe, expect, it } from 'vitest';
import {
  describe as describeCertificateChange,
  isDisruptive as isDisruptiveCertificateChange,
} from '../../../src/capabilities/certificates/change.ts';
import type { CertificateFacts, NodeIdentity } from '../../../src/capabilities/certificates/facts.ts';
import { fileOf } from '../../../src/capabilities/certificates/names.ts';
import { DEFAULT_OPTIONS } from '../../../src/capabilities/certificates/options.ts';
import { planCertificates } from '../../../src/capabilities/certificates/plan.ts';
import type { Certificate } from '../../../src/capabilities/certificates/read.ts';
import type { RequestJournal } from '../../../src/capabilities/certificates/request-journal.ts';
import { formatWish } from '../../../src/capabilities/certificates/wire.ts';

const NOW = new Date('2026-11-23T12:00:00Z');
const node: NodeIdentity = {
  role: 'control-plane',
  nodeName: 'juju-3f2a-0',
  minor: 36,
  address: '10.0.0.10',
  boundAddresses: ['10.0.0.10'],
  requiredSans: [],
  reserved: [],
  reservedRanges: [],
  leader: true,
  options: DEFAULT_OPTIONS,
  managers: {},
  workers: new Map(),
  workerAddresses: new Map(),
};
const settled: CertificateFacts = {
  node,
  note: undefined,
  leftovers: false,
  inventory: [],
  servedOtherwise: [],
  apiServer: undefined,
  authority: undefined,
  journal: undefined,
  announced: undefined,
  decides: undefined,
  approvedByHand: false,
  relation: undefined,
  decision: undefined,
  failure: undefined,
  renewal: { unit: 'k8s/0', failed: undefined, approvedAt: [] },
  clusterRefresh: { relation: undefined, order: undefined, report: undefined, parts: [] },
  wishes: [],
  spent: [],
  now: NOW,
};
const note = { names: ['apiserver'], before: { apiserver: 'AA' }, startedAt: '2026-11-23T11:00:00.000Z' };

function certificate(name: string, sans: readonly string[], from: string, to: string): Certificate {
  return {
    file: fileOf('control-plane', name),
    subject: '',
    issuer: '',
    serial: '',
    sans,
    notBefore: new Date(from),
    notAfter: new Date(to),
    fingerprint: name,
  };
}

describe('on a control plane', () => {
  const authority = certificate('ca', [], '2026-01-01T00:00:00Z', '2046-01-01T00:00:00Z');
  const apiServer = certificate(
    'apiserver',
    ['10.0.0.10', 'kubernetes'],
    '2026-11-01T00:00:00Z',
    '2027-11-01T00:00:00Z',
  );
  const served = { apiServer, authority };
  const wish = {
    relation: 'k8s-cluster:1',
    unit: 'k8s-worker/0',
    node: 'w',
    rival: undefined,
    id: 'x',
    requests: [],
    addresses: [],
    foreign: new Map<string, string>(),
    reservedRanges: [],
    claimants: [],
    remedy: '',
    renewal: false,
  };
  const spent = { relation: 'k8s-cluster:1', key: 'k8s-worker/1-certificates', id: 'y', node: 'v' };
  const reissue = (missing: readonly string[], days: number) => [
    {
      kind: 'refresh-sans',
      names: ['apiserver'],
      missing,
      extraSans: ['10.0.0.10', ...missing].toSorted(),
      expirationSeconds: days * 86_400,
    },
  ];
  const kubeletFor = (address: string): CertificateFacts['inventory'] => [
    {
      name: 'kubelet',
      notBefore: apiServer.notBefore,
      notAfter: apiServer.notAfter,
      sans: [address, node.nodeName],
      issuable: true,
      flaws: [],
    },
  ];
  const wants = (...requiredSans: string[]) => ({ ...served, node: { ...node, requiredSans } });

  it.each<[string, Partial<CertificateFacts>, readonly unknown[]]>([
    ['nothing is wanted', served, []],
    ['there is no certificate of an API server', { node: { ...node, requiredSans: ['a.example'] } }, []],
    ['all names are there, in whatever form', wants('KUBERNETES', '::ffff:10.0.0.10'), []],
    ['a name is missing: as long a life as the present one was given', wants('a.example'), reissue(['a.example'], 365)],
    [
      'it would outlive its authority: a day less than that has',
      {
        ...wants('a.example'),
        authority: { ...authority, notAfter: new Date('2026-12-24T13:00:00Z') },
      },
      reissue(['a.example'], 30),
    ],
    [
      'the authority is at its end: a day, and k8sd will say no',
      { ...wants('a.example'), authority: { ...authority, notAfter: new Date('2026-11-23T13:00:00Z') } },
      reissue(['a.example'], 1),
    ],
    [
      'the authority cannot be read: as long as before',
      { ...wants('a.example'), authority: undefined },
      reissue(['a.example'], 365),
    ],
    [
      'the node has another address, which kubelet is called by',
      { ...served, inventory: kubeletFor('10.0.0.9'), node: { ...node, requiredSans: ['10.0.0.10'] } },
      [
        {
          kind: 'refresh-sans',
          names: ['kubelet'],
          missing: ['10.0.0.10'],
          extraSans: ['10.0.0.10', '10.0.0.9', node.nodeName],
          expirationSeconds: 365 * 86_400,
        },
      ],
    ],
    [
      'the node has another address, and others bring its certificates',
      { ...served, inventory: kubeletFor('10.0.0.9'), node: { ...node, managers: { kubelet: 'relation' } } },
      [],
    ],
    ['kubelet is called by what it has', { ...served, inventory: kubeletFor('10.0.0.10') }, []],
    ['a worker wishes something', { ...served, wishes: [wish] }, [{ kind: 'decide-requests', wish }]],
    ['a decision is not needed any more', { spent: [spent] }, [{ kind: 'clear-decision', decision: spent }]],
    [
      'an earlier refresh was interrupted: nothing else until it has ended',
      { ...wants('a.example'), note, wishes: [wish] },
      [{ kind: 'finish-refresh', note }],
    ],
    ['a killed process left copies', { leftovers: true }, [{ kind: 'clear-leftovers' }]],
  ])('when %s', (_, facts, changes) => {
    const plan = planCertificates({ ...settled, ...facts });
    expect(plan.changes).toEqual(changes);
    for (const change of plan.changes) {
      expect(describeCertificateChange(change)).not.toMatch(/undefined|\[object/);
      expect(isDisruptiveCertificateChange(change)).toBe(change.kind === 'refresh-sans');
    }
  });

  it('tells why the last refresh failed, where the node is well with what it had', () => {
    expect(planCertificates({ ...settled, failure: 'Refresh of the certificates failed: x' }).reports).toEqual([
      { status: 'active', message: 'Refresh of the certificates failed: x' },
    ]);
  });
});

describe('on a worker', () => {
  const relation = 'cluster:1';
  const request = { pair: 'kubelet', object: 'k', signerName: 's', usages: [], request: 'PEM', key: 'K' } as const;
  const journal: RequestJournal = {
    id: 'k8s-worker-0-1',
    requestedAt: '2026-11-23T11:30:00.000Z',
    expirationSeconds: 600,
    requests: [request],
  };
  const announced = formatWish(journal);
  const issued = { kubelet: 'a', 'kubelet-client': 'b', 'kube-proxy-client': 'c' };
  const denied = { id: journal.id, approved: false, reason: 'k: the names x are not the unit’s own' };
  const waiting = [{ status: 'waiting', message: 'Waiting for the control plane to approve the certificate requests' }];
  const giveUp = (reason: string) => [{ kind: 'give-up-refresh', reason }];
  const take = (taken: RequestJournal = journal) => [{ kind: 'take-certificates', journal: taken }];

  it.each<[string, Partial<CertificateFacts>, readonly unknown[], readonly unknown[]]>([
    ['nothing is under way', { relation }, [], []],
    ['a killed process left keys', { relation, leftovers: true }, [{ kind: 'clear-leftovers' }], []],
    ['what was announced has ended', { relation, announced }, [{ kind: 'clear-announcement', relation }], []],
    ['what was announced has ended with its relation', { announced }, [], []],
    [
      'requests are made and nobody knows of them',
      { relation, journal },
      [{ kind: 'announce-requests', relation, journal }],
      [],
    ],
    [
      'an earlier attempt is announced still',
      { relation, journal, announced: formatWish({ ...journal, id: 'older' }) },
      [{ kind: 'announce-requests', relation, journal }],
      [],
    ],
    ['nobody has decided yet', { relation, journal, announced }, [], waiting],
    [
      'an earlier attempt was decided',
      { relation, journal, announced, decision: { ...denied, id: 'older' } },
      [],
      waiting,
    ],
    [
      'nobody decides within the hour',
      { relation, journal, announced, now: new Date('2026-11-23T12:30:01Z') },
      giveUp('no control plane has decided on it within an hour'),
      [],
    ],
    [
      'they are approved',
      { relation, journal, announced, decision: { id: journal.id, approved: true, reason: '' } },
      take(),
      [],
    ],
    [
      'the control plane is of another make: the way is told',
      { relation, journal, announced, decides: false },
      [],
      [
        {
          status: 'waiting',
          message: `Waiting for the control plane to approve the certificate requests; if it is one of the Python charms, which does not, on a control plane: sudo k8s kubectl certificate approve ${journal.requests.map(({ object }) => object).join(' ')}`,
        },
      ],
    ],
    ['they are approved by hand', { relation, journal, announced, decides: false, approvedByHand: true }, take(), []],
    [
      'they are approved late',
      {
        relation,
        journal,
        announced,
        decision: { id: journal.id, approved: true, reason: '' },
        now: new Date('2026-11-24T12:00:00Z'),
      },
      take(),
      [],
    ],
    [
      'they are denied',
      { relation, journal, announced, decision: denied },
      giveUp(`the control plane denied it: ${denied.reason}`),
      [],
    ],
    ['the relation goes while they wait', { journal }, giveUp('the integration with the control plane is gone'), []],
    [
      'the relation goes when they are issued: the node takes them all the same',
      { journal: { ...journal, issued } },
      take({ ...journal, issued }),
      [],
    ],
    [
      'they are being taken, and something went wrong before',
      { relation, note, journal: { ...journal, issued } },
      take({ ...journal, issued }),
      [],
    ],
    ['only the note of a refresh is left', { relation, note, announced }, [{ kind: 'finish-refresh', note }], []],
  ])('when %s', (_, facts, changes, reports) => {
    const plan = planCertificates({ ...settled, node: { ...node, role: 'worker', leader: false }, ...facts });
    expect(plan).toEqual({ changes, reports });
    for (const change of plan.changes) {
      expect(describeCertificateChange(change)).not.toMatch(/undefined|\[object|PEM|K$/);
      expect(isDisruptiveCertificateChange(change)).toBe(false);
    }
  });
});
