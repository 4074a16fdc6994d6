/** Guards that the stand-in's services end on what the real ones end on: tests of hardening take their word for it. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NodeMachine } from './machines.ts';
import { machineFiles } from './node/files.ts';
import { requirePolicies } from './node/policies.ts';

const AUDIT =
  'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n  - level: Metadata\n    resources: [{group: apps}]\n';
const ADMISSION = `apiVersion: apiserver.config.k8s.io/v1
kind: AdmissionConfiguration
plugins:
  - name: EventRateLimit
    configuration:
      apiVersion: eventratelimit.admission.k8s.io/v1alpha1
      kind: Configuration
      limits: [{type: Server, qps: 1, burst: 1}]
  - name: PodSecurity
    configuration:
      apiVersion: pod-security.admission.config.k8s.io/v1
      kind: PodSecurityConfiguration
      defaults: {enforce: baseline}
`;

let root: string;
let machine: NodeMachine;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'po-'));
  machine = { files: machineFiles(root) } as NodeMachine;
});

afterAll(() => rm(root, { recursive: true, force: true }));

async function start(flags: Record<string, string>, files: Record<string, string> = {}, service = 'kube-apiserver') {
  for (const [path, text] of Object.entries(files)) await machine.files.write(path, text);
  return requirePolicies(machine, service, flags);
}

const auditing = { '--audit-policy-file': '/audit', '--audit-log-path': '/var/log/a.log' };
const admitting = { '--admission-control-config-file': '/admission', '--enable-admission-plugins': 'EventRateLimit' };

describe('kube-apiserver', () => {
  it('starts with what is right, and makes its audit log', async () => {
    await start(
      { ...auditing, ...admitting, '--tls-min-version': 'VersionTLS13' },
      { '/audit': AUDIT, '/admission': ADMISSION },
    );
    expect(await machine.files.exists('/var/log/a.log')).toBe(true);
  });

  it('takes what the real one takes: fields that an audit policy does not have, an older version of PodSecurity', async () => {
    await start(auditing, { '/audit': `${AUDIT}    verb: [get]\nmetadata: {creationTimestamp: null}\n` });
    const older = ADMISSION.replace('pod-security.admission.config.k8s.io/v1', '$&beta1');
    await start(admitting, { '/admission': older });
  });

  it.each<[string, string, string]>([
    ['is no YAML', '{', 'error converting YAML'],
    ['is another kind', AUDIT.replace('Policy', 'Plan'), 'no kind "Plan"'],
    ['has no rules', AUDIT.replace(/rules:[\s\S]*/, ''), '0 rules'],
    ['has a level that there is not', AUDIT.replace('Metadata', 'All'), 'rules[0].level: Unsupported value: "All"'],
    ['has a group that is no name', AUDIT.replace('apps', 'apps..k8s'), 'rules[0].resources.group: Invalid value'],
  ])('ends on an audit policy that %s', async (_, text, message) => {
    await expect(start(auditing, { '/audit': text })).rejects.toThrow(message);
  });

  it.each<[string, string, string]>([
    ['is another kind', ADMISSION.replace('AdmissionConf', 'Conf'), 'no kind'],
    ['has a plugin of another version', ADMISSION.replace('v1alpha1', 'v1'), '"EventRateLimit"'],
    ['lacks the limits that a plugin needs', ADMISSION.replace('EventRateLimit', 'Other'), 'must not be empty'],
    [
      'exempts a namespace twice',
      `${ADMISSION}      exemptions: {namespaces: [a, b, a]}\n`,
      'exemptions.namespaces[2]: Duplicate value: "a"',
    ],
    ['has a level that there is not', ADMISSION.replace('baseline', 'strict'), 'Invalid value: "strict"'],
  ])('ends on an admission configuration that %s', async (_, text, message) => {
    await expect(start(admitting, { '/admission': text })).rejects.toThrow(message);
  });

  it.each<[Record<string, string>, string]>([
    [{ '--enable-admission-plugins': 'SecurityContextDeny' }, 'plugin "SecurityContextDeny" is unknown'],
    [{ '--enable-admission-plugins': 'PodSecurity', '--disable-admission-plugins': 'PodSecurity' }, 'overlapped'],
    [{ '--feature-gates': 'AllAlpha=false,PodSecurity=true' }, 'unrecognized feature gate: PodSecurity'],
    [{ '--tls-min-version': 'TLS1.3' }, 'unknown tls version'],
    [{ '--enable-admission-plugins': 'EventRateLimit' }, 'must not be empty'],
  ])('ends on %j', async (flags, message) => {
    await expect(start(flags)).rejects.toThrow(message);
  });
});

describe('etcd', () => {
  it('has its own names of versions, and no suites beside TLS 1.3', async () => {
    await start({ '--tls-min-version': 'TLS1.3' }, {}, 'etcd');
    await expect(start({ '--tls-min-version': 'VersionTLS13' }, {}, 'etcd')).rejects.toThrow('unknown tls version');
    await expect(start({ '--tls-min-version': 'TLS1.3', '--cipher-suites': 'X' }, {}, 'etcd')).rejects.toThrow(
      'cipher suites',
    );
  });
});
