/** Flags of a service against what a control asks of them. */

import { durationMs } from '../../core/go-duration.ts';
import type { FlagCheck, ListFlagCheck } from './control.ts';

export interface FlagJudgement {
  readonly holds: boolean;
  /** What would be right: `one of true, 1`. */
  readonly expected: string;
}

/** @param value undefined where the flag is not set. */
export function judgeFlag({ test }: FlagCheck, value: string | undefined): FlagJudgement {
  // `--client-ca-file=""` is as good as none.
  if ('set' in test) return { holds: ((value ?? '') !== '') === test.set, expected: test.set ? 'set' : 'not set' };
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
    return {
      holds: value !== '' && !test.isNot.some((one) => same(one, value)),
      expected: `set, but not ${test.isNot.join(', ')}`,
    };
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

/** As Go takes it. @param value undefined: not set, and false where that is the default. */
export function isTrue(value: string | undefined): boolean {
  return truth(value ?? '') === true;
}

function truth(value: string): boolean | undefined {
  if (/^(?:1|t|T|true|TRUE|True)$/.test(value)) return true;
  return /^(?:0|f|F|false|FALSE|False)$/.test(value) ? false : undefined;
}

/** As Go's `strconv.ParseInt` with base 0 takes it: `030` is octal, `0x10` hexadecimal. */
function number(value: string): number {
  const [, sign, digits = ''] = /^([+-]?)(0x[\da-f]+|0b[01]+|0o?[0-7]+|[1-9]\d*|0)$/i.exec(value) ?? [];
  if (digits === '') return Number.NaN;
  const amount = Number(digits.replace(/^0(?=[0-7])/, '0o'));
  return sign === '-' ? -amount : amount;
}
