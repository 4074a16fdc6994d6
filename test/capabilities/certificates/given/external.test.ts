/** Guards what is asked of a provider for each unit: the same as long as the unit is the same; and what of an answer k8sd is given. */

import { describe, expect, it } from 'vitest';
import {
  type ServingNames,
  servingToGive,
  servingWishes,
} from '../../../../src/capabilities/certificates/given/external.ts';
import { wantedSans, wishProblem } from '../../../../src/capabilities/certificates/relation/wish.ts';

const NAMES: ServingNames = {
  role: 'control-plane',
  nodeName: 'node-0',
  addresses: ['10.0.0.10', 'fd00::10'],
  apiServer: ['api.example', 'kubernetes', '10.152.183.1'],
};
const sansOf = (names: Partial<ServingNames>) =>
  Object.fromEntries(servingWishes({ ...NAMES, ...names }).map((wish) => [wish.id, wantedSans(wish)]));

describe('what is asked for a unit', () => {
  it('is what it serves, by all its names, and nothing else', () => {
    expect(sansOf({})).toEqual({
      apiserver: ['10.0.0.10', '10.152.183.1', '127.0.0.1', '::1', 'api.example', 'fd00::10', 'kubernetes', 'node-0'],
      kubelet: ['10.0.0.10', '127.0.0.1', '::1', 'fd00::10', 'node-0'],
    });
    expect(Object.keys(sansOf({ role: 'worker' }))).toEqual(['kubelet']);
    for (const wish of servingWishes(NAMES)) expect(wishProblem(wish)).toBeUndefined();
  });

  it.each<[string, Partial<ServingNames>]>([
    ['another order', { addresses: ['fd00::10', '10.0.0.10'], apiServer: [...NAMES.apiServer].reverse() }],
    [
      'another spelling',
      { addresses: ['10.0.0.10', 'FD00:0:0::10'], apiServer: ['API.example', 'kubernetes', '10.152.183.1'] },
    ],
    [
      'names twice',
      { addresses: ['10.0.0.10', 'fd00::10', '10.0.0.10'], apiServer: [...NAMES.apiServer, '10.0.0.10'] },
    ],
  ])('is the same with %s: else it would be issued anew with each hook', (_, names) => {
    expect(sansOf(names)).toEqual(sansOf({}));
  });

  it('leaves what clients come by out of what kubelet serves', () => {
    expect(sansOf({ apiServer: ['192.0.2.7'] })['kubelet']).toEqual(sansOf({})['kubelet']);
  });
});

it('nothing is given while a part is missing', () => {
  const question = { birth: 'worker', nodeName: 'node-0', authority: '', etcd: false, now: new Date() } as const;
  expect(servingToGive({ ...question, issued: { kubelet: undefined } })).toEqual({
    pems: undefined,
    authority: '',
    problems: [],
  });
});
