/** The one file with the configuration of admission plugins that kube-apiserver takes. */

import type { PodSecurityLevel } from '../declared-options.ts';
import { CLUSTER_NAMESPACES } from '../observe-node.ts';
import type { RateLimit } from '../options.ts';

export interface AdmissionParts {
  readonly rateLimits: readonly RateLimit[] | undefined;
  readonly podSecurity: { readonly level: PodSecurityLevel; readonly exempt: readonly string[] } | undefined;
}

/** As YAML. What comes in was checked: nothing in it needs quotes. */
export function admissionConfiguration({ rateLimits, podSecurity }: AdmissionParts): string {
  return [
    'apiVersion: apiserver.config.k8s.io/v1',
    'kind: AdmissionConfiguration',
    'plugins:',
    ...(rateLimits === undefined ? [] : limiting(rateLimits)),
    ...(podSecurity === undefined ? [] : securing(podSecurity)),
    '',
  ].join('\n');
}

function limiting(limits: readonly RateLimit[]): readonly string[] {
  return [
    '- name: EventRateLimit',
    '  configuration:',
    '    apiVersion: eventratelimit.admission.k8s.io/v1alpha1',
    '    kind: Configuration',
    '    limits:',
    ...limits.flatMap(({ type, qps, burst, cacheSize }) => [
      `    - type: ${type}`,
      `      qps: ${qps}`,
      `      burst: ${burst}`,
      ...(cacheSize === undefined ? [] : [`      cacheSize: ${cacheSize}`]),
    ]),
  ];
}

function securing({ level, exempt }: NonNullable<AdmissionParts['podSecurity']>): readonly string[] {
  return [
    '- name: PodSecurity',
    '  configuration:',
    '    apiVersion: pod-security.admission.config.k8s.io/v1',
    '    kind: PodSecurityConfiguration',
    '    defaults:',
    ...['enforce', 'audit', 'warn'].flatMap((mode) => [`      ${mode}: ${level}`, `      ${mode}-version: latest`]),
    '    exemptions:',
    '      namespaces:',
    ...[...new Set([...CLUSTER_NAMESPACES, ...exempt])].map((namespace) => `      - ${quoted(namespace)}`),
  ];
}

/** A namespace may be called `1e3` or `true`. */
function quoted(name: string): string {
  return /^[a-z][a-z0-9-]*-[a-z0-9-]+$/.test(name) ? name : JSON.stringify(name);
}
