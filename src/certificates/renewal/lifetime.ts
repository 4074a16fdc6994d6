/** For how long a new certificate is to be asked for, so that it does not outlive its authority (RFC 5280 section 6.1.3): pure. */

const DAY = 86_400;
const MONTH = 30 * DAY;
const YEAR = 365 * DAY;

/**
 * Seconds: what is wanted, or else whole days, a day less than the authority has left. Undefined when it has no such day any more.
 * k8sd takes whole multiples of 365 days for years of the calendar, and of 30 days for months; both may be longer.
 */
export function lifeToAsk(wanted: number, authorityLeft: number): number | undefined {
  const most = authorityLeft - DAY;
  if (longest(wanted) <= most) return wanted;
  const days = Math.floor(most / DAY);
  if (days < 1) return undefined;
  const calendar = (days * DAY) % YEAR === 0 || (days * DAY) % MONTH === 0;
  return (calendar ? days - 1 : days) * DAY;
}

/** Seconds that the wanted ones may become. */
function longest(seconds: number): number {
  if (seconds % YEAR === 0) return (seconds / YEAR) * (YEAR + DAY);
  return seconds % MONTH === 0 ? (seconds / MONTH) * (MONTH + DAY) : seconds;
}
