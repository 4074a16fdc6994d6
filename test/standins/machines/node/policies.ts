/**
 * What kube-apiserver reads when it starts and ends on when it is not right: its audit policy, the configuration of its admission plugins
 * and their names; and what all services end on: a version of TLS that there is not.
 * (kubernetes/kubernetes: apiserver/pkg/audit/policy, pkg/apis/audit/validation, pkg/admission/config.go, plugin/pkg/admission/
 * eventratelimit and podsecurity, component-base/cli/flag; etcd: server/embed/config.go.)
 */

import { parse } from 'yaml';
import { at } from '../json.ts';
import type { NodeMachine } from './machine.ts';
import { requireKnownNames } from './names.ts';
import type { Arguments } from './services.ts';

/** Of 1.36, besides those that are on anyway. */
const PLUGINS = new Set(
  `AlwaysAdmit AlwaysDeny AlwaysPullImages CertificateApproval CertificateSigning CertificateSubjectRestriction
  ClusterTrustBundleAttest DefaultIngressClass DefaultStorageClass DefaultTolerationSeconds DenyServiceExternalIPs EventRateLimit
  ExtendedResourceToleration ImagePolicyWebhook LimitPodHardAntiAffinityTopology LimitRanger MutatingAdmissionPolicy
  MutatingAdmissionWebhook NamespaceAutoProvision NamespaceExists NamespaceLifecycle NodeRestriction
  OwnerReferencesPermissionEnforcement PersistentVolumeClaimResize PodNodeSelector PodSecurity PodTolerationRestriction
  PodTopologyLabels Priority ResourceQuota RuntimeClass ServiceAccount StorageObjectInUseProtection TaintNodesByCondition
  ValidatingAdmissionPolicy ValidatingAdmissionWebhook`.split(/\s+/),
);

/** Throws the words with which the service ends. */
export async function requirePolicies(machine: NodeMachine, service: string, values: Arguments): Promise<void> {
  requireTls(service, values);
  requireKnownNames(service, values);
  if (service !== 'kube-apiserver') return;
  requirePlugins(values);
  const policy = values['--audit-policy-file'];
  if (policy !== undefined) requireAuditPolicy(await machine.files.need(policy));
  await requireAdmission(machine, values);
  const log = values['--audit-log-path'];
  if (log !== undefined && log !== '-' && !(await machine.files.exists(log))) await machine.files.touch(log);
}

function requireTls(service: string, values: Arguments): void {
  const version = values['--tls-min-version'];
  if (version === undefined) return;
  const known = service === 'etcd' ? ['', 'TLS1.2', 'TLS1.3'] : [0, 1, 2, 3].map((minor) => `VersionTLS1${minor}`);
  if (!known.includes(version))
    throw new Error(`unknown tls version "${version}"; possible values: ${known.join(', ')}`);
  if (service === 'etcd' && version === 'TLS1.3' && values['--cipher-suites'] !== undefined)
    throw new Error('cipher suites cannot be configured when only TLS1.3 is enabled');
}

function requirePlugins(values: Arguments): void {
  const [on, off] = [itemsOf(values['--enable-admission-plugins']), itemsOf(values['--disable-admission-plugins'])];
  const stranger = [...on, ...off].find((name) => !PLUGINS.has(name));
  if (stranger !== undefined) throw new Error(`enable-admission-plugins plugin "${stranger}" is unknown`);
  const both = on.find((name) => off.includes(name));
  if (both !== undefined)
    throw new Error(`[${both}] in enable-admission-plugins and disable-admission-plugins overlapped`);
}

const STAGES = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'];
const LEVELS = ['None', 'Metadata', 'Request', 'RequestResponse'];
/** RFC 1123, as Kubernetes takes names of API groups; empty for the core. */
const GROUP = /^(?:[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*)?$/;

function requireAuditPolicy(text: string): void {
  const policy = parsed(text, 'loading audit policy file');
  if (at(policy, 'apiVersion') !== 'audit.k8s.io/v1' || at(policy, 'kind') !== 'Policy')
    throw new Error(`loading audit policy file: failed decoding: no kind "${at(policy, 'kind')}" is registered`);
  const rules = at(policy, 'rules');
  if (!Array.isArray(rules) || rules.length === 0)
    throw new Error('loading audit policy file: loaded illegal policy with 0 rules');
  for (const [index, rule] of rules.entries()) {
    const wrong = (what: string) => new Error(`loading audit policy file: rules[${index}]${what}`);
    const level = at(rule, 'level');
    if (!LEVELS.includes(String(level))) throw wrong(`.level: Unsupported value: "${String(level ?? '')}"`);
    for (const stage of listOf(rule, 'omitStages'))
      if (!STAGES.includes(String(stage))) throw wrong(`.omitStages: Unsupported value: "${String(stage)}"`);
    if (listOf(rule, 'resources').length > 0 && listOf(rule, 'nonResourceURLs').length > 0)
      throw wrong('.nonResourceURLs: rules cannot apply to both regular resources and non-resource URLs');
    for (const resource of listOf(rule, 'resources')) {
      const group = String(at(resource, 'group') ?? '');
      if (!GROUP.test(group))
        throw wrong(`.resources.group: Invalid value: "${group}": a lowercase RFC 1123 subdomain`);
    }
  }
}

const VERSIONS: Readonly<Record<string, readonly string[]>> = {
  EventRateLimit: ['eventratelimit.admission.k8s.io/v1alpha1'],
  PodSecurity: ['pod-security.admission.config.k8s.io/v1', 'pod-security.admission.config.k8s.io/v1beta1'],
};

async function requireAdmission(machine: NodeMachine, values: Arguments): Promise<void> {
  const path = values['--admission-control-config-file'];
  const file = path === undefined ? undefined : parsed(await machine.files.need(path), 'failed to read plugin config');
  if (file !== undefined && at(file, 'kind') !== 'AdmissionConfiguration')
    throw new Error(`failed to read plugin config: no kind "${String(at(file, 'kind'))}" is registered`);
  const configured = new Map(listOf(file, 'plugins').map((one) => [String(at(one, 'name')), at(one, 'configuration')]));
  for (const [name, configuration] of configured) {
    const versions = VERSIONS[name];
    if (versions !== undefined && !versions.includes(String(at(configuration, 'apiVersion'))))
      throw new Error(`failed to initialize admission plugin "${name}": no kind is registered for version`);
  }
  const limits = listOf(configured.get('EventRateLimit'), 'limits');
  const limiting = itemsOf(values['--enable-admission-plugins']).includes('EventRateLimit');
  const sound =
    limits.length > 0 && limits.every((limit) => Number(at(limit, 'qps')) > 0 && Number(at(limit, 'burst')) > 0);
  if (limiting && !sound)
    throw new Error('failed to initialize admission plugin "EventRateLimit": limits: Invalid value: must not be empty');
  requireExemptions(configured.get('PodSecurity'));
  const enforce = at(configured.get('PodSecurity'), 'defaults', 'enforce');
  if (enforce !== undefined && !['privileged', 'baseline', 'restricted'].includes(String(enforce)))
    throw new Error(
      `failed to initialize admission plugin "PodSecurity": defaults.enforce: Invalid value: "${enforce}"`,
    );
}

/** Of namespaces, users and runtime classes alike. */
function requireExemptions(configuration: unknown): void {
  for (const kind of ['namespaces', 'usernames', 'runtimeClasses']) {
    const names = listOf(at(configuration, 'exemptions'), kind).map(String);
    const twice = names.findIndex((name, index) => names.indexOf(name) < index);
    if (twice !== -1)
      throw new Error(
        `failed to initialize admission plugin "PodSecurity": exemptions.${kind}[${twice}]: Duplicate value: "${names[twice]}"`,
      );
  }
}

function parsed(text: string, what: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new Error(`${what}: error converting YAML to JSON: ${(error as Error).message}`);
  }
}

function listOf(value: unknown, key: string): readonly unknown[] {
  const list = at(value, key);
  return Array.isArray(list) ? list : [];
}

function itemsOf(text: string | undefined): readonly string[] {
  return (text ?? '').split(',').filter((item) => item !== '');
}
