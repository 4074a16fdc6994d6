/** Feature options against what k8sd has: what has to be sent so that the cluster is as configured. */

import type { ClusterConfig } from '../../clients/k8sd/k8sd.ts';
import { type KeyValues, REMOVED } from './key-values.ts';

/** Minor version of the first snap in which kube-proxy can be left out. */
export const FIRST_WITH_KUBE_PROXY = 36;

type Section = Record<string, unknown>;

/**
 * The wanted configuration in the words of this snap release: `kube-proxy-enabled` exists from 1.36, where it has to be sent
 * together with `network`, because k8sd refuses a network beside a kube-proxy that a cluster has from before.
 */
export function featuresFor(minor: number, wanted: ClusterConfig): ClusterConfig {
  const { 'kube-proxy-enabled': chosen, ...network } = wanted.network ?? {};
  if (minor < FIRST_WITH_KUBE_PROXY) return { ...wanted, network };
  return { ...wanted, network: { ...network, 'kube-proxy-enabled': chosen ?? !network.enabled } };
}

export interface FixedOption {
  readonly option: string;
  readonly feature: string;
  readonly field: string;
  readonly present: unknown;
}

/** What k8sd keeps as it is while the feature stays on; it refuses the whole request otherwise (types/cluster_config_merge.go). */
const FIXED = [
  { option: 'dns-service-ip', feature: 'dns', field: 'service-ip' },
  { option: 'local-storage-local-path', feature: 'local-storage', field: 'local-path' },
  { option: 'local-storage-reclaim-policy', feature: 'local-storage', field: 'reclaim-policy' },
] as const;

/** Options that are wanted otherwise than k8sd will let them be. */
export function fixedOptions(wanted: ClusterConfig, present: ClusterConfig): readonly FixedOption[] {
  return FIXED.flatMap(({ option, feature, field }) => {
    const [mine, theirs] = [sectionOf(wanted, feature), sectionOf(present, feature)];
    const stays = mine['enabled'] === true && theirs['enabled'] === true && Boolean(theirs[field]);
    const same = mine[field] === undefined || mine[field] === theirs[field];
    return stays && !same ? [{ option, feature, field, present: theirs[field] }] : [];
  });
}

/** The wanted configuration with those left as they are, so that the rest of it can be had. */
export function leaveFixed(wanted: ClusterConfig, fixed: readonly FixedOption[]): ClusterConfig {
  const config: Record<string, Section> = { ...(wanted as Readonly<Record<string, Section>>) };
  for (const { feature, field, present } of fixed) config[feature] = { ...config[feature], [field]: present };
  return config;
}

/** The sections of the wanted configuration that differ from the present one, whole; undefined when none does. */
export function featureChanges(wanted: ClusterConfig, present: ClusterConfig): ClusterConfig | undefined {
  const changed = Object.entries(wanted).filter(
    ([name, section]) => name !== 'annotations' && !covers(sectionOf(present, name), section as Section),
  );
  return changed.length === 0 ? undefined : Object.fromEntries(changed);
}

/**
 * Annotations to send: new and changed ones, and `-` (delete) for ours that are no longer wanted. Annotations that nobody set
 * through the option are left alone.
 */
export function annotationChanges(
  wanted: KeyValues,
  present: KeyValues,
  ours: readonly string[],
): Record<string, string> {
  const set = Object.entries(wanted).filter(([key, value]) => (present[key] ?? REMOVED) !== value);
  const gone = ours
    .filter((key) => !Object.hasOwn(wanted, key) && Object.hasOwn(present, key))
    .map((key) => [key, REMOVED] as const);
  return Object.fromEntries([...set, ...gone]);
}

function sectionOf(config: ClusterConfig, name: string): Section {
  return (config as Readonly<Record<string, Section | undefined>>)[name] ?? {};
}

function covers(present: Section, wanted: Section): boolean {
  return Object.entries(wanted).every(([key, value]) => same(present[key] ?? absent(key, value), value));
}

/**
 * What it means that a field is not there. k8sd leaves out what is empty or false; but a cluster from before 1.36 has no
 * `kube-proxy-enabled`, and its kube-proxy runs.
 */
function absent(key: string, value: unknown): unknown {
  if (key === 'kube-proxy-enabled') return true;
  if (Array.isArray(value)) return [];
  if (typeof value === 'boolean') return false;
  return typeof value === 'number' ? 0 : '';
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
