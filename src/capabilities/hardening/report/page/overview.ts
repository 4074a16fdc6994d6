/** The score of each assessment, and how many of its findings are in which state. */

import { type Assessment, FINDING_STATES, type Finding, type FindingState } from '../../finding.ts';
import { clusterScore, countScore, nodeScore, SCORE_DEFINITION, scoreText } from '../../score.ts';
import { countStates } from '../summary.ts';
import { benchmarkTitle, stateTitle } from '../words.ts';
import { sectionAnchor } from './anchor.ts';
import { html, type Markup } from './markup.ts';
import { scoreBar, scoreWords } from './score.ts';

export function overview(assessments: readonly Assessment[]): Markup {
  const states = presentStates(assessments.flatMap(({ findings }) => findings));
  return html`<section class="overview" aria-labelledby="overview">
<h2 id="overview">Overview</h2>
<div class="scroll" tabindex="0" role="group" aria-labelledby="overview">
<table class="stacks">
<thead><tr><th scope="col">Assessment</th><th scope="col">Score</th>${states.map(stateHead)}</tr></thead>
<tbody>${assessments.map((assessment) => overviewRow(assessment, states))}</tbody>
</table>
</div>
<p class="quiet">${SCORE_DEFINITION}</p>
</section>`;
}

function overviewRow(assessment: Assessment, states: readonly FindingState[]): Markup {
  const score = countScore(assessment.findings);
  return html`<tr>
<th scope="row"><a href="#${sectionAnchor(assessment)}">${benchmarkTitle(assessment.benchmark)}</a> on ${assessment.unit}
<span class="quiet small">${assessment.node}, ${assessment.address}</span>
<span class="quiet small">Kubernetes ${assessment.version}, ${when(assessment.at)}</span></th>
<td class="score">${scoreWords(score)}${scoreBar(score)}${parts(assessment)}</td>
${stateCells(assessment.findings, states)}
</tr>`;
}

/** Of what the score is the sum, where the policies of the cluster were looked at. */
function parts(assessment: Assessment): Markup | undefined {
  const cluster = clusterScore(assessment);
  if (cluster === undefined) return undefined;
  return html` <span class="quiet small">node ${scoreText(nodeScore(assessment))}, cluster ${scoreText(cluster)}</span>`;
}

/** `2026-11-23 14:15 UTC` */
function when(at: string): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** A column that would be empty says nothing. */
export function presentStates(findings: readonly Finding[]): readonly FindingState[] {
  const counts = countStates(findings);
  return FINDING_STATES.filter((state) => counts[state] > 0);
}

export function stateHead(state: FindingState): Markup {
  return html`<th scope="col" class="number">${stateTitle(state)}</th>`;
}

export function stateCells(findings: readonly Finding[], states: readonly FindingState[]): readonly Markup[] {
  const counts = countStates(findings);
  return states.map(
    (state) =>
      html`<td class="number ${counts[state] === 0 ? 'none' : `some ${state}`}" data-label="${stateTitle(state)}">${counts[state]}</td>`,
  );
}
