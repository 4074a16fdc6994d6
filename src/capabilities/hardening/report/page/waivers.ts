/** The exceptions, with who took them upon himself and until when; those that are void before them. */

import type { Assessment, Finding, Waiver } from '../../finding.ts';
import { benchmarkTitle, stateTitle } from '../words.ts';
import { joined, link } from './link.ts';
import { html, type Markup } from './markup.ts';

interface WaivedFinding {
  readonly assessment: Assessment;
  readonly finding: Finding;
  readonly waiver: Waiver;
}

/** Nothing when there are none, valid or void. */
export function waivers(assessments: readonly Assessment[]): Markup {
  const waived = assessments.flatMap((assessment) =>
    assessment.findings.flatMap((finding) =>
      finding.waiver === undefined ? [] : [{ assessment, finding, waiver: finding.waiver }],
    ),
  );
  const problems = [...Map.groupBy(assessments.flatMap(problemsOf), ({ problem }) => problem).entries()];
  if (waived.length === 0 && problems.length === 0) return html``;
  return html`<section aria-labelledby="waivers">
<h2 id="waivers">Waivers</h2>
${problems.length === 0 ? undefined : voidWaivers(problems)}
${waived.length === 0 ? undefined : waiverTable(waived)}
</section>`;
}

interface Problem {
  readonly problem: string;
  readonly unit: string;
}

function problemsOf({ problems, unit }: Assessment): readonly Problem[] {
  return problems.map((problem) => ({ problem, unit }));
}

function voidWaivers(problems: readonly (readonly [string, readonly Problem[]])[]): Markup {
  return html`<p>These are void:</p>
<ul>${problems.map(
    ([problem, on]) =>
      html`<li>${problem} <span class="quiet">(${[...new Set(on.map(({ unit }) => unit))].join(', ')})</span></li>`,
  )}</ul>`;
}

function waiverTable(waived: readonly WaivedFinding[]): Markup {
  const rows = Map.groupBy(waived, ({ assessment, finding, waiver }) =>
    JSON.stringify([
      assessment.benchmark,
      finding.number,
      waiver.reason,
      waiver.until,
      finding.state,
      finding.underneath,
    ]),
  );
  return html`<div class="scroll" tabindex="0" role="group" aria-labelledby="waivers">
<table class="stacks">
<thead><tr>
<th scope="col">Control</th><th scope="col">Reason</th><th scope="col">Until</th><th scope="col" class="score">Without it</th><th scope="col">Units</th>
</tr></thead>
<tbody>${[...rows.values()].map(waiverRow)}</tbody>
</table>
</div>`;
}

function waiverRow(same: readonly WaivedFinding[]): Markup {
  const [first] = same;
  if (first === undefined) return html``;
  const { assessment, finding, waiver } = first;
  const without = finding.underneath ?? finding.state;
  return html`<tr>
<th scope="row">${link(assessment, finding, finding.number)} ${finding.control.title}
<span class="quiet small">${benchmarkTitle(assessment.benchmark)}</span></th>
<td data-label="Reason">${waiver.reason}</td>
<td class="score" data-label="Until">${waiver.until ?? 'no end'}</td>
<td data-label="Without it"><span class="state ${without}">${stateTitle(without)}</span></td>
<td data-label="Units">${joined(same.map((one) => link(one.assessment, one.finding, one.assessment.unit)))}</td>
</tr>`;
}
