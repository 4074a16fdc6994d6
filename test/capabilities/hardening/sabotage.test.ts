/**
 * Guards what an assessment says of a hardened node that somebody has laid hands on, and that nothing of it stays under "Ready" unsaid: the
 * next dispatch repairs it, or the status names it. One row for each kind of sabotage, on real files.
 */

import { chmod, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judge } from '../../../src/capabilities/hardening/assess.ts';
import { driftReports } from '../../../src/capabilities/hardening/drift.ts';
import { observeNode } from '../../../src/capabilities/hardening/observe-node.ts';
import { isNeverRemedied } from '../../../src/capabilities/hardening/remedy/never.ts';
import { readOverrides } from '../../../src/capabilities/hardening/unit-overrides.ts';
import type { Service } from '../../../src/core/services.ts';
import { controlsIn, optionsWith } from './remedy/controls.ts';
import { KUBELET_UNIT, SimulatedNode, type Wishes } from './remedy/simulated-node.ts';

const API = 'kube-apiserver';
const ARGS = '/var/snap/k8s/common/args';
const PKI = '/etc/kubernetes/pki';
const ETCD = '/var/snap/k8s/common/var/lib/etcd';
const ON: Wishes = { options: optionsWith({ cis: true, stig: true }), waived: [], operator: {} };
const PID = 4242;

const controls = [...controlsIn('cis-1.12', 'control-plane'), ...controlsIn('stig', 'control-plane')];

/** Encryption at rest is another domain's, which has no part in these nodes. */
const kept = controls.filter(
  ({ id, remedy }) =>
    remedy.length > 0 &&
    !isNeverRemedied(id) &&
    !remedy.some((step) => 'policy' in step && step.policy === 'encryption-configuration'),
);

interface Sabotage {
  readonly what: string;
  readonly make: (node: SimulatedNode) => Promise<unknown>;
  /** The control that has to notice it, by its id or its former one, and what it has to say. */
  readonly control: string;
  readonly verdict: 'fail' | 'pass';
  /** What becomes of it in the next dispatch: repaired, left as it is because it is no harm, or named in the status. */
  readonly outcome: 'repaired' | 'left' | RegExp;
}

/** An argument file as a hand edits it. */
async function edit(node: SimulatedNode, service: Service, change: (text: string) => string): Promise<void> {
  const text = (await node.clients.host.files.read(`${ARGS}/${service}`)) ?? '';
  const changed = change(text);
  if (changed === text) throw new Error('the sabotage changes nothing');
  await node.write(`${ARGS}/${service}`, changed, 0o600);
}

/** Puts other lines in the place of the line of a flag; without any, takes it out. */
const line =
  (service: Service, flag: string, ...lines: readonly string[]) =>
  (node: SimulatedNode) =>
    edit(node, service, (text) => {
      const others = text.split('\n').filter((one) => !one.startsWith(`${flag}=`));
      return [...lines, ...others].join('\n');
    });

/** A line above all others, or below. */
const above = (service: Service, text: string) => (node: SimulatedNode) =>
  edit(node, service, (before) => `${text}\n${before}`);
const below = (service: Service, text: string) => (node: SimulatedNode) =>
  edit(node, service, (before) => `${before}${text}\n`);

const mode = (path: string, bits: number) => (node: SimulatedNode) => chmod(join(node.root, path), bits);

const file =
  (path: string, text: string, bits = 0o600) =>
  (node: SimulatedNode) =>
    node.write(path, text, bits);

const all =
  (...steps: readonly ((node: SimulatedNode) => Promise<unknown>)[]) =>
  async (node: SimulatedNode) => {
    for (const step of steps) await step(node);
  };

/** The text of the file that a flag of the API server names is another, or the file is gone. */
const named = (flag: string, text: string | undefined) => async (node: SimulatedNode) => {
  const path = (await node.arguments(API))[flag] ?? '';
  expect(path).not.toBe('');
  if (text === undefined) await node.remove(path);
  else await node.write(path, text, 0o600);
};

const link = (path: string) => async (node: SimulatedNode) => {
  await rename(join(node.root, path), join(node.root, '/elsewhere'));
  await symlink(join(node.root, '/elsewhere'), join(node.root, path));
};

const kubelet = (fields: string) =>
  `apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n${fields}\n`;
const structured = (kind: string, fields: string) =>
  `apiVersion: apiserver.config.k8s.io/v1\nkind: ${kind}\n${fields}\n`;
const audit = (fields: string) => `apiVersion: audit.k8s.io/v1\nkind: Policy\n${fields}\n`;

const running = (words: readonly string[]) => async (node: SimulatedNode) => {
  await mkdir(join(node.root, `/proc/${PID}`), { recursive: true });
  await writeFile(
    join(node.root, `/proc/${PID}/cmdline`),
    `${['/snap/k8s/current/bin/kubelet', ...words].join('\0')}\0`,
  );
};

const SABOTAGES: readonly Sabotage[] = [
  {
    what: 'a flag that is turned round',
    make: line(API, '--anonymous-auth', '--anonymous-auth="true"'),
    control: 'CIS-1.2.1',
    verdict: 'fail',
    outcome: 'repaired',
  },
  {
    what: 'a boolean flag without a value',
    make: line(API, '--profiling', '--profiling'),
    control: 'CIS-1.2.17',
    verdict: 'fail',
    outcome: 'repaired',
  },
  {
    what: 'AlwaysAllow in a line above the modes',
    make: above(API, '--authorization-mode="AlwaysAllow"'),
    control: 'CIS-1.2.6',
    verdict: 'fail',
    outcome: 'repaired',
  },
  {
    what: 'AlwaysAdmit in a line above the plugins',
    make: above(API, '--enable-admission-plugins=AlwaysAdmit'),
    control: 'CIS-1.2.10',
    verdict: 'fail',
    outcome: 'repaired',
  },
  {
    what: 'a weak cipher in a line below',
    make: below(API, '--tls-cipher-suites=TLS_RSA_WITH_RC4_128_SHA'),
    control: 'CIS-1.2.31',
    verdict: 'fail',
    outcome: 'repaired',
  },
  {
    what: 'a feature gate in a line below',
    make: below(API, '--feature-gates=AllAlpha=true'),
    control: 'V-242400',
    verdict: 'fail',
    outcome: 'repaired',
  },
  {
    what: 'a bad value behind a blank',
    make: line('kube-scheduler', '--bind-address', '--bind-address 0.0.0.0'),
    control: 'CIS-1.4.2',
    verdict: 'fail',
    outcome: 'repaired',
  },
  {
    what: 'a good value behind a blank',
    make: line('kube-scheduler', '--bind-address', '--bind-address 127.0.0.1'),
    control: 'CIS-1.4.2',
    verdict: 'pass',
    outcome: 'left',
  },
  {
    what: 'a bad flag in quotes',
    make: line(API, '--profiling', '"--profiling=true"'),
    control: 'CIS-1.2.17',
    verdict: 'fail',
    outcome: 'repaired',
  },
  {
    what: 'a good flag in quotes',
    make: line(API, '--profiling', "'--profiling=false'"),
    control: 'CIS-1.2.17',
    verdict: 'pass',
    outcome: 'left',
  },
  {
    what: 'a bad flag with an underscore',
    make: below(API, '--anonymous_auth=true'),
    control: 'CIS-1.2.1',
    verdict: 'fail',
    outcome: 'repaired',
  },
  {
    what: 'a good flag with an underscore',
    make: line(API, '--anonymous-auth', '--anonymous_auth=false'),
    control: 'CIS-1.2.1',
    verdict: 'pass',
    outcome: 'left',
  },
  {
    what: 'two bad flags on one line',
    make: all(line(API, '--profiling'), line(API, '--anonymous-auth', '--profiling=true --anonymous-auth=true')),
    control: 'CIS-1.2.17',
    verdict: 'fail',
    outcome: 'repaired',
  },
  {
    what: 'two good flags on one line',
    make: all(line(API, '--profiling'), line(API, '--anonymous-auth', '--profiling=false --anonymous-auth=false')),
    control: 'CIS-1.2.17',
    verdict: 'pass',
    outcome: 'left',
  },
  {
    what: 'a good flag with a comment',
    make: line(API, '--profiling', '--profiling=false # as agreed'),
    control: 'CIS-1.2.17',
    verdict: 'pass',
    outcome: 'left',
  },
  {
    what: 'a flag behind a #',
    make: line(API, '--anonymous-auth', '# --anonymous-auth="false"'),
    control: 'CIS-1.2.1',
    verdict: 'fail',
    outcome: 'repaired',
  },
  {
    what: 'a value that is more than its quotes',
    make: line(API, '--profiling', '--profiling="false"true'),
    control: 'CIS-1.2.17',
    verdict: 'fail',
    outcome: 'repaired',
  },
  {
    what: 'a flag on two lines',
    make: line(API, '--profiling', '--profi\\\nling=true'),
    control: 'CIS-1.2.17',
    verdict: 'fail',
    outcome: 'repaired',
  },
  {
    what: 'a line that bash cannot read',
    make: line(API, '--profiling', '--profiling="true'),
    control: 'CIS-1.2.17',
    verdict: 'fail',
    outcome: 'repaired',
  },
  {
    what: 'a word that belongs to no flag',
    make: below(API, 'stray'),
    control: 'CIS-1.2.17',
    verdict: 'pass',
    outcome: /kube-apiserver has "stray", which belongs to no flag/,
  },
  {
    what: 'a command in a value',
    make: below(API, '--v="$(id -u)"'),
    control: 'CIS-1.2.17',
    verdict: 'pass',
    outcome: /which bash expands/,
  },
  {
    what: 'a flag of nobody twice',
    make: below(API, '--v=1\n--v=1'),
    control: 'CIS-1.2.17',
    verdict: 'pass',
    outcome: /has --v more than once, for which k8sd restarts the service every two minutes/,
  },
  {
    what: 'an empty client CA of the API server',
    make: line(API, '--client-ca-file', '--client-ca-file=""'),
    control: 'CIS-1.2.27',
    verdict: 'fail',
    outcome: 'repaired',
  },
  {
    what: 'an empty client CA of kubelet',
    make: line('kubelet', '--client-ca-file', '--client-ca-file='),
    control: 'CIS-4.2.3',
    verdict: 'fail',
    outcome: 'repaired',
  },
  {
    what: 'a client CA that does not exist',
    make: line(API, '--client-ca-file', '--client-ca-file=/nowhere.crt'),
    control: 'CIS-1.2.27',
    verdict: 'fail',
    outcome: 'repaired',
  },
  {
    what: 'a CA whose file is empty',
    make: file(`${PKI}/ca.crt`, ''),
    control: 'CIS-1.3.5',
    verdict: 'fail',
    outcome: /CIS .*1\.3\.5/,
  },
  {
    what: 'a flag that is gone',
    make: line(API, '--kubelet-certificate-authority'),
    control: 'CIS-1.2.5',
    verdict: 'fail',
    outcome: 'repaired',
  },
  {
    what: 'static tokens',
    make: below(API, '--token-auth-file=/tokens.csv'),
    control: 'CIS-1.2.2',
    verdict: 'fail',
    outcome: 'repaired',
  },
  {
    what: 'an octal number',
    make: line(API, '--audit-log-maxage', '--audit-log-maxage=030'),
    control: 'CIS-1.2.19',
    verdict: 'fail',
    outcome: 'repaired',
  },
  {
    what: 'arguments that everybody can write',
    make: mode(`${ARGS}/${API}`, 0o666),
    control: 'CIS-1.1.1',
    verdict: 'fail',
    outcome: 'repaired',
  },
  {
    what: 'a kubeconfig that everybody can read',
    make: mode('/etc/kubernetes/scheduler.conf', 0o644),
    control: 'CIS-1.1.15',
    verdict: 'fail',
    outcome: 'repaired',
  },
  {
    what: 'a kubeconfig that is stricter',
    make: mode('/etc/kubernetes/scheduler.conf', 0o400),
    control: 'CIS-1.1.15',
    verdict: 'pass',
    outcome: 'left',
  },
  {
    what: "etcd's data folder itself",
    make: mode(`${ETCD}/data`, 0o755),
    control: 'CIS-1.1.11',
    verdict: 'fail',
    outcome: 'repaired',
  },
  {
    what: 'a folder of keys that everybody can write',
    make: mode(PKI, 0o777),
    control: 'CIS-1.1.21',
    verdict: 'fail',
    outcome: 'repaired',
  },
  {
    what: 'a key that others can read',
    make: mode(`${PKI}/apiserver.key`, 0o644),
    control: 'CIS-1.1.21',
    verdict: 'fail',
    outcome: 'repaired',
  },
  {
    what: 'a kubeconfig that is a link',
    make: link('/etc/kubernetes/admin.conf'),
    control: 'CIS-1.1.13',
    verdict: 'fail',
    outcome: /CIS .*1\.1\.13/,
  },
  {
    what: 'an audit policy without rules',
    make: named('--audit-policy-file', audit('rules: []')),
    control: 'CIS-3.2.1',
    verdict: 'fail',
    outcome: 'repaired',
  },
  {
    what: 'an empty audit policy',
    make: named('--audit-policy-file', ''),
    control: 'CIS-3.2.1',
    verdict: 'fail',
    outcome: 'repaired',
  },
  {
    what: 'an audit policy of another file that records nothing',
    make: all(
      file('/none.yaml', audit('rules: [{level: None}, {level: Metadata}]')),
      line(API, '--audit-policy-file', '--audit-policy-file=/none.yaml'),
    ),
    control: 'CIS-3.2.1',
    verdict: 'fail',
    outcome: 'repaired',
  },
  {
    what: 'an audit policy that is gone',
    make: named('--audit-policy-file', undefined),
    control: 'V-242461',
    verdict: 'fail',
    outcome: 'repaired',
  },
  {
    what: 'an admission configuration that is gone',
    make: named('--admission-control-config-file', undefined),
    control: 'CIS-1.2.9',
    verdict: 'fail',
    outcome: 'repaired',
  },
  {
    what: 'an admission configuration without limits',
    make: named('--admission-control-config-file', structured('AdmissionConfiguration', 'plugins: []')),
    control: 'CIS-1.2.9',
    verdict: 'fail',
    outcome: 'repaired',
  },
  {
    what: 'authorization by a file that allows everything',
    make: all(
      file(
        '/authz.yaml',
        structured('AuthorizationConfiguration', 'authorizers: [{type: AlwaysAllow, name: alwaysallow}]'),
      ),
      line(API, '--authorization-mode', '--authorization-config=/authz.yaml'),
    ),
    control: 'CIS-1.2.6',
    verdict: 'fail',
    outcome: /--authorization-config=\/authz\.yaml is in .* and comes from no option/,
  },
  {
    what: 'authorization by a good file',
    make: all(
      file(
        '/authz.yaml',
        structured('AuthorizationConfiguration', 'authorizers: [{type: Node, name: node}, {type: RBAC, name: rbac}]'),
      ),
      line(API, '--authorization-mode', '--authorization-config=/authz.yaml'),
    ),
    control: 'V-242382',
    verdict: 'pass',
    outcome: /--authorization-config=\/authz\.yaml is in/,
  },
  {
    what: 'anonymous requests by a file',
    make: all(
      file('/authn.yaml', structured('AuthenticationConfiguration', 'anonymous: {enabled: true}')),
      line(API, '--anonymous-auth', '--authentication-config=/authn.yaml'),
    ),
    control: 'CIS-1.2.1',
    verdict: 'fail',
    outcome: /CIS .*1\.2\.1/,
  },
  {
    what: "kubelet's file with another firewall",
    make: all(
      file('/kubelet.yaml', kubelet('makeIPTablesUtilChains: false')),
      below('kubelet', '--config=/kubelet.yaml'),
    ),
    control: 'CIS-4.2.7',
    verdict: 'fail',
    outcome: /kubelet: --config=\/kubelet\.yaml is in/,
  },
  {
    what: "kubelet's file with a port that its flag closes",
    make: all(file('/kubelet.yaml', kubelet('readOnlyPort: 10255')), below('kubelet', '--config=/kubelet.yaml')),
    control: 'CIS-4.2.4',
    verdict: 'pass',
    outcome: /kubelet: --config=/,
  },
  {
    what: "kubelet's file with an open port",
    make: all(
      file('/kubelet.yaml', kubelet('readOnlyPort: 10255')),
      line('kubelet', '--read-only-port', '--config=/kubelet.yaml'),
    ),
    control: 'CIS-4.2.4',
    verdict: 'fail',
    outcome: /kubelet: --config=/,
  },
  {
    what: "kubelet's file with good values",
    make: all(
      file('/kubelet.yaml', kubelet('podPidsLimit: 100\nseccompDefault: true')),
      line('kubelet', '--pod-max-pids', '--config=/kubelet.yaml'),
    ),
    control: 'CIS-4.2.13-v1.12',
    verdict: 'pass',
    outcome: /kubelet: --config=/,
  },
  {
    what: "kubelet's folder of files, the later one",
    make: all(
      file('/kubelet.d/10.conf', kubelet('readOnlyPort: 0')),
      file('/kubelet.d/20.conf', kubelet('readOnlyPort: 10255')),
      line('kubelet', '--read-only-port', '--config-dir=/kubelet.d'),
    ),
    control: 'CIS-4.2.4',
    verdict: 'fail',
    outcome: /kubelet: --config-dir=\/kubelet\.d is in/,
  },
  {
    what: "kubelet's file that is another kind of file",
    make: all(file('/kubelet.yaml', '{{{'), below('kubelet', '--config=/kubelet.yaml')),
    control: 'CIS-4.2.4',
    verdict: 'pass',
    outcome: /kubelet: --config=/,
  },
  {
    what: 'a kernel parameter that is not as kubelet wants it',
    make: file('/proc/sys/vm/overcommit_memory', '0\n', 0o644),
    control: 'V-242434',
    verdict: 'fail',
    outcome: 'repaired',
  },
  {
    what: 'kubelet that does not look at the kernel',
    make: line('kubelet', '--protect-kernel-defaults', '--protect-kernel-defaults=false'),
    control: 'V-242434',
    verdict: 'fail',
    outcome: 'repaired',
  },
  {
    what: 'a unit that everybody can read',
    make: mode(KUBELET_UNIT, 0o644),
    control: 'CIS-4.1.1',
    verdict: 'fail',
    outcome: 'repaired',
  },
  {
    what: 'a drop-in that everybody can write',
    make: file(`${KUBELET_UNIT}.d/evil.conf`, '[Service]\nNice=5\n', 0o666),
    control: 'CIS-4.1.1',
    verdict: 'fail',
    outcome: 'repaired',
  },
  {
    what: 'a drop-in that overrides',
    make: file(`${KUBELET_UNIT}.d/evil.conf`, '[Service]\nExecStart=\nExecStart=/evil\n'),
    control: 'CIS-4.1.1',
    verdict: 'pass',
    outcome: /evil\.conf overrides how kubelet is started: remove it/,
  },
  {
    what: 'a drop-in for all services whose names begin alike',
    make: file('/run/systemd/system/snap.k8s.kube-.service.d/x.conf', '[Service]\nEnvironment=A=B\n'),
    control: 'CIS-1.2.1',
    verdict: 'pass',
    outcome: /x\.conf overrides how kube-apiserver is started/,
  },
  {
    what: 'a unit that starts something else',
    make: file(KUBELET_UNIT, '[Service]\nExecStart=/evil\n'),
    control: 'CIS-4.1.1',
    verdict: 'pass',
    outcome: /snap\.k8s\.kubelet\.service overrides how kubelet is started/,
  },
  {
    what: 'a process that a drop-in has started',
    make: all(
      file(`${KUBELET_UNIT}.d/evil.conf`, '[Service]\nExecStart=\nExecStart=/evil\n'),
      running(['--anonymous_auth', '--read-only-port', '0']),
    ),
    control: 'CIS-4.2.1',
    verdict: 'fail',
    outcome: /evil\.conf overrides/,
  },
];

/** What the node is like, with the process of kubelet where a sabotage has started one. */
async function look(node: SimulatedNode) {
  const cmdline = await node.clients.host.files.read(`/proc/${PID}/cmdline`);
  const kubeletUnit = { active: true, enabled: true, mainPid: PID };
  const units = async (names: readonly string[]) =>
    cmdline === undefined
      ? undefined
      : new Map(
          names.map((name) => [
            name,
            name === 'snap.k8s.kubelet.service' ? kubeletUnit : { active: true, enabled: true },
          ]),
        );
  const host = { ...node.clients.host, systemd: { units } };
  const facts = await observeNode(host, controls, { role: 'control-plane', version: '1.36.4', exemptNamespaces: [] });
  const verdictOf = (id: string) => {
    const control = controls.find((one) => one.id === id || one.formerly === id);
    return control === undefined ? expect.fail(`no control ${id}`) : judge(control, facts);
  };
  const failing = kept.filter((control) => ['fail', 'pending-restart'].includes(judge(control, facts).state));
  const services = await Promise.all(
    (['kube-apiserver', 'kube-scheduler', 'kubelet'] as const).map(async (service) => {
      const text = (await host.files.read(`${ARGS}/${service}`)) ?? '';
      return [service, { text, option: `${service}-extra-args`, kept: node.wanted(service) }] as const;
    }),
  );
  const overrides = await readOverrides(
    host.files,
    services.map(([service]) => service),
  );
  const drift = driftReports({ services: Object.fromEntries(services), overrides, hardened: true });
  const status = [
    ...failing.map(
      ({ id, numbers }) => `${id.startsWith('V-') ? 'STIG' : 'CIS'} ${numbers['cis-1.12'] ?? numbers.stig}`,
    ),
    ...drift.map(({ message }) => message),
  ];
  return { verdictOf, status };
}

let home: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'sb-'));
});

afterAll(() => rm(home, { recursive: true, force: true }));

async function hardened(): Promise<SimulatedNode> {
  const node = await SimulatedNode.create(await mkdtemp(join(home, 'n')));
  await node.dispatch(ON);
  return node;
}

describe('a hardened node', () => {
  it('has nothing to be said of it before', async () => {
    expect((await look(await hardened())).status).toEqual([]);
  });

  it.each(SABOTAGES)('with $what: $control $verdict', async ({ make, control, verdict, outcome }) => {
    const node = await hardened();
    await make(node);
    const found = (await look(node)).verdictOf(control);
    expect(found).toMatchObject({ state: verdict });
    expect(found.reason).not.toContain('A restart would undo it');
    const before = await node.everything();
    const { restarts } = await node.dispatch(ON);
    const after = await look(node);
    if (outcome instanceof RegExp) {
      expect(after.status.join('\n')).toMatch(outcome);
    } else {
      expect(after.status).toEqual([]);
      expect(after.verdictOf(control)).toMatchObject({ state: 'pass' });
      if (outcome === 'left') expect([restarts, await node.everything()]).toEqual([[], before]);
      expect((await node.dispatch(ON)).restarts).toEqual([]);
    }
  });

  it('on which all hands were laid at once has nothing left that is neither repaired nor named', async () => {
    const node = await hardened();
    const bad = SABOTAGES.filter(({ outcome }) => outcome !== 'left');
    let made = 0;
    for (const { make } of bad) {
      // Some stand in each other's way: a file that one removes another would change.
      await make(node).then(
        () => {
          made += 1;
        },
        () => undefined,
      );
    }
    expect(made).toBeGreaterThan(40);
    await node.dispatch(ON);
    const { status, verdictOf } = await look(node);
    const said = status.join('\n');
    for (const { control } of bad) {
      const number = controls.find(({ id, formerly }) => id === control || formerly === control)?.numbers;
      if (verdictOf(control).state !== 'pass') expect(said).toContain(number?.['cis-1.12'] ?? number?.stig);
    }
    expect(said).toMatch(/evil\.conf overrides/);
    expect(said).toMatch(/--config-dir=\/kubelet\.d/);
    expect(said).toMatch(/"stray", which belongs to no flag/);
  });
});

describe('a structured configuration that an operator gives', () => {
  const given = async (flag: string, kind: string, fields: string, without: string) => {
    const node = await SimulatedNode.create(await mkdtemp(join(home, 'n')));
    await node.write('/given.yaml', structured(kind, fields), 0o600);
    await node.dispatch({ ...ON, operator: { [API]: { [flag]: '/given.yaml', [without]: null } } });
    return { given: await node.arguments(API), verdictOf: (await look(node)).verdictOf };
  };

  it('of authorization stands without the flag that it replaces', async () => {
    const authorizers = 'authorizers: [{type: Node, name: node}, {type: RBAC, name: rbac}]';
    const found = await given(
      '--authorization-config',
      'AuthorizationConfiguration',
      authorizers,
      '--authorization-mode',
    );
    expect(found.given).toMatchObject({ '--authorization-config': '/given.yaml', '--profiling': 'false' });
    expect(found.given).not.toHaveProperty(['--authorization-mode']);
    for (const control of ['CIS-1.2.6', 'CIS-1.2.7', 'CIS-1.2.8', 'V-242382'])
      expect(found.verdictOf(control)).toMatchObject({ state: 'pass' });
  });

  it.each([
    ['says who may be anonymous', 'anonymous: {enabled: false}', false],
    ['says nothing of it', 'jwt: []', true],
  ])('of authentication that %s', async (_, fields, stands) => {
    const found = await given('--authentication-config', 'AuthenticationConfiguration', fields, '--anonymous-auth');
    expect('--anonymous-auth' in found.given).toBe(stands);
    expect(found.verdictOf('CIS-1.2.1')).toMatchObject({ state: 'pass' });
  });
});

it('the number of sabotages is not less than it was', () => {
  expect(SABOTAGES.length).toBeGreaterThanOrEqual(47);
  expect(new Set(SABOTAGES.map(({ what }) => what)).size).toBe(SABOTAGES.length);
  expect(dirname(KUBELET_UNIT)).toBe('/etc/systemd/system');
});
