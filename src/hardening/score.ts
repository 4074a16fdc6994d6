/** How far a node is, in two numbers that fit into a unit's status, and the same of any findings for reports. */

import type { Assessment, Finding } from './finding.ts';

export interface Score {
  readonly passed: number;
  /** Controls that can be evaluated and that apply. */
  readonly applicable: number;
  /** Of the applicable ones, those that a waiver covers. */
  readonly waived: number;
}

/** Of the node alone: the policies of the cluster are known to the leader only. */
export function nodeScore({ findings }: Pick<Assessment, 'findings'>): Score {
  return countScore(findings.filter(({ control }) => !control.places.includes('cluster')));
}

export function countScore(findings: readonly Finding[]): Score {
  const applicable = findings.filter((finding) => COUNTED.has(finding.underneath ?? finding.state));
  return {
    passed: applicable.filter(({ state }) => state === 'pass').length,
    applicable: applicable.length,
    waived: applicable.filter(({ state }) => state === 'waived').length,
  };
}

const COUNTED = new Set<Finding['state']>(['pass', 'fail', 'pending-restart']);

/** `CIS 88/91`, `STIG 80/85 (2 waived)`. */
export function nodeScoreText(name: string, { passed, applicable, waived }: Score): string {
  return `${name} ${passed}/${applicable}${waived === 0 ? '' : ` (${waived} waived)`}`;
}
