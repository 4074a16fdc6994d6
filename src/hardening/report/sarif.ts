/**
 * SARIF 2.1.0 (OASIS), for code scanning pages: a run for each assessment, a result for each control. A waiver is a suppression with
 * its reason; a waiver that is void is a notification of the tool.
 */

import { createHash } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import type { Check, Control } from '../control.ts';
import type { Assessment, Finding } from '../finding.ts';
import { sectionsOf } from './sections.ts';
import { STATE_NAMES } from './states.ts';
import { benchmarkTitle, details, justification, remedyText, TOOL, waiverLine } from './words.ts';

/** What some pages sort by, CVSS-like: 7.0 and more is high, 4.0 and more is medium. */
const SEVERITY_SCORE = { high: '7.5', medium: '5.0', low: '2.5' } as const;

const LEVEL = { high: 'error', medium: 'warning', low: 'note' } as const;

const ARGUMENTS = '/var/snap/k8s/common/args';

export function renderSarif(assessments: readonly Assessment[]): string {
  const log = {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: assessments.map(run),
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function run(assessment: Assessment): object {
  const { benchmark, unit, findings } = assessment;
  const sections = new Map(
    sectionsOf(benchmark, findings).flatMap(({ id, title, findings }) =>
      findings.map((one) => [one, `${id} ${title}`]),
    ),
  );
  return {
    tool: {
      driver: {
        name: TOOL,
        fullName: `${TOOL}: ${benchmarkTitle(benchmark)}`,
        rules: findings.map((finding) => rule(finding, sections.get(finding) ?? '')),
      },
    },
    automationDetails: { id: `${benchmark}/${unit}/` },
    invocations: [
      {
        executionSuccessful: true,
        endTimeUtc: new Date(assessment.at).toISOString(),
        toolConfigurationNotifications: assessment.problems.map((text) => ({ level: 'warning', message: { text } })),
      },
    ],
    results: findings.map((finding, index) => result(assessment, finding, index)),
    properties: {
      benchmark,
      unit,
      node: assessment.node,
      address: assessment.address,
      kubernetes: assessment.version,
    },
  };
}

function rule(finding: Finding, section: string): object {
  const { number, control } = finding;
  return {
    id: number,
    name: control.id,
    shortDescription: { text: control.title },
    fullDescription: { text: `${control.title} (${control.reference})` },
    help: { text: control.advice === '' ? control.reference : control.advice },
    defaultConfiguration: { level: LEVEL[control.severity] },
    properties: {
      tags: ['security', section],
      'security-severity': SEVERITY_SCORE[control.severity],
      scored: control.scored,
      related: control.related,
    },
  };
}

function result(assessment: Assessment, finding: Finding, ruleIndex: number): object {
  const { number, control, state, waiver } = finding;
  const kind = STATE_NAMES[state].sarif;
  const text = [details(finding), justification(finding), remedyText(finding)]
    .filter((part) => part !== '')
    .join('\n\n');
  return {
    ruleId: number,
    ruleIndex,
    kind,
    level: kind === 'fail' ? LEVEL[control.severity] : 'none',
    message: { text },
    locations: [location(assessment, control)],
    partialFingerprints: { 'control/v1': fingerprint(assessment, control) },
    ...(state === 'waived' &&
      waiver !== undefined && {
        suppressions: [{ kind: 'external', status: 'accepted', justification: waiverLine(waiver) }],
      }),
    properties: { state, control: control.id },
  };
}

function location({ unit, node }: Assessment, { check }: Control): object {
  const file = fileOf(check);
  return {
    ...(file !== undefined && { physicalLocation: { artifactLocation: { uri: pathToFileURL(file).href } } }),
    logicalLocations: [{ name: node, fullyQualifiedName: `${unit}/${node}`, kind: 'resource' }],
  };
}

/** The file on the node in which a person would look first; the folder where the control is about several. */
function fileOf(check: Check): string | undefined {
  switch (check.type) {
    case 'flag':
    case 'list-flag':
    case 'content':
      return `${ARGUMENTS}/${check.service}`;
    case 'file-mode':
    case 'file-owner':
      return check.paths[0]?.replace(/[^/]*\*.*$/, '');
    case 'distinct-files':
      return check.path;
    case 'all':
    case 'any':
      return check.of.map(fileOf).find((file) => file !== undefined);
    default:
      return undefined;
  }
}

/** The same from one assessment to the next, so that a page can tell what is new and what is gone. */
function fingerprint({ benchmark, unit }: Assessment, { id }: Control): string {
  return createHash('sha256').update(`${benchmark}\n${unit}\n${id}`).digest('hex');
}
