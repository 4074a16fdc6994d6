/** Which services have to restart before what stands in their files is what they run with. */

import type { Assessment } from '../../finding.ts';
import { benchmarkTitle } from '../words.ts';
import { joined, link } from './link.ts';
import { html, type Markup } from './markup.ts';

/** Nothing when nothing waits. */
export function restarts(assessments: readonly Assessment[]): Markup {
  const waiting = assessments
    .map((assessment) => ({
      assessment,
      findings: assessment.findings.filter(({ state }) => state === 'pending-restart'),
    }))
    .filter(({ findings }) => findings.length > 0);
  if (waiting.length === 0) return html``;
  return html`<section aria-labelledby="restarts">
<h2 id="restarts">Pending restarts</h2>
<p>What stands in the files of these services is not yet, or no longer, what their processes run with.</p>
<div class="scroll" tabindex="0" role="group" aria-labelledby="restarts">
<table class="stacks">
<thead><tr><th scope="col">Unit</th><th scope="col">Benchmark</th><th scope="col">Services</th><th scope="col">Controls</th></tr></thead>
<tbody>${waiting.map(
    ({ assessment, findings }) => html`<tr>
<th scope="row">${assessment.unit}</th>
<td data-label="Benchmark">${benchmarkTitle(assessment.benchmark)}</td>
<td data-label="Services">${[...new Set(findings.flatMap(({ control }) => control.restarts))].sort().join(', ')}</td>
<td data-label="Controls">${joined(findings.map((finding) => link(assessment, finding, finding.number)))}</td>
</tr>`,
  )}</tbody>
</table>
</div>
</section>`;
}
