/** What a rule is: the facts that it needs, and what it makes of them. */
import type { Verdict } from '../api-rule.ts';
import type { ApiParameters } from '../control.ts';
import type { ClusterFacts, FactName, OwnConfiguration } from './facts.ts';

export interface Rule {
  readonly needs: readonly FactName[];
  readonly judge: (facts: ClusterFacts & Own, parameters: ApiParameters) => Verdict;
}

interface Own {
  readonly own: OwnConfiguration;
}

/** A rule sees no facts but those that it names: nothing else was looked at for its sake. */
export function rule<K extends FactName>(
  needs: readonly K[],
  judge: (facts: Pick<ClusterFacts, K> & Own, parameters: ApiParameters) => Verdict,
): Rule {
  return { needs, judge };
}
