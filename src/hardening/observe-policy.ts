/** Reads a policy file that a flag of kube-apiserver names: audit policy, admission configuration, encryption configuration. */

import { dirname, resolve } from 'node:path';
import type { Host } from '../host/host.ts';
import type { PolicyFacts } from './node-facts.ts';

export async function readPolicy(host: Host, path: string): Promise<PolicyFacts | undefined> {
  const text = await host.files.read(path);
  if (text === undefined) return undefined;
  const { parse } = await import('yaml');
  try {
    const value: unknown = parse(text, { logLevel: 'silent', maxAliasCount: 100 });
    return { value: await withPlugins(host, path, withoutKeys(value)) };
  } catch {
    // The parser's words quote the text, and with it a key.
    return { problem: 'is neither YAML nor JSON' };
  }
}

/** Kinds that hold no keys. Of anything else that a flag may name nothing is kept. */
const OPEN = ['Policy', 'AdmissionConfiguration', 'PodSecurityConfiguration', 'Configuration'];

/** Of an encryption configuration only what is encrypted and by which kind of provider: its keys go nowhere. */
function withoutKeys(value: unknown): unknown {
  if (!isObject(value)) return {};
  if (OPEN.includes(String(value['kind']))) return value;
  if (value['kind'] !== 'EncryptionConfiguration') return {};
  return {
    kind: value['kind'],
    resources: list(value['resources']).map((entry) => ({
      resources: list(isObject(entry) ? entry['resources'] : []).map(String),
      providers: list(isObject(entry) ? entry['providers'] : []).map((one) =>
        isObject(one) ? (Object.keys(one)[0] ?? '') : '',
      ),
    })),
  };
}

/** A plugin's configuration may stand in a file of its own, with a path that starts from the admission configuration's. */
async function withPlugins(host: Host, path: string, value: unknown): Promise<unknown> {
  if (!isObject(value) || value['kind'] !== 'AdmissionConfiguration') return value;
  const plugins = list(value['plugins']).map(async (plugin) => {
    if (!isObject(plugin) || typeof plugin['path'] !== 'string') return plugin;
    const read = await readPolicy(host, resolve(dirname(path), plugin['path']));
    return { ...plugin, configuration: read !== undefined && 'value' in read ? read.value : undefined };
  });
  return { ...value, plugins: await Promise.all(plugins) };
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
