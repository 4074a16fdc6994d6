/** Guards that certificates renewed together restart services once, and that none of them is held back until it is too late. */

import { describe, expect, it } from 'vitest';
import { dueForExchange, type Exchangeable } from '../../../../src/capabilities/certificates/given/exchange.ts';
import type { Standing } from '../../../../src/capabilities/certificates/relation/standing.ts';

const NOW = new Date('2026-11-23T12:00:00Z');
const later = (seconds: number): Date => new Date(NOW.getTime() + seconds * 1000);
const HOUR = 3_600;

const issued = (fingerprint: string): Standing => ({
  state: 'issued',
  request: 'r',
  fingerprint,
  notAfter: later(24 * HOUR).toISOString(),
  authority: '',
});
const asked = (secondsAgo: number, renewal = true): Standing => ({
  state: 'requested',
  since: later(-secondsAgo).toISOString(),
  overdue: false,
  renewal,
});
const served = (fingerprint: string, secondsLeft = HOUR) => ({ fingerprint, notAfter: later(secondsLeft) });

const apiserver = (standing: Standing, inService: Exchangeable['inService'] = served('old')): Exchangeable => ({
  id: 'apiserver',
  standing,
  inService,
});
const kubelet = (standing: Standing): Exchangeable => ({ id: 'kubelet', standing, inService: served('old') });

describe('what was issued', () => {
  it.each<[string, readonly Exchangeable[], readonly string[]]>([
    ['and is in service already: nothing', [apiserver(issued('old')), kubelet(issued('old'))], []],
    ['for one: that one', [apiserver(issued('new')), kubelet(issued('old'))], ['apiserver']],
    ['for both: both at once', [apiserver(issued('new')), kubelet(issued('new'))], ['apiserver', 'kubelet']],
    ['in place of what cannot be read: that one', [apiserver(issued('new'), undefined)], ['apiserver']],
    ['while the other is about to be answered: later', [apiserver(issued('new')), kubelet(asked(10))], []],
    [
      'while the other is not answered for minutes: now',
      [apiserver(issued('new')), kubelet(asked(121))],
      ['apiserver'],
    ],
    [
      'while the other is not answered, with little time left: now',
      [apiserver(issued('new'), served('old', 20)), kubelet(asked(30))],
      ['apiserver'],
    ],
    [
      'in place of what has ended, while the other is not answered: now',
      [apiserver(issued('new'), served('old', -1)), kubelet(asked(0))],
      ['apiserver'],
    ],
    [
      'while the other has never been issued: now',
      [apiserver(issued('new')), kubelet(asked(10, false))],
      ['apiserver'],
    ],
    [
      'while the other is refused: now',
      [apiserver(issued('new')), kubelet({ state: 'denied', code: 102, message: 'no' })],
      ['apiserver'],
    ],
  ])('%s', (_, certificates, due) => {
    expect(dueForExchange(certificates, NOW)).toEqual(due);
  });
});
