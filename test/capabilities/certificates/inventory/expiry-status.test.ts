import { describe, expect, it } from 'vitest';
import type { Examined } from '../../../../src/capabilities/certificates/inventory/examined.ts';
import { expiryReports } from '../../../../src/capabilities/certificates/inventory/expiry-status.ts';

const NOW = new Date('2026-11-23T10:00:00Z');
const DAY = 86_400;

function ending(name: string, days: number, issuable = true): Examined {
  const notAfter = new Date(NOW.getTime() + days * DAY * 1000);
  return { name, notBefore: new Date(0), notAfter, sans: [], issuable, flaws: [] };
}

/** One that was issued for so many days. */
function living(name: string, life: number, left: number, issuable = true): Examined {
  const one = ending(name, left, issuable);
  return { ...one, notBefore: new Date(NOW.getTime() + (left - life) * DAY * 1000) };
}

function told(
  inventory: readonly Examined[],
  warnDays = 30,
  managers: Readonly<Record<string, 'operator' | 'relation'>> = {},
): readonly string[] {
  const circumstances = { role: 'control-plane', now: NOW, warnSeconds: warnDays * DAY, managers } as const;
  return expiryReports(inventory, circumstances).map(({ status, message }) => `${status}: ${message}`);
}

describe('the status', () => {
  it.each<[string, readonly Examined[], readonly string[]]>([
    ['says nothing while all live', [ending('apiserver', 31), ending('ca', 7000)], []],
    ['names one', [ending('apiserver', 12.5)], ['active: certificate expires in 12 days: apiserver']],
    [
      'names those first that end first',
      [ending('apiserver', 20.2), ending('kubelet', 12), ending('admin.conf', 20.1), ending('ca', 7000)],
      ['active: certificates expire in 12 days: kubelet, apiserver, admin.conf'],
    ],
    ['counts one day', [ending('kubelet', 1.2)], ['active: certificate expires in 1 day: kubelet']],
    ['counts hours', [ending('kubelet', 0.2)], ['active: certificate expires in less than a day: kubelet']],
    [
      'blocks on what is over, and goes on with the rest',
      [ending('apiserver', -1), ending('kubelet', 3)],
      [
        'blocked: certificate has expired: apiserver; certs-status tells what to do',
        'active: certificate expires in 3 days: kubelet',
      ],
    ],
    [
      'has a bound',
      ['apiserver', 'kubelet', 'admin.conf', 'proxy.conf', 'kubelet.conf', 'scheduler.conf', 'controller.conf'].map(
        (name) => ending(name, -2),
      ),
      [
        'blocked: certificates have expired: apiserver, kubelet, admin.conf, proxy.conf, kubelet.conf and 2 more; certs-status tells what to do',
      ],
    ],
    [
      'tells early of what nobody can renew',
      [ending('ca', 170), ending('etcd/server', 170.5), ending('apiserver', 170)],
      [
        'active: certificate expires in 170 days: etcd/server',
        'active: CA ends in 170 days: ca, and the cluster with it; deploy another one in time (certs-status)',
      ],
    ],
    [
      'tells early of a leaf whose authority is elsewhere',
      [ending('apiserver', 170, false)],
      ['active: certificate expires in 170 days: apiserver'],
    ],
    ['leaves out a week that has just begun', [living('apiserver', 7, 6.9), living('kubelet', 7, 2.5)], []],
    [
      'tells of a week in its last third',
      [living('apiserver', 7, 2.3)],
      ['active: certificate expires in 2 days: apiserver'],
    ],
    [
      'tells of ninety days in their last third, whoever cannot renew them',
      [living('etcd/server', 90, 31, false), living('etcd/peer', 90, 29.5, false)],
      ['active: certificate expires in 29 days: etcd/peer'],
    ],
    [
      'tells of CAs of ninety days from their first day on',
      [living('ca', 90, 89.5, false), living('client-ca', 90, 89.5, false)],
      ['active: CAs end in 89 days: ca, client-ca, and the cluster with it; deploy another one in time (certs-status)'],
    ],
    [
      'tells of CAs from the first day on that is nearer than a year',
      [living('ca', 7300, 365.1, false), living('client-ca', 7300, 364.9, false)],
      ['active: CA ends in 364 days: client-ca, and the cluster with it; deploy another one in time (certs-status)'],
    ],
    [
      'does not know what cannot be read',
      [{ name: 'ca', notBefore: undefined, notAfter: undefined, sans: [], issuable: false, flaws: [] }],
      [],
    ],
  ])('%s', (_, inventory, expected) => {
    expect(told(inventory)).toEqual(expected);
  });

  it.each<[string, number, 'operator' | 'relation', readonly string[]]>([
    [
      'of what the operator brings, two months before',
      59,
      'operator',
      ['active: certificate expires in 59 days: apiserver'],
    ],
    ['not of what the operator brings, before that', 61, 'operator', []],
    ['not of what a CA charm brings, as early', 59, 'relation', []],
  ])('tells %s', (_, left, manager, expected) => {
    expect(told([living('apiserver', 365, left)], 30, { apiserver: manager })).toEqual(expected);
  });

  it('follows the threshold', () => {
    expect(told([ending('apiserver', 50)], 60)).toEqual(['active: certificate expires in 50 days: apiserver']);
    expect(told([ending('apiserver', 5)], 1)).toEqual([]);
  });
});
