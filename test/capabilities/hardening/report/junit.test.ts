/** Guards the JUnit report: pipelines fail by its numbers, so they have to be right, and no text may break it. */
import { describe, expect, it } from 'vitest';
import { renderJUnit } from '../../../../src/capabilities/hardening/report/junit.ts';
import { STATE_NAMES } from '../../../../src/capabilities/hardening/report/states.ts';
import { assessment, finding, HOSTILE, hostileAssessment, wholeAssessment } from './assessments.ts';
import { tally } from './counts.ts';
import { legible } from './legible.ts';
import { JUNIT } from './published-schema.ts';
import { all, first, parseXml, schemaComplaints } from './xml.ts';

describe('the JUnit report', () => {
  it('fits the schema of Jenkins', async () => {
    const report = renderJUnit([wholeAssessment('cis-1.12'), wholeAssessment('stig', { unit: 'k8s/1' })]);
    expect(await schemaComplaints(JUNIT, report)).toBeUndefined();
    expect(await schemaComplaints(JUNIT, report.replaceAll('testcase', 'case'))).toBeDefined();
  });

  it('has a case for each control, with the outcome of its state, and one for each void waiver', () => {
    const assessed = wholeAssessment('cis-1.12');
    const cases = all(parseXml(renderJUnit([assessed])), 'testcase');
    const outcomes = cases.map(({ children }) => children.find(({ name }) => name !== 'system-out')?.name ?? 'passed');
    const expected = assessed.findings.map(({ state }) => STATE_NAMES[state].junit);
    expect(tally(outcomes)).toEqual(tally([...expected, ...assessed.problems.map(() => 'failure')]));
  });

  it('counts in each suite what is in it, and in the whole what is in the suites', () => {
    const report = parseXml(renderJUnit([wholeAssessment('cis-1.24'), wholeAssessment('stig')]));
    for (const element of [report, ...all(report, 'testsuite')]) {
      expect(element.attributes['tests']).toBe(String(all(element, 'testcase').length));
      expect(element.attributes['failures']).toBe(String(all(element, 'failure').length));
    }
    for (const suite of all(report, 'testsuite')) {
      expect(suite.attributes['skipped']).toBe(String(all(suite, 'skipped').length));
    }
  });

  it('tells of a failure what was found, what was expected and what to do', () => {
    const failure = first(parseXml(renderJUnit([assessment({ findings: [finding({ more: 3 })] })])), 'failure');
    expect(failure.attributes).toMatchObject({ message: '--audit-log-path is not set.', type: 'fail' });
    expect(failure.text).toContain('--audit-log-path of kube-apiserver: not set (expected set)\n3 more not listed');
    expect(failure.text).toContain('Turn cis-mode on.\nRisk: Logs take room on the disk.');
  });

  it('lets a waived control pass and says why', () => {
    const waiver = { control: '1.2.16', reason: 'Logs go elsewhere.', until: '2026-12-31' };
    const waived = finding({ state: 'waived', waiver, underneath: 'fail' });
    const [told] = all(parseXml(renderJUnit([assessment({ findings: [waived] })])), 'testcase');
    expect(told?.children.map(({ name }) => name)).toEqual(['system-out']);
    expect(told?.text.trim()).toBe('Waived until 2026-12-31: Logs go elsewhere.\nWithout the waiver: Fail.');
  });

  it('carries hostile texts as text', async () => {
    const report = renderJUnit([hostileAssessment('cis-1.12')]);
    expect(await schemaComplaints(JUNIT, report)).toBeUndefined();
    const failures = all(parseXml(report), 'failure').map(({ text }) => text);
    for (const text of HOSTILE) expect(failures.some((told) => told.includes(legible(text)))).toBe(true);
    expect(all(parseXml(report), 'evil')).toEqual([]);
  });
});
