/** Catalogue and facts make findings: pure, so that the same facts always give the same report. */

import { shorten } from '../../core/shorten.ts';
import type { EvaluateApiRule, Verdict } from './api-rule.ts';
import type { Benchmark, Control, Place } from './control.ts';
import type { Named } from './control-names.ts';
import { evaluateCheck } from './evaluate-check.ts';
import type { Assessment, Evidence, Finding, Mode, Subject, Waiver } from './finding.ts';
import type { NodeFacts } from './node-facts.ts';
import { leavesOf } from './reading.ts';
import { type RemediationContext, remediationOf } from './remediation.ts';
import { dayOf, voidWaivers, waiverOf } from './waivers.ts';

export interface AssessmentInput {
  readonly benchmark: Benchmark;
  /** As `controlsOf` gives them. */
  readonly controls: readonly Control[];
  /** All controls that a waiver may name. */
  readonly known: readonly Named[];
  readonly facts: NodeFacts;
  readonly waivers: readonly Waiver[];
  /** Rules of the Kubernetes API; undefined where it was not asked. */
  readonly api: EvaluateApiRule | undefined;
  readonly subject: Subject;
  readonly mode: Mode;
  /** The option of the charm that gives arguments to a service. */
  readonly argumentsOption: RemediationContext['argumentsOption'];
  readonly now: Date;
}

/** Pieces of evidence that a finding carries; further ones are counted. */
const MOST_EVIDENCE = 50;
/** Characters of one. Whoever may make a RoleBinding may give it a name that fills the object, and every format has it several times. */
const LONGEST_TEXT = 2_000;

export function assess(input: AssessmentInput): Assessment {
  const { benchmark, controls, known, facts, waivers, api, subject, mode, argumentsOption, now } = input;
  const context = { benchmark, subject, mode, argumentsOption };
  const today = dayOf(now);
  const places: readonly Place[] = api === undefined ? [facts.role] : [facts.role, 'cluster'];
  return {
    benchmark,
    ...subject,
    mode,
    places,
    version: facts.version,
    at: now.toISOString().replace(/\.\d+Z$/, 'Z'),
    findings: controls.map((control) => {
      const waiver = waiverOf(control, waivers, today);
      return finding(control, context, judge(control, facts, allowing(api, waiver)), waiver);
    }),
    problems: voidWaivers(waivers, benchmark, known, today),
  };
}

/** What a control comes to on a node: what its files say and, where that differs, what its processes still or already do. */
export function judge(control: Control, facts: NodeFacts, api?: EvaluateApiRule): Verdict {
  const missing = unneeded(control, facts);
  if (missing !== undefined) return { state: 'not-applicable', reason: missing, evidence: [] };
  const file = evaluateCheck(control.check, facts, 'file', api);
  const process = evaluateCheck(control.check, facts, 'process', api);
  return file.state === process.state ? file : pending(file, process, overridesOf(control, facts));
}

function overridesOf({ check }: Control, { services }: NodeFacts): readonly string[] {
  const concerned = leavesOf(check).flatMap((leaf) => ('service' in leaf ? [leaf.service] : []));
  return [...new Set(concerned.flatMap((service) => services[service].overrides ?? []))];
}

/** What a waiver allows is for the rule to leave out. */
function allowing(api: EvaluateApiRule | undefined, waiver: Waiver | undefined): EvaluateApiRule | undefined {
  const allow = waiver?.allow;
  return api === undefined || allow === undefined ? api : (rule, parameters) => api(rule, { ...parameters, allow });
}

function unneeded({ needs }: Control, facts: NodeFacts): string | undefined {
  if (needs === undefined) return undefined;
  const { file, inUse } = facts.services[needs];
  if (file === undefined) return `There is no ${needs} on this node.`;
  return inUse === false ? `${needs} does not run on this node and is not to.` : undefined;
}

function pending(file: Verdict, process: Verdict, overrides: readonly string[]): Verdict {
  const states = [file.state, process.state];
  if (!states.includes('pass') || !states.includes('fail')) return file;
  const evidence = [
    ...file.evidence.map((one) => ({ ...one, what: `${one.what}, in its file` })),
    ...process.evidence.map((one) => ({ ...one, what: `${one.what}, in its process` })),
  ];
  // What systemd is told to start it with comes again with every restart.
  if (file.state === 'pass' && overrides.length > 0)
    return {
      state: 'fail',
      reason: `The file is right, the running process is not: ${process.reason} ${overrides.join(', ')} overrides how it is started.`,
      evidence,
    };
  const reason =
    file.state === 'pass'
      ? `The file is right, the running process is not: ${process.reason} It has to be restarted.`
      : `The running process is right, the file is not: ${file.reason} A restart would undo it.`;
  return { state: 'pending-restart', reason, evidence };
}

function finding(control: Control, context: RemediationContext, verdict: Verdict, waiver: Waiver | undefined): Finding {
  const { state: underneath, reason, evidence } = verdict;
  const holds = underneath === 'pass' || underneath === 'not-applicable';
  const whole = waiver !== undefined && waiver.allow === undefined;
  const waived = whole && !holds;
  return {
    control,
    number: control.numbers[context.benchmark] ?? control.id,
    state: waived ? 'waived' : underneath,
    reason: waived
      ? `Waived${waiver.until === undefined ? '' : ` until ${waiver.until}`}: ${waiver.reason}`
      : shorten(reason, LONGEST_TEXT),
    ...shown(evidence, verdict.more ?? 0),
    remedy: holds ? '' : remediationOf(control, underneath, context),
    ...(whole || (waiver !== undefined && holds) ? { waiver } : {}),
    ...(waived ? { underneath } : {}),
  };
}

function shown(evidence: readonly Evidence[], more: number): Pick<Finding, 'evidence' | 'more'> {
  const kept = evidence.slice(0, MOST_EVIDENCE).map(bounded);
  return { evidence: kept, more: more + evidence.length - kept.length };
}

function bounded({ what, found, expected }: Evidence): Evidence {
  return {
    what: shorten(what, LONGEST_TEXT),
    found: shorten(found, LONGEST_TEXT),
    ...(expected === undefined ? {} : { expected: shorten(expected, LONGEST_TEXT) }),
  };
}
