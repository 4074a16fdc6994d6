/** How the report looks: on screens wide and narrow, light and dark, and on paper. No file, font or picture from elsewhere. */

import { FINDING_STATES } from '../../finding.ts';

/** Contrast of each with the page and with panels is at least 4.5 (WCAG 2.2, 1.4.3). */
const LIGHT = {
  page: '#ffffff',
  panel: '#f6f7f8',
  line: '#d9dce0',
  ink: '#1b1e23',
  muted: '#565c66',
  link: '#0b57a4',
  fail: '#b3261e',
  'pending-restart': '#8f4a00',
  manual: '#4650a8',
  'not-evaluated': '#565c66',
  waived: '#7a3a92',
  pass: '#1c6e3d',
  'not-applicable': '#6a707a',
};

const DARK: Readonly<Record<keyof typeof LIGHT, string>> = {
  page: '#15171a',
  panel: '#1d2024',
  line: '#363b42',
  ink: '#e7e8ea',
  muted: '#a6acb5',
  link: '#8ab8f0',
  fail: '#ff8f85',
  'pending-restart': '#f0b263',
  manual: '#aab2ff',
  'not-evaluated': '#a6acb5',
  waived: '#d5a6e6',
  pass: '#7fd09c',
  'not-applicable': '#9097a1',
};

function variables(colours: Readonly<Record<string, string>>): string {
  return Object.entries(colours)
    .map(([name, value]) => `--${name}: ${value};`)
    .join(' ');
}

export const STYLE = `
:root {
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif;
  color-scheme: light dark; ${variables(LIGHT)}
}
@media screen and (prefers-color-scheme: dark) { :root { ${variables(DARK)} } }
${FINDING_STATES.map((state) => `.${state} { --state: var(--${state}); }`).join('\n')}

* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 1rem/1.5 var(--sans);
  font-variant-numeric: tabular-nums; text-size-adjust: 100%;
}
header, main, footer { max-width: 120rem; margin-inline: auto; padding-inline: clamp(1rem, 4vw, 2.5rem); }
header { padding-block: 2.75rem 0; }
footer { padding-block: 2.5rem 3rem; color: var(--muted); font-size: .875rem; }
h1, h2, h3, h4 { line-height: 1.25; margin: 0; text-wrap: balance; }
h1 { font-size: 1.75rem; font-weight: 650; letter-spacing: -.015em; }
h2 { font-size: 1.25rem; font-weight: 650; letter-spacing: -.005em; }
h3 { font-size: .9375rem; font-weight: 650; }
h4 { font-size: 1rem; font-weight: 500; }
p { margin: 0; max-width: 70ch; overflow-wrap: anywhere; }
a { color: var(--link); text-underline-offset: .15em; }
code, .code { font: .875em/1.5 ui-monospace, "Cascadia Mono", "Noto Sans Mono", "Liberation Mono", Menlo, monospace; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 2px; }
[hidden] { display: none !important; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: 1rem; background: var(--page); padding: .25rem .5rem; }
nav { margin-top: 1.25rem; font-size: .9375rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; list-style: none; margin: 0; padding: 0; }
.quiet { color: var(--muted); }
.lead { margin-top: .5rem; font-size: 1.0625rem; }
.state { color: var(--state); font-weight: 600; white-space: nowrap; }
.state::before {
  content: ""; display: inline-block; width: .6em; height: .6em; margin-right: .5em; border-radius: 50%;
  background: currentColor;
}
.not-applicable.state::before, .not-evaluated.state::before, .manual.state::before {
  background: none; box-shadow: inset 0 0 0 2px currentColor;
}
section { margin-top: 2.75rem; }
section > h2 { padding-bottom: .5rem; border-bottom: 2px solid var(--ink); }
section > p { margin-top: .75rem; }

.scroll { overflow-x: auto; margin-top: .75rem; }
table { border-collapse: collapse; width: 100%; font-size: .9375rem; }
th, td { padding: .5rem .75rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { padding-left: 0; }
th:last-child, td:last-child { padding-right: 0; }
thead th { font-size: .8125rem; font-weight: 600; color: var(--muted); vertical-align: bottom; }
tbody th { font-weight: 500; }
.number, thead .number { text-align: right; white-space: nowrap; }
.small { display: block; font-size: .875rem; font-weight: 400; }
.none { color: var(--muted); }
.some { color: var(--state); font-weight: 650; }
.score { white-space: nowrap; }
.score b { font-size: 1.125em; font-weight: 650; }
.overview .score b { font-size: 1.5rem; line-height: 1.2; }
.bar { display: block; width: 100%; min-width: 5rem; height: .5rem; margin-top: .375rem; border-radius: .25rem; background: var(--line); }
.bar rect { fill: var(--state); }
.sections .bar { margin-top: .5em; }
.sections .share { width: 14%; }
.sections .section { white-space: nowrap; }
.sections th, .sections td { padding-block: .375rem; }
.sections .score .small { display: inline; }

.filter {
  display: flex; flex-wrap: wrap; gap: 1rem 2rem; align-items: end; margin-top: 2.75rem; padding: 1rem 1.25rem;
  background: var(--panel); border: 1px solid var(--line); border-radius: .375rem; font-size: .9375rem;
}
.filter fieldset { border: 0; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: .25rem 1rem; }
.filter legend, .filter .label { display: block; padding: 0; margin-bottom: .25rem; font-size: .8125rem; font-weight: 600; color: var(--muted); }
.filter fieldset label { display: inline-flex; align-items: center; gap: .375rem; min-height: 1.75rem; }
.filter input[type=search], .filter select, .filter button {
  font: inherit; color: inherit; background: var(--page); border: 1px solid var(--muted); border-radius: .25rem;
  padding: .25rem .5rem; min-height: 2.125rem; max-width: 100%;
}
.filter input[type=search] { width: 18rem; }
.filter button { cursor: pointer; padding-inline: .75rem; }
.filter button:hover { background: var(--line); }
.filter .end { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; width: 100%; }
.filter .end p { margin-right: auto; font-weight: 600; }

.group { margin-top: 1.75rem; }
.group > h3 { display: flex; gap: .5rem; align-items: baseline; padding-bottom: .375rem; border-bottom: 1px solid var(--line); }
details { border-bottom: 1px solid var(--line); }
summary {
  display: grid; grid-template-columns: 1rem minmax(5.5rem, auto) 1fr auto; gap: .25rem .75rem; align-items: baseline;
  padding: .5625rem 0; cursor: pointer; list-style: none;
}
summary::-webkit-details-marker { display: none; }
summary::before {
  content: ""; width: .4rem; height: .4rem; border: solid var(--muted); border-width: 0 .125rem .125rem 0;
  transform: rotate(-45deg); align-self: center; justify-self: center;
}
details[open] > summary::before { transform: rotate(45deg); }
summary:hover h4 { text-decoration: underline; text-decoration-thickness: 1px; text-underline-offset: .2em; }
.fail summary h4, .pending-restart summary h4 { font-weight: 600; }
summary .code { color: var(--muted); white-space: nowrap; }
.severity { font-size: .8125rem; color: var(--muted); white-space: nowrap; }
.fail .severity.high { color: var(--fail); font-weight: 600; }
.body {
  display: grid; gap: .875rem; margin: .25rem 0 1.25rem .4375rem; padding-left: 1.25rem; border-left: 2px solid var(--state, var(--line));
}
.body > .facts { max-width: 100ch; }
@media screen and (min-width: 72rem) {
  .body:has(> .evidence) { grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); align-items: start; column-gap: 2.5rem; }
  .body:has(> .evidence) > p { grid-column: 1 / -1; }
}
.subject { grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr)); gap: .25rem 2rem; margin-top: .75rem; }
.subject dt { line-height: 1.4; }
.body .scroll { margin: 0; }
.body table { font-size: .875rem; width: auto; min-width: min(100%, 36rem); }
.body td, .body tbody th { overflow-wrap: anywhere; font-weight: 400; }
.body td.code, .body th.code { font-size: .8125rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .375rem 1.25rem; margin: 0; font-size: .9375rem; }
dt { font-weight: 600; font-size: .8125rem; line-height: 1.75; color: var(--muted); }
dd { margin: 0; max-width: 70ch; overflow-wrap: anywhere; white-space: pre-line; }

@media (max-width: 44rem) {
  header { padding-top: 1.5rem; }
  section, .filter { margin-top: 2rem; }
  summary { grid-template-columns: 1rem 1fr auto; }
  summary h4 { grid-column: 2 / -1; grid-row: 2; }
  .sections .share { display: none; }
  .sections .section { white-space: normal; }
  .sections .score { width: 100%; }
  .stacks, .stacks tbody { display: block; }
  .stacks thead { display: none; }
  .stacks tr { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; padding-block: .75rem; border-bottom: 1px solid var(--line); }
  .stacks th, .stacks td { display: block; padding: 0; border: 0; text-align: left; white-space: normal; }
  .stacks tbody th, .stacks .score:has(svg) { width: 100%; }
  .body .stacks { min-width: 0; }
  .body .stacks tr { display: grid; padding-block: .375rem; }
  .stacks [data-label]::before { content: attr(data-label); display: block; font: 600 .8125rem/1.5 var(--sans); color: var(--muted); }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .5rem; }
  .filter input[type=search] { width: 100%; }
  .filter > div { width: 100%; }
  .filter select { width: 100%; }
}

@page { size: A4; margin: 16mm 14mm 18mm; @bottom-right { content: counter(page) " / " counter(pages); font: 9pt sans-serif; color: #565c66; } }
@media print {
  :root { color-scheme: light; }
  html { font-size: 9pt; }
  body { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  header, main, footer { max-width: none; padding-inline: 0; }
  header { padding-top: 0; }
  .filter, .skip, nav { display: none !important; }
  section { margin-top: 1.75rem; }
  /* What is closed on a screen is open on paper: evidence is what a reader of it looks for. */
  details::details-content { content-visibility: visible; display: block; }
  h2, h3, summary { break-after: avoid; }
  tr, dl > *, .group > h3 { break-inside: avoid; }
  summary { padding: .25rem 0; grid-template-columns: minmax(5rem, auto) 1fr auto; }
  summary::before { display: none; }
  .body { margin-left: 0; }
  .body:has(> .evidence) { grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); align-items: start; }
  .body:has(> .evidence) > p { grid-column: 1 / -1; }
  .scroll { overflow: visible; }
  a { color: inherit; text-decoration: none; }
}
`;
