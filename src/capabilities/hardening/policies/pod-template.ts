/**
 * What is to be known of a pod's template: as whom it runs, and in what it goes beyond what benchmarks want of pods. Pods of one
 * template have the same, and share it in memory.
 */
import type { Container, PodSecurityContext, PodSpec } from './objects.ts';

/**
 * Each from the Pod Security Standards (https://kubernetes.io/docs/concepts/security/pod-security-standards/), unless it says where
 * else it comes from.
 */
export const TRAITS = [
  'privileged',
  'host-pid',
  'host-ipc',
  'host-network',
  'privilege-escalation',
  'root',
  /** CIS 5.2.8: container runtimes give NET_RAW to who does not drop it. */
  'net-raw',
  'added-capabilities',
  'kept-capabilities',
  'windows-host-process',
  'host-path',
  'host-port',
  /** DISA V-242414: a port that belongs to the machine's own services. */
  'low-host-port',
  'no-seccomp-profile',
  /** CIS 5.7.3: one of the four settings of a careful security context is missing. */
  'weak-security-context',
  /** CIS 5.4.1, DISA V-242415. */
  'secret-in-environment',
  /** DISA V-274883: something that looks like a secret, in plain text. Found by its name, or by the shape of its value. */
  'plain-secret-in-environment',
] as const;

export type Trait = (typeof TRAITS)[number];

export interface Breach {
  readonly trait: Trait;
  /** Which container, and what it says. Never a value of the environment. */
  readonly found: string;
}

export interface TemplateFacts {
  readonly serviceAccount: string;
  /** As the template says it; undefined: as the service account says it. */
  readonly automount: boolean | undefined;
  readonly breaches: readonly Breach[];
  readonly images: readonly string[];
}

export function templateFacts(spec: PodSpec): TemplateFacts {
  const containers = containersOf(spec);
  return {
    serviceAccount: spec.serviceAccountName || 'default',
    automount: spec.automountServiceAccountToken,
    breaches: [...podBreaches(spec), ...containers.flatMap((container) => containerBreaches(spec, container))],
    images: [...new Set(containers.flatMap(({ image }) => (image === undefined ? [] : [image])))],
  };
}

/** What looks like a secret by its name: in environments and in ConfigMaps. Names of files and of Secrets are none. */
export function namesSecret(name: string): boolean {
  return (
    /passw(or)?d|token|secret|credential|api[-_.]?key|private[-_.]?key/i.test(name) && !POINTS_ELSEWHERE.test(name)
  );
}

const POINTS_ELSEWHERE = /[-_.](file|path|name|dir|url|ttl|ref)$/i;

/** What is a secret by its shape: a private key, an access key of AWS. */
export function holdsSecret(value: string): boolean {
  return /-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b/.test(value);
}

function containersOf(spec: PodSpec): readonly Container[] {
  return [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...(spec.ephemeralContainers ?? [])];
}

function podBreaches(spec: PodSpec): readonly Breach[] {
  const breaches: Breach[] = [];
  if (spec.hostPID) breaches.push({ trait: 'host-pid', found: 'hostPID is true' });
  if (spec.hostIPC) breaches.push({ trait: 'host-ipc', found: 'hostIPC is true' });
  if (spec.hostNetwork) breaches.push({ trait: 'host-network', found: 'hostNetwork is true' });
  for (const { name, hostPath } of spec.volumes ?? [])
    if (hostPath) breaches.push({ trait: 'host-path', found: `volume ${name}: hostPath ${hostPath.path ?? ''}` });
  return breaches;
}

function containerBreaches(spec: PodSpec, container: Container): readonly Breach[] {
  const found: (readonly [Trait, string | undefined])[] = [
    ['privileged', container.securityContext?.privileged ? 'privileged is true' : undefined],
    ['windows-host-process', hostProcess(spec, container) ? 'windowsOptions.hostProcess is true' : undefined],
    ['root', root(spec, container)],
    ...capabilityTraits(spec, container),
    ...portTraits(spec, container),
    ...environmentTraits(container),
    ['weak-security-context', weakness(spec, container)],
  ];
  if (!isWindows(spec)) {
    const escalates = container.securityContext?.allowPrivilegeEscalation !== false;
    found.push(['privilege-escalation', escalates ? 'allowPrivilegeEscalation is not false' : undefined]);
    found.push(['no-seccomp-profile', unconfined(spec, container)]);
  }
  return found.flatMap(([trait, what]) =>
    what === undefined ? [] : [{ trait, found: `container ${container.name}: ${what}` }],
  );
}

/** Pods of Windows cannot have what only Linux knows; the Pod Security Standards ask it of no pod that says it is one. */
function isWindows(spec: PodSpec): boolean {
  return spec.os?.name === 'windows';
}

/** What a container says wins over what its pod says. */
function effective<K extends keyof PodSecurityContext>(
  spec: PodSpec,
  container: Container,
  field: K,
): PodSecurityContext[K] | undefined {
  return container.securityContext?.[field] ?? spec.securityContext?.[field];
}

function hostProcess(spec: PodSpec, { securityContext }: Container): boolean {
  return securityContext?.windowsOptions?.hostProcess ?? spec.securityContext?.windowsOptions?.hostProcess ?? false;
}

function root(spec: PodSpec, container: Container): string | undefined {
  if (effective(spec, container, 'runAsUser') === 0) return 'runAsUser is 0';
  return effective(spec, container, 'runAsNonRoot') === true ? undefined : 'runAsNonRoot is not true';
}

function unconfined(spec: PodSpec, container: Container): string | undefined {
  const type = effective(spec, container, 'seccompProfile')?.type;
  if (type === 'RuntimeDefault' || type === 'Localhost') return undefined;
  return type === undefined ? 'no seccompProfile' : `seccompProfile is ${type}`;
}

function capabilityTraits(spec: PodSpec, { securityContext }: Container): readonly (readonly [Trait, string])[] {
  if (isWindows(spec)) return [];
  const added = capabilities(securityContext?.capabilities?.add);
  const dropped = capabilities(securityContext?.capabilities?.drop);
  const traits: (readonly [Trait, string])[] = [];
  if (added.length > 0) traits.push(['added-capabilities', `capabilities.add has ${added.join(', ')}`]);
  if (!dropped.includes('ALL')) traits.push(['kept-capabilities', 'capabilities.drop lacks ALL']);
  if (added.includes('NET_RAW') || added.includes('ALL'))
    traits.push(['net-raw', `capabilities.add has ${added.includes('NET_RAW') ? 'NET_RAW' : 'ALL'}`]);
  else if (!dropped.includes('ALL') && !dropped.includes('NET_RAW'))
    traits.push(['net-raw', 'capabilities.drop has neither ALL nor NET_RAW']);
  return traits;
}

function capabilities(names: readonly string[] | undefined): readonly string[] {
  return (names ?? []).map((name) => name.toUpperCase().replace(/^CAP_/, ''));
}

function portTraits(spec: PodSpec, { ports }: Container): readonly (readonly [Trait, string])[] {
  return (ports ?? []).flatMap(({ hostPort, containerPort }) => {
    // On the host's network every port is one of the host, also where the pod does not say so.
    const onHost = hostPort || (spec.hostNetwork ? containerPort : undefined);
    const traits: (readonly [Trait, string])[] = [];
    if (hostPort) traits.push(['host-port', `hostPort ${hostPort}`]);
    if (onHost && onHost < 1024) traits.push(['low-host-port', `host port ${onHost}`]);
    return traits;
  });
}

function environmentTraits({ env, envFrom }: Container): readonly (readonly [Trait, string])[] {
  return [
    ...(env ?? []).flatMap(({ name, value, valueFrom }): readonly (readonly [Trait, string])[] => {
      if (valueFrom?.secretKeyRef)
        return [['secret-in-environment', `${name} from Secret ${valueFrom.secretKeyRef.name ?? ''}`]];
      const plain = value !== undefined && value !== '' && (namesSecret(name) || holdsSecret(value));
      return plain ? [['plain-secret-in-environment', `${name} in plain text`]] : [];
    }),
    ...(envFrom ?? []).flatMap(({ secretRef }): readonly (readonly [Trait, string])[] =>
      secretRef ? [['secret-in-environment', `all of Secret ${secretRef.name ?? ''}`]] : [],
    ),
  ];
}

function weakness(spec: PodSpec, container: Container): string | undefined {
  const context = container.securityContext;
  const missing = [
    effective(spec, container, 'runAsNonRoot') === true ? '' : 'runAsNonRoot: true',
    isWindows(spec) || context?.allowPrivilegeEscalation === false ? '' : 'allowPrivilegeEscalation: false',
    context?.readOnlyRootFilesystem === true ? '' : 'readOnlyRootFilesystem: true',
    isWindows(spec) || capabilities(context?.capabilities?.drop).includes('ALL') ? '' : 'capabilities.drop: ALL',
  ].filter((setting) => setting !== '');
  return missing.length === 0 ? undefined : `lacks ${missing.join(', ')}`;
}
