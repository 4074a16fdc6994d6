/** Guards that tools made for kube-bench can read the report, and see the states as the benchmark's own tool would tell them. */
import { describe, expect, it } from 'vitest';
import { BENCHMARKS } from '../../../../src/capabilities/hardening/control.ts';
import type { Assessment, FindingState } from '../../../../src/capabilities/hardening/finding.ts';
import { renderKubeBench } from '../../../../src/capabilities/hardening/report/kube-bench.ts';
import { assessment, control, finding, hostileAssessment, wholeAssessment } from './assessments.ts';
import { tally } from './counts.ts';
import { validate } from './schemas/kube-bench.schema.json?validator';

interface Result {
  readonly test_number: string;
  readonly status: string;
  readonly reason?: string;
  readonly scored: boolean;
}

interface Report {
  readonly Controls: readonly {
    readonly node_type: string;
    readonly tests: readonly {
      readonly section: string;
      readonly results: readonly Result[];
      readonly [count: string]: unknown;
    }[];
    readonly [count: string]: unknown;
  }[];
  readonly Totals: Readonly<Record<string, number>>;
}

function reportOf(...assessments: readonly Assessment[]): Report {
  return JSON.parse(renderKubeBench(assessments));
}

function resultsOf({ Controls }: Report): readonly Result[] {
  return Controls.flatMap(({ tests }) => tests.flatMap(({ results }) => results));
}

describe('the kube-bench report', () => {
  it.each(BENCHMARKS)('has the fields that kube-bench writes and each control of %s', (benchmark) => {
    const assessed = wholeAssessment(benchmark);
    const report = reportOf(assessed);
    expect(validate(report)).toEqual([]);
    expect(
      resultsOf(report)
        .map(({ test_number }) => test_number)
        .sort(),
    ).toEqual(assessed.findings.map(({ number }) => number).sort());
  });

  it('has the same counts in the whole, in the chapters and in the sections as there are results', () => {
    const report = reportOf(wholeAssessment('cis-1.12'), wholeAssessment('stig'));
    const counts = (results: readonly Result[]) => tally(results.map(({ status }) => status.toLowerCase()));
    const totals = (counted: Readonly<Record<string, number>>) => ({
      total_pass: counted['pass'] ?? 0,
      total_fail: counted['fail'] ?? 0,
      total_warn: counted['warn'] ?? 0,
      total_info: counted['info'] ?? 0,
    });
    expect(report.Totals).toEqual(totals(counts(resultsOf(report))));
    for (const chapter of report.Controls) {
      expect(chapter).toMatchObject(totals(counts(chapter.tests.flatMap(({ results }) => results))));
      for (const section of chapter.tests) expect(section).toMatchObject(counts(section.results));
    }
  });

  it.each<[FindingState, boolean, string]>([
    ['pass', true, 'PASS'],
    ['waived', true, 'PASS'],
    ['fail', true, 'FAIL'],
    ['fail', false, 'WARN'],
    ['pending-restart', true, 'FAIL'],
    ['manual', false, 'WARN'],
    ['not-evaluated', true, 'WARN'],
    ['not-applicable', true, 'INFO'],
  ])('says of %s (scored: %s) %s', (state, scored, status) => {
    const [result] = resultsOf(reportOf(assessment({ findings: [finding({ state, control: control({ scored }) })] })));
    expect(result?.status).toBe(status);
  });

  it('says why a waived control passes', () => {
    const waiver = { control: '1.2.16', reason: 'Logs go elsewhere.' };
    const [result] = resultsOf(
      reportOf(assessment({ findings: [finding({ state: 'waived', waiver, underneath: 'fail' })] })),
    );
    expect(result?.reason).toContain('Waived: Logs go elsewhere.');
  });

  it('keeps its shape with hostile texts', () => {
    expect(validate(reportOf({ ...hostileAssessment('cis-1.24'), version: '1.36.4' }))).toEqual([]);
  });
});
