/** Flags of a service against what a control asks of them. */

import type { FlagCheck, ListFlagCheck } from './control.ts';

export interface FlagJudgement {
  readonly holds: boolean;
  /** What would be right: `one of true, 1`. */
  readonly expected: string;
}

/** @param value undefined where the flag is not set. */
export function judgeFlag({ test }: FlagCheck, value: string | undefined): FlagJudgement {
  if ('set' in test) return { holds: (value !== undefined) === test.set, expected: test.set ? 'set' : 'not set' };
  const or = test.orUnset ? ' or not set' : '';
  const { holds, expected } = judgeValue(test, value ?? '');
  return { holds: value === undefined ? test.orUnset === true : holds, expected: `${expected}${or}` };
}

type ValueTest = Exclude<FlagCheck['test'], { readonly set: boolean }>;

function judgeValue(test: ValueTest, value: string): FlagJudgement {
  if ('is' in test) {
    return { holds: test.is.some((one) => same(one, value)), expected: oneOf(test.is) };
  }
  if ('isNot' in test) {
    return { holds: !test.isNot.some((one) => same(one, value)), expected: `set, but not ${test.isNot.join(', ')}` };
  }
  if ('atLeast' in test) return { holds: number(value) >= test.atLeast, expected: `${test.atLeast} or more` };
  if ('above' in test) return { holds: number(value) > test.above, expected: `more than ${test.above}` };
  if ('host' in test) {
    return { holds: value === test.host || value.startsWith(`${test.host}:`), expected: `on ${test.host}` };
  }
  const least = durationMs(test.lastsAtLeast) ?? 0;
  return { holds: (durationMs(value) ?? -1) >= least, expected: `${test.lastsAtLeast} or longer` };
}

export function judgeList(check: ListFlagCheck, value: string | undefined): FlagJudgement {
  const { has = [], lacks = [], only, orUnset = false } = check;
  const items = (value ?? '').split(',').map((item) => item.trim());
  const holds =
    has.every((item) => items.includes(item)) &&
    !lacks.some((item) => items.includes(item)) &&
    (only === undefined || items.every((item) => only.includes(item)));
  const expected = [
    ...(has.length > 0 ? [`with ${has.join(', ')}`] : []),
    ...(lacks.length > 0 ? [`without ${lacks.join(', ')}`] : []),
    ...(only === undefined ? [] : [`only ${only.join(', ')}`]),
  ].join(', ');
  return { holds: value === undefined ? orUnset : holds, expected: `${expected}${orUnset ? ' or not set' : ''}` };
}

function oneOf(values: readonly string[]): string {
  return values.length === 1 ? (values[0] ?? '') : `one of ${values.join(', ')}`;
}

/** Booleans are the same in all the ways in which Go's `strconv.ParseBool` takes them. */
function same(wanted: string, value: string): boolean {
  const [one, other] = [truth(wanted), truth(value)];
  return wanted === value || (one !== undefined && one === other && /^(?:true|false)$/.test(wanted));
}

function truth(value: string): boolean | undefined {
  if (/^(?:1|t|T|true|TRUE|True)$/.test(value)) return true;
  return /^(?:0|f|F|false|FALSE|False)$/.test(value) ? false : undefined;
}

function number(value: string): number {
  return value.trim() === '' ? Number.NaN : Number(value);
}

const UNITS_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** Of a duration as Go writes it: `1h30m`, `5m0s`; undefined for anything else. */
export function durationMs(text: string): number | undefined {
  if (text === '0') return 0;
  if (!/^(?:\d+(?:\.\d+)?(?:h|ms|m|s))+$/.test(text)) return undefined;
  return [...text.matchAll(/([\d.]+)(h|ms|m|s)/g)].reduce(
    (sum, [, amount, unit = '']) => sum + Number(amount) * (UNITS_MS[unit] ?? 0),
    0,
  );
}
