/**
 * SARIF 2.1.0 (OASIS), for code scanning pages: a run for each assessment, a rule for each control, and a result for each control that
 * does not hold. Such pages make an alert of every result, whatever its kind and its suppressions, so that what passes, is waived, does
 * not apply or is for people to judge has none; the properties of the run list it. A waiver that is void is a notification of the tool.
 */

import { createHash } from 'node:crypto';
import type { Check, Control } from '../control.ts';
import { type Assessment, FINDING_STATES, type Finding } from '../finding.ts';
import { countScore } from '../score.ts';
import { sectionsOf } from './sections.ts';
import { benchmarkTitle, details, justification, levelOf, referenceOf, remedyText, TOOL, waiverLine } from './words.ts';

/** What some pages sort by, CVSS-like: 7.0 and more is high, 4.0 and more is medium. */
const SEVERITY_SCORE = { high: '7.5', medium: '5.0', low: '2.5' } as const;

const LEVEL = { high: 'error', medium: 'warning', low: 'note' } as const;

const ARGUMENTS = '/var/snap/k8s/common/args';

/** What paths of files are relative to: the root of the machine. */
const NODE = 'NODE';

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
        version: assessment.charm,
        rules: findings.map((finding) => rule(assessment, finding, sections.get(finding) ?? '')),
      },
    },
    originalUriBaseIds: { [NODE]: { uri: 'file:///', description: { text: `The machine of ${unit}` } } },
    automationDetails: { id: `${benchmark}/${unit}/` },
    invocations: [
      {
        executionSuccessful: true,
        endTimeUtc: new Date(assessment.at).toISOString(),
        toolConfigurationNotifications: assessment.problems.map((text) => ({
          level: 'warning',
          message: { text: withoutLinks(text) },
        })),
      },
    ],
    results: findings.flatMap((finding, index) => (isOpen(finding) ? [result(assessment, finding, index)] : [])),
    properties: {
      benchmark,
      unit,
      application: assessment.application,
      node: assessment.node,
      address: assessment.address,
      cluster: assessment.cluster,
      model: assessment.model,
      kubernetes: assessment.version,
      snap: assessment.snap,
      mode: assessment.mode,
      score: countScore(findings),
      controls: Object.fromEntries(FINDING_STATES.map((state) => [state, numbersOf(findings, state)])),
      waivers: findings.flatMap(({ number, waiver }) =>
        waiver === undefined ? [] : [{ control: number, waiver: waiverLine(waiver) }],
      ),
    },
  };
}

function isOpen({ state }: Finding): boolean {
  return state === 'fail' || state === 'pending-restart';
}

function numbersOf(findings: readonly Finding[], state: Finding['state']): readonly string[] {
  return findings.filter((finding) => finding.state === state).map(({ number }) => number);
}

function rule({ benchmark }: Assessment, finding: Finding, section: string): object {
  const { number, control } = finding;
  const reference = referenceOf(benchmark, finding);
  const level = levelOf(control);
  return {
    id: number,
    name: pascalCase(control.stig === undefined ? control.id : control.title),
    shortDescription: { text: control.title },
    fullDescription: { text: `${control.title} (${reference}).` },
    help: { text: [control.advice, reference].filter((text) => text !== '').join('\n') },
    defaultConfiguration: { level: LEVEL[control.severity] },
    properties: {
      tags: ['security', section, ...(level === undefined ? [] : [level])],
      'security-severity': SEVERITY_SCORE[control.severity],
      control: control.id,
      scored: control.scored,
      related: control.related,
    },
  };
}

/** `KubeApiserverProfiling`: a name that a person can read, as SARIF wants it beside an opaque id. */
function pascalCase(text: string): string {
  const words = text.match(/[A-Za-z0-9]+/g) ?? [];
  return words.map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`).join('');
}

/**
 * A message may hold links as in Markdown (SARIF 2.1.0, 3.11.6), and pages make them ones to click on. What lies on a node or in a waiver is not
 * there to lead an auditor anywhere: a bracket that ends the text of a link is escaped, and what would escape that.
 */
function withoutLinks(text: string): string {
  return text.replaceAll(/(\\*)\](?=\()/g, '$1$1\\]');
}

function result(assessment: Assessment, finding: Finding, ruleIndex: number): object {
  const { number, control, state } = finding;
  const text = [details(finding), justification(finding), remedyText(finding)]
    .filter((part) => part !== '')
    .join('\n\n');
  return {
    ruleId: number,
    ruleIndex,
    kind: 'fail',
    level: LEVEL[control.severity],
    message: { text: withoutLinks(text) },
    locations: [location(assessment, control)],
    partialFingerprints: { 'control/v1': fingerprint(assessment, control) },
    properties: { state, control: control.id },
  };
}

/** Code scanning pages refuse a file in which one result has no physical location. What is no file on the node is the API. */
function location({ unit, node }: Assessment, { check }: Control): object {
  const file = fileOf(check);
  const artifactLocation =
    file === undefined ? { uri: 'kubernetes-api' } : { uri: encodeURI(file.replace(/^\//, '')), uriBaseId: NODE };
  return {
    physicalLocation: { artifactLocation, region: { startLine: 1 } },
    logicalLocations: [{ name: node, fullyQualifiedName: `${unit}/${node}`, kind: 'resource' }],
  };
}

/** The file on the node in which a person would look first; the folder where the control is about several. None: the Kubernetes API. */
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
