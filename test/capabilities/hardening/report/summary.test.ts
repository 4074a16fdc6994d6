/** Guards the score and the sections: what counts, what does not, and in which order they come. */
import { describe, expect, it } from 'vitest';
import type { FindingState } from '../../../../src/capabilities/hardening/finding.ts';
import { chaptersOf, sectionsOf } from '../../../../src/capabilities/hardening/report/sections.ts';
import { countStates } from '../../../../src/capabilities/hardening/report/summary.ts';
import { countScore, type Score } from '../../../../src/capabilities/hardening/score.ts';
import { finding, wholeAssessment } from './assessments.ts';

describe('the score', () => {
  it.each<[FindingState, Score]>([
    ['pass', { passed: 1, applicable: 1, waived: 0 }],
    ['fail', { passed: 0, applicable: 1, waived: 0 }],
    ['pending-restart', { passed: 0, applicable: 1, waived: 0 }],
    ['manual', { passed: 0, applicable: 0, waived: 0 }],
    ['not-evaluated', { passed: 0, applicable: 0, waived: 0 }],
    ['not-applicable', { passed: 0, applicable: 0, waived: 0 }],
  ])('of a finding that is %s is %o', (state, score) => {
    expect(countScore([finding({ state })])).toEqual(score);
    expect(countStates([finding({ state })])[state]).toBe(1);
  });

  it('tells what is waived that would count without', () => {
    const waived = (underneath: FindingState) => countScore([finding({ state: 'waived', underneath })]);
    expect(waived('fail')).toEqual({ passed: 0, applicable: 1, waived: 1 });
    expect(waived('manual')).toEqual({ passed: 0, applicable: 0, waived: 0 });
  });
});

describe('the sections', () => {
  it('of CIS come in the order of their numbers; etcd has one', () => {
    const { findings } = wholeAssessment('cis-1.12');
    const shuffled = [...findings].reverse();
    expect(sectionsOf('cis-1.12', shuffled).map(({ id }) => id)).toEqual([
      '1.1',
      '1.2',
      '1.3',
      '1.4',
      '2',
      '3.1',
      '3.2',
      '4.1',
      '4.2',
      '5.1',
      '5.2',
      '5.6',
    ]);
    expect(chaptersOf('cis-1.12', shuffled).map(({ nodeType }) => nodeType)).toEqual([
      'master',
      'etcd',
      'controlplane',
      'node',
      'policies',
    ]);
  });

  it('of the STIG are its categories', () => {
    const { findings } = wholeAssessment('stig');
    expect(sectionsOf('stig', findings).map(({ id }) => id)).toEqual(['CAT I', 'CAT II']);
  });

  it('lose no finding', () => {
    const { findings } = wholeAssessment('cis-1.24');
    expect(sectionsOf('cis-1.24', findings).flatMap((section) => section.findings)).toHaveLength(findings.length);
  });
});
