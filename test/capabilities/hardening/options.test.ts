/** Guards that a value which cannot be used is told with its option, its line and what would be right, and that YAML is read once. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { formatInheritance, withInheritance } from '../../../src/capabilities/hardening/inheritance.ts';
import { readHardeningOptions } from '../../../src/capabilities/hardening/options.ts';
import type { RawOptions } from '../../../src/core/options.ts';
import { memoryState } from './state.ts';

function defaults(path: string): RawOptions {
  const { options } = parse(readFileSync(path, 'utf8')) as { options: Record<string, { default?: string }> };
  return Object.fromEntries(
    Object.entries(options).flatMap(([name, option]) => (option.default === undefined ? [] : [[name, option.default]])),
  );
}

const noNames = async () => [];

const CONTROL_PLANE = defaults('config.yaml');
const WORKER = defaults('charm/worker/config.yaml');

const POLICY = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: Metadata
    resources:
      - group: ""
        resources: [secrets]
  - level: None
    nonResourceURLs: ["/healthz*"]
`;

async function problemsOf(set: RawOptions): Promise<readonly string[]> {
  const { problems } = await readHardeningOptions(
    { ...CONTROL_PLANE, ...set },
    'control-plane',
    memoryState(),
    noNames,
  );
  return problems.map(({ option, message }) => `${option} ${message}`);
}

describe('the options', () => {
  it('take the documented audit policy without credentials', async () => {
    const policy = readFileSync('docs/how-to/audit-policy-without-credentials.yaml', 'utf8');
    expect(await problemsOf({ 'audit-policy': policy })).toEqual([]);
  });

  it('mean by default that nothing is hardened but TLS', async () => {
    const { value, problems } = await readHardeningOptions(CONTROL_PLANE, 'control-plane', memoryState(), noNames);
    expect(problems).toEqual([]);
    expect(value).toEqual({
      cis: false,
      stig: false,
      benchmark: '1.12',
      waivers: [],
      podMaxPids: undefined,
      tlsMinVersion: '1.3',
      api: {
        auditPolicy: '',
        auditLog: { path: '/var/log/kubernetes/audit.log', maxAge: 30, maxBackup: 10, maxSize: 100 },
        podSecurity: undefined,
        exemptNamespaces: [],
        rateLimits: undefined,
      },
    });
    const worker = await readHardeningOptions(WORKER, 'worker', memoryState(), noNames);
    expect(worker).toEqual({ value: { ...value, api: undefined }, problems: [] });
  });

  it('that are good are read as they are meant', async () => {
    const set = {
      'cis-mode': true,
      'cis-benchmark': '1.24',
      'audit-policy': POLICY,
      'audit-log-path': '/srv/audit/api.log',
      'pod-security': 'restricted',
      'pod-security-exempt-namespaces': 'ceph, gpu ceph',
      'event-rate-limits': '- {type: User, qps: 5, burst: 10, cacheSize: 100}',
      'pod-max-pids': 500,
      'tls-min-version': '1.2',
    };
    const { value, problems } = await readHardeningOptions(
      { ...CONTROL_PLANE, ...set },
      'control-plane',
      memoryState(),
      noNames,
    );
    expect(problems).toEqual([]);
    expect(value).toMatchObject({ cis: true, benchmark: '1.24', podMaxPids: 500, tlsMinVersion: '1.2' });
    expect(value.api).toMatchObject({
      auditPolicy: POLICY,
      auditLog: { path: '/srv/audit/api.log' },
      podSecurity: 'restricted',
      exemptNamespaces: ['ceph', 'gpu'],
      rateLimits: [{ type: 'User', qps: 5, burst: 10, cacheSize: 100 }],
    });
  });

  it.each<[RawOptions, string]>([
    [{ 'cis-benchmark': '1.7' }, 'cis-benchmark must be 1.12 or 1.24'],
    [{ 'tls-min-version': '1.1' }, 'tls-min-version must be 1.2 or 1.3'],
    [{ 'pod-security': 'strict' }, 'pod-security must be privileged, baseline or restricted'],
    [{ 'pod-max-pids': 0 }, 'pod-max-pids must be a whole number from 1 to 4194304'],
    [{ 'audit-log-maxsize': -1 }, 'audit-log-maxsize must be a whole number from 1 to 1000000'],
    [
      { 'audit-log-path': '/var/log/$(reboot)' },
      'audit-log-path must be an absolute path such as /var/log/kubernetes/audit.log',
    ],
    [
      { 'audit-log-path': '/var/log/../../etc/passwd' },
      'audit-log-path must be an absolute path such as /var/log/kubernetes/audit.log',
    ],
    [
      { 'pod-security-exempt-namespaces': 'ceph Rook' },
      'pod-security-exempt-namespaces has "Rook", which is not the name of a namespace',
    ],
  ])('%j is refused', async (set, message) => {
    expect(await problemsOf(set)).toEqual([message]);
  });

  it.each<[string, string, string]>([
    ['no YAML', POLICY.replace('[secrets]', '[secrets'), 'line 9: is not YAML: '],
    ['a version of before', POLICY.replace('io/v1', 'io/v1beta1'), 'line 1: apiVersion must be "audit.k8s.io/v1"'],
    ['no rules', POLICY.replace(/rules:[\s\S]*/, ''), 'line 1: must have "rules"'],
    [
      'an empty list of rules',
      POLICY.replace(/rules:[\s\S]*/, 'rules: []'),
      'line 4: rules must be a list of at least one rule',
    ],
    [
      'a level that there is not',
      POLICY.replace('level: None', 'level: Everything'),
      'line 9: rules[1].level must be None, Metadata, Request or RequestResponse',
    ],
    ['a rule without level', POLICY.replace('level: None\n    nonRes', 'nonRes'), 'line 9: rules[1] must have "level"'],
    [
      'a word that is mistyped',
      POLICY.replace('nonResourceURLs', 'nonResourceUrls'),
      'line 10: rules[1] must not have "nonResourceUrls"',
    ],
    [
      'a word twice',
      POLICY.replace('- level: None', '- level: None\n    level: None'),
      'line 10: has the key "level" twice',
    ],
    [
      'resources and paths in one rule',
      POLICY.replace('  - level: None\n', ''),
      'line 7: rules[0].resources must not stand beside nonResourceURLs',
    ],
    [
      'a path that is none',
      POLICY.replace('/healthz*', 'healthz'),
      'line 10: rules[1].nonResourceURLs[0] must be a path such as /metrics or /healthz*',
    ],
    [
      'a group with its version',
      POLICY.replace('group: ""', 'group: apps/v1'),
      'line 7: rules[0].resources[0].group must be an API group without',
    ],
    ['a scalar', 'level: Metadata', 'line 1: must have "apiVersion"'],
    ['nothing but a comment', '# nothing', 'line 1: must be an object with apiVersion, kind and rules'],
    ['aliases without end', bomb(), 'is not YAML that can be used: '],
  ])('audit-policy with %s is refused with its line', async (_, text, message) => {
    const [problem, ...more] = await problemsOf({ 'audit-policy': text });
    expect(problem).toContain(`audit-policy ${message}`);
    expect(more).toEqual([]);
  });

  it.each<[string, string]>([
    ['{type: Server}', 'line 1: must be a list of limits such as [{type: Server, qps: 5000, burst: 20000}]'],
    ['- type: Server\n  qps: 0\n  burst: 1', 'line 2: [0].qps must be a whole number above 0'],
    ['- type: Pod\n  qps: 1\n  burst: 1', 'line 1: [0].type must be Server, Namespace, User or SourceAndObject'],
    ['- type: User\n  qps: 1\n  burst: 1\n  cache: 4', 'line 4: [0] must not have "cache"'],
  ])('event-rate-limits %j is refused with its line', async (text, message) => {
    expect(await problemsOf({ 'event-rate-limits': text })).toEqual([`event-rate-limits ${message}`]);
  });
});

describe('texts that were read before', () => {
  it('are not read again until they change, and not kept once the option is empty', async () => {
    const state = memoryState();
    const read = (set: RawOptions) =>
      readHardeningOptions({ ...CONTROL_PLANE, ...set }, 'control-plane', state, noNames);
    const limits = { 'event-rate-limits': '[{type: Server, qps: 1, burst: 2}]' };
    await read(limits);
    const kept = Object.entries(state.all());
    expect(kept).toHaveLength(1);
    const [key = '', entry = ''] = kept[0] ?? [];
    // What is kept is what counts: nothing else could make 1 into 7.
    state.set(key, entry.replace('"qps":1', '"qps":7'));
    expect((await read(limits)).value.api?.rateLimits).toEqual([{ type: 'Server', qps: 7, burst: 2 }]);
    const other = { 'event-rate-limits': '[{type: Server, qps: 3, burst: 2}]' };
    expect((await read(other)).value.api?.rateLimits).toEqual([{ type: 'Server', qps: 3, burst: 2 }]);
    await read({});
    expect(state.all()).toEqual({});
  });

  it('that are not good are not kept', async () => {
    const state = memoryState();
    await readHardeningOptions({ ...CONTROL_PLANE, 'audit-policy': 'nonsense' }, 'control-plane', state, noNames);
    expect(state.all()).toEqual({});
  });
});

describe('a worker', () => {
  const told = formatInheritance({ ...CONTROL_PLANE, 'cis-mode': true, 'stig-mode': true, 'tls-min-version': '1.2' });

  it('hears nothing of a control plane whose options are the defaults', () => {
    expect(formatInheritance(CONTROL_PLANE)).toBeUndefined();
    expect(withInheritance(WORKER, undefined)).toEqual(WORKER);
  });

  it('takes each option that it has not set itself from the control plane', async () => {
    const raw = withInheritance({ ...WORKER, 'stig-mode': false, 'pod-max-pids': 100 }, told);
    const { value } = await readHardeningOptions(raw, 'worker', memoryState(), noNames);
    expect(value).toMatchObject({ cis: true, stig: false, podMaxPids: 100, tlsMinVersion: '1.2', benchmark: '1.12' });
  });

  it.each(['', 'nonsense', '[]', 'null', '{"cis-mode": "yes", "snap-channel": "1.30-classic/stable"}'])(
    'passes over %j',
    (text) => {
      expect(withInheritance(WORKER, text)).toEqual(WORKER);
    },
  );
});

/** Ten lists, each of ten of the one before: 10^10 items. */
function bomb(): string {
  const lists = Array.from({ length: 10 }, (_, n) =>
    n === 0 ? 'a0: &a0 [x]' : `a${n}: &a${n} [${Array.from({ length: 10 }, () => `*a${n - 1}`).join(', ')}]`,
  );
  return lists.join('\n');
}
