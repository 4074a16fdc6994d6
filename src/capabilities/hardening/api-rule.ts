/**
 * Where the policies of a cluster meet the catalogue: a control names a rule, and the rule is a function over what the Kubernetes API
 * said. An assessment that has not asked the API says `not-evaluated` of such a control.
 */

import type { ApiParameters } from './control.ts';
import type { Evidence, FindingState } from './finding.ts';

/** What a check came to: a state, one sentence why, and what was seen. */
export interface Verdict {
  readonly state: Exclude<FindingState, 'waived'>;
  readonly reason: string;
  readonly evidence: readonly Evidence[];
  /** How many pieces of evidence were left out of the list. */
  readonly more?: number;
}

/** Evaluates a rule by its name over what the API said; the facts are bound already. */
export type EvaluateApiRule = (rule: string, parameters: ApiParameters) => Verdict;
