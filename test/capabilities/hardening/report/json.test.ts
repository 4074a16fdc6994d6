/** Guards the project's own report: its shape is a promise that the schema writes down, and nothing that was found is lost in it. */
import { describe, expect, it } from 'vitest';
import { BENCHMARKS } from '../../../../src/capabilities/hardening/control.ts';
import { renderJson } from '../../../../src/capabilities/hardening/report/json.ts';
import { validate } from '../../../../src/capabilities/hardening/report/report.schema.json?validator';
import { finding, hostileAssessment, wholeAssessment } from './assessments.ts';

describe('the JSON report', () => {
  it.each(BENCHMARKS)('fits its schema and has each finding of %s, in the same order', (benchmark) => {
    const assessed = wholeAssessment(benchmark);
    const report = JSON.parse(renderJson([assessed]));
    expect(validate(report)).toEqual([]);
    const [told] = report.assessments;
    expect(told.findings.map((one: { number: string; state: string }) => [one.number, one.state])).toEqual(
      assessed.findings.map(({ number, state }) => [number, state]),
    );
    expect(told['void-waivers']).toEqual(assessed.problems);
  });

  it('counts each finding once, in the whole and in the sections', () => {
    const assessed = wholeAssessment('cis-1.12');
    const [told] = JSON.parse(renderJson([assessed])).assessments;
    const sum = (counts: Record<string, number>) => Object.values(counts).reduce((one, other) => one + other, 0);
    expect(sum(told.states)).toBe(assessed.findings.length);
    const sections: readonly { states: Record<string, number>; score: Record<string, number> }[] = told.sections;
    expect(sections.map(({ states }) => sum(states)).reduce((one, other) => one + other)).toBe(
      assessed.findings.length,
    );
    for (const part of ['passed', 'applicable', 'waived']) {
      expect(sections.reduce((total, { score }) => total + (score[part] ?? 0), 0)).toBe(told.score[part]);
    }
  });

  it('gives hostile texts back as they were', () => {
    const assessed = hostileAssessment('stig');
    const report = JSON.parse(renderJson([assessed]));
    expect(validate(report)).toEqual([]);
    expect(report.assessments[0].findings[3].evidence).toEqual(assessed.findings[3]?.evidence);
    expect(report.assessments[0].unit).toBe(assessed.unit);
  });

  it('refuses by its schema what is not a report', () => {
    const report = JSON.parse(renderJson([wholeAssessment('stig', { findings: [finding()] })]));
    report.assessments[0].findings[0].state = 'perhaps';
    expect(validate(report)).toHaveLength(1);
  });
});
