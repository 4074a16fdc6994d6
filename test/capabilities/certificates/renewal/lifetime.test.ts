/** Guards that no certificate outlives its authority, however k8sd counts, and that failures are tried again neither too soon nor too late. */

import { describe, expect, it } from 'vitest';
import { DEFAULT_OPTIONS } from '../../../../src/capabilities/certificates/options.ts';
import { type FailedAttempts, nextAttempt } from '../../../../src/capabilities/certificates/renewal/attempts.ts';
import { lifeToAsk } from '../../../../src/capabilities/certificates/renewal/lifetime.ts';
import { exactLifetime } from '../../../../src/clients/k8sd/lifetime.ts';
import { secondsFrom } from '../../../standins/machines/pki/lifetime.ts';
import { DAY, NOW } from './facts.ts';

const YEAR = 365 * DAY;

describe('the life that is asked for', () => {
  it.each([
    ['is the wanted one', YEAR, 20 * YEAR, YEAR],
    ['is the wanted one in hours', 3600, 2 * DAY, 3600],
    ['is a day less than the authority has', YEAR, 100 * DAY, 99 * DAY],
    ['is in whole days', YEAR, 100.9 * DAY, 99 * DAY],
    ['is sixty days when that is what is left', YEAR, 61 * DAY, 60 * DAY],
    ['is a year when that is what is left', 2 * YEAR, 366 * DAY, YEAR],
    ['is none when there is no day left', YEAR, 1.5 * DAY, undefined],
    ['is none when the authority has ended', YEAR, -DAY, undefined],
  ])('%s', (_, wanted, left, expected) => {
    expect(lifeToAsk(wanted, left)).toBe(expected);
  });

  it('ends before its authority as k8sd counts it, from whatever day on', () => {
    for (let day = 0; day < 4 * 365; day += 1) {
      const now = new Date(NOW.getTime() + day * DAY * 1000);
      for (const wanted of [YEAR, 30 * DAY, 180 * DAY, 12 * 3600])
        for (const left of [2, 29, 31, 32, 60, 61, 62, 180, 181, 187, 365, 366, 367, 368]) {
          const asked = lifeToAsk(wanted, left * DAY);
          if (asked === undefined) continue;
          const spare = now.getTime() + left * DAY * 1000 - secondsFrom(now, exactLifetime(asked)).getTime();
          expect([day, wanted, left, spare >= DAY * 1000]).toEqual([day, wanted, left, true]);
        }
    }
  });
});

describe('a lifetime that k8sd is asked for', () => {
  it('is what was asked for, less a second, from whatever day on', () => {
    for (let day = 0; day < 8 * 365; day += 1) {
      const now = new Date(NOW.getTime() + day * DAY * 1000);
      for (const seconds of [600, 12 * 3600, DAY, 28 * DAY, 30 * DAY, 90 * DAY, YEAR, 10 * YEAR]) {
        const short = seconds - (secondsFrom(now, exactLifetime(seconds)).getTime() - now.getTime()) / 1000;
        expect([day, seconds, short === 0 || short === 1]).toEqual([day, seconds, true]);
      }
    }
  });
});

describe('the next attempt', () => {
  const MINUTE = 60;
  const HOUR = 3600;
  const failed = (count: number): FailedAttempts => ({ count, at: NOW, options: `${YEAR}/${30 * DAY}` });

  it.each([
    ['the first failure', 1, 20 * DAY, 15 * MINUTE],
    ['the second', 2, 20 * DAY, HOUR],
    ['the third', 3, 20 * DAY, 6 * HOUR],
    ['the fourth', 4, 20 * DAY, 24 * HOUR],
    ['any other', 40, 20 * DAY, 24 * HOUR],
    ['one with little time left: a quarter of that', 4, 2 * HOUR, 30 * MINUTE],
    ['one with next to no time left', 1, 30, MINUTE],
    ['one when all is over', 4, -DAY, HOUR],
  ])('comes in time after %s', (_, count, left, seconds) => {
    const end = new Date(NOW.getTime() + left * 1000);
    const next = nextAttempt(failed(count), DEFAULT_OPTIONS, end);
    expect(next && (next.getTime() - NOW.getTime()) / 1000).toBe(seconds);
  });

  it('comes at once after none, and under other options', () => {
    expect(nextAttempt(undefined, DEFAULT_OPTIONS, NOW)).toBeUndefined();
    expect(nextAttempt(failed(4), { ...DEFAULT_OPTIONS, validitySeconds: DAY }, NOW)).toBeUndefined();
  });
});
