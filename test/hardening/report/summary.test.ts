/** Guards the score and the sections: what counts, what does not, and in which order they come. */
import { describe, expect, it } from 'vitest';
import type { FindingState } from '../../../src/hardening/finding.ts';
import { chaptersOf, sectionsOf } from '../../../src/hardening/report/sections.ts';
import { countStates, scoreOf } from '../../../src/hardening/report/summary.ts';
import { control, finding, wholeAssessment } from './assessments.ts';

describe('the score', () => {
  it.each<[FindingState, { held: number; of: number }]>([
    ['pass', { held: 1, of: 1 }],
    ['waived', { held: 1, of: 1 }],
    ['fail', { held: 0, of: 1 }],
    ['pending-restart', { held: 0, of: 1 }],
    ['manual', { held: 0, of: 0 }],
    ['not-evaluated', { held: 0, of: 0 }],
    ['not-applicable', { held: 0, of: 0 }],
  ])('of a finding that is %s is %o', (state, score) => {
    expect(scoreOf([finding({ state })])).toEqual(score);
    expect(countStates([finding({ state })])[state]).toBe(1);
  });

  it('passes over controls that are not scored', () => {
    const unscored = finding({ control: control({ scored: false }) });
    expect(scoreOf([unscored, finding({ state: 'pass' })])).toEqual({ held: 1, of: 1 });
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
