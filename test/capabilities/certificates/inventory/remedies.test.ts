/** Guards what an operator is told to do about a certificate: a way that exists on that unit. */

import { describe, expect, it } from 'vitest';
import { findingsOf, renewalOf } from '../../../../src/capabilities/certificates/inventory/findings.ts';
import type { Manager } from '../../../../src/capabilities/certificates/inventory/record.ts';
import { allLiving, DAY, living, NOW, withOthers } from '../renewal/facts.ts';

const YEAR = 365 * DAY;
const REPLACE = /kubelet\.conf has ended, so that the API server takes no requests .*add a unit, .*remove this one$/;

type Managers = Readonly<Record<string, Manager>>;

const circumstances = (role: 'control-plane' | 'worker', managers: Managers = {}) => ({
  role,
  now: NOW,
  warnSeconds: 30 * DAY,
  requiredSans: {},
  managers,
  served: new Map(),
});

describe('of a worker', () => {
  const due = allLiving('worker', YEAR, 20 * DAY);
  const stranger = withOthers(due, living('kubelet.conf', YEAR, -DAY));

  it.each<[string, typeof due, string, Managers, string, string, RegExp, string]>([
    ['about to end', due, 'kubelet', {}, 'warning', 'expiring', /^run refresh-certs on this unit$/, 'refresh'],
    ['that has ended', stranger, 'kubelet.conf', {}, 'error', 'expired', REPLACE, 'not renewable (add a unit)'],
    ['beside it', stranger, 'proxy.conf', {}, 'warning', 'not-renewable', REPLACE, 'not renewable (add a unit)'],
    [
      'that a CA charm brings, beside it',
      stranger,
      'kubelet',
      { kubelet: 'relation' },
      'warning',
      'expiring',
      /^the provider at the other end/,
      'provider',
    ],
    [
      'that k8sd issues beside what a CA charm brings',
      due,
      'kubelet.conf',
      { kubelet: 'relation' },
      'warning',
      'expiring',
      /^run refresh-certs on this unit$/,
      'refresh',
    ],
    [
      'that the operator brings',
      due,
      'kubelet.conf',
      { 'kubelet.conf': 'operator' },
      'warning',
      'expiring',
      /secret that ca-certificates names, as kubelet-client-crt and kubelet-client-key .*k8s-0-kubelet-client-crt/,
      'operator',
    ],
  ])('a certificate %s', (_, inventory, name, managers, severity, code, remedy, renewal) => {
    const found = findingsOf(inventory, circumstances('worker', managers)).filter(
      ({ certificate }) => certificate === name,
    );
    expect(found).toEqual([
      { certificate: name, severity, code, message: expect.any(String), remedy: expect.stringMatching(remedy) },
    ]);
    expect(renewalOf(name, inventory, circumstances('worker', managers))).toBe(renewal);
  });
});

it('an ended kubelet.conf of a control plane is refreshed as any other: k8sd there asks nobody', () => {
  const inventory = withOthers(allLiving('control-plane', YEAR, 200 * DAY), living('kubelet.conf', YEAR, -DAY));
  expect(findingsOf(inventory, circumstances('control-plane')).map(({ remedy }) => remedy)).toEqual([
    'run refresh-certs certificates=kubelet.conf on this unit',
  ]);
});
