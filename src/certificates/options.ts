/** The options of this domain, checked once. */

import type { ConfigValue } from '../juju/juju.ts';
import { parseSeconds, SHORTEST_SECONDS } from './validity.ts';

export interface CertificateOptions {
  /** What a refresh asks for when nobody says otherwise. */
  readonly validitySeconds: number;
  /** Remaining life under which certificates are to be renewed; undefined: never. */
  readonly renewBeforeSeconds: number | undefined;
  /** Remaining life under which they are told of. */
  readonly warnSeconds: number;
}

/** A value that cannot be used. */
export interface CertificateOptionProblem {
  readonly option: string;
  /** Completes the sentence that begins with the option's name. */
  readonly message: string;
}

const VALIDITY = 'certificate-validity';
const RENEW_BEFORE = 'certificate-renew-before';
const DAY = 86_400;
export const DEFAULT_OPTIONS: CertificateOptions = {
  validitySeconds: 365 * DAY,
  renewBeforeSeconds: 30 * DAY,
  warnSeconds: 30 * DAY,
};
/** Control planes approve no longer life for a worker. */
const LONGEST_SECONDS = 10 * 365 * DAY;

/** With a problem in one of them, the default stands in for it. */
export function readCertificateOptions(raw: Readonly<Record<string, ConfigValue>>): {
  readonly value: CertificateOptions;
  readonly problems: readonly CertificateOptionProblem[];
} {
  const problems: CertificateOptionProblem[] = [];
  const read = (option: string, given: string, fallback: number): number => {
    const result = readDuration(given);
    if (typeof result === 'number') return result;
    problems.push({ option, message: result });
    return fallback;
  };
  const validityText = text(raw, VALIDITY) || '1y';
  const renewText = text(raw, RENEW_BEFORE);
  const validitySeconds = read(VALIDITY, validityText, DEFAULT_OPTIONS.validitySeconds);
  const renewBeforeSeconds = renewText === '' ? undefined : read(RENEW_BEFORE, renewText, DEFAULT_OPTIONS.warnSeconds);
  // Between two renewals there has to be time.
  if (problems.length === 0 && (renewBeforeSeconds ?? 0) > validitySeconds / 2)
    problems.push({
      option: RENEW_BEFORE,
      message: `must be at most half of ${VALIDITY}, which is ${validityText}; else certificates would be renewed all the time`,
    });
  return {
    value: { validitySeconds, renewBeforeSeconds, warnSeconds: renewBeforeSeconds ?? DEFAULT_OPTIONS.warnSeconds },
    problems,
  };
}

/** Seconds, or what is wrong. */
function readDuration(text: string): number | string {
  const seconds = parseSeconds(text);
  if (seconds === undefined) return 'must be a number and one of y, mo, d, h, m, such as 1y, 30d or 12h';
  if (seconds < SHORTEST_SECONDS) return 'must be at least 10m';
  return seconds > LONGEST_SECONDS ? 'must be at most 10y' : seconds;
}

/** An option that is absent (a charm of before) has its default; one that is empty is empty. */
function text(raw: Readonly<Record<string, ConfigValue>>, option: string): string {
  return String(raw[option] ?? (option === RENEW_BEFORE ? '30d' : '')).trim();
}
