/**
 * Changes that failed and are not to be tried at every hook again. A failure that harmed the node, or that trying again cannot heal, is
 * kept until its cause changes; any other is tried again after a pause that grows. Without this memory control-plane nodes that pass the
 * rollout lock to each other wake each other for ever.
 */

import { readForeign } from './foreign-json.ts';
import { fitting, flag, line, object, oneOf, or, type Shape, text, timestamp, whole } from './shapes.ts';

/** Why a change is not tried now. */
export interface Failure {
  /** Of the single change. */
  readonly id: string;
  readonly reason: string;
  /**
   * `undone`: the node did not do well with it. `refused`: it could not be begun, and will not be until somebody has changed something.
   * Neither is tried on another unit. `passing`: may go better next time.
   */
  readonly kind: 'undone' | 'refused' | 'passing';
  /** Of a passing one: only an operator can fix it, though nobody knows when that has happened (a full disk). */
  readonly blocks?: boolean;
  /** RFC 3339: when it failed first, and last. Undefined in what older revisions remember. */
  readonly since?: string;
  readonly at?: string;
  /** How often it has failed since then. */
  readonly tries?: number;
}

/** A change as failures know it. */
export interface Identified {
  readonly id: string;
  /** The identity that revisions up to this one gave it, where they remembered failures of such a change. */
  readonly formerId?: string;
}

const MINUTE = 60_000;
const PAUSES_MS: readonly number[] = [MINUTE, 5 * MINUTE, 15 * MINUTE, 60 * MINUTE];
/** What has not passed by then is reported as blocked. */
export const LONG_MS = 60 * MINUTE;

/** Bounds of what is kept and of what is read from others. */
const LONGEST_REASON = 500;
const MOST = 32;

export function isOf({ id, formerId }: Identified, failure: { readonly id: string }): boolean {
  return failure.id === id || (formerId !== undefined && failure.id === formerId);
}

/** The failures with one more, or with one that failed again. */
export function withFailure(
  failures: readonly Failure[],
  change: Identified,
  failed: Pick<Failure, 'kind' | 'reason' | 'blocks'>,
  now: Date,
): readonly Failure[] {
  const before = failures.find((failure) => isOf(change, failure));
  const at = now.toISOString();
  const next: Failure = {
    id: change.id,
    reason: failed.reason.slice(0, LONGEST_REASON),
    kind: failed.kind,
    ...(failed.blocks ? { blocks: true } : {}),
    since: before?.since ?? at,
    at,
    tries: (before?.tries ?? 0) + 1,
  };
  return [...failures.filter((failure) => !isOf(change, failure)), next].slice(-MOST);
}

/** When a failed change may be tried again; undefined: not until its cause has changed. */
export function nextTry({ kind, at, tries = 1 }: Failure): Date | undefined {
  if (kind !== 'passing' || at === undefined) return undefined;
  const pause = PAUSES_MS[Math.min(tries, PAUSES_MS.length) - 1] ?? 0;
  return new Date(Date.parse(at) + pause);
}

/** The failure that keeps a change from being tried now. */
export function standingFailure(failures: readonly Failure[], change: Identified, now: Date): Failure | undefined {
  const failure = failures.find((one) => isOf(change, one));
  const next = failure && nextTry(failure);
  return next !== undefined && next.getTime() <= now.getTime() ? undefined : failure;
}

/** Whether only an operator can do something about it, or it lasts so long that somebody should look. */
export function isForOperator({ kind, blocks, since }: Failure, now: Date): boolean {
  if (kind !== 'passing' || blocks) return true;
  return since !== undefined && now.getTime() - Date.parse(since) >= LONG_MS;
}

/** Those that no other unit is to try. */
export function lastingFailures(failures: readonly Failure[]): readonly Failure[] {
  return failures.filter(({ kind }) => kind !== 'passing');
}

/** Undefined when there is nothing to remember. */
export function formatFailures(failures: readonly Failure[]): string | undefined {
  return failures.length === 0 ? undefined : JSON.stringify(failures);
}

const KINDS = ['undone', 'refused', 'passing'] as const satisfies readonly Failure['kind'][];

const FAILURES: Shape<readonly Failure[]> = fitting(
  object(
    {
      // It goes into JSON as it stands, so it has no quotation marks.
      id: text(64, /^[\w.-]+$/),
      reason: or(line(LONGEST_REASON), ''),
      kind: or<Failure['kind'], Failure['kind']>(oneOf(KINDS), 'undone'),
    },
    { blocks: flag, since: timestamp, at: timestamp, tries: whole(1) },
  ),
  MOST,
);

/**
 * What a unit remembers, or another one tells. Revisions that knew a failure by `id` and `reason` alone kept only those that had been
 * undone. Whatever is no failure is left out.
 */
export function parseFailures(written: string | undefined): readonly Failure[] {
  const failures = readForeign(written, FAILURES) ?? [];
  // Without a time nobody knows when to try again.
  return failures.map((one) => (one.kind === 'passing' && one.at === undefined ? { ...one, kind: 'undone' } : one));
}
