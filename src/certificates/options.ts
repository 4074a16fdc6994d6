/** The options of this domain, checked once. */

import type { ConfigValue } from '../juju/juju.ts';
import { LONGEST_SECONDS, parseSeconds, SHORTEST_SECONDS } from './validity.ts';

export interface CertificateOptions {
  /** What a refresh asks for when nobody says otherwise. */
  readonly validitySeconds: number;
  /** Remaining life under which certificates are to be renewed; undefined: never. */
  readonly renewBeforeSeconds: number | undefined;
  /** Remaining life under which they are told of. */
  readonly warnSeconds: number;
  /** Remaining life that a CA from elsewhere must have when a cluster is made with it. */
  readonly minimumCaSeconds: number;
}

/** A value that cannot be used. */
export interface CertificateOptionProblem {
  readonly option: string;
  /** Completes the sentence that begins with the option's name. */
  readonly message: string;
}

const VALIDITY = 'certificate-validity';
const RENEW_BEFORE = 'certificate-renew-before';
export const MINIMUM_CA_VALIDITY = 'bootstrap-ca-minimum-validity';
const DAY = 86_400;
export const DEFAULT_OPTIONS: CertificateOptions = {
  validitySeconds: 365 * DAY,
  renewBeforeSeconds: 30 * DAY,
  warnSeconds: 30 * DAY,
  minimumCaSeconds: 5 * 365 * DAY,
};

const LONGEST_CA_SECONDS = 50 * 365 * DAY;

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
  const minimum = readMinimum(raw);
  if (typeof minimum === 'string') problems.push({ option: MINIMUM_CA_VALIDITY, message: minimum });
  const validitySeconds = read(VALIDITY, validityText, DEFAULT_OPTIONS.validitySeconds);
  const renewBeforeSeconds = renewText === '' ? undefined : read(RENEW_BEFORE, renewText, DEFAULT_OPTIONS.warnSeconds);
  // Between two renewals there has to be time.
  if (problems.length === 0 && (renewBeforeSeconds ?? 0) > validitySeconds / 2)
    problems.push({
      option: RENEW_BEFORE,
      message: `must be at most half of ${VALIDITY}, which is ${validityText}; else certificates would be renewed all the time`,
    });
  return {
    value: {
      validitySeconds,
      renewBeforeSeconds,
      warnSeconds: renewBeforeSeconds ?? DEFAULT_OPTIONS.warnSeconds,
      minimumCaSeconds: typeof minimum === 'string' ? DEFAULT_OPTIONS.minimumCaSeconds : minimum,
    },
    problems,
  };
}

/** CAs live longer than certificates. Empty: none is too short. */
function readMinimum(raw: Readonly<Record<string, ConfigValue>>): number | string {
  const given = raw[MINIMUM_CA_VALIDITY];
  if (given === undefined) return DEFAULT_OPTIONS.minimumCaSeconds;
  const trimmed = String(given).trim();
  const seconds = trimmed === '' ? 0 : parseSeconds(trimmed);
  if (seconds === undefined) return 'must be a number and one of y, mo, d, h, m, such as 5y or 90d, or empty';
  return seconds > LONGEST_CA_SECONDS ? 'must be at most 50y' : seconds;
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
