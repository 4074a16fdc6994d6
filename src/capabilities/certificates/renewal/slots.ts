/**
 * How many workers renew their certificates at once: the leader approves no more. A renewal restarts a node's kubelet, and what is
 * wrong with one shall not be wrong with all of them. What an operator asks for waits for nobody.
 */

import type { ApprovalWish } from '../facts.ts';
import type { RequestJournal } from '../request-journal.ts';
import { parseDecision } from '../wire.ts';

export const MOST_AT_ONCE = 3;

/** A worker that has not come to an end by then is not there: others must not wait for it. */
export const PATIENCE_MS = 15 * 60_000;

/** The wishes to be decided now. `approvedAt`: when renewals were approved whose workers have not come to their end. */
export function wishesInTurn(
  wishes: readonly ApprovalWish[],
  approvedAt: readonly Date[],
  now: Date,
): readonly ApprovalWish[] {
  const underWay = approvedAt.filter((at) => now.getTime() - at.getTime() < PATIENCE_MS).length;
  const renewals = wishes.filter(({ renewal }) => renewal).slice(0, Math.max(0, MOST_AT_ONCE - underWay));
  return wishes.filter((wish) => !wish.renewal || renewals.includes(wish));
}

/** Whether a worker's renewal has not been decided, so that nothing is lost with it. `decision`: what the leader has told the unit. */
export function isHeldBack({ id, renewal, issued }: RequestJournal, decision: string | undefined): boolean {
  return renewal === true && issued === undefined && parseDecision(decision)?.id !== id;
}
