/**
 * PodSecurity admission of Pods: levels by the labels of the namespace and the configuration of the API server, with the checks and words of
 * k8s.io/pod-security-admission, as far as Pods of Linux go.
 */

import { parse } from 'yaml';
import { at, isObject } from '../json.ts';
import type { KubernetesObject } from '../state.ts';

type Level = 'privileged' | 'baseline' | 'restricted';
const LEVELS: readonly Level[] = ['privileged', 'baseline', 'restricted'];
const LABEL = 'pod-security.kubernetes.io/enforce';

export interface PodSecurity {
  readonly enforce: Level;
  readonly version: string;
  readonly namespaces: readonly string[];
  readonly usernames: readonly string[];
  readonly runtimeClasses: readonly string[];
}

/** Without a configuration only labels count. */
export const BY_LABELS: PodSecurity = {
  enforce: 'privileged',
  version: 'latest',
  namespaces: [],
  usernames: [],
  runtimeClasses: [],
};

/** Of an AdmissionConfiguration, which the API server has checked when it started. */
export function podSecurityOf(text: string | undefined): PodSecurity {
  const plugins = text === undefined ? [] : listAt(parse(text), 'plugins');
  const configuration = at(
    plugins.find((plugin) => at(plugin, 'name') === 'PodSecurity'),
    'configuration',
  );
  const exempt = (kind: string) => listAt(at(configuration, 'exemptions'), kind).map(String);
  return {
    enforce: levelOf(at(configuration, 'defaults', 'enforce')) ?? 'privileged',
    version: String(at(configuration, 'defaults', 'enforce-version') ?? 'latest'),
    namespaces: exempt('namespaces'),
    usernames: exempt('usernames'),
    runtimeClasses: exempt('runtimeClasses'),
  };
}

/** @returns what the Pod violates, as the end of a sentence; undefined when it may be made. */
export function violation(
  { enforce, version, namespaces, usernames, runtimeClasses }: PodSecurity,
  namespace: KubernetesObject | undefined,
  pod: KubernetesObject,
  username: string,
): string | undefined {
  if (namespaces.includes(pod.metadata.namespace ?? '') || usernames.includes(username)) return undefined;
  if (runtimeClasses.includes(String(at(pod, 'spec', 'runtimeClassName') ?? ''))) return undefined;
  const label = namespace?.metadata.labels?.[LABEL];
  // A label that is no level is taken for the strictest one.
  const level = label === undefined ? enforce : (levelOf(label) ?? 'restricted');
  const since = namespace?.metadata.labels?.[`${LABEL}-version`] ?? (label === undefined ? version : 'latest');
  const found = [...(level === 'privileged' ? [] : baseline(pod)), ...(level === 'restricted' ? restricted(pod) : [])];
  return found.length === 0 ? undefined : `violates PodSecurity "${level}:${since}": ${found.join(', ')}`;
}

function levelOf(value: unknown): Level | undefined {
  return LEVELS.find((level) => level === value);
}

interface Container {
  readonly name: string;
  readonly security: Record<string, unknown>;
  readonly hostPorts: readonly number[];
}

function containersOf(pod: KubernetesObject): readonly Container[] {
  const spec = at(pod, 'spec');
  return ['initContainers', 'containers', 'ephemeralContainers'].flatMap((kind) =>
    listAt(spec, kind).map((container) => ({
      name: String(at(container, 'name')),
      security: isObject(at(container, 'securityContext'))
        ? (at(container, 'securityContext') as Record<string, unknown>)
        : {},
      hostPorts: listAt(container, 'ports').flatMap((port) => Number(at(port, 'hostPort') ?? 0) || []),
    })),
  );
}

/** Of `CapabilitiesBaseline`. */
const CAPABILITIES = new Set(
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(
    ' ',
  ),
);

function baseline(pod: KubernetesObject): readonly string[] {
  const containers = containersOf(pod);
  const spec = at(pod, 'spec');
  const host = ['hostNetwork', 'hostPID', 'hostIPC'].filter((name) => at(spec, name) === true);
  const adding = containers.filter(({ security }) =>
    listAt(security['capabilities'], 'add').some((name) => !CAPABILITIES.has(String(name))),
  );
  const added = adding.flatMap(({ security }) =>
    listAt(security['capabilities'], 'add').filter((name) => !CAPABILITIES.has(String(name))),
  );
  const volumes = listAt(spec, 'volumes').filter((volume) => isObject(volume) && 'hostPath' in volume);
  const ports = containers.filter(({ hostPorts }) => hostPorts.length > 0);
  const privileged = containers.filter(({ security }) => security['privileged'] === true);
  return [
    ...when(
      added.length > 0,
      `non-default capabilities (${named(adding)} must not include ${list(added)} in securityContext.capabilities.add)`,
    ),
    ...when(host.length > 0, `host namespaces (${host.map((name) => `${name}=true`).join(', ')})`),
    ...when(
      volumes.length > 0,
      `hostPath volumes (${plural(
        'volume',
        volumes.map((volume) => String(at(volume, 'name'))),
      )})`,
    ),
    ...when(
      ports.length > 0,
      `hostPort (${named(ports)} ${ports.length > 1 ? 'use hostPorts' : 'uses hostPort'} ${ports.flatMap(({ hostPorts }) => hostPorts).join(', ')})`,
    ),
    ...when(privileged.length > 0, `privileged (${named(privileged)} must not set securityContext.privileged=true)`),
  ];
}

const VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

function restricted(pod: KubernetesObject): readonly string[] {
  const containers = containersOf(pod);
  const whole = at(pod, 'spec', 'securityContext');
  const volumes = listAt(at(pod, 'spec'), 'volumes').filter(
    (volume) => isObject(volume) && !VOLUMES.some((kind) => kind in volume) && !('hostPath' in volume),
  );
  const escalating = containers.filter(({ security }) => security['allowPrivilegeEscalation'] !== false);
  const capable = containers.filter(({ security }) => !listAt(security['capabilities'], 'drop').includes('ALL'));
  const root = containers.filter(({ security }) => (security['runAsNonRoot'] ?? at(whole, 'runAsNonRoot')) !== true);
  const seccomp = containers.filter(({ security }) => {
    const type = at(security, 'seccompProfile', 'type') ?? at(whole, 'seccompProfile', 'type');
    return type !== 'RuntimeDefault' && type !== 'Localhost';
  });
  return [
    ...when(
      escalating.length > 0,
      `allowPrivilegeEscalation != false (${named(escalating)} must set securityContext.allowPrivilegeEscalation=false)`,
    ),
    ...when(
      capable.length > 0,
      `unrestricted capabilities (${named(capable)} must set securityContext.capabilities.drop=["ALL"])`,
    ),
    ...when(
      volumes.length > 0,
      `restricted volume types (${plural(
        'volume',
        volumes.map((volume) => String(at(volume, 'name'))),
      )})`,
    ),
    ...when(root.length > 0, `runAsNonRoot != true (pod or ${named(root)} must set securityContext.runAsNonRoot=true)`),
    ...when(
      seccomp.length > 0,
      `seccompProfile (pod or ${named(seccomp)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")`,
    ),
  ];
}

function when(holds: boolean, text: string): readonly string[] {
  return holds ? [text] : [];
}

function named(containers: readonly Container[]): string {
  return plural(
    'container',
    containers.map(({ name }) => name),
  );
}

function plural(word: string, names: readonly string[]): string {
  return `${word}${names.length > 1 ? 's' : ''} ${list(names)}`;
}

function list(names: readonly unknown[]): string {
  return names.map((name) => JSON.stringify(name)).join(', ');
}

function listAt(value: unknown, key: string): readonly unknown[] {
  const found = at(value, key);
  return Array.isArray(found) ? found : [];
}
