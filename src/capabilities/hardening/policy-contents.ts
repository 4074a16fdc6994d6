/** What policy files of an API server say, as far as controls and rules ask. */

import { at, isObject, list, text, texts } from './foreign.ts';

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
  return {
    enforce: text(at(defaults, 'enforce')),
    exemptNamespaces: texts(at(exemptions, 'namespaces')),
  };
}

/** Of an admission configuration: how many limits it gives EventRateLimit; undefined where it says nothing of the plugin. */
export function eventLimitsIn(value: unknown): number | undefined {
  const plugin = list(at(value, 'plugins')).find((one) => at(one, 'name') === 'EventRateLimit');
  return plugin === undefined ? undefined : list(at(plugin, 'configuration', 'limits')).length;
}

/**
 * Of an encryption configuration: the first provider of the first entry that covers Secrets, which is the one that writes them;
 * undefined where none does, empty where the entry has no provider.
 */
export function providerOfSecrets(value: unknown): string | undefined {
  if (!isObject(value) || value['kind'] !== 'EncryptionConfiguration') return undefined;
  const entry = list(value['resources']).find((one) =>
    texts(at(one, 'resources')).some((name) => ['secrets', '*.', '*.*'].includes(name)),
  );
  return isObject(entry) ? (text(list(entry['providers'])[0]) ?? '') : undefined;
}
