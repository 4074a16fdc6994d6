/**
 * The project's own format: all that is known, for programs. Its shape is a promise: `report.schema.json`, and
 * docs/reference/report-formats.md in words.
 */

import type { Assessment, Finding } from '../finding.ts';
import { countScore } from '../score.ts';
import { sectionsOf } from './sections.ts';
import { countStates } from './summary.ts';
import { benchmarkTitle } from './words.ts';

export function renderJson(assessments: readonly Assessment[]): string {
  return `${JSON.stringify({ format: 'k8s-hardening-report', version: 1, assessments: assessments.map(record) }, null, 2)}\n`;
}

function record({ findings, ...assessment }: Assessment): object {
  return {
    benchmark: assessment.benchmark,
    title: benchmarkTitle(assessment.benchmark),
    unit: assessment.unit,
    node: assessment.node,
    address: assessment.address,
    places: assessment.places,
    kubernetes: assessment.version,
    at: assessment.at,
    score: countScore(findings),
    states: countStates(findings),
    sections: sectionsOf(assessment.benchmark, findings).map((section) => ({
      id: section.id,
      title: section.title,
      score: countScore(section.findings),
      states: countStates(section.findings),
    })),
    'void-waivers': assessment.problems,
    findings: findings.map(findingRecord),
  };
}

function findingRecord({ control, ...finding }: Finding): object {
  return {
    id: control.id,
    number: finding.number,
    title: control.title,
    severity: control.severity,
    scored: control.scored,
    places: control.places,
    state: finding.state,
    reason: finding.reason,
    evidence: finding.evidence,
    'evidence-left-out': finding.more,
    remedy: finding.remedy,
    restarts: control.restarts,
    risk: control.risk,
    ...(finding.waiver !== undefined && { waiver: finding.waiver }),
    ...(finding.underneath !== undefined && { 'state-without-waiver': finding.underneath }),
    ...(control.tailoring !== undefined && { tailoring: control.tailoring }),
    reference: control.reference,
    related: control.related,
    ...(control.stig !== undefined && {
      stig: { rule: control.stig.rule, version: control.stig.stigId, cci: control.stig.cci },
    }),
  };
}
