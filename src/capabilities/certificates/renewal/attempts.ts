/**
 * Renewals that failed, and when the next one may be tried: sooner at first, later on once a day, so that what fails again does not
 * restart services at every hook. Kept in the unit state; a success, and an operator who refreshes or changes an option, wipe it out.
 */

import type { State } from '../../../clients/juju/juju.ts';
import { readForeign } from '../../../core/foreign-json.ts';
import { moment, object, type Shape, text, whole } from '../../../core/shapes.ts';
import type { CertificateOptions } from '../options.ts';
import { FAILURE_KEY } from '../outcome.ts';

const KEY = 'certificates/failed-renewals';

export interface FailedAttempts {
  readonly count: number;
  /** When the last one failed. */
  readonly at: Date;
  /** Under which options they were made. */
  readonly options: string;
}

const ATTEMPTS: Shape<FailedAttempts> = object({ count: whole(), at: moment, options: text() });

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const STEPS: readonly number[] = [15 * MINUTE, HOUR, 6 * HOUR, 24 * HOUR];

/** Somebody has to look at what has failed that often. */
export const MANY_ATTEMPTS = 3;

/**
 * When the next may begin; undefined: at once. Where there is little time left, a quarter of it, so that there are some more before the
 * certificate ends.
 */
export function nextAttempt(
  failed: FailedAttempts | undefined,
  options: CertificateOptions,
  firstEnd: Date,
): Date | undefined {
  if (failed === undefined || failed.count < 1 || failed.options !== keyOf(options)) return undefined;
  const step = STEPS[Math.min(failed.count, STEPS.length) - 1] ?? 0;
  const left = firstEnd.getTime() - failed.at.getTime();
  // What has ended already has ended: then there is nothing to be in time for.
  const bound = left > 0 ? Math.max(MINUTE, left / 4) : HOUR;
  return new Date(failed.at.getTime() + Math.min(step, bound));
}

export async function readAttempts(state: State): Promise<FailedAttempts | undefined> {
  return readForeign(await state.get(KEY), ATTEMPTS);
}

/** The reason is told by the status until a refresh succeeds. */
export async function rememberFailure(
  state: State,
  options: CertificateOptions,
  now: Date,
  reason: string,
): Promise<void> {
  state.set(FAILURE_KEY, reason);
  const before = await readAttempts(state);
  const count = before?.options === keyOf(options) ? before.count + 1 : 1;
  state.set(KEY, JSON.stringify({ count, at: now.toISOString(), options: keyOf(options) }));
}

export function forgetFailures(state: State): void {
  state.set(FAILURE_KEY, undefined);
  state.set(KEY, undefined);
}

function keyOf({ validitySeconds, renewBeforeSeconds }: CertificateOptions): string {
  return `${validitySeconds}/${renewBeforeSeconds ?? ''}`;
}
