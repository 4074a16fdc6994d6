/** What a survey says in prose and the catalogues say as data: rules, remedies that are more than a flag, paths that are several. */
import type { ApiCheck, Check, ContentCheck, HardenedService, RemedyStep } from '../../src/hardening/control.ts';

const suites = [
  'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
  'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
];

/** One order for all benchmarks, so that two modes ask for one value. */
export const strongCiphers = {
  suites,
  staticRsa: ['TLS_RSA_WITH_AES_128_GCM_SHA256', 'TLS_RSA_WITH_AES_256_GCM_SHA384'],
} as const;

const args = '/var/snap/k8s/common/args';
const argumentFiles = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kube-proxy',
  'kubelet',
  'containerd',
  'etcd',
  'k8sd',
].map((name) => `${args}/${name}`);
const configuredFiles = [...argumentFiles, `${args}/conf.d/auth-token-webhook.conf`];
const argumentFolders = [args, `${args}/conf.d`];
const etcdData = ['/var/snap/k8s/common/var/lib/etcd/**'];

/** Checks and remedies of files with limits that differ between files and folders. */
export const severalPaths: Readonly<Record<string, { readonly check: Check; readonly remedy: readonly RemedyStep[] }>> =
  {
    'V-242408': {
      check: {
        type: 'all',
        of: [
          { type: 'file-mode', paths: argumentFolders, atMost: '700' },
          { type: 'file-mode', paths: configuredFiles, atMost: '644' },
        ],
      },
      remedy: [{ mode: { paths: argumentFolders, mode: '700' } }, { mode: { paths: configuredFiles, mode: '600' } }],
    },
    'V-242459': {
      check: {
        type: 'all',
        of: [
          { type: 'file-mode', paths: etcdData, atMost: '700', kind: 'directory' },
          { type: 'file-mode', paths: etcdData, atMost: '644', kind: 'file' },
        ],
      },
      remedy: [
        { mode: { paths: etcdData, mode: '700', kind: 'directory' } },
        { mode: { paths: etcdData, mode: '600', kind: 'file' } },
      ],
    },
  };

const kernel: RemedyStep = {
  sysctl: {
    'vm.overcommit_memory': '1',
    'vm.panic_on_oom': '0',
    'kernel.panic': '10',
    'kernel.panic_on_oops': '1',
    'kernel.keys.root_maxkeys': '1000000',
    'kernel.keys.root_maxbytes': '25000000',
  },
};
const protectKernelDefaults: RemedyStep = {
  set: { service: 'kubelet', flag: '--protect-kernel-defaults', value: 'true' },
};
const api = 'kube-apiserver';

function etcdOfApiServer(flag: string, value: string): RemedyStep {
  return { set: { service: api, flag, value }, needs: 'etcd' };
}

function fromOption(option: string, service: HardenedService = api): RemedyStep {
  return { option: { service, flag: `--${option}`, option } };
}

function ciphers(service: HardenedService): RemedyStep {
  return { set: { service, flag: '--tls-cipher-suites', value: suites.join(',') } };
}

const etcdCertificate = etcdOfApiServer('--etcd-certfile', '/etc/kubernetes/pki/apiserver-etcd-client.crt');
const etcdKey = etcdOfApiServer('--etcd-keyfile', '/etc/kubernetes/pki/apiserver-etcd-client.key');
const etcdAuthority = etcdOfApiServer('--etcd-cafile', '/etc/kubernetes/pki/etcd/ca.crt');
const auditLog = [fromOption('audit-log-path')];
const auditPolicy: readonly RemedyStep[] = [{ policy: 'audit-policy' }];
const encryption: readonly RemedyStep[] = [{ policy: 'encryption-configuration' }];

function etcdPair(prefix: '' | 'peer-', files: string): readonly RemedyStep[] {
  const pki = '/etc/kubernetes/pki/etcd';
  const values = {
    [`--${prefix}auto-tls`]: 'false',
    [`--${prefix}key-file`]: `${pki}/${files}.key`,
    [`--${prefix}cert-file`]: `${pki}/${files}.crt`,
    [`--${prefix}trusted-ca-file`]: `${pki}/ca.crt`,
  };
  return Object.entries(values).map(([flag, value]) => ({ set: { service: 'etcd', flag, value } }));
}

export const otherRemedies: Readonly<Record<string, readonly RemedyStep[]>> = {
  // Not left without a mode: an API server that is given none allows everything.
  'CIS-1.2.6': [
    { remove: { service: api, flag: '--authorization-mode', items: ['AlwaysAllow'] } },
    { add: { service: api, flag: '--authorization-mode', items: ['Node', 'RBAC'] } },
  ],
  'CIS-1.2.7': [{ add: { service: api, flag: '--authorization-mode', items: ['Node'] } }],
  'CIS-1.2.8': [{ add: { service: api, flag: '--authorization-mode', items: ['RBAC'] } }],
  'CIS-1.2.9': [
    { add: { service: api, flag: '--enable-admission-plugins', items: ['EventRateLimit'] } },
    { policy: 'admission-configuration' },
  ],
  'CIS-1.2.18': auditLog,
  'CIS-1.2.19': [fromOption('audit-log-maxage')],
  'CIS-1.2.20': [fromOption('audit-log-maxbackup')],
  'CIS-1.2.21': [fromOption('audit-log-maxsize')],
  'CIS-1.2.25': [etcdCertificate, etcdKey],
  'CIS-1.2.28': [etcdAuthority],
  'CIS-1.2.29': encryption,
  'CIS-1.2.30': encryption,
  'CIS-1.2.31': [ciphers(api)],
  'CIS-3.2.1': auditPolicy,
  'CIS-3.2.2': auditPolicy,
  'CIS-4.2.6': [kernel, protectKernelDefaults],
  'CIS-4.2.8': [],
  'CIS-4.2.13': [ciphers('kubelet')],
  'CIS-4.2.13-v1.12': [fromOption('pod-max-pids', 'kubelet')],
  'CIS-4.2.15-v1.11': [],
  'V-242376': [fromOption('tls-min-version', 'kube-controller-manager')],
  'V-242377': [fromOption('tls-min-version', 'kube-scheduler')],
  'V-242378': [fromOption('tls-min-version')],
  'V-242379': etcdPair('', 'server'),
  'V-242380': etcdPair('peer-', 'peer'),
  'V-242388': [],
  'V-242393': [],
  'V-242394': [],
  'V-242400': [
    { remove: { service: api, flag: '--feature-gates', items: ['AllAlpha=true'] } },
    { add: { service: api, flag: '--feature-gates', items: ['AllAlpha=false'] } },
  ],
  'V-242402': auditLog,
  'V-242403': auditPolicy,
  'V-242404': [],
  'V-242418': [ciphers(api)],
  'V-242429': [etcdAuthority],
  'V-242430': [etcdCertificate],
  'V-242431': [etcdKey],
  'V-242434': [kernel, protectKernelDefaults],
  'V-242461': auditPolicy,
  'V-242462': [fromOption('audit-log-maxsize')],
  'V-242463': [fromOption('audit-log-maxbackup')],
  'V-242464': [fromOption('audit-log-maxage')],
  'V-242465': auditLog,
  'V-254800': [{ policy: 'admission-configuration' }],
  'V-274882': encryption,
};

export const contentCheck: Readonly<Record<string, Omit<ContentCheck, 'service' | 'flag'>>> = {
  'CIS-1.2.30': { type: 'content', rule: 'encrypts-secrets-with-approved-provider' },
  'CIS-3.2.2': { type: 'content', rule: 'audits-sensitive-requests', otherwise: 'manual' },
  'V-242403': { type: 'content', rule: 'audits-all-request-responses' },
  'V-242461': { type: 'content', rule: 'has-audit-rules' },
  'V-254800': { type: 'content', rule: 'enforces-pod-security' },
  'V-274882': { type: 'content', rule: 'encrypts-secrets' },
};

type Rule = Omit<ApiCheck, 'type'>;

const subjects: Rule = { rule: 'subjects-who-may' };

function pods(violation: string, level: 'baseline' | 'restricted'): Rule {
  return { rule: 'pods-not-admitted', parameters: { violation: [violation], level: [level] } };
}

/** Parameters of `subjects-who-may` come from the survey. */
export const apiCheck: Readonly<Record<string, Rule>> = {
  'CIS-3.1.3': { rule: 'bootstrap-tokens' },
  'CIS-5.1.1': { rule: 'cluster-admin-bindings' },
  'CIS-5.1.2': subjects,
  'CIS-5.1.3': { rule: 'role-wildcards' },
  'CIS-5.1.4': subjects,
  'CIS-5.1.5': { rule: 'default-service-accounts' },
  'CIS-5.1.6': { rule: 'service-account-tokens-in-pods' },
  'CIS-5.1.7': { rule: 'masters-group' },
  'CIS-5.1.8': subjects,
  'CIS-5.1.9': subjects,
  'CIS-5.1.10': subjects,
  'CIS-5.1.11': subjects,
  'CIS-5.1.12': subjects,
  'CIS-5.1.13': subjects,
  'CIS-5.2.1': { rule: 'pod-policy-in-each-namespace' },
  'CIS-5.2.2': pods('privileged', 'baseline'),
  'CIS-5.2.3': pods('host-pid', 'baseline'),
  'CIS-5.2.4': pods('host-ipc', 'baseline'),
  'CIS-5.2.5': pods('host-network', 'baseline'),
  'CIS-5.2.6': pods('privilege-escalation', 'restricted'),
  'CIS-5.2.7': pods('root', 'restricted'),
  'CIS-5.2.8': pods('net-raw', 'restricted'),
  'CIS-5.2.9': pods('added-capabilities', 'restricted'),
  'CIS-5.2.10': pods('kept-capabilities', 'restricted'),
  'CIS-5.2.11': pods('windows-host-process', 'baseline'),
  'CIS-5.2.12': pods('host-path', 'baseline'),
  'CIS-5.2.13': pods('host-port', 'baseline'),
  'CIS-5.3.1': { rule: 'network-policies-enforced' },
  'CIS-5.3.2': { rule: 'network-policy-in-each-namespace' },
  'CIS-5.4.1': { rule: 'secrets-in-environment' },
  'CIS-5.4.2': { rule: 'external-secret-store' },
  'CIS-5.5.1': { rule: 'image-provenance' },
  'CIS-5.7.1': { rule: 'namespaces-for-workloads' },
  'CIS-5.7.2': { rule: 'seccomp-profiles' },
  'CIS-5.7.3': { rule: 'security-contexts' },
  'CIS-5.7.4': { rule: 'namespaces-without-workloads', parameters: { namespaces: ['default'] } },
  'V-242383': {
    rule: 'namespaces-without-workloads',
    parameters: { namespaces: ['default', 'kube-public', 'kube-node-lease'] },
  },
  'V-242395': { rule: 'no-dashboard' },
  'V-242414': { rule: 'low-host-ports' },
  'V-242415': { rule: 'secrets-in-environment' },
  'V-242417': {
    rule: 'system-namespaces',
    parameters: { namespaces: ['kube-system', 'kube-public', 'kube-node-lease'] },
  },
  'V-242442': { rule: 'one-version-per-image' },
  'V-242443': { rule: 'supported-version' },
  'V-274883': { rule: 'sensitive-data-in-the-clear' },
  'V-274884': {
    rule: 'subjects-who-may',
    parameters: { verbs: ['get', 'list', 'watch', '*'], apiGroups: ['', '*'], resources: ['secrets', '*'] },
  },
};

/** Control correlation identifiers that the survey lacks, as MITRE's profile of the STIG has them. */
export const identifiers: Readonly<Record<string, readonly string[]>> = {
  'V-242403': [
    'CCI-000018',
    'CCI-000130',
    'CCI-000131',
    'CCI-000132',
    'CCI-000133',
    'CCI-000134',
    'CCI-000135',
    'CCI-000172',
    'CCI-001403',
    'CCI-001404',
    'CCI-001487',
    'CCI-001814',
    'CCI-002234',
  ],
};
