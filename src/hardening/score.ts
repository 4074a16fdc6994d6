/** How far a node is, in two numbers that fit into a unit's status. */

import type { Assessment, Finding } from './finding.ts';

export interface NodeScore {
  readonly passed: number;
  /** Controls of the node that can be evaluated and that apply. */
  readonly applicable: number;
  /** Of the applicable ones, those that a waiver covers. */
  readonly waived: number;
}

export function nodeScore({ findings }: Pick<Assessment, 'findings'>): NodeScore {
  const node = findings.filter(({ control }) => !control.places.includes('cluster'));
  const applicable = node.filter((finding) => COUNTED.has(finding.underneath ?? finding.state));
  return {
    passed: applicable.filter(({ state }) => state === 'pass').length,
    applicable: applicable.length,
    waived: applicable.filter(({ state }) => state === 'waived').length,
  };
}

const COUNTED = new Set<Finding['state']>(['pass', 'fail', 'pending-restart']);

/** `CIS 88/91`, `STIG 80/85 (2 waived)`. */
export function nodeScoreText(name: string, { passed, applicable, waived }: NodeScore): string {
  return `${name} ${passed}/${applicable}${waived === 0 ? '' : ` (${waived} waived)`}`;
}
