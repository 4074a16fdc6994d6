/** What other applications are told of our authority, in the form that each of them reads. */

import { describe, expect, it } from 'vitest';
import { planTransfer, type TransferFacts } from '../../../../src/capabilities/certificates/transfer/plan.ts';

const [ROOT, FORMER] = ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', 'other'];
const RELATION = { id: 'send-ca-cert:3', remote: {}, ownUnit: {}, ownApplication: {} };

function plan(relation: Partial<typeof RELATION>, facts: Partial<TransferFacts> = {}) {
  const changes = planTransfer({
    relations: [{ ...RELATION, ...relation }],
    leader: true,
    authorities: [`${ROOT}\n`, FORMER, ROOT],
    ...facts,
  });
  return changes.map(({ bag, entries }) => [bag, entries]);
}

const CURRENT = { certificates: JSON.stringify([ROOT, FORMER]), version: '1' };
const OLD = {
  ca: JSON.stringify(ROOT),
  certificate: JSON.stringify(ROOT),
  chain: JSON.stringify([ROOT, FORMER]),
  version: '0',
};
const GONE = { ca: undefined, certificate: undefined, chain: undefined, version: undefined };
const V1 = { remote: { version: '1' } };

describe('an authority for other applications', () => {
  it('goes into the databag of the application when they say version 1', () => {
    expect(plan(V1)).toEqual([['application', CURRENT]]);
  });

  it.each([
    ['no version', {}],
    ['version 0', { version: '0' }],
    ['a version that is no text of 1', { version: '"1"' }],
    ['a later version', { version: '2' }],
  ])('goes into the databag of the unit when they say %s', (_, remote) => {
    expect(plan({ remote })).toEqual([['unit', OLD]]);
  });

  it('is told by each unit in the older form, and by the leader alone in the newer', () => {
    expect(plan({}, { leader: false })).toEqual([['unit', OLD]]);
    expect(plan(V1, { leader: false })).toEqual([]);
  });

  it('is told once', () => {
    expect(plan({ ...V1, ownApplication: CURRENT })).toEqual([]);
    expect(plan({ ownUnit: { ...OLD, 'ingress-address': '10.0.0.1' } })).toEqual([]);
  });

  it('leaves nothing in the older form when the version comes late', () => {
    expect(plan({ ...V1, ownUnit: OLD })).toEqual([
      ['unit', GONE],
      ['application', CURRENT],
    ]);
    expect(plan({ ...V1, ownUnit: OLD }, { leader: false })).toEqual([['unit', GONE]]);
  });

  it('leaves nothing in the newer form when the other side goes back', () => {
    expect(plan({ ownUnit: OLD, ownApplication: CURRENT })).toEqual([
      ['application', { certificates: undefined, version: undefined }],
    ]);
  });

  it('may be none: said as an empty list, or by taking the older form away', () => {
    expect(plan({ ...V1, ownApplication: CURRENT }, { authorities: [] })).toEqual([
      ['application', { certificates: '[]', version: '1' }],
    ]);
    expect(plan({ ownUnit: OLD }, { authorities: [''] })).toEqual([['unit', GONE]]);
    expect(plan({}, { authorities: [] })).toEqual([]);
  });

  it('is told on each relation in its own form', () => {
    const relations = [RELATION, { ...RELATION, ...V1, id: 'send-ca-cert:4' }];
    expect(
      planTransfer({ relations, leader: true, authorities: [ROOT] }).map(({ relation, bag }) => [relation, bag]),
    ).toEqual([
      ['send-ca-cert:3', 'unit'],
      ['send-ca-cert:4', 'application'],
    ]);
  });
});
