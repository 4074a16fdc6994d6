/** The options of the gate, each declared once: how many workers may hold the rollout lock at once. */

import { CONTROL_PLANE, good, refused, text } from '../../core/option-kinds.ts';
import type { Checked } from '../../core/option-problem.ts';
import { type RawOptions, readOptions } from '../../core/options.ts';
import { MOST_SLOTS } from './worker-lock.ts';

export type Parallelism = { readonly workers: number } | { readonly percent: number };

const ONE: Parallelism = { workers: 1 };

export const GATE_OPTIONS = {
  'rollout-parallelism': text<Parallelism>({
    on: CONTROL_PLANE,
    default: '1',
    parse(option, given) {
      if (given === '') return good(ONE);
      const [, digits, percent] = /^(\d{1,3})(%?)$/.exec(given) ?? [];
      const number = Number(digits);
      if (percent === '' && number >= 1 && number <= MOST_SLOTS) return good({ workers: number });
      if (percent === '%' && number >= 1 && number <= 100) return good({ percent: number });
      return refused(ONE, option, `must be a number from 1 to ${MOST_SLOTS}, or a percentage from 1% to 100%`);
    },
  }),
};

export function readParallelism(raw: RawOptions): Checked<Parallelism> {
  const { value, problems } = readOptions(GATE_OPTIONS, raw);
  return { value: value['rollout-parallelism'], problems };
}

/** Rounded down, and at least one. @param workers of the cluster. */
export function slotsFor(parallelism: Parallelism, workers: number): number {
  if ('workers' in parallelism) return parallelism.workers;
  return Math.max(1, Math.floor((workers * parallelism.percent) / 100));
}
