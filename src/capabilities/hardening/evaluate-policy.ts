/** What policy files must say, as functions by the names that the catalogues use. */

import type { ContentRule } from './control.ts';
import { at, isObject, list, text, texts } from './foreign.ts';
import { eventLimitsIn, podSecurityIn, providerOfSecrets } from './policy-contents.ts';

export interface PolicyJudgement {
  readonly holds: boolean;
  readonly found: string;
  readonly expected: string;
}

export interface PolicyContext {
  readonly exemptNamespaces: readonly string[];
}

export function judgePolicy(rule: ContentRule, value: unknown, context: PolicyContext): PolicyJudgement {
  return rules[rule](value, context);
}

type Rule = (value: unknown, context: PolicyContext) => PolicyJudgement;

const rules: Readonly<Record<ContentRule, Rule>> = {
  'encrypts-secrets': (value) => {
    const provider = providerOfSecrets(value);
    const holds = provider !== undefined && provider !== '' && provider !== 'identity';
    return { holds, found: providerFound(provider), expected: 'Secrets encrypted by the first provider' };
  },
  'encrypts-secrets-with-approved-provider': (value) => {
    const provider = providerOfSecrets(value);
    return {
      holds: ['aescbc', 'kms', 'secretbox'].includes(provider ?? ''),
      found: providerFound(provider),
      expected: 'aescbc, kms or secretbox as the first provider of Secrets',
    };
  },
  'has-audit-rules': (value) => {
    const records = recordingRules(value).length > 0 && !leavesAllStagesOut(value);
    return {
      holds: records,
      found: leavesAllStagesOut(value) ? 'all stages are left out' : auditFound(value),
      expected: 'a Policy of audit.k8s.io with a rule that records requests',
    };
  },
  'audits-all-request-responses': (value) => {
    const [first, ...others] = auditRules(value);
    const everything =
      first !== undefined && Object.keys(first).join() === 'level' && first['level'] === 'RequestResponse';
    const omits = isObject(value) && list(value['omitStages']).length > 0;
    return {
      holds: everything && others.length === 0 && !omits,
      found: omits ? 'stages that are left out' : auditFound(value),
      expected: 'one rule: level RequestResponse for everything',
    };
  },
  'audits-sensitive-requests': (value) => {
    const missing = coverageGaps(value);
    return {
      holds: missing.length === 0,
      found: missing.length === 0 ? auditFound(value) : missing.join('; '),
      expected:
        'Secrets, ConfigMaps and TokenReviews at Metadata; changes of Pods and Deployments, exec, port-forward and proxy at Metadata or more',
    };
  },
  'limits-event-rates': (value) => {
    const limits = eventLimitsIn(value);
    return {
      holds: limits !== undefined && limits > 0,
      found: limits === undefined ? 'no plugin EventRateLimit' : `EventRateLimit with ${limits} limits`,
      expected: 'EventRateLimit with at least one limit',
    };
  },
  'enforces-pod-security': (value, { exemptNamespaces }) => {
    const content = podSecurityIn(value);
    const level = content?.enforce;
    const stray = (content?.exemptNamespaces ?? []).filter((name) => !exemptNamespaces.includes(name));
    return {
      holds: (level === 'baseline' || level === 'restricted') && stray.length === 0,
      found:
        content === undefined
          ? 'no plugin PodSecurity'
          : `enforce: ${level ?? 'not set'}${stray.length === 0 ? '' : `, exempt without a word of it: ${stray.join(', ')}`}`,
      expected:
        'PodSecurity that enforces baseline or restricted, with no other exempt namespaces than the configured ones',
    };
  },
};

function providerFound(provider: string | undefined): string {
  return provider === undefined ? 'Secrets are not covered' : `the first provider is ${provider || 'missing'}`;
}

function auditRules(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  const right =
    isObject(value) && value['kind'] === 'Policy' && text(value['apiVersion'])?.startsWith('audit.k8s.io/') === true;
  return right ? list(value['rules']).filter(isObject) : [];
}

function auditFound(value: unknown): string {
  const found = auditRules(value).map(levelOf);
  return found.length === 0 ? 'no rules' : `rules with the levels ${found.join(', ')}`;
}

const RECORDING: readonly string[] = ['Metadata', 'Request', 'RequestResponse'];

/** Rules behind one that leaves out everything of everybody are never come to: the first that fits counts. */
function recordingRules(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  const rules = auditRules(value);
  const end = rules.findIndex(
    (rule) => rule['level'] === 'None' && Object.keys(rule).every((key) => key === 'level' || key === 'omitStages'),
  );
  return rules.slice(0, end < 0 ? undefined : end).filter((rule) => RECORDING.includes(levelOf(rule)));
}

const STAGES = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'];

function leavesAllStagesOut(value: unknown): boolean {
  const omitted = texts(at(value, 'omitStages'));
  return STAGES.every((stage) => omitted.includes(stage));
}

function levelOf({ level }: Readonly<Record<string, unknown>>): string {
  return text(level) ?? 'of no level';
}

interface Request {
  readonly group: string;
  readonly resource: string;
  readonly verb: string;
}

/** CIS 3.2.2: which requests may only be recorded without their bodies, and which must be recorded at all. */
const QUIET: readonly (readonly [string, string])[] = [
  ['', 'secrets'],
  ['', 'configmaps'],
  ['authentication.k8s.io', 'tokenreviews'],
];
const RECORDED: readonly (readonly [string, string, readonly string[]])[] = [
  ['', 'pods', ['create', 'update', 'patch', 'delete']],
  ['apps', 'deployments', ['create', 'update', 'patch', 'delete']],
  ['', 'pods/exec', ['create']],
  ['', 'pods/portforward', ['create']],
  ['', 'pods/proxy', ['create', 'get']],
  ['', 'services/proxy', ['create', 'get']],
];

function coverageGaps(value: unknown): readonly string[] {
  const policy = auditRules(value);
  const levels = (group: string, resource: string, verbs: readonly string[]) =>
    verbs.flatMap((verb) => levelsOf(policy, { group, resource, verb }));
  const loud = QUIET.flatMap(([group, resource]) => {
    const found = levels(group, resource, ['get', 'list', 'create', 'update', 'patch']);
    return found.some((level) => level !== 'Metadata') ? [`${resource} not at Metadata`] : [];
  });
  const silent = RECORDED.flatMap(([group, resource, verbs]) =>
    levels(group, resource, verbs).includes('None') ? [`${resource} not recorded`] : [],
  );
  return [...loud, ...silent];
}

/** The levels at which such a request may be recorded: of the first rule that fits everybody, and of those before it that fit some. */
function levelsOf(policy: readonly Readonly<Record<string, unknown>>[], request: Request): readonly string[] {
  const fitting = policy.filter((rule) => fits(rule, request));
  const general = fitting.findIndex((rule) => !isNarrow(rule));
  const deciding = general === -1 ? fitting : fitting.slice(0, general + 1);
  return [...deciding.map(levelOf), ...(general === -1 ? ['None'] : [])];
}

function isNarrow(rule: Readonly<Record<string, unknown>>): boolean {
  return ['users', 'userGroups', 'namespaces'].some((key) => list(rule[key]).length > 0);
}

function fits(rule: Readonly<Record<string, unknown>>, { group, resource, verb }: Request): boolean {
  const verbs = list(rule['verbs']);
  if (verbs.length > 0 && !verbs.includes(verb) && !verbs.includes('*')) return false;
  const groups = list(rule['resources']);
  if (groups.length === 0) return list(rule['nonResourceURLs']).length === 0;
  return groups.some((one) => {
    if (!isObject(one) || (one['group'] ?? '') !== group) return false;
    const names = texts(one['resources']);
    return names.length === 0 || names.some((name) => coversResource(name, resource));
  });
}

/** As in audit.k8s.io: `pods` is not `pods/exec`; `*`, `pods/*` and the like stand for more. */
function coversResource(pattern: string, resource: string): boolean {
  if (pattern === '*' || pattern === resource) return true;
  const [name = '', sub] = resource.split('/');
  if (sub === undefined) return false;
  return pattern === `${name}/*` || pattern === `*/${sub}`;
}
