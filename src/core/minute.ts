/** A point in time as a status shows it: to the minute, with its zone, so that it can be compared with a log. */

/** `2026-11-23 14:15 UTC` */
export function formatMinute(date: Date): string {
  return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
