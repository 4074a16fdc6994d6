/** Guards how many workers may be disturbed at once, and that nothing but a number or a percentage is taken for it. */

import { describe, expect, it } from 'vitest';
import { readParallelism, slotsFor } from '../../../src/engine/gate/options.ts';

describe('rollout-parallelism', () => {
  it.each<[string | undefined, number, number]>([
    [undefined, 1000, 1],
    ['', 1000, 1],
    ['1', 1000, 1],
    [' 7\n', 3, 7],
    ['500', 1000, 500],
    ['10%', 19, 1],
    ['10%', 20, 2],
    ['10%', 0, 1],
    ['70%', 3, 2],
    ['100%', 12, 12],
    ['1%', 99, 1],
  ])('%j of %d workers is %d', (given, workers, slots) => {
    const { value, problems } = readParallelism(given === undefined ? {} : { 'rollout-parallelism': given });
    expect(problems).toEqual([]);
    expect(slotsFor(value, workers)).toBe(slots);
  });

  it.each(['0', '0%', '101%', '501', '-1', '1.5', '10 %', 'all', '%', '٣', '1e2', '5%%'])('%j is refused', (given) => {
    const { value, problems } = readParallelism({ 'rollout-parallelism': given });
    expect(problems).toEqual([
      { option: 'rollout-parallelism', message: 'must be a number from 1 to 500, or a percentage from 1% to 100%' },
    ]);
    expect(slotsFor(value, 1000)).toBe(1);
  });
});
