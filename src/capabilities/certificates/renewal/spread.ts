/**
 * Workers that were made in the same minute have certificates that end in the same minute. So each begins its renewal at a time of its
 * own: always the same one for a unit, so that nothing has to be remembered, and near the threshold, so that no life gets short.
 */

import { createHash } from 'node:crypto';

const LONGEST_SECONDS = 3 * 86_400;
/** Of the threshold: three quarters of it are left in any case. */
const SHARE = 1 / 4;

/** Seconds by which this unit begins later than the threshold says. */
export function spread(unit: string, thresholdSeconds: number): number {
  const fraction = createHash('sha256').update(unit).digest().readUInt32BE(0) / 2 ** 32;
  return fraction * Math.min(LONGEST_SECONDS, thresholdSeconds * SHARE);
}
