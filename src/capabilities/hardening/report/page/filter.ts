/** The controls of the filter: hidden until the script that serves them runs. */

import { type Assessment, FINDING_STATES } from '../../finding.ts';
import { countStates } from '../summary.ts';
import { benchmarkTitle, stateTitle } from '../words.ts';
import { sectionAnchor } from './anchor.ts';
import { html, type Markup } from './markup.ts';

export function filterForm(assessments: readonly Assessment[]): Markup {
  const counts = countStates(assessments.flatMap(({ findings }) => findings));
  const present = FINDING_STATES.filter((state) => counts[state] > 0);
  return html`<form class="filter" data-filter hidden role="search" aria-label="Findings">
<div><label class="label" for="text">Text</label><input type="search" id="text" name="text" autocomplete="off" spellcheck="false"></div>
<div><label class="label" for="severity">Severity</label><select id="severity" name="severity">
<option value="">All</option><option value="high">High</option><option value="medium">Medium</option><option value="low">Low</option>
</select></div>
${assessments.length < 2 ? undefined : assessmentChoice(assessments)}
<fieldset><legend>State</legend>${present.map(
    (state) =>
      html`<label><input type="checkbox" name="state" value="${state}" checked><span class="state ${state}">${stateTitle(state)}</span></label>`,
  )}</fieldset>
<div class="end"><p role="status" aria-live="polite" data-shown></p>
<button type="reset">Show all</button><button type="button" data-open>Open all</button><button type="button" data-close>Close all</button></div>
</form>`;
}

function assessmentChoice(assessments: readonly Assessment[]): Markup {
  return html`<div><label class="label" for="assessment">Assessment</label><select id="assessment" name="assessment">
<option value="">All</option>${assessments.map(
    (one) => html`<option value="${sectionAnchor(one)}">${benchmarkTitle(one.benchmark)}, ${one.unit}</option>`,
  )}</select></div>`;
}
