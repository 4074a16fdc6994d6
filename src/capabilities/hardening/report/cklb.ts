/** The checklist of STIG Viewer 3 (`.cklb`, JSON): one machine, one STIG, fields as STIG Viewer 3 writes them. */

import type { Assessment, Finding } from '../finding.ts';
import { STATE_NAMES } from './states.ts';
import { ruleOf, STIG, targetComment, uuidOf } from './stig.ts';

/** Throws a RangeError unless there is exactly one assessment: a checklist has one machine. */
export function renderCklb(assessments: readonly Assessment[]): string {
  const [assessment, ...others] = assessments;
  if (assessment === undefined || others.length > 0) throw new RangeError('a checklist is of one assessment');
  return `${JSON.stringify(checklist(assessment), null, 2)}\n`;
}

function checklist(assessment: Assessment): object {
  const uuid = uuidOf(STIG.id, assessment.unit, assessment.at);
  return {
    title: `${STIG.title}, ${assessment.unit}`,
    id: uuidOf('checklist', assessment.unit, assessment.at),
    cklb_version: '1.0',
    active: false,
    mode: 1,
    has_path: false,
    target_data: {
      target_type: 'Computing',
      host_name: assessment.node,
      ip_address: assessment.address,
      mac_address: '',
      fqdn: '',
      comments: targetComment(assessment),
      role: 'None',
      is_web_database: false,
      technology_area: '',
      web_db_site: '',
      web_db_instance: '',
      classification: null,
    },
    stigs: [
      {
        stig_name: STIG.title,
        display_name: 'Kubernetes',
        stig_id: STIG.id,
        version: STIG.version,
        release_info: STIG.releaseInfo,
        uuid,
        reference_identifier: null,
        size: assessment.findings.length,
        rules: assessment.findings.map((finding) => ruleRecord(assessment, finding, uuid)),
      },
    ],
  };
}

function ruleRecord(assessment: Assessment, finding: Finding, stigUuid: string): object {
  const rule = ruleOf(assessment, finding);
  return {
    uuid: uuidOf(stigUuid, rule.group),
    stig_uuid: stigUuid,
    STIGUuid: stigUuid,
    group_id: rule.group,
    group_id_src: rule.group,
    group_title: rule.groupTitle,
    group_tree: [{ id: rule.group, title: rule.groupTitle, description: '' }],
    rule_id: rule.id,
    rule_id_src: `${rule.id}_rule`,
    rule_version: rule.version,
    rule_title: rule.title,
    target_key: null,
    stig_ref: null,
    reference_identifier: null,
    weight: STIG.weight,
    classification: STIG.classification,
    severity: rule.severity,
    discussion: '',
    check_content: rule.check,
    check_content_ref: { name: 'M', href: `${STIG.id}.xml` },
    fix_text: rule.fix,
    documentable: 'false',
    false_positives: '',
    false_negatives: '',
    mitigations: '',
    mitigation_control: '',
    potential_impacts: finding.control.risk,
    third_party_tools: '',
    responsibility: '',
    security_override_guidance: '',
    ia_controls: '',
    legacy_ids: [],
    ccis: rule.cci,
    createdAt: assessment.at,
    updatedAt: assessment.at,
    status: STATE_NAMES[finding.state].cklb,
    overrides: {},
    finding_details: rule.details,
    comments: rule.comments,
  };
}
