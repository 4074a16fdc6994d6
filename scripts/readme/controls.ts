/** The reference of all controls, `docs/reference/controls.md`, out of the catalogues: one row each. */
import { controlsOf } from '../../src/capabilities/hardening/catalogue.ts';
import type { Benchmark, Check, Control, Place } from '../../src/capabilities/hardening/control.ts';
import { judgeFlag, judgeList } from '../../src/capabilities/hardening/evaluate-flag.ts';
import { judgePolicy } from '../../src/capabilities/hardening/evaluate-policy.ts';
import type { Catalogues } from '../catalogues/read.ts';
import { cell, table } from './tables.ts';

const EDITIONS: readonly Benchmark[] = ['cis-1.12', 'cis-1.24'];

/** By the number that a control has in any edition; one that none has any more is known by its former id. */
const SECTIONS: readonly (readonly [RegExp, string])[] = [
  [/^1\.1\./, 'Files of the control plane'],
  [/^1\.2\./, 'API server'],
  [/^1\.[34]\./, 'Controller manager and scheduler'],
  [/^2\./, 'etcd'],
  [/^3\./, 'Sign-in and audit'],
  [/^4\.1\./, 'Files of nodes'],
  [/^4\.[23]\./, 'kubelet and kube-proxy'],
  [/^5\./, 'Policies of the cluster'],
];

function numberOf({ numbers, formerly = '' }: Control): string {
  return numbers['cis-1.12'] ?? numbers['cis-1.24'] ?? formerly.replace('CIS-', '');
}

/** The whole page. */
export function controlsPage(catalogues: Catalogues): string {
  const { controls } = catalogues.cis;
  return [
    '# Controls',
    '',
    introduction(catalogues),
    '',
    '## CIS Kubernetes Benchmark',
    '',
    'The option `cis-benchmark` sets the edition. Numbers differ between editions; an id is always the same control. In waivers and parameters a',
    'control is named by its id, by a number that no other control has in another edition, or by both edition and number (`cis-1.12/1.2.16`).',
    '',
    ...SECTIONS.flatMap(([numbers, title]) => [
      `### ${title}`,
      '',
      controlsTable(controls.filter((control) => numbers.test(numberOf(control)))),
    ]),
    '## DISA STIG for Kubernetes',
    '',
    controlsTable(controlsOf(catalogues.stig, 'stig')),
  ].join('\n');
}

function introduction({ cis, stig }: Catalogues): string {
  return [
    `What [\`assess\`](../how-to/assess.md) looks at: ${cis.controls.length} controls of CIS and ${stig.controls.length} of the STIG. This page is made from the`,
    '[catalogues](control-catalogue.md) by `npm run docs`.',
    '',
    '**Default** is what a unit gives on which nothing is hardened: ✔ holds, ✘ does not, *people* have to judge, *host*: depends on the image of',
    'the machine, – does not apply. **What the mode does** is what `cis-mode` or `stig-mode` changes; with *nothing* it only tells.',
    '',
    '`CP` control planes, `W` workers, `cluster`: through the Kubernetes API, on the leader.',
  ].join('\n');
}

function controlsTable(controls: readonly Control[]): string {
  const rows = controls.map((control) => [
    `${namesOf(control)}<br>${plain(control.title)}`,
    control.places.map((place) => PLACES[place]).join(', '),
    whatItChecks(control),
    defaultOf(control),
    whatTheModeDoes(control),
    plain(control.risk),
  ]);
  return table(['Control', 'On', 'What it checks', 'Default', 'What the mode does', 'Risk'], rows);
}

const PLACES: Readonly<Record<Place, string>> = { 'control-plane': 'CP', worker: 'W', cluster: 'cluster' };

function namesOf({ id, numbers, severity, stig, level }: Control): string {
  if (stig !== undefined) {
    return `**${id}** CAT ${severity === 'high' ? 'I' : 'II'}${stig.dropped ? ', dropped in V2R6' : ''}`;
  }
  const told = EDITIONS.flatMap((edition) =>
    numbers[edition] === undefined ? [] : [`${edition.slice(4)}: ${numbers[edition]}`],
  );
  return `**${id}**<br>${told.join(', ') || 'in neither edition'}<br>Level ${level}`;
}

function whatItChecks({ check, needs, editions = {} }: Control): string {
  const others = Object.entries(editions).flatMap(([edition, { check: other }]) =>
    other === undefined ? [] : [`in ${edition.slice(4)}: ${inWords(other)}`],
  );
  const condition = needs === undefined ? [] : [`only where ${needs} runs`];
  return [inWords(check), ...others, ...condition].join('<br>');
}

function inWords(check: Check): string {
  switch (check.type) {
    case 'flag':
      return `\`${check.flag}\` of ${check.service}: ${plain(judgeFlag(check, undefined).expected)}`;
    case 'list-flag':
      return `\`${check.flag}\` of ${check.service}: ${plain(judgeList(check, undefined).expected)}`;
    case 'file-mode':
      return `permissions within ${check.atMost}: ${paths(check.paths)}${check.kind === undefined ? '' : check.kind === 'file' ? ' (files)' : ' (folders)'}`;
    case 'file-owner':
      return `owner ${check.owner}: ${paths(check.paths)}`;
    case 'content':
      return `the file of \`${check.flag}\`: ${plain(judgePolicy(check.rule, undefined, { exemptNamespaces: [] }).expected)}`;
    case 'distinct-files':
      return `${paths([check.path])} differs from ${paths(check.from)}`;
    case 'sysctl':
      return Object.entries(check.values)
        .map(([key, value]) => `\`${key}\` is ${value}`)
        .join(', ');
    case 'unit':
      return `${check.units.map((unit) => `\`${unit}\``).join(' and ')} ${check.units.length === 1 ? 'is' : 'are'} ${check.state}`;
    case 'version':
      return `Kubernetes ${check.atLeast} or newer`;
    case 'api':
      return `Kubernetes API: ${plain(check.rule.replaceAll('-', ' '))}${parametersOf(check)}`;
    case 'all':
    case 'any':
      return check.of.map(inWords).join(check.type === 'all' ? '; ' : ' or ');
    case 'manual':
      return `*people:* ${plain(check.hint)}`;
    case 'not-applicable':
      return `*does not apply:* ${plain(check.reason)}`;
  }
}

function parametersOf({ parameters = {} }: Extract<Check, { type: 'api' }>): string {
  const told = Object.entries(parameters).map(
    ([name, values]) => `${name} ${values.map((value) => `\`${value || '""'}\``).join(' ')}`,
  );
  return told.length === 0 ? '' : ` (${told.join('; ')})`;
}

function paths(given: readonly string[]): string {
  return given.map((path) => `\`${path}\``).join(', ');
}

const DEFAULTS = { pass: '✔', fail: '✘', manual: '*people*', host: '*host*', 'not-applicable': '–' } as const;

function defaultOf({ byDefault }: Control): string {
  const told = Object.entries(byDefault).map(([benchmark, value]) => [benchmark, DEFAULTS[value]] as const);
  const [first] = told;
  if (first === undefined) return '–';
  if (told.every(([, value]) => value === first[1])) return first[1];
  return told.map(([benchmark, value]) => `${benchmark.slice(4)}: ${value}`).join('<br>');
}

function whatTheModeDoes({ remedy, advice, restarts, editions = {} }: Control): string {
  if (remedy.length === 0) return `*nothing.* ${plain(advice)}`;
  const others = Object.entries(editions).flatMap(([edition, { advice: other }]) =>
    other === undefined ? [] : [`in ${edition.slice(4)}: ${plain(other)}`],
  );
  const restart = restarts.length === 0 ? [] : [`Restarts ${restarts.join(', ')}.`];
  return [plain(advice), ...others, ...restart].join('<br>');
}

/** Patterns of paths have stars, which would be emphasis. */
function plain(text: string): string {
  return cell(text).replaceAll('*', '\\*');
}
