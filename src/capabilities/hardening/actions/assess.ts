/** The action `assess`: control by control, what holds on this unit, what does not, why, and what to do about it. */

import type { ActionResults } from '../../../clients/juju/juju.ts';
import type { Action, ActionUnit } from '../../../core/capability.ts';
import type { Clients } from '../../../core/clients.ts';
import { listParameter, type Parameters, refuseUnknown, textParameter } from '../../../core/parameters.ts';
import { assessUnit, type Catalogues, openCatalogues } from '../assess-unit.ts';
import { CATALOGUES, namesIn } from '../catalogue.ts';
import type { Benchmark, Control } from '../control.ts';
import { candidateText, controlsNamed, type Named, shortTitle } from '../control-names.ts';
import type { Assessment } from '../finding.ts';
import type { HardeningOptions } from '../options.ts';
import { isReportFormat, REPORT_FORMATS, type ReportFormatName, renderReport } from '../report/formats.ts';
import { countStates } from '../report/summary.ts';
import { clusterScore, countScore, nodeScore, scoreText } from '../score.ts';
import { keepReport } from './reports.ts';

const BENCHMARKS = ['cis', 'stig', 'all'] as const;

export const assess: Action<unknown, HardeningOptions> = { run };

async function run(clients: Clients, unit: ActionUnit<unknown, HardeningOptions>): Promise<void> {
  const { juju } = clients;
  const parameters = await juju.actions.parameters();
  refuseUnknown(parameters, ['benchmark', 'controls', 'format']);
  const wanted = readBenchmark(parameters);
  const formats = readFormats(parameters);
  const { node, options } = await unit.look();
  if (node.daemon === 'starting' || node.daemon === 'upgrading')
    throw new Error('k8sd is not ready; try again when the unit is active');
  if (node.member === undefined) throw new Error('this unit is in no cluster yet; there is nothing to assess');
  const problem = node.problems.find(({ option }) => ['cis-benchmark', 'hardening-waivers'].includes(option));
  if (problem !== undefined) throw new Error(`${problem.option} ${problem.message}`);
  const catalogues = await openCatalogues(clients, unit.role);
  const benchmarks: readonly Benchmark[] = [
    ...(wanted === 'stig' ? [] : [`cis-${options.benchmark}` as const]),
    ...(wanted === 'cis' ? [] : ['stig' as const]),
  ];
  const controls = chosen(catalogues, benchmarks, readNames(parameters));
  const withPolicies = node.role === 'control-plane' && node.leader;
  const { assessments } = await assessUnit(clients, { node, options, catalogues, controls, withPolicies });
  await juju.actions.setResults({
    summary: assessments.map(summary).join('; '),
    ...Object.fromEntries(assessments.map((one) => [resultKey(one.benchmark), resultOf(one)])),
    ...problemsOf(assessments),
    report: await keepReports(clients, formats, assessments),
  });
}

function readBenchmark(parameters: Parameters): (typeof BENCHMARKS)[number] {
  const given = textParameter(parameters, 'benchmark', 'all');
  const known = BENCHMARKS.find((one) => one === given);
  if (known === undefined) throw new Error(`benchmark must be ${listed(BENCHMARKS)}`);
  return known;
}

function readFormats(parameters: Parameters): readonly ReportFormatName[] {
  const given = listParameter(parameters, 'format', 'json');
  if (!given.every(isReportFormat)) throw new Error(`format must be some of ${listed(REPORT_FORMATS)}`);
  return [...new Set(given)];
}

function readNames(parameters: Parameters): readonly string[] {
  return listParameter(parameters, 'controls', '').map((name) => name.toLowerCase());
}

function listed(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}

/**
 * All controls, or those of the names: ids, or numbers of the benchmarks that are assessed. Benchmarks of which none is wanted are left out.
 * A name that is neither is looked for among all that a control can be called, so that the answer says which control it is.
 */
function chosen(
  catalogues: Catalogues,
  benchmarks: readonly Benchmark[],
  names: readonly string[],
): ReadonlyMap<Benchmark, readonly Control[]> {
  const all = benchmarks.map((benchmark) => [benchmark, catalogues.of(benchmark)] as const);
  if (names.length === 0) return new Map(all);
  const called = ({ id, numbers }: Control, benchmark: Benchmark) =>
    [id, numbers[benchmark] ?? id].map((name) => name.toLowerCase());
  const known = new Set(
    all.flatMap(([benchmark, controls]) => controls.flatMap((control) => called(control, benchmark))),
  );
  const everything = CATALOGUES.flatMap((name) => namesIn(catalogues.byName[name]));
  const wanted = new Set(names.map((name) => (known.has(name) ? name : idOf(name, everything))));
  const some = all.map(([benchmark, controls]) => {
    const kept = controls.filter((control) => called(control, benchmark).some((name) => wanted.has(name)));
    return [benchmark, kept] as const;
  });
  const missing = [...wanted].find(
    (name) => !some.some(([benchmark, kept]) => kept.some((control) => called(control, benchmark).includes(name))),
  );
  if (missing !== undefined)
    throw new Error(
      `controls: ${missing} is no control of ${benchmarks.map(shortTitle).join(' or ')} that is looked at on this unit`,
    );
  return new Map(some.filter(([, kept]) => kept.length > 0));
}

/** @throws Error where a name means no control or several, with the candidates. */
function idOf(name: string, everything: readonly Named[]): string {
  const [control, ...others] = controlsNamed(name, everything);
  if (control === undefined) throw new Error(`controls: there is no control ${JSON.stringify(name.slice(0, 80))}`);
  if (others.length === 0) return control.id.toLowerCase();
  const candidates = [control, ...others].map((one) => candidateText(one, name)).join(' or ');
  throw new Error(`controls: ${name} can be ${candidates}; name the one that you mean by its id`);
}

/** Juju's keys know no dots within a name. */
function resultKey(benchmark: Benchmark): string {
  return benchmark.replace('.', '-');
}

function summary(assessment: Assessment): string {
  const counts = countStates(assessment.findings);
  const shown = Object.entries(counts).filter(([, count]) => count > 0);
  const score = scoreText(countScore(assessment.findings));
  return `${shortTitle(assessment.benchmark)}: score ${score}, ${shown.map(([state, count]) => `${count} ${state}`).join(', ')}`;
}

function resultOf(assessment: Assessment): ActionResults {
  const { findings } = assessment;
  const numbers = (...states: readonly string[]) =>
    findings.filter(({ state }) => states.includes(state)).map(({ number }) => number);
  const cluster = clusterScore(assessment);
  return {
    score: scoreText(countScore(findings)),
    'node-score': scoreText(nodeScore(assessment)),
    ...(cluster === undefined ? {} : { 'cluster-score': scoreText(cluster) }),
    ...countStates(findings),
    'failed-controls': numbers('fail').join(' ') || 'none',
    ...(numbers('pending-restart').length === 0 ? {} : { 'restart-needed': numbers('pending-restart').join(' ') }),
    ...(numbers('waived').length === 0 ? {} : { 'waived-controls': numbers('waived').join(' ') }),
  };
}

function problemsOf(assessments: readonly Assessment[]): ActionResults {
  const problems = [...new Set(assessments.flatMap((one) => one.problems))];
  return problems.length === 0 ? {} : { problems: problems.join('\n') };
}

async function keepReports(
  { host }: Clients,
  formats: readonly ReportFormatName[],
  assessments: readonly Assessment[],
): Promise<ActionResults> {
  const texts = await Promise.all(
    formats.map(async (format) => [format, await renderReport(format, assessments)] as const),
  );
  const kept: Record<string, string> = {};
  for (const [format, text] of texts) kept[format] = await keepReport(host, format, text);
  return kept;
}
