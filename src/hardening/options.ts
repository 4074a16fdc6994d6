/** The options of hardening, checked once; behind this door they are trusted. */

import { list, object, oneOf, type Shape, text, whole } from '../core/shapes.ts';
import type { ConfigValue, State } from '../juju/juju.ts';
import type { Named } from './control-names.ts';
import type { Waiver } from './finding.ts';
import { forgetText, type Reading, readOnce } from './known-texts.ts';
import type { Checked, OptionProblem } from './option-problem.ts';
import { readWaivers } from './waivers.ts';
import { readYaml, type YamlProblem } from './yaml-option.ts';

export type RawOptions = Readonly<Record<string, ConfigValue>>;

export const POD_SECURITY_LEVELS = ['privileged', 'baseline', 'restricted'] as const;
export type PodSecurityLevel = (typeof POD_SECURITY_LEVELS)[number];

export const TLS_VERSIONS = ['1.2', '1.3'] as const;
export type TlsVersion = (typeof TLS_VERSIONS)[number];

export const CIS_BENCHMARKS = ['1.12', '1.24'] as const;
export type CisBenchmark = (typeof CIS_BENCHMARKS)[number];

export interface RateLimit {
  readonly type: 'Server' | 'Namespace' | 'User' | 'SourceAndObject';
  readonly qps: number;
  readonly burst: number;
  readonly cacheSize?: number;
}

/** Of a node of either role. */
export interface NodeHardening {
  readonly cis: boolean;
  readonly stig: boolean;
  readonly benchmark: CisBenchmark;
  readonly waivers: readonly Waiver[];
  /** Undefined: what the mode asks for, kubelet's own without. */
  readonly podMaxPids: number | undefined;
  readonly tlsMinVersion: TlsVersion;
}

export interface AuditLog {
  readonly path: string;
  /** Days. */
  readonly maxAge: number;
  /** Files, beside the one that is written. */
  readonly maxBackup: number;
  /** Megabytes. */
  readonly maxSize: number;
}

/** What only API servers know. */
export interface ApiHardening {
  /** The text as given; empty: the one that comes with the mode. */
  readonly auditPolicy: string;
  readonly auditLog: AuditLog;
  /** Undefined: as the mode has it. */
  readonly podSecurity: PodSecurityLevel | undefined;
  /** Beside those of the cluster itself. */
  readonly exemptNamespaces: readonly string[];
  /** Undefined: as the mode has it. */
  readonly rateLimits: readonly RateLimit[] | undefined;
}

export interface HardeningOptions extends NodeHardening {
  /** Control planes only. */
  readonly api: ApiHardening | undefined;
}

/** Linux does not give more processes than this to all (PID_MAX_LIMIT on 64 bits). */
const MOST_PIDS = 4_194_304;
const NAMESPACE = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** Becomes the value of a flag that a shell evaluates. */
const PATH = /^(?:\/[\w.@+-]+)+$/;

/** What is kept of a text that was found good. */
const READ: Shape<true> = (value) => (value === true ? value : undefined);
const WAIVERS: Shape<readonly Waiver[]> = list(
  object({ control: text(), reason: text() }, { id: text(), until: text(), allow: list(text()) }),
);
const RATE_LIMITS: Shape<readonly RateLimit[]> = list(
  object(
    { type: oneOf(['Server', 'Namespace', 'User', 'SourceAndObject']), qps: whole(), burst: whole() },
    { cacheSize: whole() },
  ),
);

/**
 * With a problem in one of them, its default is used.
 * @param controlNames those of all catalogues; asked for when waivers have changed.
 */
export async function readHardeningOptions(
  raw: RawOptions,
  role: 'control-plane' | 'worker',
  state: State,
  controlNames: () => Promise<readonly Named[]>,
): Promise<Checked<HardeningOptions>> {
  const reader = createReader(raw);
  const value: HardeningOptions = {
    cis: reader.flag('cis-mode'),
    stig: reader.flag('stig-mode'),
    benchmark: reader.oneOf('cis-benchmark', CIS_BENCHMARKS, '1.12'),
    waivers:
      (await readText(reader, state, 'hardening-waivers', WAIVERS, async (text) =>
        readWaivers(text, await controlNames()),
      )) ?? [],
    podMaxPids: reader.whole('pod-max-pids', 1, MOST_PIDS),
    tlsMinVersion: reader.oneOf('tls-min-version', TLS_VERSIONS, '1.3'),
    api: role === 'control-plane' ? await readApi(reader, state) : undefined,
  };
  return { value, problems: reader.problems };
}

async function readApi(reader: Reader, state: State): Promise<ApiHardening> {
  const level = reader.text('pod-security').trim();
  return {
    auditPolicy: await readAuditPolicy(reader, state),
    auditLog: {
      path: readPath(reader, 'audit-log-path', '/var/log/kubernetes/audit.log'),
      maxAge: reader.whole('audit-log-maxage', 1, 36_500) ?? 30,
      maxBackup: reader.whole('audit-log-maxbackup', 1, 10_000) ?? 10,
      maxSize: reader.whole('audit-log-maxsize', 1, 1_000_000) ?? 100,
    },
    podSecurity: level === '' ? undefined : reader.oneOf('pod-security', POD_SECURITY_LEVELS, 'baseline'),
    exemptNamespaces: readNamespaces(reader, 'pod-security-exempt-namespaces'),
    rateLimits: await readRateLimits(reader, state),
  };
}

async function readAuditPolicy(reader: Reader, state: State): Promise<string> {
  const given = reader.text('audit-policy');
  const checked = await readText(reader, state, 'audit-policy', READ, async (text) => {
    const { validate } = await import('./audit-policy.schema.json?validator');
    const reading = await readYaml(text, (value) => inWords(validate(value)));
    return 'problem' in reading ? reading : { value: true };
  });
  return checked === undefined ? '' : given;
}

async function readRateLimits(reader: Reader, state: State): Promise<readonly RateLimit[] | undefined> {
  return readText(reader, state, 'event-rate-limits', RATE_LIMITS, async (text) => {
    const { validate } = await import('./event-rate-limits.schema.json?validator');
    const reading = await readYaml(text, validate);
    return 'problem' in reading ? reading : { value: reading.value as readonly RateLimit[] };
  });
}

/** @returns undefined when it is empty or cannot be used. */
async function readText<T>(
  reader: Reader,
  state: State,
  option: string,
  shape: Shape<T>,
  read: (text: string) => Promise<Reading<T>>,
): Promise<T | undefined> {
  const text = reader.text(option);
  if (text.trim() === '') {
    await forgetText(state, option);
    return undefined;
  }
  const reading = await readOnce(state, option, text, shape, read);
  if ('value' in reading) return reading.value;
  reader.refuse(option, reading.problem);
  return undefined;
}

function inWords(problems: readonly YamlProblem[]): readonly YamlProblem[] {
  return problems.map(({ path, message }) =>
    message === 'must not be there' ? { path, message: 'must not stand beside nonResourceURLs' } : { path, message },
  );
}

function readPath(reader: Reader, option: string, fallback: string): string {
  const path = reader.text(option).trim() || fallback;
  const folders = path.split('/');
  if (PATH.test(path) && !folders.includes('..') && !folders.includes('.')) return path;
  reader.refuse(option, `must be an absolute path such as ${fallback}`);
  return fallback;
}

function readNamespaces(reader: Reader, option: string): readonly string[] {
  const names = reader
    .text(option)
    .split(/[\s,]+/)
    .filter((name) => name !== '');
  const wrong = names.find((name) => !NAMESPACE.test(name));
  if (wrong === undefined) return [...new Set(names)];
  reader.refuse(option, `has ${JSON.stringify(wrong.slice(0, 80))}, which is not the name of a namespace`);
  return [];
}

interface Reader {
  readonly problems: OptionProblem[];
  text(option: string): string;
  flag(option: string): boolean;
  /** Undefined when it is not set. */
  whole(option: string, from: number, to: number): number | undefined;
  oneOf<T extends string>(option: string, known: readonly T[], fallback: T): T;
  refuse(option: string, message: string): void;
}

/** Juju checks the types of options, not more. */
function createReader(raw: RawOptions): Reader {
  const problems: OptionProblem[] = [];
  const text = (option: string) => `${raw[option] ?? ''}`;
  const refuse = (option: string, message: string) => {
    problems.push({ option, message });
  };
  return {
    problems,
    text,
    refuse,
    flag: (option) => raw[option] === true,
    whole(option, from, to) {
      const given = raw[option];
      if (given === undefined) return undefined;
      const value = typeof given === 'number' ? given : Number.NaN;
      if (Number.isInteger(value) && value >= from && value <= to) return value;
      refuse(option, `must be a whole number from ${from} to ${to}`);
      return undefined;
    },
    oneOf(option, known, fallback) {
      const given = text(option).trim();
      const value = given === '' ? fallback : known.find((one) => one === given);
      if (value !== undefined) return value;
      refuse(option, `must be ${known.slice(0, -1).join(', ')} or ${known.at(-1)}`);
      return fallback;
    },
  };
}
