/**
 * The report as a page for people: one file that loads nothing, made of what was assessed. What fails comes first, with what was found
 * and what to do. The page's policy (CSP) lets only the style and the script run that stand in it.
 */

import { createHash } from 'node:crypto';
import type { Assessment } from '../finding.ts';
import { assessmentSection } from './page/assessment.ts';
import { contents } from './page/contents.ts';
import { filterForm } from './page/filter.ts';
import { html, Markup } from './page/markup.ts';
import { overview } from './page/overview.ts';
import { restarts } from './page/restarts.ts';
import { SCRIPT } from './page/script.ts';
import { STYLE } from './page/style.ts';
import { waivers } from './page/waivers.ts';
import { countStates } from './summary.ts';
import { TOOL } from './words.ts';

export function renderHtml(assessments: readonly Assessment[]): string {
  const units = unique(assessments.map(({ unit }) => unit));
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy()}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>Hardening report: ${units.join(', ')}</title>
<style>${Markup.trusted(STYLE)}</style>
</head>
<body>
<a class="skip" href="#findings">Skip to the findings</a>
<header>
<h1>Kubernetes hardening report</h1>
<p class="lead">${lead(assessments)}</p>
${contents(assessments)}
</header>
<main>
${overview(assessments)}
${restarts(assessments)}
<div id="findings">
${filterForm(assessments)}
${assessments.map(assessmentSection)}
</div>
${waivers(assessments)}
</main>
<footer>
<p>Made by ${TOOL}, on the machines themselves.</p>
</footer>
<script>${Markup.trusted(SCRIPT)}</script>
</body>
</html>
`.toString();
}

/** What is wrong, in one sentence. */
function lead(assessments: readonly Assessment[]): string {
  const units = unique(assessments.map(({ unit }) => unit));
  const where = units.length === 1 ? `on ${units[0]}` : `on ${units.length} units`;
  const counts = countStates(assessments.flatMap(({ findings }) => findings));
  const failing = counts.fail === 0 ? 'No control fails' : plural(counts.fail, 'finding fails', 'findings fail');
  const pending = counts['pending-restart'];
  const waiting = pending === 0 ? '' : ` and ${plural(pending, 'waits', 'wait')} for a restart`;
  const isVoid = unique(assessments.flatMap(({ problems }) => problems)).length;
  const voidWaivers = isVoid === 0 ? '' : ` ${plural(isVoid, 'waiver is void', 'waivers are void')}.`;
  return `${failing}${waiting} ${where}.${voidWaivers}`;
}

function plural(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

function unique(words: readonly string[]): readonly string[] {
  return [...new Set(words)];
}

/** Nothing is loaded, and nothing but this very style and script is run (CSP 3, 6.7.3.3). */
function policy(): string {
  return [
    "default-src 'none'",
    `style-src '${digest(STYLE)}'`,
    `script-src '${digest(SCRIPT)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

function digest(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
