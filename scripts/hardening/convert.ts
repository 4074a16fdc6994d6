/** Makes a control of the catalogues of an entry of the survey that they were first made from. */
import type {
  ApiCheck,
  Benchmark,
  ByDefault,
  Check,
  ContentCheck,
  Control,
  Edition,
  FlagCheck,
  HardenedService,
  Place,
  RemedyStep,
} from '../../src/hardening/control.ts';
import { apiCheck, contentCheck, identifiers, otherRemedies, severalPaths, strongCiphers } from './exceptions.ts';
import { fileNames, hints, notApplicable, words } from './words.ts';

export interface SurveyCheck {
  readonly type: string;
  readonly service?: HardenedService;
  readonly flag?: string;
  readonly op?: string | Readonly<Record<string, string>>;
  readonly value?: string | number | readonly string[];
  readonly path?: string;
  readonly paths?: readonly string[];
  readonly max_mode?: string;
  readonly owner?: string;
  readonly path_from_arg?: readonly [HardenedService, string];
  readonly of?: readonly SurveyCheck[];
  readonly units?: readonly string[];
  readonly assert?: string;
  readonly match?: Readonly<Record<string, readonly string[]>>;
}

type ByService<T> = Readonly<Record<string, Readonly<Record<string, T>>>>;

export interface SurveyEntry {
  readonly id: string;
  readonly benchmark_ids?: Readonly<Record<string, string | null>>;
  readonly applies_to: readonly string[];
  readonly scored?: boolean;
  readonly severity?: string;
  readonly check: SurveyCheck;
  readonly default: string | Readonly<Record<string, string>>;
  readonly remediation: {
    readonly set_args?: ByService<string>;
    readonly unset_args?: Readonly<Record<string, readonly string[]>>;
    readonly add_to_list?: ByService<string>;
    readonly remove_from_list?: ByService<string>;
    readonly chmod?: Readonly<Record<string, string>>;
    readonly chown?: Readonly<Record<string, string>>;
  };
  readonly restart: readonly string[];
  readonly related: readonly string[];
  readonly reference: string;
  readonly stig_id?: string;
  readonly cci?: string | readonly string[];
  readonly in_v2r6?: boolean;
}

const BENCHMARK_NAMES: Readonly<Record<string, Benchmark>> = { 'ck8s-cis-1.24': 'cis-1.24', 'cis-1.12': 'cis-1.12' };
const DEFAULTS: Readonly<Record<string, ByDefault>> = {
  pass: 'pass',
  fail: 'fail',
  manual: 'manual',
  na: 'not-applicable',
  env: 'host',
};

/** `CIS-1.2.30(1.12)` is `CIS-1.2.30-v1.12` here: ids stand in YAML, on command lines and in file names. */
export function idOf(id: string): string {
  return id.replace(/\((.+)\)$/, '-v$1');
}

/** The survey knows neither DISA's rule ids nor the requirements behind them: they were added to `stig.yaml` later. */
export type FirstControl = Omit<Control, 'stig'> & { readonly stig?: FirstStig };

type FirstStig = Omit<NonNullable<Control['stig']>, 'rule' | 'srg'>;

export function controlOf(entry: SurveyEntry): FirstControl {
  const id = idOf(entry.id);
  const check = checkOf(id, entry.check, 'cis-1.12');
  const remedy = remedyOf(id, entry, check);
  const restarts = remedy.length === 0 ? [] : entry.restart.map((unit) => unit.replace(/^snap\.k8s\./, ''));
  const said = words[id];
  const editions = editionsOf(id, entry.check);
  const needs = needsOf(id, entry);
  return {
    id,
    numbers: numbersOf(entry),
    title: said?.title ?? fileTitle(id, check),
    severity: severityOf(entry),
    scored: entry.scored ?? true,
    places: placesOf(entry, check),
    ...(needs === undefined ? {} : { needs }),
    byDefault: defaultsOf(entry),
    check,
    remedy,
    ...(editions === undefined ? {} : { editions }),
    advice: said?.advice ?? adviceOf(id, remedy),
    restarts: restarts as readonly HardenedService[],
    risk: said?.risk ?? '',
    ...(said?.tailoring === undefined ? {} : { tailoring: said.tailoring }),
    reference: entry.stig_id === undefined ? entry.reference : `DISA STIG Kubernetes ${id} (${entry.stig_id})`,
    related: entry.related.map(idOf),
    ...(entry.stig_id === undefined ? {} : { stig: stigOf(entry, entry.stig_id) }),
  };
}

function stigOf(entry: SurveyEntry, stigId: string): FirstStig {
  const given = [entry.cci ?? []].flat().filter((one) => one !== '');
  const cci = given.length === 0 ? (identifiers[entry.id] ?? fail(`${entry.id} has no CCI`)) : given;
  return { stigId, cci, ...(entry.in_v2r6 === false ? { dropped: true } : {}) };
}

function numbersOf({ id, benchmark_ids }: SurveyEntry): Control['numbers'] {
  if (benchmark_ids === undefined) return { stig: id };
  return Object.fromEntries(
    Object.entries(benchmark_ids).flatMap(([name, number]) =>
      number === null ? [] : [[BENCHMARK_NAMES[name] ?? name, number]],
    ),
  );
}

function defaultsOf({ default: given }: SurveyEntry): Control['byDefault'] {
  if (typeof given === 'string') return { stig: DEFAULTS[given] ?? fail(`default ${given}`) };
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) =>
      value === 'absent' ? [] : [[BENCHMARK_NAMES[name] ?? name, DEFAULTS[value] ?? fail(`default ${value}`)]],
    ),
  );
}

function severityOf({ severity, scored }: SurveyEntry): Control['severity'] {
  if (severity !== undefined) return severity === 'CAT I' ? 'high' : 'medium';
  return scored ? 'high' : 'medium';
}

function placesOf({ applies_to }: SurveyEntry, check: Check): readonly Place[] {
  if (looksAtApi(check)) return ['cluster'];
  return [...new Set(applies_to.map((place) => (place === 'etcd' ? 'control-plane' : place) as Place))];
}

function looksAtApi(check: Check): boolean {
  return check.type === 'api' || ((check.type === 'all' || check.type === 'any') && check.of.some(looksAtApi));
}

const ETCD_FILES = new Set(['CIS-1.1.7', 'CIS-1.1.8', 'CIS-1.1.11', 'CIS-1.1.12']);

function needsOf(id: string, { applies_to }: SurveyEntry): HardenedService | undefined {
  if (ETCD_FILES.has(id) || applies_to.includes('etcd')) return 'etcd';
  return id === 'CIS-4.3.1-v1.12' ? 'kube-proxy' : undefined;
}

function fileTitle(id: string, check: Check): string {
  if (check.type !== 'file-mode' && check.type !== 'file-owner') return fail(`${id} has no title`);
  const name = fileNames[check.paths[0] ?? ''] ?? fail(`${id}: no name of ${check.paths[0]}`);
  return `${check.type === 'file-mode' ? 'Permissions' : 'Owner'} of the ${name}`;
}

export function checkOf(id: string, check: SurveyCheck, benchmark: Benchmark): Check {
  switch (check.type) {
    case 'arg':
      return argumentCheck(check, benchmark);
    case 'all':
      return severalPaths[id]?.check ?? { type: 'all', of: (check.of ?? []).map((one) => checkOf(id, one, benchmark)) };
    case 'file_mode':
      return severalPaths[id]?.check ?? { type: 'file-mode', paths: pathsOf(check), atMost: check.max_mode ?? '' };
    case 'file_owner':
      return { type: 'file-owner', paths: pathsOf(check), owner: check.owner ?? '' };
    case 'file_content': {
      const [service, flag] = check.path_from_arg ?? fail(`${id}: no flag`);
      return { ...(contentCheck[id] ?? fail(`${id}: no rule`)), service, flag } satisfies ContentCheck;
    }
    case 'kube_api':
      return apiCheckOf(id, check);
    case 'systemd':
      return id === 'CIS-4.2.15-v1.11' ? unavailable(id) : unitCheck(check);
    case 'command':
      return commandCheck(id);
    case 'manual':
      return { type: 'manual', hint: hints[id] ?? fail(`${id} has no hint`) };
    case 'not_applicable':
      return unavailable(id);
    default:
      return fail(`${id}: a check of type ${check.type}`);
  }
}

function unavailable(id: string): Check {
  return { type: 'not-applicable', reason: notApplicable[id] ?? fail(`${id}: no reason`) };
}

function unitCheck({ units = [], assert }: SurveyCheck): Check {
  return { type: 'unit', units, state: assert === 'disabled' ? 'disabled' : 'inactive' };
}

function apiCheckOf(id: string, { match }: SurveyCheck): Check {
  const api: ApiCheck = { type: 'api', ...(apiCheck[id] ?? fail(`${id}: no API rule`)) };
  const matched: Check = match === undefined ? api : { ...api, parameters: match };
  if (id !== 'CIS-3.1.3') return matched;
  const flag = { type: 'flag', service: 'kube-apiserver', flag: '--enable-bootstrap-token-auth' } as const;
  return { type: 'all', of: [{ ...flag, test: { is: ['false'], orUnset: true } }, matched] };
}

function commandCheck(id: string): Check {
  if (id === 'V-242396') return { type: 'version', atLeast: '1.12.9' };
  const authorities = ['/etc/kubernetes/pki/ca.crt', '/etc/kubernetes/pki/client-ca.crt'];
  return {
    type: 'all',
    of: [
      { type: 'distinct-files', path: '/etc/kubernetes/pki/etcd/ca.crt', from: authorities },
      { type: 'flag', service: 'etcd', flag: '--trusted-ca-file', test: { set: true } },
    ],
  };
}

function pathsOf({ path, paths }: SurveyCheck): readonly string[] {
  return paths ?? [path ?? fail('a check of files without a path')];
}

function argumentCheck(check: SurveyCheck, benchmark: Benchmark): Check {
  const { service = fail('no service'), flag = fail('no flag') } = check;
  const survey = Object.entries(BENCHMARK_NAMES).find(([, name]) => name === benchmark)?.[0] ?? '';
  const op = typeof check.op === 'string' ? check.op : (check.op?.[survey] ?? fail('no operator'));
  const items = [check.value ?? []].flat().map(String);
  const orUnset = op.startsWith('absent_or_') ? { orUnset: true } : {};
  const list = { type: 'list-flag', service, flag } as const;
  switch (op) {
    case 'has':
    case 'has_all':
      return { ...list, has: items };
    case 'not_has':
    case 'absent_or_not_has':
      return { ...list, lacks: items, ...orUnset };
    case 'subset_of':
      return { ...list, only: items };
  }
  return { type: 'flag', service, flag, test: flagTest(op, items, orUnset) };
}

function flagTest(op: string, items: readonly string[], orUnset: { orUnset?: boolean }): FlagCheck['test'] {
  const nothing = items[0] === '0' ? ['0', '0s'] : items;
  switch (op) {
    case 'present':
    case 'absent':
      return { set: op === 'present' };
    case 'eq':
    case 'in':
    case 'absent_or_eq':
      return { is: items, ...orUnset };
    case 'ne':
    case 'present_ne':
    case 'absent_or_ne':
      return { isNot: nothing, ...orUnset };
    case 'gte':
    case 'absent_or_gte':
      return { atLeast: Number(items[0]), ...orUnset };
    case 'gt':
    case 'absent_or_gt':
      return { above: Number(items[0]), ...orUnset };
    case 'absent_or_has':
      return { host: items[0] ?? '', ...orUnset };
    case 'duration_gte':
      return { lastsAtLeast: items[0] ?? '' };
    default:
      return fail(`operator ${op}`);
  }
}

function editionsOf(id: string, check: SurveyCheck): Control['editions'] | undefined {
  if (id === 'CIS-1.2.3') {
    const flag = {
      service: 'kube-apiserver',
      flag: '--enable-admission-plugins',
      items: ['DenyServiceExternalIPs'],
    } as const;
    const remedy: readonly RemedyStep[] = [{ remove: flag }];
    return {
      'cis-1.24': { check: checkOf(id, check, 'cis-1.24'), remedy, advice: adviceOf(id, remedy) } satisfies Edition,
    };
  }
  if (id !== 'CIS-4.2.13') return undefined;
  const only = [...[check.value ?? []].flat().map(String), ...strongCiphers.staticRsa];
  return { 'cis-1.24': { check: { type: 'list-flag', service: 'kubelet', flag: '--tls-cipher-suites', only } } };
}

function remedyOf(id: string, { remediation }: SurveyEntry, check: Check): readonly RemedyStep[] {
  const other = otherRemedies[id] ?? severalPaths[id]?.remedy;
  if (other !== undefined) return other;
  const { set_args = {}, unset_args = {}, add_to_list = {}, remove_from_list = {}, chmod, chown } = remediation;
  return [
    ...flags(set_args).map(([service, flag, value]) => ({ set: { service, flag, value } })),
    ...Object.entries(unset_args).flatMap(([service, names]) =>
      names.map((flag) => ({ unset: { service: service as HardenedService, flag } })),
    ),
    ...flags(add_to_list).map(([service, flag, item]) => ({ add: { service, flag, items: [item] } })),
    ...flags(remove_from_list).map(([service, flag, item]) => ({ remove: { service, flag, items: [item] } })),
    ...(chmod === undefined ? [] : fileChecks(check).map(({ paths }) => ({ mode: { paths, mode: firstOf(chmod) } }))),
    ...(chown === undefined ? [] : fileChecks(check).map(({ paths }) => ({ owner: { paths, owner: firstOf(chown) } }))),
  ];
}

function flags(given: ByService<string>): readonly (readonly [HardenedService, string, string])[] {
  return Object.entries(given).flatMap(([service, values]) =>
    Object.entries(values).map(([flag, value]) => [service as HardenedService, flag, value] as const),
  );
}

function fileChecks(check: Check): readonly { readonly paths: readonly string[] }[] {
  if (check.type === 'all') return check.of.flatMap(fileChecks);
  return check.type === 'file-mode' || check.type === 'file-owner' ? [check] : [];
}

function firstOf(values: Readonly<Record<string, string>>): string {
  return Object.values(values)[0] ?? fail('an empty remedy');
}

function adviceOf(id: string, remedy: readonly RemedyStep[]): string {
  if (remedy.length === 0) return fail(`${id} has neither remedy nor advice`);
  const sentences = [...new Set(remedy.map(sentence))];
  return `${sentences.join(' ')}`;
}

function sentence(step: RemedyStep): string {
  if ('set' in step) return `Set ${step.set.flag}=${step.set.value} on ${step.set.service}.`;
  if ('unset' in step) return `Take ${step.unset.flag} out of the arguments of ${step.unset.service}.`;
  if ('add' in step) return `Add ${step.add.items.join(', ')} to ${step.add.flag} of ${step.add.service}.`;
  if ('remove' in step)
    return `Take ${step.remove.items.join(', ')} out of ${step.remove.flag} of ${step.remove.service}.`;
  if ('option' in step)
    return `Set ${step.option.flag} on ${step.option.service}, as the option ${step.option.option} says.`;
  if ('policy' in step) return policySentences[step.policy];
  if ('mode' in step) return `Set mode ${step.mode.mode} on ${named(step.mode.paths, step.mode.kind)}.`;
  if ('owner' in step) return `Give ${named(step.owner.paths)} to ${step.owner.owner}.`;
  return `Set ${Object.entries(step.sysctl)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ')}, also for the next boot.`;
}

function named(paths: readonly string[], kind?: 'file' | 'directory'): string {
  const which = kind === undefined ? '' : kind === 'file' ? 'files: ' : 'folders: ';
  return `${which}${paths.join(', ')}`;
}

const policySentences = {
  'audit-policy': 'Give kube-apiserver an audit policy with --audit-policy-file (option audit-policy).',
  'admission-configuration':
    'Give kube-apiserver an admission configuration with --admission-control-config-file (options pod-security and event-rate-limits).',
  'encryption-configuration':
    'Give kube-apiserver an encryption configuration with --encryption-provider-config (option encryption-at-rest).',
} as const;

function fail(message: string): never {
  throw new Error(message);
}
