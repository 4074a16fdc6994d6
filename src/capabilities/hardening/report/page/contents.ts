/** Where to find what on the page. */

import type { Assessment } from '../../finding.ts';
import { benchmarkTitle } from '../words.ts';
import { sectionAnchor } from './anchor.ts';
import { html, type Markup } from './markup.ts';

export function contents(assessments: readonly Assessment[]): Markup {
  const findings = assessments.flatMap((assessment) => assessment.findings);
  const places: readonly (readonly [string, string, boolean])[] = [
    ['overview', 'Overview', true],
    ['restarts', 'Pending restarts', findings.some(({ state }) => state === 'pending-restart')],
    ...assessments.map((one) => [sectionAnchor(one), `${benchmarkTitle(one.benchmark)} on ${one.unit}`, true] as const),
    ['waivers', 'Waivers', hasWaivers(assessments)],
  ];
  return html`<nav aria-label="Contents"><ul>${places
    .filter(([, , isThere]) => isThere)
    .map(([id, title]) => html`<li><a href="#${id}">${title}</a></li>`)}</ul></nav>`;
}

export function hasWaivers(assessments: readonly Assessment[]): boolean {
  return assessments.some(
    ({ findings, problems }) => problems.length > 0 || findings.some(({ waiver }) => waiver !== undefined),
  );
}
