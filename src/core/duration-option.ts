/** Options that are a length of time: a number and y (365 days), mo (30 days), d, h or m. */

import { text } from './option-kinds.ts';
import type { Checked } from './option-problem.ts';
import type { Option } from './options.ts';
import type { Role } from './role.ts';
import { parseSeconds } from './validity.ts';

export interface Duration {
  readonly seconds: number;
  /** As it was written. */
  readonly text: string;
}

interface Declared<Empty> {
  readonly on: readonly Role[];
  /** Such as `30d`; it stands in for one that cannot be used. */
  readonly default: string;
  /** What an empty text means. */
  readonly empty: Empty;
  /** Bounds, such as `10m`. */
  readonly atLeast?: string;
  readonly atMost: string;
  /** Of what may be written: `1y, 30d or 12h`. */
  readonly examples: string;
}

export function duration<Empty>(declared: Declared<Empty>): Option<Duration | Empty> {
  const parse = (option: string, given: string): Checked<Duration | Empty> => {
    if (given === '') return { value: declared.empty, problems: [] };
    const problem = problemOf(given, declared);
    if (problem === undefined) return { value: durationOf(given), problems: [] };
    return { value: durationOf(declared.default), problems: [{ option, message: problem }] };
  };
  return text({ on: declared.on, default: declared.default, parse });
}

/** @throws RangeError when it is none: for texts that stand in the program. */
export function durationOf(text: string): Duration {
  const seconds = parseSeconds(text);
  if (seconds === undefined) throw new RangeError(`${JSON.stringify(text)} is not a length of time`);
  return { seconds, text };
}

function problemOf(given: string, { atLeast = '0m', atMost, examples }: Declared<unknown>): string | undefined {
  const seconds = parseSeconds(given);
  if (seconds === undefined) return `must be a number and one of y, mo, d, h, m, such as ${examples}`;
  if (seconds < durationOf(atLeast).seconds) return `must be at least ${atLeast}`;
  return seconds > durationOf(atMost).seconds ? `must be at most ${atMost}` : undefined;
}
