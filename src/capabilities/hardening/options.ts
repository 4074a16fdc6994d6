/** What hardening decides by, made of the values of its options; behind this file they are trusted. */

import type { State } from '../../clients/juju/juju.ts';
import type { Checked, OptionProblem } from '../../core/option-problem.ts';
import { type RawOptions, readOptions, type ValuesOf } from '../../core/options.ts';
import { list, object, oneOf, type Shape, text, whole } from '../../core/shapes.ts';
import type { Named } from './control-names.ts';
import { type CisBenchmark, HARDENING_OPTIONS, type PodSecurityLevel, type TlsVersion } from './declared-options.ts';
import type { Waiver } from './finding.ts';
import { forgetText, type Reading, readOnce } from './known-texts.ts';
import { readWaivers } from './waivers.ts';
import { readYaml, type YamlProblem } from './yaml-option.ts';

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
  const { value: given, problems } = readOptions(HARDENING_OPTIONS, raw);
  const documents: Documents = { given, state, problems: [] };
  const value: HardeningOptions = {
    cis: given['cis-mode'],
    stig: given['stig-mode'],
    benchmark: given['cis-benchmark'],
    waivers:
      (await readDocument(documents, 'hardening-waivers', WAIVERS, async (text) =>
        readWaivers(text, await controlNames()),
      )) ?? [],
    podMaxPids: given['pod-max-pids'],
    tlsMinVersion: given['tls-min-version'],
    api: role === 'control-plane' ? await readApi(documents) : undefined,
  };
  return { value, problems: [...problems, ...documents.problems] };
}

type Values = ValuesOf<typeof HARDENING_OPTIONS>;

/** The options that are YAML, and what is found to be wrong with them. */
interface Documents {
  readonly given: Values;
  readonly state: State;
  readonly problems: OptionProblem[];
}

async function readApi(documents: Documents): Promise<ApiHardening> {
  const { given } = documents;
  return {
    auditPolicy: await readAuditPolicy(documents),
    auditLog: {
      path: given['audit-log-path'],
      maxAge: given['audit-log-maxage'],
      maxBackup: given['audit-log-maxbackup'],
      maxSize: given['audit-log-maxsize'],
    },
    podSecurity: given['pod-security'],
    exemptNamespaces: [...new Set(given['pod-security-exempt-namespaces'])],
    rateLimits: await readRateLimits(documents),
  };
}

async function readAuditPolicy(documents: Documents): Promise<string> {
  const checked = await readDocument(documents, 'audit-policy', READ, async (text) => {
    const { validate } = await import('./audit-policy.schema.json?validator');
    const reading = await readYaml(text, (value) => inWords(validate(value)));
    return 'problem' in reading ? reading : { value: true };
  });
  return checked === undefined ? '' : documents.given['audit-policy'];
}

async function readRateLimits(documents: Documents): Promise<readonly RateLimit[] | undefined> {
  return readDocument(documents, 'event-rate-limits', RATE_LIMITS, async (text) => {
    const { validate } = await import('./event-rate-limits.schema.json?validator');
    const reading = await readYaml(text, validate);
    return 'problem' in reading ? reading : { value: reading.value as readonly RateLimit[] };
  });
}

/** @returns undefined when it is empty or cannot be used. */
async function readDocument<T>(
  { given, state, problems }: Documents,
  option: 'hardening-waivers' | 'audit-policy' | 'event-rate-limits',
  shape: Shape<T>,
  read: (text: string) => Promise<Reading<T>>,
): Promise<T | undefined> {
  const text = given[option];
  if (text.trim() === '') {
    await forgetText(state, option);
    return undefined;
  }
  const reading = await readOnce(state, option, text, shape, read);
  if ('value' in reading) return reading.value;
  problems.push({ option, message: reading.problem });
  return undefined;
}

function inWords(problems: readonly YamlProblem[]): readonly YamlProblem[] {
  return problems.map(({ path, message }) =>
    message === 'must not be there' ? { path, message: 'must not stand beside nonResourceURLs' } : { path, message },
  );
}
