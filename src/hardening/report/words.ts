/** A finding in plain text, for formats that have one field for all that there is to say. */

import type { Benchmark } from '../control.ts';
import type { Evidence, Finding, FindingState, Waiver } from '../finding.ts';

/** What made the report. */
export const TOOL = 'k8s-charms';

const BENCHMARK_TITLES: Readonly<Record<Benchmark, string>> = {
  'cis-1.12': 'CIS Kubernetes Benchmark 1.12',
  'cis-1.24': 'CIS Kubernetes Benchmark 1.24',
  stig: 'DISA Kubernetes STIG',
};

export function benchmarkTitle(benchmark: Benchmark): string {
  return BENCHMARK_TITLES[benchmark];
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
