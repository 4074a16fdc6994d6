/**
 * Guards the checklists of STIG Viewer 2 and 3: their form, and that STIG Manager, which imports both, sees in them what was found.
 */
import { describe, expect, it } from 'vitest';
import { renderCkl } from '../../../../src/capabilities/hardening/report/ckl.ts';
import { renderCklb } from '../../../../src/capabilities/hardening/report/cklb.ts';
import { STATE_NAMES } from '../../../../src/capabilities/hardening/report/states.ts';
import { assessment, finding, HOSTILE, hostileAssessment, wholeAssessment } from './assessments.ts';
import { tally } from './counts.ts';
import { legible } from './legible.ts';
import { validate } from './schemas/cklb.schema.json?validator';
import { importCkl, importCklb } from './stig-manager.ts';
import { all, type Element, first, parseXml, schemaComplaints } from './xml.ts';

function attribute(vulnerability: Element, name: string): readonly string[] {
  return all(vulnerability, 'STIG_DATA').flatMap(({ children: [key, value] }) =>
    key?.text === name ? [value?.text ?? ''] : [],
  );
}

describe('the checklist of STIG Viewer 2', () => {
  it('has the elements that DISA asks for, in their order', async () => {
    const report = renderCkl([wholeAssessment('stig')]);
    expect(await schemaComplaints('checklist.xsd', report)).toBeUndefined();
    expect(await schemaComplaints('checklist.xsd', report.replaceAll('NotAFinding', 'Fine'))).toBeDefined();
  });

  it('names each rule with its status, severity and CCIs', () => {
    const assessed = wholeAssessment('stig');
    const told = all(parseXml(renderCkl([assessed])), 'VULN').map((one) => ({
      number: attribute(one, 'Vuln_Num'),
      severity: attribute(one, 'Severity'),
      rule: attribute(one, 'Rule_ID'),
      version: attribute(one, 'Rule_Ver'),
      group: attribute(one, 'Group_Title'),
      cci: attribute(one, 'CCI_REF'),
      status: first(one, 'STATUS').text,
    }));
    expect(told).toEqual(
      assessed.findings.map(({ number, control, state }) => ({
        number: [number],
        severity: [control.severity],
        rule: [control.stig?.rule],
        version: [control.stig?.stigId],
        group: [control.stig?.srg],
        cci: control.stig?.cci,
        status: STATE_NAMES[state].ckl,
      })),
    );
  });
});

describe('the checklist of STIG Viewer 3', () => {
  it('has the fields that STIG Viewer writes', () => {
    const report = JSON.parse(renderCklb([wholeAssessment('stig')]));
    expect(validate(report)).toEqual([]);
    expect(report.stigs[0].size).toBe(report.stigs[0].rules.length);
    const ids = report.stigs[0].rules.map((rule: { uuid: string }) => rule.uuid);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe.each([
  ['ckl', renderCkl, importCkl],
  ['cklb', renderCklb, importCklb],
] as const)('STIG Manager reads from %s', (_, render, imported) => {
  it('the machine, the release of the STIG and each rule with its result', () => {
    const assessed = wholeAssessment('stig');
    const { target, checklists } = imported(render([assessed]));
    expect(target).toMatchObject({ name: assessed.node, ip: assessed.address });
    expect(checklists).toHaveLength(1);
    expect(checklists[0]).toMatchObject({ benchmarkId: 'Kubernetes_STIG', revisionStr: 'V2R6' });
    const results = { Open: 'fail', NotAFinding: 'pass', Not_Applicable: 'notapplicable', Not_Reviewed: 'notchecked' };
    const expected = assessed.findings.map(({ state }) => results[STATE_NAMES[state].ckl]);
    expect(tally(checklists[0]?.reviews.map(({ result }) => result) ?? [])).toEqual(tally(expected));
  });

  it('what was found, and why a rule passes that does not hold by its letter', () => {
    const waiver = { control: 'V-242402', reason: 'Logs go elsewhere.', until: '2026-12-31' };
    const waived = finding({ number: 'V-242402', state: 'waived', waiver, underneath: 'fail' });
    const tailored = finding({
      number: 'V-242403',
      state: 'pass',
      control: { ...waived.control, tailoring: 'Files instead of static pods.' },
    });
    const { checklists } = imported(render([assessment({ benchmark: 'stig', findings: [waived, tailored] })]));
    const [first, second] = checklists[0]?.reviews ?? [];
    expect(first).toMatchObject({ result: 'pass' });
    expect(first?.detail).toContain('--audit-log-path of kube-apiserver: not set (expected set)');
    expect(first?.comment).toBe('Waived until 2026-12-31: Logs go elsewhere.\nWithout the waiver: Fail.');
    expect(second?.comment).toBe('Tailored: Files instead of static pods.');
  });
});

describe('a checklist', () => {
  it('carries hostile texts as text', async () => {
    const report = renderCkl([hostileAssessment('stig')]);
    expect(await schemaComplaints('checklist.xsd', report)).toBeUndefined();
    const details = all(parseXml(report), 'FINDING_DETAILS').map(({ text }) => text);
    for (const text of HOSTILE) expect(details.some((told) => told.includes(legible(text)))).toBe(true);
    expect(validate(JSON.parse(renderCklb([hostileAssessment('stig')])))).toEqual([]);
  });

  it('is the same for the same assessment', () => {
    expect(renderCkl([wholeAssessment('stig')])).toBe(renderCkl([wholeAssessment('stig')]));
    expect(renderCklb([wholeAssessment('stig')])).toBe(renderCklb([wholeAssessment('stig')]));
  });

  it('is of one machine', () => {
    const two = [wholeAssessment('stig'), wholeAssessment('stig', { unit: 'k8s/1' })];
    expect(() => renderCkl(two)).toThrow(RangeError);
    expect(() => renderCklb([])).toThrow(RangeError);
  });
});
