/** What policy files of an API server say, as far as controls and rules ask. */

import { isObject, list } from './observe-policy.ts';

export interface PodSecurityContent {
  /** As it stands there: Kubernetes takes what is no level for an error. Undefined: privileged. */
  readonly enforce: string | undefined;
  readonly exemptNamespaces: readonly string[];
}

/** Of an admission configuration; undefined where it says nothing of PodSecurity. */
export function podSecurityIn(value: unknown): PodSecurityContent | undefined {
  const plugins = isObject(value) ? list(value['plugins']) : [];
  const plugin = plugins.find((one) => isObject(one) && one['name'] === 'PodSecurity');
  if (!isObject(plugin) || !isObject(plugin['configuration'])) return undefined;
  const { defaults, exemptions } = plugin['configuration'];
  const enforce = isObject(defaults) ? defaults['enforce'] : undefined;
  return {
    enforce: enforce === undefined ? undefined : String(enforce),
    exemptNamespaces: isObject(exemptions) ? list(exemptions['namespaces']).map(String) : [],
  };
}

/**
 * Of an encryption configuration: the first provider of the first entry that covers Secrets, which is the one that writes them;
 * undefined where none does, empty where the entry has no provider.
 */
export function providerOfSecrets(value: unknown): string | undefined {
  if (!isObject(value) || value['kind'] !== 'EncryptionConfiguration') return undefined;
  const entry = list(value['resources']).find(
    (one) => isObject(one) && list(one['resources']).some((name) => ['secrets', '*.', '*.*'].includes(String(name))),
  );
  return isObject(entry) ? String(list(entry['providers'])[0] ?? '') : undefined;
}
