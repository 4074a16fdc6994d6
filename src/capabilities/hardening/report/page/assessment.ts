/** One benchmark on one machine: the score of each of its sections, then the findings, the worst states first. */

import { type Assessment, type Evidence, FINDING_STATES, type Finding, type FindingState } from '../../finding.ts';
import { countScore } from '../../score.ts';
import { type Section, sectionsOf } from '../sections.ts';
import { benchmarkTitle, leftOut, levelOf, referenceOf, stateTitle, subjectOf } from '../words.ts';
import { anchor, sectionAnchor } from './anchor.ts';
import { html, type Markup } from './markup.ts';
import { presentStates, stateCells, stateHead } from './overview.ts';
import { scoreBar, scoreWords } from './score.ts';

/** What somebody has to do something about is open from the start. */
const OPEN: readonly FindingState[] = ['fail', 'pending-restart'];

const SEVERITIES = { high: 'High', medium: 'Medium', low: 'Low' } as const;

export function assessmentSection(assessment: Assessment): Markup {
  const id = sectionAnchor(assessment);
  return html`<section class="assessment" aria-labelledby="${id}" data-assessment-section="${id}">
<h2 id="${id}">${benchmarkTitle(assessment.benchmark)} on ${assessment.unit}</h2>
<dl class="subject">${subjectOf(assessment).map(([term, text]) => html`<div><dt>${term}</dt><dd>${text}</dd></div>`)}</dl>
${sectionTable(assessment, id)}
${FINDING_STATES.map((state) => group(assessment, state))}
<p data-nothing hidden>No finding fits the filter.</p>
</section>`;
}

function sectionTable({ benchmark, findings }: Assessment, id: string): Markup {
  const states = presentStates(findings);
  return html`<div class="scroll" tabindex="0" role="group" aria-labelledby="${id}">
<table class="sections stacks">
<thead><tr><th scope="col">Section</th><th scope="col" class="number">Score</th><td class="share"></td>${states.map(stateHead)}</tr></thead>
<tbody>${sectionsOf(benchmark, findings).map((section) => sectionRow(section, states))}</tbody>
</table>
</div>`;
}

function sectionRow({ id, title, findings }: Section, states: readonly FindingState[]): Markup {
  const score = countScore(findings);
  return html`<tr>
<th scope="row" class="section">${id} ${title}</th><td class="score number">${scoreWords(score)}</td><td class="share">${scoreBar(score)}</td>${stateCells(findings, states)}
</tr>`;
}

function group(assessment: Assessment, state: FindingState): Markup {
  const findings = assessment.findings.filter((finding) => finding.state === state).sort(bySeverity);
  if (findings.length === 0) return html``;
  return html`<div class="group" data-group>
<h3><span class="state ${state}">${stateTitle(state)}</span> <span class="quiet" data-count>${findings.length}</span></h3>
${findings.map((finding) => findingDetails(assessment, finding))}
</div>`;
}

/** Within a severity in the order of the benchmark: sorting is stable. */
function bySeverity(one: Finding, other: Finding): number {
  const order = Object.keys(SEVERITIES);
  return order.indexOf(one.control.severity) - order.indexOf(other.control.severity);
}

function findingDetails(assessment: Assessment, finding: Finding): Markup {
  const { control, state, number } = finding;
  const { severity } = control;
  const open = OPEN.includes(state) ? html` open` : undefined;
  return html`<details class="${state}" id="${anchor(assessment, finding)}" data-state="${state}" data-severity="${severity}" data-assessment="${sectionAnchor(assessment)}"${open}>
<summary><span class="code">${number}</span><h4>${control.title}</h4><span class="severity ${severity}">${[SEVERITIES[severity], levelOf(control), control.scored ? undefined : 'not scored'].filter((word) => word !== undefined).join(', ')}</span></summary>
<div class="body">
<p>${finding.reason}</p>
${evidenceTable(finding)}
<dl class="facts">${facts(assessment, finding).map(([term, text]) => html`<dt>${term}</dt><dd>${text}</dd>`)}</dl>
</div>
</details>`;
}

function evidenceTable({ evidence, more }: Finding): Markup {
  if (evidence.length === 0) return html``;
  const isExpected = evidence.some(({ expected }) => expected !== undefined);
  return html`<div class="evidence"><table class="stacks">
<thead><tr><th scope="col">Looked at</th><th scope="col">Found</th>${isExpected ? html`<th scope="col">Expected</th>` : undefined}</tr></thead>
<tbody>${evidence.map((one) => evidenceRow(one, isExpected))}</tbody>
</table>${more > 0 ? html`<p class="quiet">${leftOut(more)}</p>` : undefined}</div>`;
}

function evidenceRow({ what, found, expected }: Evidence, isExpected: boolean): Markup {
  return html`<tr><th scope="row" class="code">${what}</th><td class="code" data-label="Found">${found}</td>${isExpected ? html`<td class="code" data-label="Expected">${expected}</td>` : undefined}</tr>`;
}

/** What there is to say beside the evidence, the remedy first. */
function facts(assessment: Assessment, finding: Finding): readonly (readonly [string, string])[] {
  const { control, remedy, waiver, underneath, state } = finding;
  const isToDo = remedy !== '';
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['What to do', isToDo ? remedy : undefined],
    ['Risk', isToDo && control.risk !== '' ? control.risk : undefined],
    [waiver?.until === undefined ? 'Waived' : `Waived until ${waiver.until}`, waiver?.reason],
    ['Without the waiver', state === 'waived' && underneath !== undefined ? stateTitle(underneath) : undefined],
    ['Tailored', control.tailoring],
    ['Control', control.id],
    ['Reference', referenceOf(assessment.benchmark, finding)],
    ['Related', control.related.length > 0 ? control.related.join(', ') : undefined],
  ];
  return facts.flatMap(([term, text]) => (text === undefined ? [] : [[term, text] as const]));
}
