/**
 * Scores: of the controls that apply and that a machine can decide, how many pass. A waived control counts as one that does not pass, and is
 * listed beside it. The node's score is of what is looked at on the node, the cluster's of what the Kubernetes API tells; where both were
 * looked at, the score of an assessment is their sum. This is the one definition, in the status, in results and in reports.
 */

import type { Assessment, Finding } from './finding.ts';
import { isNeverRemedied } from './remedy/never.ts';

export interface Score {
  readonly passed: number;
  /** Controls that apply and that a machine can decide. */
  readonly applicable: number;
  /** Of the applicable ones, those that a waiver covers. */
  readonly waived: number;
}

/** The definition in a sentence, for those who read a report. */
export const SCORE_DEFINITION =
  'A score is the number of controls that pass, of those that apply and that a machine can decide. Waived controls count as failed and are listed separately.';

/** What units know of themselves; the policies of the cluster are looked at by the leader, when it is asked to. */
export function nodeScore({ findings }: Pick<Assessment, 'findings'>): Score {
  return countScore(findings.filter((finding) => !isOfCluster(finding)));
}

/** Undefined where the policies of the cluster were not looked at. */
export function clusterScore({ findings }: Pick<Assessment, 'findings'>): Score | undefined {
  const score = countScore(findings.filter(isOfCluster));
  return score.applicable === 0 ? undefined : score;
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

function isOfCluster({ control }: Finding): boolean {
  return control.places.includes('cluster');
}

/** `88/91`, `80/85 (2 waived)`. */
export function scoreText({ passed, applicable, waived }: Score): string {
  return `${passed}/${applicable}${waived === 0 ? '' : ` (${waived} waived)`}`;
}

/** Controls of the node that a mode brings about by itself and that do not hold: somebody else stands in the way, or an option. Their numbers. */
export function unkept({ findings }: Pick<Assessment, 'findings'>): readonly string[] {
  return findings.flatMap((finding) => {
    const { control, state, number } = finding;
    const kept = control.remedy.length > 0 && !isNeverRemedied(control.id) && !isOfCluster(finding);
    return kept && (state === 'fail' || state === 'pending-restart') ? [number] : [];
  });
}

/** Numbers that a status has room for. */
const MOST_NAMED = 6;

/** What a status says behind a score: `, 1.2.17 does not hold though the mode is on: see the action assess`; nothing where all hold. */
export function unkeptText(numbers: readonly string[]): string {
  if (numbers.length === 0) return '';
  const more = numbers.length > MOST_NAMED ? ` and ${numbers.length - MOST_NAMED} others` : '';
  const named = `${numbers.slice(0, MOST_NAMED).join(', ')}${more}`;
  return `, ${named} ${numbers.length === 1 ? 'does' : 'do'} not hold though the mode is on: see the action assess`;
}
