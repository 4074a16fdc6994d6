/** How many findings are in which state, and the score: what an operator looks at first. */

import { FINDING_STATES, type Finding, type FindingState } from '../finding.ts';

export type StateCounts = Readonly<Record<FindingState, number>>;

export interface Score {
  /** Scored controls that hold, waived ones among them. */
  readonly held: number;
  /** Scored controls of which it is known whether they hold. */
  readonly of: number;
}

export function countStates(findings: readonly Finding[]): StateCounts {
  const counts = Object.fromEntries(FINDING_STATES.map((state) => [state, 0])) as Record<FindingState, number>;
  for (const { state } of findings) counts[state] += 1;
  return counts;
}

/** Only a machine's own yes and no count: what people have to look at, does not apply or could not be evaluated is in neither number. */
export function scoreOf(findings: readonly Finding[]): Score {
  const scored = findings.filter(({ control }) => control.scored).map(({ state }) => state);
  const held = scored.filter((state) => state === 'pass' || state === 'waived').length;
  return { held, of: held + scored.filter((state) => state === 'fail' || state === 'pending-restart').length };
}
