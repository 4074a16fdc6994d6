/** What the checklists of STIG Viewer say of the STIG and of a rule of it, in words that both versions share. */

import { createHash } from 'node:crypto';
import type { Assessment, Finding } from '../finding.ts';
import { details, justification, referenceOf, remedyText, subjectOf } from './words.ts';

/** As DISA published it: V2R6 of the Kubernetes STIG, the release of which the catalogue has the rules. */
export const STIG = {
  id: 'Kubernetes_STIG',
  title: 'Kubernetes Security Technical Implementation Guide',
  version: '2',
  releaseInfo: 'Release: 6 Benchmark Date: 01 Apr 2026',
  classification: 'Unclassified',
  weight: '10.0',
} as const;

export interface Rule {
  /** `V-242402`. */
  readonly group: string;
  /** With its revision, `SV-242402r960888`. */
  readonly id: string;
  /** What DISA calls the group of the rule: the requirement behind it. */
  readonly groupTitle: string;
  /** `CNTR-K8-000610`. */
  readonly version: string;
  readonly title: string;
  readonly severity: 'high' | 'medium' | 'low';
  readonly cci: readonly string[];
  readonly check: string;
  readonly fix: string;
  readonly details: string;
  readonly comments: string;
}

export function ruleOf(assessment: Assessment, finding: Finding): Rule {
  const { number, control } = finding;
  return {
    group: number,
    id: control.stig?.rule.replace(/_rule$/, '') ?? number,
    groupTitle: control.stig?.srg ?? '',
    version: control.stig?.stigId ?? control.id,
    title: control.title,
    severity: control.severity,
    cci: control.stig?.cci ?? [],
    check: `${referenceOf(assessment.benchmark, finding)}, as the action assess of the charm evaluates it.`,
    fix: finding.remedy === '' ? control.advice : remedyText(finding),
    details: `${details(finding)}\n\nAssessed at ${assessment.at} on ${assessment.unit}, Kubernetes ${assessment.version}.`,
    comments: justification(finding),
  };
}

/** Of the machine; void waivers concern no rule. */
export function targetComment(assessment: Assessment): string {
  const { places, problems } = assessment;
  const subject = subjectOf(assessment).map(([term, text]) => `${term}: ${text}`);
  return [
    ...subject,
    `Looked at: ${places.join(' and ')}`,
    ...problems.map((problem) => `Void waiver: ${problem}`),
  ].join('\n');
}

/** The same for the same words (RFC 9562, version 8: of a digest of our own choice), so that a report depends on nothing but what was assessed. */
export function uuidOf(...words: readonly string[]): string {
  const digits = createHash('sha256').update(JSON.stringify(words)).digest('hex').slice(0, 32).split('');
  digits[12] = '8';
  digits[16] = '8';
  const hex = digits.join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
