/**
 * Guards the reader of options: what is trimmed, bounded and defaulted, that all problems are found at once and in one order, and that
 * options are not said to contradict each other while one of them cannot be read.
 */

import { describe, expect, it } from 'vitest';
import { duration } from '../../src/core/duration-option.ts';
import {
  BOTH,
  CONTROL_PLANE,
  choice,
  choiceOrEmpty,
  document,
  flag,
  secret,
  whole,
  words,
} from '../../src/core/option-kinds.ts';
import { defaultOn, type RawOptions, readOptions } from '../../src/core/options.ts';
import { optionsOf } from '../../src/options.ts';

const DECLARED = {
  colour: choice(['red', 'green'], { on: BOTH, default: 'red' }),
  level: choiceOrEmpty(['low', 'mid', 'high', 'top'], { on: BOTH, default: '', empty: undefined }),
  names: words({ on: BOTH, default: 'a b', holds: (word) => word.length === 1, wrong: 'is no letter', longest: 64 }),
  policy: document({ on: CONTROL_PLANE, default: '', longest: 8 }),
  count: whole({ on: BOTH, inherited: true, default: 3, from: 1, to: 5 }),
  limit: whole({ on: BOTH, from: 1, to: 5 }),
  age: duration({ on: BOTH, default: '30d', empty: undefined, atLeast: '10m', atMost: '1y', examples: '1d' }),
  enabled: flag({ on: BOTH, default: true }),
  key: secret({ on: BOTH }),
};

function read(raw: RawOptions) {
  return readOptions(DECLARED, raw, ({ colour, count }) =>
    colour === 'green' && count > 4 ? [{ option: 'count', message: 'is too much of green', beside: ['colour'] }] : [],
  );
}

const problemsOf = (raw: RawOptions) => read(raw).problems.map(({ option, message }) => `${option} ${message}`);

describe('the values of a set', () => {
  it('that is not set are the defaults', () => {
    const age = { seconds: 30 * 86_400, text: '30d' };
    expect(read({})).toEqual({
      value: {
        colour: 'red',
        level: undefined,
        names: ['a', 'b'],
        policy: '',
        count: 3,
        limit: undefined,
        age,
        enabled: true,
        key: '',
      },
      problems: [],
    });
  });

  it('are without what surrounds them, but for documents; options of others are passed over', () => {
    const raw = { colour: ' green\n', names: '\nx\n y', policy: ' a: b\n', age: '', key: 'secret:x\n', other: 'x' };
    expect(read(raw)).toMatchObject({
      value: { colour: 'green', names: ['x', 'y'], policy: ' a: b\n', age: undefined, key: 'secret:x' },
      problems: [],
    });
  });

  it.each<[RawOptions, string]>([
    [{ colour: '' }, 'colour must be red or green'],
    [{ level: 'x' }, 'level must be one of low, mid, high, top'],
    [{ names: 'a bc' }, 'names has "bc", which is no letter'],
    [{ count: 6 }, 'count must be a whole number from 1 to 5'],
    [{ limit: 0.5 }, 'limit must be a whole number from 1 to 5'],
    [{ age: '9m' }, 'age must be at least 10m'],
    [{ age: '2y' }, 'age must be at most 1y'],
    [{ age: 'soon' }, 'age must be a number and one of y, mo, d, h, m, such as 1d'],
    [{ policy: 'ééééé' }, 'policy has 10 bytes; at most 8 are taken'],
    [{ colour: 'x'.repeat(24 * 1024 + 1) }, 'colour has 24577 bytes; at most 24576 are taken'],
  ])('%j are refused with what would be right', (raw, problem) => {
    expect(problemsOf(raw)).toEqual([problem]);
  });

  it('that is too long is the default', () => {
    expect(read({ policy: 'x'.repeat(9), names: 'x '.repeat(33) }).value).toMatchObject({
      policy: '',
      names: ['a', 'b'],
    });
  });

  it('contradict each other only where each can be used, and all that is wrong comes in the order of the declarations', () => {
    expect(problemsOf({ count: 5, colour: 'green' })).toEqual(['count is too much of green']);
    expect(problemsOf({ count: 5, colour: 'green', names: 'xx', limit: 9 })).toEqual([
      'names has "xx", which is no letter',
      'count is too much of green',
      'limit must be a whole number from 1 to 5',
    ]);
    expect(problemsOf({ count: 6, colour: 'green' })).toEqual(['count must be a whole number from 1 to 5']);
  });
});

describe('the options of the charms', () => {
  it.each(['control-plane', 'worker'] as const)('of a %s can be used as they are by default', (role) => {
    const declared = optionsOf(role);
    const raw = Object.entries(declared).flatMap(([name, option]) => {
      const usual = defaultOn(role, option);
      return usual === undefined ? [] : [[name, usual] as const];
    });
    expect(readOptions(declared, Object.fromEntries(raw)).problems).toEqual([]);
  });

  it('have no default on a worker where it takes them from its control plane', () => {
    const without = Object.entries(optionsOf('worker')).filter(
      ([, option]) => defaultOn('worker', option) === undefined,
    );
    expect(without.map(([name]) => name)).toEqual([
      'ca-certificates',
      'cis-mode',
      'stig-mode',
      'cis-benchmark',
      'hardening-waivers',
      'pod-max-pids',
      'tls-min-version',
    ]);
  });

  it.each([
    ['node-labels', 24],
    ['audit-policy', 64],
    ['hardening-waivers', 64],
    ['event-rate-limits', 64],
    ['containerd-custom-registries', 512],
  ])('are bounded: %s may have %d KiB', (name, kib) => {
    expect(optionsOf('control-plane')[name]?.longest).toBe(kib * 1024);
  });
});
