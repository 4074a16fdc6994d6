/** How many findings are in which state. */

import { FINDING_STATES, type Finding, type FindingState } from '../finding.ts';

export type StateCounts = Readonly<Record<FindingState, number>>;

export function countStates(findings: readonly Finding[]): StateCounts {
  const counts = Object.fromEntries(FINDING_STATES.map((state) => [state, 0])) as Record<FindingState, number>;
  for (const { state } of findings) counts[state] += 1;
  return counts;
}
