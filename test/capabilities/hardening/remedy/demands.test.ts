/** Guards what each option and mode asks of a node, with the catalogues as they are shipped. */

import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { BENCHMARKS } from '../../../../src/capabilities/hardening/control.ts';
import type { HardeningOptions } from '../../../../src/capabilities/hardening/options.ts';
import type { Demands } from '../../../../src/capabilities/hardening/remedy/demands.ts';
import { isNeverRemedied } from '../../../../src/capabilities/hardening/remedy/never.ts';
import { wantedArguments } from '../../../../src/capabilities/hardening/remedy/wanted-arguments.ts';
import { controlsIn, demandsWith, optionsWith, SHIPPED } from './controls.ts';

/** What a service would be given that has nothing yet. */
function flagsOf(demands: Demands, service: Parameters<typeof wantedArguments>[0], untouched = {}) {
  return wantedArguments(service, demands.flags, { operator: {}, untouched, isUnknown: () => false }).flags;
}

function admissionOf({ policies }: Demands) {
  const file = policies.find(({ kind }) => kind === 'admission-configuration');
  return file === undefined ? undefined : parse(file.content);
}

describe('without a mode', () => {
  it('TLS has an oldest version in all that serves, and nothing else is asked for', () => {
    const demands = demandsWith(optionsWith());
    expect(demands).toMatchObject({ policies: [], modes: [], owners: [], kernel: undefined, auditLog: undefined });
    const tls = (service: Parameters<typeof flagsOf>[1]) => flagsOf(demands, service);
    expect(tls('kube-apiserver')).toEqual({ '--tls-min-version': 'VersionTLS13' });
    expect(tls('kube-controller-manager')).toEqual({ '--tls-min-version': 'VersionTLS13' });
    expect(tls('kube-scheduler')).toEqual({ '--tls-min-version': 'VersionTLS13' });
    expect(tls('kubelet')).toEqual({ '--tls-min-version': 'VersionTLS13' });
    // etcd does not start with suites beside TLS 1.3.
    expect(tls('etcd')).toEqual({ '--tls-min-version': 'TLS1.3', '--cipher-suites': null });
    expect(tls('kube-proxy')).toEqual({});
  });

  it('an older TLS is let in where it is asked for, and etcd keeps its suites then', () => {
    const demands = demandsWith(optionsWith({ tlsMinVersion: '1.2' }));
    expect(flagsOf(demands, 'kube-apiserver')).toEqual({ '--tls-min-version': 'VersionTLS12' });
    // They accept it when nobody says anything: no service restarts for it.
    expect(flagsOf(demands, 'kubelet')).toEqual({});
    expect(flagsOf(demands, 'etcd')).toEqual({});
  });

  it('a worker is asked for kubelet alone, a datastore outside of the cluster for nothing', () => {
    const worker = demandsWith(optionsWith(), { role: 'worker' });
    expect(worker.flags.map(({ service, flag }) => `${service} ${flag}`)).toEqual(['kubelet --tls-min-version']);
    const outside = demandsWith(optionsWith({ cis: true, stig: true }), { etcd: false });
    expect(outside.flags.filter(({ service, flag }) => service === 'etcd' || flag.startsWith('--etcd-'))).toEqual([]);
    expect(
      outside.modes.filter(({ paths }) => paths.some((path) => /\betcd\b/.test(path) && !path.includes('pki'))),
    ).toEqual([
      // The file is one of many of this control; there is none of the name.
      expect.objectContaining({ asker: 'stig-mode' }),
    ]);
  });

  it.each([
    ['pod-max-pids', optionsWith({ podMaxPids: 900 }), 'kubelet', { '--pod-max-pids': '900' }],
    ['pod-security', optionsWith({}, { podSecurity: 'restricted' }), 'kube-apiserver', {}],
    [
      'event-rate-limits',
      optionsWith({}, { rateLimits: [{ type: 'User', qps: 1, burst: 2 }] }),
      'kube-apiserver',
      { '--enable-admission-plugins': 'NodeRestriction,EventRateLimit' },
    ],
    [
      'audit-policy',
      optionsWith({}, { auditPolicy: 'kind: Policy' }),
      'kube-apiserver',
      { '--audit-log-path': '/var/log/kubernetes/audit.log', '--audit-log-maxage': '30' },
    ],
  ] as const)('%s alone is enough to get it', (option, options, service, flags) => {
    const demands = demandsWith(options);
    expect(flagsOf(demands, service, { '--enable-admission-plugins': 'NodeRestriction' })).toMatchObject(flags);
    for (const { path, kind } of demands.policies)
      expect(flagsOf(demands, 'kube-apiserver')).toMatchObject({
        [kind === 'audit-policy' ? '--audit-policy-file' : '--admission-control-config-file']: path,
      });
    expect(demands.policies.length).toBe(option === 'pod-max-pids' ? 0 : 1);
  });
});

describe('a mode', () => {
  it('of CIS 1.24 asks for the kernel, the one of 1.12 does not, and they differ in DenyServiceExternalIPs', () => {
    const [old, young] = (['1.24', '1.12'] as const).map((benchmark) =>
      demandsWith(optionsWith({ cis: true, benchmark })),
    );
    expect(old?.kernel?.values).toMatchObject({ 'vm.overcommit_memory': '1', 'kernel.panic': '10' });
    expect(young?.kernel).toBeUndefined();
    const plugins = { '--enable-admission-plugins': 'NodeRestriction,DenyServiceExternalIPs' };
    const listOf = (demands = old) =>
      String(flagsOf(demands as Demands, 'kube-apiserver', plugins)['--enable-admission-plugins']).split(',');
    expect(listOf(old)).not.toContain('DenyServiceExternalIPs');
    expect(listOf(old)).toEqual(expect.arrayContaining(['NodeRestriction', 'EventRateLimit', 'AlwaysPullImages']));
    const added = flagsOf(young as Demands, 'kube-apiserver', { '--enable-admission-plugins': 'NodeRestriction' });
    expect(String(added['--enable-admission-plugins']).split(',')).toContain('DenyServiceExternalIPs');
  });

  it.each([
    [{ cis: true }, SHIPPED.auditCis, 'cis-mode'],
    [{ stig: true }, SHIPPED.auditStig, 'stig-mode'],
    // The STIG allows no exception: its policy is the one of both.
    [{ cis: true, stig: true }, SHIPPED.auditStig, 'stig-mode'],
  ])('of %j audits by the policy that it wants', (modes, content, asker) => {
    const [policy] = demandsWith(optionsWith(modes)).policies.filter(({ kind }) => kind === 'audit-policy');
    expect(policy).toMatchObject({ content, asker });
    expect(policy?.path).toMatch(/^\/var\/snap\/k8s\/common\/etc\/k8s-charm\/audit-policy-[0-9a-f]{12}\.yaml$/);
  });

  it("audits by the operator's policy when there is one, which another text gets another name", () => {
    const policies = ['kind: Policy', 'kind: Policy # other'].map(
      (auditPolicy) => demandsWith(optionsWith({ cis: true }, { auditPolicy })).policies[0],
    );
    expect(policies[0]).toMatchObject({ content: 'kind: Policy', asker: 'audit-policy' });
    expect(policies[0]?.path).not.toBe(policies[1]?.path);
  });

  it('has one admission configuration for all plugins', () => {
    const cis = admissionOf(demandsWith(optionsWith({ cis: true })));
    expect(cis).toMatchObject({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AdmissionConfiguration' });
    expect(cis.plugins.map(({ name }: { name: string }) => name)).toEqual(['EventRateLimit']);
    expect(cis.plugins[0].configuration.limits).toEqual([{ type: 'Server', qps: 5000, burst: 20_000 }]);
    const both = admissionOf(
      demandsWith(optionsWith({ cis: true, stig: true }, { exemptNamespaces: ['ceph', 'true', '1e3'] })),
    );
    expect(both.plugins.map(({ name }: { name: string }) => name)).toEqual(['EventRateLimit', 'PodSecurity']);
    expect(both.plugins[1].configuration).toMatchObject({
      apiVersion: 'pod-security.admission.config.k8s.io/v1',
      defaults: { enforce: 'baseline', 'enforce-version': 'latest', audit: 'baseline', warn: 'baseline' },
      exemptions: {
        namespaces: ['kube-system', 'kube-public', 'kube-node-lease', 'metallb-system', 'ceph', 'true', '1e3'],
      },
    });
    const stricter = admissionOf(demandsWith(optionsWith({ stig: true }, { podSecurity: 'restricted' })));
    expect(stricter.plugins[0].configuration.defaults.enforce).toBe('restricted');
  });

  it('asks for nothing that is waived', () => {
    const waived = ['admission-event-rate-limit', 'admission-always-pull-images', 'V-254800'];
    const demands = demandsWith(optionsWith({ cis: true, stig: true }), { waived });
    expect(admissionOf(demands)).toBeUndefined();
    const list = flagsOf(demands, 'kube-apiserver', { '--enable-admission-plugins': 'NodeRestriction' });
    expect(list['--enable-admission-plugins']).toBe('NodeRestriction,DenyServiceExternalIPs');
    expect(list).not.toHaveProperty('--admission-control-config-file');
  });

  it('takes from a worker only what is of a worker', () => {
    const demands = demandsWith(optionsWith({ cis: true, stig: true }), { role: 'worker' });
    expect(new Set(demands.flags.map(({ service }) => service))).toEqual(new Set(['kubelet', 'kube-proxy']));
    expect(demands.policies).toEqual([]);
    expect(demands.kernel?.askers).toEqual(['stig-mode']);
  });
});

describe('what would break a node', () => {
  const all = BENCHMARKS.flatMap((benchmark) =>
    (['control-plane', 'worker'] as const).flatMap((role) => controlsIn(benchmark, role)),
  );
  const demands = (['1.12', '1.24'] as const).flatMap((benchmark) =>
    (['control-plane', 'worker'] as const).map((role) =>
      demandsWith(optionsWith({ cis: true, stig: true, benchmark }), { role }),
    ),
  );

  it('is not asked for: flags, gates and plugins that Kubernetes no longer has, and no sshd', () => {
    const flags = demands.flatMap((one) => one.flags);
    expect(flags.length).toBeGreaterThan(100);
    const asked = flags.flatMap(({ wish }) => Object.values(wish).map(String)).join(' ');
    expect(asked).not.toMatch(/SecurityContextDeny|PodSecurity=|PodSecurityPolicy/);
    expect(flags.map(({ flag }) => flag)).not.toContain('--insecure-port');
    expect(flags.flatMap(({ controls }) => controls).filter(isNeverRemedied)).toEqual([]);
    for (const id of ['V-242386', 'V-242388', 'V-242393', 'V-242394', 'admission-security-context-deny'])
      expect(isNeverRemedied(id)).toBe(true);
  });

  it('is no directory without the right to enter it', () => {
    const modes = demands.flatMap((one) => one.modes);
    const folders = modes.filter(({ paths }) =>
      paths.some((path) => /\/(?:args|conf\.d|etcd|pki|kubernetes)$/.test(path)),
    );
    for (const { paths, mode } of folders)
      if (paths.every((path) => !path.endsWith('args/etcd'))) expect(mode & 0o700).toBe(0o700);
    expect(folders.length).toBeGreaterThan(0);
  });

  it('is no list that drops what the cluster needs', () => {
    for (const one of demands)
      expect(one.flags.filter(({ flag, wish }) => flag === '--authorization-mode' && 'unset' in wish)).toEqual([]);
    expect(all.length).toBeGreaterThan(200);
  });
});

describe('a refresh of the charm', () => {
  const namesOf = (modes: Partial<HardeningOptions>) =>
    demandsWith(optionsWith(modes)).policies.map(({ path }) => path.split('/').at(-1));

  // A flag names each file by the digest of its text. One comment more is another file, for which every API server restarts that has the mode on.
  it.each([
    [{ cis: true }, 'audit-policy-d9e1af57e951.yaml', 'admission-configuration-3f8f4aad1109.yaml'],
    [{ stig: true }, 'audit-policy-473483d17464.yaml', 'admission-configuration-f4e35e55482b.yaml'],
    [{ cis: true, stig: true }, 'audit-policy-473483d17464.yaml', 'admission-configuration-aaf4c209c926.yaml'],
  ])('restarts no API server with %j for another wording of a policy', (modes, ...names) => {
    expect(namesOf(modes)).toEqual(names);
  });
});
