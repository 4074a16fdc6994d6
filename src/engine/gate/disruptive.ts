/** Which of the disruptive changes may be made now, and why the others may not: pure, so that the action `plan` says what a hook would do. */

import type { UnitStatus } from '../../clients/juju/status.ts';
import { type Failure, isForOperator, isOf, nextTry, standingFailure } from '../../core/failures.ts';
import { formatMinute } from '../../core/minute.ts';
import type { Report } from '../../core/report.ts';
import { shorten } from '../../core/shorten.ts';
import type { Planned } from '../planned.ts';
import { failedElsewhere, type Holder, type Seat } from './pool.ts';

/** The leader answers with its next hook, which comes every five minutes. */
const LONGEST_UNANSWERED_MS = 60 * 60_000;
const UNANSWERED_WAY = 'see juju status of the control plane: its leader does not answer, or runs another charm by now';

export interface Sorted {
  readonly open: readonly Planned[];
  /** Why the others are not tried. */
  readonly reports: readonly Report[];
}

interface Situation {
  readonly unit: string;
  /** Undefined where no lock is needed. */
  readonly seat: Seat | undefined;
  readonly failures: readonly Failure[];
  readonly now: Date;
}

export function sortDisruptive(wanted: readonly Planned[], situation: Situation): Sorted {
  const open: Planned[] = [];
  const reports: Report[] = [];
  for (const change of wanted) {
    const obstacle = obstacleTo(change, situation);
    if (obstacle === undefined) open.push(change);
    else if (!reports.some(({ message }) => message === obstacle.message)) reports.push(obstacle);
  }
  return { open, reports };
}

function obstacleTo(change: Planned, { unit, seat, failures, now }: Situation): Report | undefined {
  const here = standingFailure(failures, change, now);
  if (here !== undefined) return failureReport(here, unit, now);
  const there = failedElsewhere(seat, change);
  return there && blocked(`not tried here, since it failed on ${there.unit}: ${there.reason}`);
}

function failureReport(failure: Failure, unit: string, now: Date): Report {
  const next = nextTry(failure);
  const retry = `to try again: juju run ${unit} retry`;
  const message =
    next === undefined
      ? `${failure.reason}; ${retry}`
      : `${failure.reason}; tried again after ${formatMinute(next)}, or ${retry.replace('to try again', 'now')}`;
  return isForOperator(failure, now) ? blocked(message) : { status: 'waiting', message };
}

/** The failures of changes that are still wanted. */
export function stillWanted(failures: readonly Failure[], wanted: readonly Planned[]): readonly Failure[] {
  return failures.filter((failure) => wanted.some((change) => isOf(change, failure)));
}

/** What a unit is about to do, in a few words: for its own status and for those of others that wait for it. */
export function workOfAll(changes: readonly Planned[]): string {
  return shorten(changes.map(({ work, description }) => work ?? description).join(', '), 160);
}

/** What a unit waits for that would make changes and does not hold the rollout lock. */
export function lockReport(seat: Seat, holder: Holder | undefined, changes: readonly Planned[]): Report {
  const why = `, for ${workOfAll(changes)}`;
  if (holder !== undefined) return waitingForLock(`Waiting for the rollout lock: ${heldBy(holder)}${why}`);
  if (seat.among === 'control planes')
    return waitingForLock(`Waiting for the rollout lock, which the leader grants to one unit at a time${why}`);
  if (seat.held !== undefined)
    return waitingForLock(`Waiting for the rollout lock, which no worker gets now: ${seat.held}${why}`);
  return {
    ...waitingForLock(`Waiting for the rollout lock, which the control plane's leader grants${why}`),
    lasts: { key: 'rollout-lock', atMostMs: LONGEST_UNANSWERED_MS, way: UNANSWERED_WAY },
  };
}

/** `k8s/1 has held it since 2026-12-01 10:31 UTC (restarting kube-apiserver)` */
export function heldBy({ unit, since, work }: Holder): string {
  return `${unit} has held it since ${formatMinute(since)}${work === '' ? '' : ` (${work})`}`;
}

/** Of an action, which takes the lock in the cluster's own API. */
export function leaseReport(holder: string, until: Date, changes: readonly Planned[]): Report {
  const end = `until ${formatMinute(until)} at the latest`;
  return waitingForLock(
    `Waiting for the rollout lock: an action on ${holder} holds it ${end}, for ${workOfAll(changes)}`,
  );
}

function waitingForLock(message: string): UnitStatus {
  return { status: 'waiting', message };
}

function blocked(message: string): UnitStatus {
  return { status: 'blocked', message };
}
