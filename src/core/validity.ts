/** How long certificates shall be valid. */

const UNITS: Readonly<Record<string, number>> = { y: 31_536_000, mo: 2_592_000, d: 86_400, h: 3_600, m: 60 };

/** Kubernetes signs no certificate for less (`spec.expirationSeconds` of a certificate signing request). */
export const SHORTEST_SECONDS = 600;
/** Control planes approve no longer life for a worker. */
export const LONGEST_SECONDS = 10 * 365 * 86_400;

/**
 * `1y`, `6mo`, `30d`, `12h`, `90m` in seconds, with k8sd's meaning of a year (365 days) and a month (30 days).
 * @throws Error with the text for the operator.
 */
export function parseValidity(parameter: string, text: string): number {
  const seconds = parseSeconds(text);
  if (seconds === undefined)
    throw new Error(
      `${parameter} must be a number and one of y, mo, d, h, m, such as 1y, 30d or 12h; it is ${JSON.stringify(text.slice(0, 40))}`,
    );
  if (seconds < SHORTEST_SECONDS)
    throw new Error(`${parameter} must be at least 10m; a shorter life would end before it could be renewed`);
  if (seconds > LONGEST_SECONDS) throw new Error(`${parameter} must be at most 10y`);
  return seconds;
}

/** Undefined when it is no such text, or too large a number. */
export function parseSeconds(text: string): number | undefined {
  const match = /^([0-9]+)(y|mo|d|h|m)$/.exec(text.trim());
  const seconds = Number(match?.[1] ?? Number.NaN) * (UNITS[match?.[2] ?? ''] ?? Number.NaN);
  return Number.isSafeInteger(seconds) ? seconds : undefined;
}

/** Whole days, rounded down; negative for what is over. */
export function daysUntil(end: Date, now: Date): number {
  return Math.floor((end.getTime() - now.getTime()) / 86_400_000);
}

/** A certificate must not outlive its CA: verifiers reject the chain then (RFC 5280 section 6.1.3). */
export function refuseBeyondAuthority(
  parameter: string,
  seconds: number,
  authority: { name: string; notAfter: Date },
  now: Date,
): void {
  if (now.getTime() + seconds * 1000 > authority.notAfter.getTime())
    throw new Error(
      `${parameter} goes beyond the life of the CA ${authority.name}, which ends ${authority.notAfter.toISOString()}; ask for at most ${daysUntil(authority.notAfter, now)}d`,
    );
}
