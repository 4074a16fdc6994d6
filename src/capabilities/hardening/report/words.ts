/** A finding in plain text, for formats that have one field for all that there is to say. */

import type { Benchmark, Control } from '../control.ts';
import type { Assessment, Evidence, Finding, FindingState, Mode, Waiver } from '../finding.ts';

/** What made the report. */
export const TOOL = 'k8s-charms';

const BENCHMARK_TITLES: Readonly<Record<Benchmark, string>> = {
  'cis-1.12': 'CIS Kubernetes Benchmark 1.12',
  'cis-1.24': 'CIS Kubernetes Benchmark 1.24',
  stig: 'DISA Kubernetes STIG V2R6',
};

export function benchmarkTitle(benchmark: Benchmark): string {
  return BENCHMARK_TITLES[benchmark];
}

/** Document, edition and number, `CIS Kubernetes Benchmark 1.12, 1.2.16 (Level 1)`: always those of the assessment. */
export function referenceOf(benchmark: Benchmark, { number, control }: Pick<Finding, 'number' | 'control'>): string {
  const detail = benchmark === 'stig' ? control.stig?.stigId : levelOf(control);
  return `${benchmarkTitle(benchmark)}, ${number}${detail === undefined ? '' : ` (${detail})`}`;
}

/** `Level 1`; undefined for rules of the STIG, which have categories. */
export function levelOf({ level }: Control): string | undefined {
  return level === undefined ? undefined : `Level ${level}`;
}

/** `on since 2026-11-23T14:15:16Z`, `off`. */
export function modeText({ on, since }: Mode): string {
  if (!on) return 'off';
  return since === undefined ? 'on' : `on since ${since}`;
}

/** What was assessed and with what, as pairs of a term and a text, in the order in which a reader looks for them. */
export function subjectOf(assessment: Assessment): readonly (readonly [string, string])[] {
  const { unit, node, address, application, model, modelUuid, cluster, charm, snap, version, at, benchmark, mode } =
    assessment;
  const pairs: readonly (readonly [string, string])[] = [
    ['Unit', unit],
    ['Application', application],
    ['Node', address === '' ? node : `${node}, ${address}`],
    ['Cluster', cluster],
    ['Juju model', modelUuid === '' ? model : `${model} (${modelUuid})`],
    ['Kubernetes', version],
    ['Snap', snap],
    ['Charm', charm],
    [benchmark === 'stig' ? 'stig-mode' : 'cis-mode', modeText(mode)],
    ['Assessed', at],
  ];
  return pairs.filter(([, text]) => text !== '');
}

const STATE_TITLES: Readonly<Record<FindingState, string>> = {
  fail: 'Fail',
  'pending-restart': 'Pending restart',
  manual: 'Manual',
  'not-evaluated': 'Not evaluated',
  waived: 'Waived',
  pass: 'Pass',
  'not-applicable': 'Not applicable',
};

export function stateTitle(state: FindingState): string {
  return STATE_TITLES[state];
}

/** The reason, and a line for each piece of evidence. */
export function details({ reason, evidence, more }: Finding): string {
  return [reason, ...evidence.map(evidenceLine), ...(more > 0 ? [leftOut(more)] : [])].join('\n');
}

function evidenceLine({ what, found, expected }: Evidence): string {
  return expected === undefined ? `${what}: ${found}` : `${what}: ${found} (expected ${expected})`;
}

export function leftOut(more: number): string {
  return `${more} more not listed`;
}

/** Why a control passes otherwise than by its letter: the project's reading of it, and the waiver. Empty when there is nothing to say. */
export function justification({ control, state, waiver, underneath }: Finding): string {
  return [
    ...(control.tailoring === undefined ? [] : [`Tailored: ${control.tailoring}`]),
    ...(waiver === undefined ? [] : [waiverLine(waiver)]),
    ...(state === 'waived' && underneath !== undefined ? [`Without the waiver: ${stateTitle(underneath)}.`] : []),
  ].join('\n');
}

export function waiverLine({ reason, until }: Waiver): string {
  return until === undefined ? `Waived: ${reason}` : `Waived until ${until}: ${reason}`;
}

/** What to do and what it may cost. Empty when there is nothing to do. */
export function remedyText({ remedy, control }: Finding): string {
  if (remedy === '') return '';
  return control.risk === '' ? remedy : `${remedy}\nRisk: ${control.risk}`;
}
