/**
 * What the options ask of a node: arguments, policy files, modes and owners of files, kernel parameters, each with the controls and the
 * options that ask for it. A pure function; what a node has is not known here.
 */

import type { Control, FileKind, HardenedService, RemedyStep } from '../control.ts';
import type { TlsVersion } from '../declared-options.ts';
import type { AuditLog, HardeningOptions } from '../options.ts';
import { type AdmissionParts, admissionConfiguration } from './admission-configuration.ts';
import { type FlagTest, testsOf } from './flag-holds.ts';
import { isNeverRemedied } from './never.ts';
import { type PolicyFile, policyFile } from './policy-files.ts';

/** An option that asks for something; `cis-mode` and `stig-mode` do so for controls. */
export type Asker = string;

export type Wish =
  | { readonly set: string }
  | { readonly unset: true }
  | { readonly add: readonly string[] }
  | { readonly remove: readonly string[] };

export interface FlagDemand {
  readonly service: HardenedService;
  readonly flag: string;
  readonly wish: Wish;
  /** A value that passes all of them is left as it is. None: the wish says what it has to be. */
  readonly tests: readonly FlagTest[];
  /** Ids; none where an option asks by itself, which then gives way to the operator's own argument. */
  readonly controls: readonly string[];
  readonly asker: Asker;
}

export interface ModeDemand {
  readonly paths: readonly string[];
  /** No permission bit beyond these. */
  readonly mode: number;
  readonly kind: FileKind | undefined;
  readonly asker: Asker;
}

export interface OwnerDemand {
  readonly paths: readonly string[];
  readonly owner: { readonly uid: number; readonly gid: number };
  readonly asker: Asker;
}

export interface KernelDemand {
  readonly values: Readonly<Record<string, string>>;
  readonly controls: readonly string[];
  readonly askers: readonly Asker[];
}

export interface Demands {
  readonly flags: readonly FlagDemand[];
  readonly policies: readonly PolicyFile[];
  readonly modes: readonly ModeDemand[];
  readonly owners: readonly OwnerDemand[];
  readonly kernel: KernelDemand | undefined;
  /** Where the API server is to write an audit log. */
  readonly auditLog: AuditLog | undefined;
}

export const NO_DEMANDS: Demands = {
  flags: [],
  policies: [],
  modes: [],
  owners: [],
  kernel: undefined,
  auditLog: undefined,
};

export interface DemandInput {
  readonly options: HardeningOptions;
  readonly role: 'control-plane' | 'worker';
  /** Of the modes that are on, without those that are waived. */
  readonly cis: readonly Control[];
  readonly stig: readonly Control[];
  /** Whether the node has an etcd of its own. */
  readonly etcd: boolean;
  /** Texts that come with the charm; read only where a mode is on. */
  readonly shipped: ShippedPolicies;
}

export interface ShippedPolicies {
  readonly auditCis: string;
  readonly auditStig: string;
}

const API_SERVER = 'kube-apiserver';
/** Without a limit of its own, as Canonical's hardening guide has it. */
const USUAL_RATE_LIMITS = [{ type: 'Server', qps: 5000, burst: 20_000 }] as const;
const USUAL_PIDS = 4096;

export function demandsOf(input: DemandInput): Demands {
  const asked = [...askedBy('cis-mode', input.cis, input), ...askedBy('stig-mode', input.stig, input)];
  const steps = asked.flatMap(({ control, asker }) =>
    control.remedy.filter((step) => isPossible(step, input)).map((step) => ({ step, control, asker })),
  );
  const audit = input.role === 'control-plane' ? auditDemands(input, steps) : undefined;
  const admission = input.role === 'control-plane' ? admissionDemands(input, steps) : undefined;
  return {
    flags: [
      ...steps.flatMap((one) => flagDemands(one, input.options)),
      ...(audit?.flags ?? []),
      ...(admission?.flags ?? []),
      ...pidDemands(input.options, steps),
      ...tlsDemands(input),
    ],
    policies: [...(audit?.policies ?? []), ...(admission?.policies ?? [])],
    modes: steps.flatMap(modeDemands),
    owners: steps.flatMap(ownerDemands),
    kernel: kernelDemand(steps),
    auditLog: audit?.auditLog,
  };
}

interface Asked {
  readonly control: Control;
  readonly asker: Asker;
}

interface AskedStep extends Asked {
  readonly step: RemedyStep;
}

function askedBy(asker: Asker, controls: readonly Control[], { role, etcd }: DemandInput): readonly Asked[] {
  return controls
    .filter(({ id, places, needs }) => places.includes(role) && !isNeverRemedied(id) && (needs !== 'etcd' || etcd))
    .map((control) => ({ control, asker }));
}

/** A step may need a service that the control as a whole does not. */
function isPossible(step: RemedyStep, { etcd }: DemandInput): boolean {
  const { needs } = step as { readonly needs?: HardenedService };
  return needs !== 'etcd' || etcd;
}

function flagDemands({ step, control, asker }: AskedStep, options: HardeningOptions): readonly FlagDemand[] {
  const demand = (service: HardenedService, flag: string, wish: Wish): FlagDemand => ({
    service,
    flag,
    wish,
    tests: testsOf(control.check, service, flag),
    controls: [control.id],
    asker,
  });
  if ('set' in step) return [demand(step.set.service, step.set.flag, { set: step.set.value })];
  if ('unset' in step) return [demand(step.unset.service, step.unset.flag, { unset: true })];
  if ('add' in step) return [demand(step.add.service, step.add.flag, { add: step.add.items })];
  if ('remove' in step) return [demand(step.remove.service, step.remove.flag, { remove: step.remove.items })];
  if (!('option' in step)) return [];
  const { service, flag, option } = step.option;
  const value = optionValue(option, options);
  return value === undefined ? [] : [demand(service, flag, { set: value })];
}

/** What an option that a remedy names says. */
function optionValue(option: string, { podMaxPids, tlsMinVersion, api }: HardeningOptions): string | undefined {
  switch (option) {
    case 'audit-log-path':
      return api?.auditLog.path;
    case 'audit-log-maxage':
      return api && String(api.auditLog.maxAge);
    case 'audit-log-maxbackup':
      return api && String(api.auditLog.maxBackup);
    case 'audit-log-maxsize':
      return api && String(api.auditLog.maxSize);
    case 'pod-max-pids':
      return String(podMaxPids ?? USUAL_PIDS);
    case 'tls-min-version':
      return goVersion(tlsMinVersion);
    default:
      throw new Error(`a remedy names the option ${option}, which has no value for a flag`);
  }
}

interface PolicyDemands {
  readonly flags: readonly FlagDemand[];
  readonly policies: readonly PolicyFile[];
}

/** One audit policy (catalogue C-03): the operator's, else the STIG's, which knows no exception, else the one for CIS. */
function auditDemands(
  { options: { api }, shipped }: DemandInput,
  steps: readonly AskedStep[],
): (PolicyDemands & { readonly auditLog: AuditLog }) | undefined {
  const asking = steps.filter(({ step }) => 'policy' in step && step.policy === 'audit-policy');
  const own = api?.auditPolicy ?? '';
  if (api === undefined || (asking.length === 0 && own === '')) return undefined;
  const stig = asking.find(({ asker }) => asker === 'stig-mode');
  const asker = own !== '' ? 'audit-policy' : (stig ?? asking[0])?.asker;
  const file = policyFile('audit-policy', own || (stig ? shipped.auditStig : shipped.auditCis), asker ?? '');
  const { path, maxAge, maxBackup, maxSize } = api.auditLog;
  const log = (name: string, value: string | number): readonly FlagDemand[] =>
    isAskedFor(steps, `--${name}`) ? [] : [optional(API_SERVER, `--${name}`, { set: String(value) }, name)];
  return {
    policies: [file],
    auditLog: api.auditLog,
    flags: [
      naming('--audit-policy-file', file, asking),
      ...log('audit-log-path', path),
      ...log('audit-log-maxage', maxAge),
      ...log('audit-log-maxbackup', maxBackup),
      ...log('audit-log-maxsize', maxSize),
    ],
  };
}

/** One admission configuration, which has room for all plugins (catalogue C-04). */
function admissionDemands({ options: { api } }: DemandInput, steps: readonly AskedStep[]): PolicyDemands | undefined {
  if (api === undefined) return undefined;
  const limiting = steps.filter(({ step }) => 'add' in step && step.add.items.includes('EventRateLimit'));
  const securing = steps.filter(
    ({ step, control }) =>
      'policy' in step && step.policy === 'admission-configuration' && mentions(control, 'enforces-pod-security'),
  );
  const parts: AdmissionParts = {
    rateLimits: api.rateLimits ?? (limiting.length > 0 ? USUAL_RATE_LIMITS : undefined),
    podSecurity:
      api.podSecurity === undefined && securing.length === 0
        ? undefined
        : { level: api.podSecurity ?? 'baseline', exempt: api.exemptNamespaces },
  };
  if (parts.rateLimits === undefined && parts.podSecurity === undefined) return undefined;
  const askers = [
    ...(api.rateLimits ? ['event-rate-limits'] : limiting.map(({ asker }) => asker)),
    ...(api.podSecurity ? ['pod-security'] : securing.map(({ asker }) => asker)),
  ];
  const file = policyFile('admission-configuration', admissionConfiguration(parts), [...new Set(askers)].join(', '));
  const plugin = optional(API_SERVER, '--enable-admission-plugins', { add: ['EventRateLimit'] }, 'event-rate-limits');
  return {
    policies: [file],
    flags: [
      naming('--admission-control-config-file', file, [...limiting, ...securing]),
      ...(api.rateLimits ? [plugin] : []),
    ],
  };
}

/** The flag that names a policy file. Not tested: which file it is tells whether it is the right one. */
function naming(flag: string, file: PolicyFile, asking: readonly AskedStep[]): FlagDemand {
  return {
    service: API_SERVER,
    flag,
    wish: { set: file.path },
    tests: [],
    controls: [...new Set(asking.map(({ control }) => control.id))],
    asker: file.asker,
  };
}

function pidDemands({ podMaxPids }: HardeningOptions, steps: readonly AskedStep[]): readonly FlagDemand[] {
  return podMaxPids === undefined || isAskedFor(steps, '--pod-max-pids')
    ? []
    : [optional('kubelet', '--pod-max-pids', { set: String(podMaxPids) }, 'pod-max-pids')];
}

const TLS_OPTION = 'tls-min-version';
/** What kubelet and etcd accept when nobody says anything (Go's crypto/tls): not worth a restart. */
const UNASKED: TlsVersion = '1.2';
/** To these k8sd itself gives a version. */
const ENDPOINTS = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const;

/** etcd refuses to start with a list of suites beside TLS 1.3, which has its own (etcd 3.6, server/embed). */
function tlsDemands({ options: { tlsMinVersion: version }, role, etcd }: DemandInput): readonly FlagDemand[] {
  const minimum = (service: HardenedService, value: string) =>
    optional(service, '--tls-min-version', { set: value }, TLS_OPTION);
  const endpoints = role === 'control-plane' ? ENDPOINTS.map((service) => minimum(service, goVersion(version))) : [];
  if (version === UNASKED) return endpoints;
  return [
    ...endpoints,
    minimum('kubelet', goVersion(version)),
    ...(etcd
      ? [minimum('etcd', `TLS${version}`), optional('etcd', '--cipher-suites', { unset: true }, TLS_OPTION)]
      : []),
  ];
}

function goVersion(version: TlsVersion): string {
  return `VersionTLS${version.replace('.', '')}`;
}

/** Whether a control has an option's value put there. */
function isAskedFor(steps: readonly AskedStep[], flag: string): boolean {
  return steps.some(({ step }) => 'option' in step && step.option.flag === flag);
}

/** Asked by an option alone. */
function optional(service: HardenedService, flag: string, wish: Wish, asker: Asker): FlagDemand {
  return { service, flag, wish, tests: [], controls: [], asker };
}

function modeDemands({ step, asker }: AskedStep): readonly ModeDemand[] {
  if (!('mode' in step)) return [];
  const { paths, mode, kind } = step.mode;
  return [{ paths, mode: Number.parseInt(mode, 8), kind, asker }];
}

function ownerDemands({ step, asker }: AskedStep): readonly OwnerDemand[] {
  if (!('owner' in step)) return [];
  if (step.owner.owner !== 'root:root') throw new Error(`a remedy gives files to ${step.owner.owner}, not to root`);
  return [{ paths: step.owner.paths, owner: { uid: 0, gid: 0 }, asker }];
}

function kernelDemand(steps: readonly AskedStep[]): KernelDemand | undefined {
  const asking = steps.flatMap(({ step, control, asker }) =>
    'sysctl' in step ? [{ values: step.sysctl, control, asker }] : [],
  );
  if (asking.length === 0) return undefined;
  return {
    values: Object.assign({}, ...asking.map(({ values }) => values)) as Readonly<Record<string, string>>,
    controls: [...new Set(asking.map(({ control }) => control.id))],
    askers: [...new Set(asking.map(({ asker }) => asker))],
  };
}

function mentions({ check }: Control, rule: string): boolean {
  return JSON.stringify(check).includes(JSON.stringify(rule));
}
