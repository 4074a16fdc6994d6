/** How k8sd turns a number of seconds into the end of a certificate. */

import { realNow } from '../../../time/virtual-time.ts';

const DAY = 86_400;
const MONTH = 30 * DAY;
const YEAR = 365 * DAY;

/** Whole years, months or days become calendar years, months or days; anything else is exact seconds. Zero is now. */
export function secondsFrom(start: Date, seconds: number): Date {
  const end = new Date(start);
  if (seconds !== 0 && seconds % YEAR === 0) end.setUTCFullYear(end.getUTCFullYear() + seconds / YEAR);
  else if (seconds !== 0 && seconds % MONTH === 0) end.setUTCMonth(end.getUTCMonth() + seconds / MONTH);
  else if (seconds !== 0 && seconds % DAY === 0) end.setUTCDate(end.getUTCDate() + seconds / DAY);
  else end.setTime(end.getTime() + seconds * 1000);
  return end;
}

export function yearsFrom(start: Date, years: number): Date {
  return secondsFrom(start, years * YEAR);
}

export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** From now on, until the time that `ending` makes of now. It begins by OpenSSL's clock and ends by that of the test. */
export function fromNow(ending: (start: Date) => Date): Validity {
  return { notBefore: wholeSecond(realNow()), notAfter: ending(wholeSecond(new Date())) };
}

/** Certificates count whole seconds. */
function wholeSecond(date: Date): Date {
  return new Date(Math.floor(date.getTime() / 1000) * 1000);
}
