/**
 * What each format calls a state. A waiver is an exception that somebody has taken upon himself: it passes, and its reason stands
 * beside it. What is done in the file but not yet in the process, or the other way round, does not hold and counts as failed.
 */

import type { Finding, FindingState } from '../finding.ts';

export interface StateNames {
  readonly kubeBench: 'PASS' | 'FAIL' | 'WARN' | 'INFO';
  /** STIG Viewer 2. */
  readonly ckl: 'Open' | 'NotAFinding' | 'Not_Applicable' | 'Not_Reviewed';
  /** STIG Viewer 3. */
  readonly cklb: 'open' | 'not_a_finding' | 'not_applicable' | 'not_reviewed';
  readonly junit: 'failure' | 'skipped' | 'passed';
}

const OPEN: StateNames = { kubeBench: 'FAIL', ckl: 'Open', cklb: 'open', junit: 'failure' };

const HOLDS: StateNames = {
  kubeBench: 'PASS',
  ckl: 'NotAFinding',
  cklb: 'not_a_finding',
  junit: 'passed',
};

const UNDECIDED: StateNames = {
  kubeBench: 'WARN',
  ckl: 'Not_Reviewed',
  cklb: 'not_reviewed',
  junit: 'skipped',
};

export const STATE_NAMES: Readonly<Record<FindingState, StateNames>> = {
  fail: OPEN,
  'pending-restart': OPEN,
  manual: UNDECIDED,
  'not-evaluated': UNDECIDED,
  waived: HOLDS,
  pass: HOLDS,
  'not-applicable': {
    kubeBench: 'INFO',
    ckl: 'Not_Applicable',
    cklb: 'not_applicable',
    junit: 'skipped',
  },
};

/** kube-bench fails only what counts for the score, and warns of the rest. */
export function kubeBenchStatus({ state, control }: Finding): StateNames['kubeBench'] {
  const status = STATE_NAMES[state].kubeBench;
  return status === 'FAIL' && !control.scored ? 'WARN' : status;
}
