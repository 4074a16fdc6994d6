/** Facts of a node as somebody broke them, and as a remedy leaves them: made from the catalogues, for tests of every control. */

import type { Check, HardenedService, RemedyStep } from '../../../src/capabilities/hardening/control.ts';
import type { FileFacts, NodeFacts } from '../../../src/capabilities/hardening/node-facts.ts';
import { fitting } from '../../../src/capabilities/hardening/path-pattern.ts';

export type Where = 'file' | 'process';

const BOTH: readonly Where[] = ['file', 'process'];

/** Sets a flag; undefined takes it out. */
export function withFlag(
  facts: NodeFacts,
  service: HardenedService,
  flag: string,
  value: string | undefined,
  where: readonly Where[] = BOTH,
): NodeFacts {
  const changed = Object.fromEntries(
    where.map((source) => {
      const { [flag]: _, ...others } = facts.services[service][source] ?? {};
      return [source, value === undefined ? others : { ...others, [flag]: value }];
    }),
  );
  return { ...facts, services: { ...facts.services, [service]: { ...facts.services[service], ...changed } } };
}

function withFiles(
  facts: NodeFacts,
  paths: readonly string[],
  change: (file: FileFacts) => Partial<FileFacts>,
): NodeFacts {
  const known = Object.keys(facts.files);
  const files = paths
    .flatMap((path) => fitting(path, known))
    .map((path) => [path, { ...(facts.files[path] as FileFacts), ...change(facts.files[path] as FileFacts) }]);
  return { ...facts, files: { ...facts.files, ...Object.fromEntries(files) } };
}

/** Breaks one check that is not made of others. Undefined where facts cannot break it. */
export function broken(check: Check, facts: NodeFacts, where: readonly Where[] = BOTH): NodeFacts | undefined {
  switch (check.type) {
    case 'flag':
      return withFlag(facts, check.service, check.flag, badValue(check), where);
    case 'list-flag': {
      const present =
        check.lacks?.join() ?? (check.only === undefined ? undefined : `${check.only[0]},TLS_RSA_WITH_RC4_128_SHA`);
      return withFlag(facts, check.service, check.flag, present, where);
    }
    case 'content': {
      const path = '/etc/somewhere/policy.yaml';
      const flagged = withFlag(facts, check.service, check.flag, path, where);
      return { ...flagged, policies: { ...facts.policies, [path]: { value: { kind: 'Nothing' } } } };
    }
    case 'file-mode':
      return withFiles(facts, check.paths, () => ({ mode: 0o777 }));
    case 'file-owner':
      return withFiles(facts, check.paths, () => ({ uid: 1000 }));
    case 'distinct-files':
      return { ...facts, digests: { ...facts.digests, [check.path]: 'same', [check.from[0] ?? '']: 'same' } };
    case 'sysctl':
      return { ...facts, sysctls: Object.fromEntries(Object.keys(check.values).map((key) => [key, '77'])) };
    case 'unit': {
      const units = Object.fromEntries(check.units.map((name) => [name, { active: true, enabled: true }]));
      return { ...facts, units: { ...facts.units, ...units } };
    }
    case 'version':
      return { ...facts, version: '1.12.8' };
    default:
      return undefined;
  }
}

function badValue({ test }: Extract<Check, { type: 'flag' }>): string | undefined {
  if ('set' in test) return test.set ? undefined : '/etc/somewhere';
  if ('is' in test) return 'something-else';
  if ('isNot' in test) return test.isNot[0];
  if ('atLeast' in test) return String(test.atLeast - 1);
  if ('above' in test) return String(test.above);
  return 'host' in test ? '0.0.0.0:10249' : '4m59s';
}

/** Whether the step brings about what the check looks at. */
export function mends(step: RemedyStep, check: Check): boolean {
  if (check.type === 'file-mode') return 'mode' in step && step.mode.paths.join() === check.paths.join();
  if (check.type === 'file-owner') return 'owner' in step && step.owner.paths.join() === check.paths.join();
  if (check.type === 'sysctl') return 'sysctl' in step;
  if (check.type === 'content' || check.type === 'flag' || check.type === 'list-flag') {
    return flagsOf(step).some(({ service, flag }) => service === check.service && flag === check.flag);
  }
  return false;
}

function flagsOf(step: RemedyStep): readonly { readonly service: HardenedService; readonly flag: string }[] {
  if ('policy' in step) return [{ service: 'kube-apiserver', flag: POLICY_FLAGS[step.policy] }];
  return Object.values(step).flatMap((one) => (typeof one === 'object' && 'flag' in one ? [one] : []));
}

/** What the options of the charm are by default, as values of flags. */
const OPTIONS: Readonly<Record<string, string>> = {
  'audit-log-path': '/var/log/kubernetes/audit.log',
  'audit-log-maxage': '30',
  'audit-log-maxbackup': '10',
  'audit-log-maxsize': '100',
  'pod-max-pids': '4096',
  'tls-min-version': 'VersionTLS13',
};

const POLICY_FLAGS = {
  'audit-policy': '--audit-policy-file',
  'admission-configuration': '--admission-control-config-file',
  'encryption-configuration': '--encryption-provider-config',
} as const;

/** Policies that fit all rules but one: under both modes the audit policy is either the STIG's or CIS's. */
function policyValue(policy: keyof typeof POLICY_FLAGS, stig: boolean): unknown {
  switch (policy) {
    case 'audit-policy':
      return {
        apiVersion: 'audit.k8s.io/v1',
        kind: 'Policy',
        rules: [{ level: stig ? 'RequestResponse' : 'Metadata' }],
      };
    case 'admission-configuration':
      return {
        kind: 'AdmissionConfiguration',
        plugins: [
          { name: 'EventRateLimit', configuration: { limits: [{ type: 'Server', qps: 50, burst: 100 }] } },
          {
            name: 'PodSecurity',
            configuration: { defaults: { enforce: 'baseline' }, exemptions: { namespaces: ['kube-system'] } },
          },
        ],
      };
    case 'encryption-configuration':
      return {
        kind: 'EncryptionConfiguration',
        resources: [{ resources: ['secrets'], providers: ['aescbc', 'identity'] }],
      };
  }
}

/** The facts once all steps are done and services restarted. */
export function remedied(steps: readonly RemedyStep[], facts: NodeFacts, stig: boolean): NodeFacts {
  return steps.reduce((sum, step) => remediedBy(step, sum, stig), facts);
}

function remediedBy(step: RemedyStep, facts: NodeFacts, stig: boolean): NodeFacts {
  const items = (service: HardenedService, flag: string) =>
    (facts.services[service].file?.[flag] ?? '').split(',').filter((item) => item !== '');
  if ('set' in step) return withFlag(facts, step.set.service, step.set.flag, step.set.value);
  if ('unset' in step) return withFlag(facts, step.unset.service, step.unset.flag, undefined);
  if ('add' in step) {
    const { service, flag, items: added } = step.add;
    return withFlag(facts, service, flag, [...new Set([...items(service, flag), ...added])].join());
  }
  if ('remove' in step) {
    const { service, flag, items: removed } = step.remove;
    const left = items(service, flag).filter((item) => !removed.includes(item));
    return withFlag(facts, service, flag, left.length === 0 ? undefined : left.join());
  }
  if ('option' in step) return withFlag(facts, step.option.service, step.option.flag, OPTIONS[step.option.option]);
  if ('policy' in step) {
    const path = `/var/snap/k8s/common/etc/k8s-charm/${step.policy}.yaml`;
    const flagged = withFlag(facts, 'kube-apiserver', POLICY_FLAGS[step.policy], path);
    return { ...flagged, policies: { ...facts.policies, [path]: { value: policyValue(step.policy, stig) } } };
  }
  if ('mode' in step) {
    const { paths, mode, kind } = step.mode;
    return withFiles(facts, paths, (file) =>
      kind === undefined || file.kind === kind ? { mode: Number.parseInt(mode, 8) } : {},
    );
  }
  if ('owner' in step) return withFiles(facts, step.owner.paths, () => ({ uid: 0, gid: 0 }));
  return { ...facts, sysctls: { ...facts.sysctls, ...step.sysctl } };
}
