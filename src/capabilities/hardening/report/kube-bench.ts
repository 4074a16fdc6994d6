/**
 * The JSON of `kube-bench run --json`, field by field, for tools that read it. Of controls that kube-bench would not fail (not scored)
 * it warns; what is waived passes with its reason.
 */

import type { Assessment, Finding } from '../finding.ts';
import { type Chapter, chaptersOf, type Section } from './sections.ts';
import { kubeBenchStatus } from './states.ts';
import { details, justification } from './words.ts';

interface Totals {
  readonly total_pass: number;
  readonly total_fail: number;
  readonly total_warn: number;
  readonly total_info: number;
}

export function renderKubeBench(assessments: readonly Assessment[]): string {
  const findings = assessments.flatMap((assessment) => assessment.findings);
  const controls = assessments.flatMap((one) =>
    chaptersOf(one.benchmark, one.findings).map((chapter) => chapterRecord(one, chapter)),
  );
  return `${JSON.stringify({ Controls: controls, Totals: totals(findings) }, null, 2)}\n`;
}

function chapterRecord(assessment: Assessment, { id, title, nodeType, sections }: Chapter): object {
  const isWorker = !assessment.places.includes('control-plane');
  return {
    id,
    version: assessment.benchmark,
    // Major and minor.
    detected_version: assessment.version.split('.').slice(0, 2).join('.'),
    text: title,
    node_type: isWorker && nodeType === 'master' ? 'node' : nodeType,
    tests: sections.map(sectionRecord),
    ...totals(sections.flatMap(({ findings }) => findings)),
  };
}

function sectionRecord({ id, title, findings }: Section): object {
  const { total_pass, total_fail, total_warn, total_info } = totals(findings);
  return {
    section: id,
    type: '',
    pass: total_pass,
    fail: total_fail,
    warn: total_warn,
    info: total_info,
    desc: title,
    results: findings.map(resultRecord),
  };
}

function resultRecord(finding: Finding): object {
  const { number, control, state, evidence } = finding;
  const status = kubeBenchStatus(finding);
  const remedy = finding.remedy === '' ? control.advice : finding.remedy;
  return {
    test_number: number,
    test_desc: control.title,
    audit: evidence.map(({ what }) => what).join('; '),
    AuditEnv: '',
    AuditConfig: '',
    type: state === 'manual' ? 'manual' : '',
    remediation: remedy,
    test_info: [...(state === 'manual' ? [details(finding)] : []), ...(remedy === '' ? [] : [remedy])],
    status,
    actual_value: evidence.map(({ found }) => found).join('; '),
    scored: control.scored,
    IsMultiple: false,
    expected_result: evidence.flatMap(({ expected }) => (expected === undefined ? [] : [expected])).join('; '),
    ...reasonOf(finding, status),
  };
}

/** By this very reason readers of the format know a test that kube-bench leaves to people, and list it apart. */
const MANUAL = 'Test marked as a manual test';

function reasonOf(finding: Finding, status: string): { reason?: string } {
  const justified = justification(finding);
  if (finding.state === 'manual' && justified === '') return { reason: MANUAL };
  if (status === 'PASS' && justified === '') return {};
  return { reason: [details(finding), justified].filter(Boolean).join('\n') };
}

function totals(findings: readonly Finding[]): Totals {
  const statuses = findings.map(kubeBenchStatus);
  const count = (wanted: string) => statuses.filter((status) => status === wanted).length;
  return { total_pass: count('PASS'), total_fail: count('FAIL'), total_warn: count('WARN'), total_info: count('INFO') };
}
