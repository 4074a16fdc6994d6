/** Whether the value of a flag is one that a control accepts: what is good already is left as it is. */

import type { Check, FlagCheck, HardenedService, ListFlagCheck } from '../control.ts';
import { judgeFlag, judgeList } from '../evaluate-flag.ts';

export type FlagTest = FlagCheck | ListFlagCheck;

/** All tests of one flag within a check, however deep they stand in it. */
export function testsOf(check: Check, service: HardenedService, flag: string): readonly FlagTest[] {
  if (check.type === 'all' || check.type === 'any') return check.of.flatMap((one) => testsOf(one, service, flag));
  const concerned = check.type === 'flag' || check.type === 'list-flag';
  return concerned && check.service === service && check.flag === flag ? [check] : [];
}

/** @param value null: the flag is not there. */
export function holds(check: FlagTest, value: string | null): boolean {
  const given = value ?? undefined;
  return (check.type === 'flag' ? judgeFlag(check, given) : judgeList(check, given)).holds;
}

export function itemsOf(value: string | null): readonly string[] {
  return (value ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
