/**
 * JUnit XML, for pipelines: a suite for each section of each assessment, a case for each control. Kept to what the schemas of Jenkins
 * and of Ant both take; a waiver that is void is a failed case of a suite of its own.
 */

import type { Assessment, Finding } from '../finding.ts';
import { countScore, scoreText } from '../score.ts';
import { type Section, sectionsOf } from './sections.ts';
import { STATE_NAMES } from './states.ts';
import { benchmarkTitle, details, justification, modeText, remedyText, stateTitle } from './words.ts';
import { type XmlElement, xmlDocument } from './xml.ts';

interface Suite {
  readonly name: string;
  readonly assessment: Assessment;
  readonly cases: readonly Case[];
}

interface Case {
  readonly outcome: 'failure' | 'skipped' | 'passed';
  readonly element: XmlElement;
}

export function renderJUnit(assessments: readonly Assessment[]): string {
  const suites = assessments.flatMap(suitesOf);
  const cases = suites.flatMap((suite) => suite.cases);
  return xmlDocument({
    testsuites: {
      '@name': 'hardening',
      '@tests': String(cases.length),
      '@failures': count(cases, 'failure'),
      '@errors': '0',
      '@time': '0',
      testsuite: suites.map(suiteElement),
    },
  });
}

function suitesOf(assessment: Assessment): readonly Suite[] {
  const sections = sectionsOf(assessment.benchmark, assessment.findings).map((section) => ({
    name: `${benchmarkTitle(assessment.benchmark)}, ${section.id} ${section.title}`,
    assessment,
    cases: casesOf(assessment, section),
  }));
  if (assessment.problems.length === 0) return sections;
  const name = `${benchmarkTitle(assessment.benchmark)}, waivers`;
  return [...sections, { name, assessment, cases: assessment.problems.map((one) => voidWaiver(assessment, one)) }];
}

function suiteElement({ name, assessment, cases }: Suite, index: number): XmlElement {
  return {
    '@name': name,
    '@id': String(index),
    '@hostname': assessment.node,
    '@timestamp': assessment.at.slice(0, 'YYYY-MM-DDTHH:MM:SS'.length),
    '@tests': String(cases.length),
    '@failures': count(cases, 'failure'),
    '@errors': '0',
    '@skipped': count(cases, 'skipped'),
    '@time': '0',
    properties: {
      property: Object.entries({
        benchmark: assessment.benchmark,
        unit: assessment.unit,
        node: assessment.node,
        address: assessment.address,
        kubernetes: assessment.version,
        application: assessment.application,
        cluster: assessment.cluster,
        model: assessment.model,
        snap: assessment.snap,
        charm: assessment.charm,
        mode: modeText(assessment.mode),
        score: scoreText(countScore(assessment.findings)),
      }).map(([key, value]) => ({ '@name': key, '@value': value })),
    },
    testcase: cases.map(({ element }) => element),
  };
}

function count(cases: readonly Case[], wanted: Case['outcome']): string {
  return String(cases.filter(({ outcome }) => outcome === wanted).length);
}

function casesOf(assessment: Assessment, { findings }: Section): readonly Case[] {
  return findings.map((finding) => {
    const outcome = STATE_NAMES[finding.state].junit;
    const name = {
      '@name': `${finding.number} ${finding.control.title}`,
      '@classname': className(assessment),
      '@time': '0',
    };
    return { outcome, element: { ...name, ...outcomeElement(outcome, finding), ...output(finding) } };
  });
}

/** Jenkins takes what is before the last dot for a package. */
function className({ benchmark, unit }: Assessment): string {
  return `${benchmark.replaceAll('.', '_')}.${unit.replaceAll('.', '_')}`;
}

function outcomeElement(outcome: Case['outcome'], finding: Finding): XmlElement {
  if (outcome === 'passed') return {};
  if (outcome === 'skipped') return { skipped: `${stateTitle(finding.state)}: ${finding.reason}` };
  const text = [details(finding), remedyText(finding)].filter((part) => part !== '').join('\n\n');
  return { failure: { '@message': finding.reason, '@type': finding.state, '#text': text } };
}

function output(finding: Finding): XmlElement {
  const said = justification(finding);
  return said === '' ? {} : { 'system-out': said };
}

function voidWaiver(assessment: Assessment, problem: string): Case {
  const failure = { '@message': problem, '@type': 'waiver', '#text': problem };
  return {
    outcome: 'failure',
    element: { '@name': problem, '@classname': className(assessment), '@time': '0', failure },
  };
}
