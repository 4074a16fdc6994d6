import { describe, expect, it } from 'vitest';
import { daysUntil, parseValidity, refuseBeyondAuthority } from '../../src/core/validity.ts';

describe('parseValidity', () => {
  it.each([
    ['1y', 31_536_000],
    ['6mo', 15_552_000],
    ['30d', 2_592_000],
    ['12h', 43_200],
    ['90m', 5_400],
    ['10m', 600],
    [' 1d ', 86_400],
    ['007d', 604_800],
  ])('%s', (text, seconds) => {
    expect(parseValidity('expires-in', text)).toBe(seconds);
  });

  it.each([
    '',
    '0',
    '1',
    'y',
    '-1d',
    '+1d',
    '1.5d',
    '1e3d',
    '1h30m',
    '1 d',
    '1w',
    '1s',
    '1Y',
    '١d',
    `${'9'.repeat(30)}y`,
    'forever',
  ])('refuses %j', (text) => {
    expect(() => parseValidity('expires-in', text)).toThrow(
      `expires-in must be a number and one of y, mo, d, h, m, such as 1y, 30d or 12h; it is ${JSON.stringify(text)}`,
    );
  });

  it.each(['0d', '0m', '9m'])('refuses %s, which is over before it can be renewed', (text) => {
    expect(() => parseValidity('expires-in', text)).toThrow(
      'expires-in must be at least 10m; a shorter life would end before it could be renewed',
    );
  });

  it('repeats no more than the beginning of nonsense', () => {
    expect(() => parseValidity('expires-in', 'x'.repeat(1000))).toThrow(/^.{0,160}$/);
  });
});

describe('refuseBeyondAuthority', () => {
  const now = new Date('2026-01-01T00:00:00Z');
  const authority = { name: 'ca', notAfter: new Date('2027-01-01T00:00:00Z') };

  it('takes what ends with its authority', () => {
    expect(() => refuseBeyondAuthority('expires-in', 365 * 86_400, authority, now)).not.toThrow();
  });

  it('refuses a second more, and says what is possible', () => {
    expect(() => refuseBeyondAuthority('expires-in', 365 * 86_400 + 1, authority, now)).toThrow(
      'expires-in goes beyond the life of the CA ca, which ends 2027-01-01T00:00:00.000Z; ask for at most 365d',
    );
  });
});

describe('daysUntil', () => {
  it.each([
    ['2026-01-02T00:00:00Z', 1],
    ['2026-01-01T23:59:59Z', 0],
    ['2026-01-01T00:00:00Z', 0],
    ['2025-12-31T23:59:59Z', -1],
  ])('%s: %i', (end, days) => {
    expect(daysUntil(new Date(end), new Date('2026-01-01T00:00:00Z'))).toBe(days);
  });
});
