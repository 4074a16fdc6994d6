/** What has to be read of a node for some controls: each thing once, however many controls look at it. */

import { type Check, type Control, HARDENED_SERVICES, type HardenedService } from './control.ts';
import { POLICY_FLAGS } from './own-configuration.ts';

/** Services whose flags rules of the Kubernetes API look at. */
const OF_API_RULES = ['kube-apiserver', 'kubelet'] as const;

export interface Reading {
  readonly services: readonly HardenedService[];
  /** Paths and patterns of paths. */
  readonly paths: readonly string[];
  /** Flags that have to be set to something. */
  readonly flags: readonly { readonly service: HardenedService; readonly flag: string }[];
  /** Flags that name policy files. */
  readonly policies: readonly { readonly service: HardenedService; readonly flag: string }[];
  readonly digests: readonly string[];
  readonly sysctls: readonly string[];
  readonly units: readonly string[];
}

export function readingFor(controls: readonly Control[]): Reading {
  const checks = controls.flatMap(({ check }) => leavesOf(check));
  const of = <T extends Check['type']>(type: T): readonly Extract<Check, { type: T }>[] =>
    checks.filter((check): check is Extract<Check, { type: T }> => check.type === type);
  const named = new Set<HardenedService>([
    ...controls.flatMap(({ needs }) => needs ?? []),
    ...[...of('flag'), ...of('list-flag'), ...of('content')].map(({ service }) => service),
    ...(of('api').length > 0 ? OF_API_RULES : []),
  ]);
  const policies = [
    ...of('content'),
    // What the API server enforces in namespaces without labels, and whose keys it uses, its API does not tell.
    ...(of('api').length > 0 ? Object.values(POLICY_FLAGS).map((flag) => ({ service: OF_API_RULES[0], flag })) : []),
  ];
  return {
    services: HARDENED_SERVICES.filter((service) => named.has(service)),
    flags: [...new Map(of('flag').map(({ service, flag }) => [`${service} ${flag}`, { service, flag }])).values()],
    paths: distinct([...of('file-mode'), ...of('file-owner')].flatMap(({ paths }) => paths)),
    policies: [...new Map(policies.map(({ service, flag }) => [`${service} ${flag}`, { service, flag }])).values()],
    digests: distinct(of('distinct-files').flatMap(({ path, from }) => [path, ...from])),
    sysctls: distinct(of('sysctl').flatMap(({ values }) => Object.keys(values))),
    units: distinct(of('unit').flatMap(({ units }) => units)),
  };
}

/** A check that is not made of others, and all those that one is made of. */
export function leavesOf(check: Check): readonly Check[] {
  return check.type === 'all' || check.type === 'any' ? check.of.flatMap(leavesOf) : [check];
}

function distinct(values: readonly string[]): readonly string[] {
  return [...new Set(values)];
}
