/**
 * The project's own format: all that is known, for programs. Its shape is a promise: `report.schema.json`, and
 * docs/reference/report-formats.md in words.
 */

import type { Benchmark } from '../control.ts';
import type { Assessment, Finding, Waiver } from '../finding.ts';
import { clusterScore, countScore, nodeScore } from '../score.ts';
import { sectionsOf } from './sections.ts';
import { countStates } from './summary.ts';
import { benchmarkTitle, referenceOf } from './words.ts';

export function renderJson(assessments: readonly Assessment[]): string {
  return `${JSON.stringify({ format: 'k8s-hardening-report', version: 2, assessments: assessments.map(record) }, null, 2)}\n`;
}

function record({ findings, ...assessment }: Assessment): object {
  return {
    benchmark: assessment.benchmark,
    title: benchmarkTitle(assessment.benchmark),
    unit: assessment.unit,
    application: assessment.application,
    node: assessment.node,
    address: assessment.address,
    cluster: assessment.cluster,
    model: { name: assessment.model, uuid: assessment.modelUuid },
    places: assessment.places,
    kubernetes: assessment.version,
    snap: assessment.snap,
    charm: assessment.charm,
    mode: assessment.mode,
    at: assessment.at,
    score: countScore(findings),
    'node-score': nodeScore({ findings }),
    'cluster-score': clusterScore({ findings }) ?? null,
    states: countStates(findings),
    sections: sectionsOf(assessment.benchmark, findings).map((section) => ({
      id: section.id,
      title: section.title,
      score: countScore(section.findings),
      states: countStates(section.findings),
    })),
    'void-waivers': assessment.problems,
    findings: findings.map((finding) => findingRecord(assessment.benchmark, finding)),
  };
}

/** As the operator wrote it; the control that it means is the one of the finding. */
function waiverRecord({ id, ...given }: Waiver): object {
  return given;
}

function findingRecord(benchmark: Benchmark, { control, ...finding }: Finding): object {
  return {
    id: control.id,
    number: finding.number,
    title: control.title,
    severity: control.severity,
    ...(control.level !== undefined && { level: control.level }),
    scored: control.scored,
    places: control.places,
    state: finding.state,
    reason: finding.reason,
    evidence: finding.evidence,
    'evidence-left-out': finding.more,
    remedy: finding.remedy,
    restarts: control.restarts,
    risk: control.risk,
    ...(finding.waiver !== undefined && { waiver: waiverRecord(finding.waiver) }),
    ...(finding.underneath !== undefined && { 'state-without-waiver': finding.underneath }),
    ...(control.tailoring !== undefined && { tailoring: control.tailoring }),
    reference: referenceOf(benchmark, { control, number: finding.number }),
    related: control.related,
    ...(control.stig !== undefined && {
      stig: { rule: control.stig.rule, version: control.stig.stigId, cci: control.stig.cci },
    }),
  };
}
