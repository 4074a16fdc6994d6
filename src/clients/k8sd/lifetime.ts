/** How k8sd reads the lifetime that a certificate is asked for with. */

const DAY_SECONDS = 86_400;

/**
 * What to ask k8sd for, so that a certificate lives as long as is wanted: seconds in, seconds out. k8sd takes multiples of 365 days,
 * 30 days and a day for years, months and days of the calendar in the node's time zone: 30 days are 28 in February and 31 in
 * December (`SecondsToExpirationDate` of its `pkg/utils/time.go`). Any other number it takes as it is, so a second less is asked for.
 */
export function exactLifetime(seconds: number): number {
  return seconds > 0 && seconds % DAY_SECONDS === 0 ? seconds - 1 : seconds;
}
