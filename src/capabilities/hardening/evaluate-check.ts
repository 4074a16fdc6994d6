/** Evaluates a check over the facts of a node, and over what the Kubernetes API said where somebody asked it. */

import { ARRAY_DIVIDER } from '../../core/flags.ts';
import type { EvaluateApiRule, Verdict } from './api-rule.ts';
import type {
  Check,
  ContentCheck,
  DistinctFilesCheck,
  FileModeCheck,
  FileOwnerCheck,
  FlagCheck,
  HardenedService,
  ListFlagCheck,
  SysctlCheck,
  UnitCheck,
  VersionCheck,
} from './control.ts';
import { type EffectiveFlags, effectiveFlags } from './effective-flags.ts';
import { judgeFlag, judgeList } from './evaluate-flag.ts';
import { judgePolicy } from './evaluate-policy.ts';
import type { Evidence } from './finding.ts';
import type { FileFacts, NodeFacts } from './node-facts.ts';
import { fitting } from './path-pattern.ts';

/** Where flags are looked up: what the file says, or what the running process was given. */
export type Source = 'file' | 'process';

/** @param api undefined where the Kubernetes API was not asked. */
export function evaluateCheck(
  check: Check,
  facts: NodeFacts,
  source: Source,
  api: EvaluateApiRule | undefined,
): Verdict {
  switch (check.type) {
    case 'flag':
    case 'list-flag':
      return evaluateFlag(check, facts, source);
    case 'content':
      return evaluateContent(check, facts, source);
    case 'file-mode':
      return evaluateFiles(check, facts, (file) => judgeMode(check, file), modeText, `${check.atMost} or less`);
    case 'file-owner':
      return evaluateFiles(check, facts, (file) => judgeOwner(check, file), ownerText, check.owner);
    case 'distinct-files':
      return evaluateDistinct(check, facts);
    case 'sysctl':
      return evaluateSysctls(check, facts);
    case 'unit':
      return evaluateUnits(check, facts);
    case 'version':
      return evaluateVersion(check, facts);
    case 'api':
      return (
        api?.(check.rule, check.parameters ?? {}) ??
        verdict(
          'not-evaluated',
          'The Kubernetes API was not asked from here: policies of the cluster are assessed on the leader.',
        )
      );
    case 'all':
    case 'any':
      return combine(
        check.type,
        check.of.map((one) => evaluateCheck(one, facts, source, api)),
      );
    case 'manual':
      return verdict('manual', check.hint);
    case 'not-applicable':
      return verdict('not-applicable', check.reason);
  }
}

function verdict(state: Verdict['state'], reason: string, evidence: readonly Evidence[] = []): Verdict {
  return { state, reason, evidence };
}

function flagsOf(facts: NodeFacts, service: HardenedService, source: Source): EffectiveFlags | undefined {
  const { file, process } = facts.services[service];
  const flags = source === 'process' ? (process ?? file) : file;
  return flags && effectiveFlags(service, flags, facts.policies);
}

function evaluateFlag(check: FlagCheck | ListFlagCheck, facts: NodeFacts, source: Source): Verdict {
  const flags = flagsOf(facts, check.service, source);
  if (flags === undefined) return withoutArguments(check.service);
  const value = flags.values[check.flag];
  const { holds, expected } = check.type === 'flag' ? judgeFlag(check, value) : judgeList(check, value);
  const origin = flags.origins[check.flag];
  const what = `${check.flag} of ${check.service}${origin === undefined ? '' : `, by ${origin}`}`;
  const missing = value?.split(ARRAY_DIVIDER).find((path) => facts.missing.includes(path));
  if (holds && missing !== undefined)
    return verdict('fail', `${what} names ${missing}, which does not exist or is empty.`, [
      { what, found: `${missing}: no such file`, expected: 'a file' },
    ]);
  const evidence = [{ what, found: value ?? 'not set', expected }];
  return holds
    ? verdict('pass', `${what} is as asked for.`, evidence)
    : verdict('fail', `${what} is ${value === undefined ? 'not set' : value || 'empty'}.`, evidence);
}

function withoutArguments(service: HardenedService): Verdict {
  return verdict('not-evaluated', `There is no file with arguments of ${service}.`);
}

function evaluateContent(check: ContentCheck, facts: NodeFacts, source: Source): Verdict {
  const flags = flagsOf(facts, check.service, source);
  if (flags === undefined) return withoutArguments(check.service);
  const path = flags.values[check.flag];
  const otherwise = check.otherwise ?? 'fail';
  const what = path ?? `${check.flag} of ${check.service}`;
  if (path === undefined || path === '')
    return verdict(otherwise, `${check.flag} of ${check.service} is not set.`, [
      { what: `${check.flag} of ${check.service}`, found: 'not set' },
    ]);
  const policy = facts.policies[path];
  if (policy === undefined) return verdict('fail', `${path} does not exist.`, [{ what, found: 'no such file' }]);
  if ('problem' in policy) return verdict('fail', `${path} ${policy.problem}.`, [{ what, found: policy.problem }]);
  const { holds, found, expected } = judgePolicy(check.rule, policy.value, facts);
  const evidence = [{ what, found, expected }];
  return holds
    ? verdict('pass', `${path} says what is asked for.`, evidence)
    : verdict(otherwise, `${path}: ${found}.`, evidence);
}

function evaluateFiles(
  check: FileModeCheck | FileOwnerCheck,
  facts: NodeFacts,
  holds: (file: FileFacts) => boolean,
  text: (file: FileFacts) => string,
  expected: string,
): Verdict {
  const known = Object.keys(facts.files);
  const kind = check.type === 'file-mode' ? check.kind : undefined;
  const found = [...new Set(check.paths.flatMap((path) => fitting(path, known)))]
    .flatMap((path) => ({ path, file: facts.files[path] }))
    .filter((one): one is { path: string; file: FileFacts } => one.file !== undefined)
    .filter(({ file }) => kind === undefined || file.kind === kind);
  if (found.length === 0) return verdict('not-applicable', `There is nothing at ${check.paths.join(', ')}.`);
  const wrong = found.filter(({ file }) => !holds(file));
  const evidence = (wrong.length > 0 ? wrong : found).map(({ path, file }) => ({
    what: path,
    found: text(file),
    expected,
  }));
  if (wrong.length === 0) return verdict('pass', `${amount(found.length)} as asked for.`, evidence);
  const thing = check.type === 'file-mode' ? 'permissions' : 'owner';
  return verdict(
    'fail',
    `The ${thing} of ${wrong
      .map(({ path }) => path)
      .slice(0, 3)
      .join(', ')} ${wrong.length > 3 ? 'and others ' : ''}would have to be ${expected}.`,
    evidence,
  );
}

function amount(files: number): string {
  return files === 1 ? 'The file is' : `All ${files} files are`;
}

/** What a link leads to may be exchanged behind its back. */
function judgeMode({ atMost }: FileModeCheck, { mode, link }: FileFacts): boolean {
  return !link && (mode & ~Number.parseInt(atMost, 8)) === 0;
}

function modeText({ mode, link }: FileFacts): string {
  if (link) return 'a symbolic link';
  return mode.toString(8).padStart(3, '0');
}

/** The only owner that the catalogues know is root, which is number 0 everywhere. */
function judgeOwner({ owner }: FileOwnerCheck, file: FileFacts): boolean {
  return ownerText(file) === owner;
}

function ownerText({ uid, gid, link }: FileFacts): string {
  if (link) return 'a symbolic link';
  const name = (id: number) => (id === 0 ? 'root' : String(id));
  return `${name(uid)}:${name(gid)}`;
}

function evaluateDistinct({ path, from }: DistinctFilesCheck, { digests }: NodeFacts): Verdict {
  const own = digests[path];
  if (own === undefined) return verdict('not-applicable', `There is nothing at ${path}.`);
  const same = from.find((other) => digests[other] === own);
  return same === undefined
    ? verdict('pass', `${path} is a file of its own.`, [{ what: path, found: `differs from ${from.join(' and ')}` }])
    : verdict('fail', `${path} is the same as ${same}.`, [{ what: path, found: `the same as ${same}` }]);
}

function evaluateSysctls({ values }: SysctlCheck, { sysctls }: NodeFacts): Verdict {
  const wrong = Object.entries(values).filter(([key, value]) => sysctls[key] !== value);
  const shown = wrong.length > 0 ? wrong : Object.entries(values);
  const evidence = shown.map(([what, expected]) => ({ what, found: sysctls[what] ?? 'no such setting', expected }));
  return wrong.length === 0
    ? verdict('pass', 'The kernel settings are as asked for.', evidence)
    : verdict('fail', `${wrong.map(([key]) => key).join(', ')} would have to be set.`, evidence);
}

function evaluateUnits({ units: names, state }: UnitCheck, { units }: NodeFacts): Verdict {
  if (units === undefined) return verdict('not-evaluated', 'systemd does not answer.');
  const running = names.filter((name) => (state === 'inactive' ? units[name]?.active : units[name]?.enabled));
  const opposite = state === 'inactive' ? 'active' : 'enabled';
  const evidence = names.map((what) => ({ what, found: running.includes(what) ? opposite : state, expected: state }));
  return running.length === 0
    ? verdict('pass', `${names.join(' and ')} ${names.length === 1 ? 'is' : 'are'} ${state}.`, evidence)
    : verdict('fail', `${running.join(' and ')} ${running.length === 1 ? 'is' : 'are'} ${opposite}.`, evidence);
}

function evaluateVersion({ atLeast }: VersionCheck, { version }: NodeFacts): Verdict {
  const evidence = [{ what: 'Kubernetes on the node', found: version, expected: `${atLeast} or newer` }];
  return byVersion(version, atLeast) >= 0
    ? verdict('pass', `Kubernetes is at ${version}.`, evidence)
    : verdict('fail', `Kubernetes is at ${version}.`, evidence);
}

function byVersion(a: string, b: string): number {
  const [as, bs] = [a, b].map((text) => text.split('.').map(Number.parseFloat)) as [number[], number[]];
  return bs.map((part, index) => (as[index] ?? 0) - part).find((difference) => difference !== 0) ?? 0;
}

/** Which state of several counts. Of `all`, the one that stands in the way most; what does not apply stands in nobody's way. */
const WORST = ['fail', 'pending-restart', 'not-evaluated', 'manual', 'pass', 'not-applicable'] as const;

/** Of `any`, the one that goes furthest. */
const BEST = ['pass', 'pending-restart', 'manual', 'not-evaluated', 'fail', 'not-applicable'] as const;

function combine(type: 'all' | 'any', verdicts: readonly Verdict[]): Verdict {
  const order = type === 'all' ? WORST : BEST;
  const state = order.find((one) => verdicts.some((each) => each.state === one)) ?? 'not-applicable';
  const deciding = verdicts.filter((one) => one.state === state);
  return {
    state,
    reason: [...new Set(deciding.map(({ reason }) => reason))].join(' '),
    evidence: deciding.flatMap(({ evidence }) => evidence),
    more: deciding.reduce((sum, { more = 0 }) => sum + more, 0),
  };
}
