/** The checklist of STIG Viewer 2 (`.ckl`, XML): one machine, one STIG. Elements and their order as DISA's schema 2.5 of it wants them. */

import type { Assessment, Finding } from '../finding.ts';
import { STATE_NAMES } from './states.ts';
import { ruleOf, STIG, targetComment, uuidOf } from './stig.ts';
import { TOOL } from './words.ts';
import { type XmlElement, xmlDocument } from './xml.ts';

/** Throws a RangeError unless there is exactly one assessment: a checklist has one machine. */
export function renderCkl(assessments: readonly Assessment[]): string {
  const [assessment, ...others] = assessments;
  if (assessment === undefined || others.length > 0) throw new RangeError('a checklist is of one assessment');
  return xmlDocument({ CHECKLIST: { ASSET: asset(assessment), STIGS: { iSTIG: checklist(assessment) } } });
}

function asset(assessment: Assessment): XmlElement {
  return {
    ROLE: 'None',
    ASSET_TYPE: 'Computing',
    MARKING: STIG.classification,
    HOST_NAME: assessment.node,
    HOST_IP: assessment.address,
    HOST_MAC: '',
    HOST_FQDN: '',
    TARGET_COMMENT: targetComment(assessment),
    TECH_AREA: '',
    TARGET_KEY: '',
    WEB_OR_DATABASE: 'false',
    WEB_DB_SITE: '',
    WEB_DB_INSTANCE: '',
  };
}

function checklist(assessment: Assessment): XmlElement {
  const uuid = uuidOf(STIG.id, assessment.unit, assessment.at);
  const information = {
    version: STIG.version,
    classification: STIG.classification,
    customname: '',
    stigid: STIG.id,
    description: `Made by ${TOOL} of what it found on ${assessment.unit} at ${assessment.at}`,
    filename: '',
    releaseinfo: STIG.releaseInfo,
    title: STIG.title,
    uuid,
    notice: '',
    source: TOOL,
  };
  return {
    STIG_INFO: {
      SI_DATA: Object.entries(information).map(([name, data]) => ({ SID_NAME: name, SID_DATA: data })),
    },
    VULN: assessment.findings.map((finding) => vulnerability(assessment, finding, uuid)),
  };
}

function vulnerability(assessment: Assessment, finding: Finding, stigUuid: string): XmlElement {
  const rule = ruleOf(assessment, finding);
  const attributes = [
    ['Vuln_Num', rule.group],
    ['Severity', rule.severity],
    ['Group_Title', rule.groupTitle],
    ['Rule_ID', `${rule.id}_rule`],
    ['Rule_Ver', rule.version],
    ['Rule_Title', rule.title],
    ['Vuln_Discuss', ''],
    ['IA_Controls', ''],
    ['Check_Content', rule.check],
    ['Fix_Text', rule.fix],
    ['False_Positives', ''],
    ['False_Negatives', ''],
    ['Documentable', 'false'],
    ['Mitigations', ''],
    ['Potential_Impact', finding.control.risk],
    ['Third_Party_Tools', ''],
    ['Mitigation_Control', ''],
    ['Responsibility', ''],
    ['Security_Override_Guidance', ''],
    ['Check_Content_Ref', 'M'],
    ['Weight', STIG.weight],
    ['Class', 'Unclass'],
    ['STIGRef', `${STIG.title} :: Version ${STIG.version}, ${STIG.releaseInfo}`],
    ['TargetKey', ''],
    ['STIG_UUID', stigUuid],
    ...rule.cci.map((cci) => ['CCI_REF', cci] as const),
  ] as const;
  return {
    STIG_DATA: attributes.map(([name, data]) => ({ VULN_ATTRIBUTE: name, ATTRIBUTE_DATA: data })),
    STATUS: STATE_NAMES[finding.state].ckl,
    FINDING_DETAILS: rule.details,
    COMMENTS: rule.comments,
    SEVERITY_OVERRIDE: '',
    SEVERITY_JUSTIFICATION: '',
  };
}
