/**
 * Reads a file that a flag of a service names: policies and configurations of the API server, and kubelet's configuration, in a file or in a
 * folder of drop-ins. Of what may hold secrets only what controls ask for is kept.
 */

import { dirname, resolve } from 'node:path';
import type { Host } from '../../clients/host/host.ts';
import { parseBoundedYaml, type YamlBounds } from '../../core/bounded-yaml.ts';
import { at, isObject, list, text, texts } from './foreign.ts';
import { kubeletFlags } from './kubelet-configuration.ts';
import type { PolicyFacts } from './node-facts.ts';

/** More is none that anybody has written. */
const MOST_BYTES = 1_048_576;

export async function readPolicy(host: Host, path: string): Promise<PolicyFacts | undefined> {
  if ((await host.files.status(path))?.kind === 'directory') return readDropIns(host, path);
  const parsed = await parseFile(host, path);
  if (parsed === undefined || 'problem' in parsed) return parsed;
  return { value: await withPlugins(host, path, withoutSecrets(parsed.value)) };
}

/** The names of kubelet's drop-ins in a folder, in the order in which the later one goes before the earlier. */
export async function dropInsOf({ files }: Pick<Host, 'files'>, folder: string): Promise<readonly string[]> {
  return (await files.list(folder)).filter((name) => name.endsWith('.conf')).map((name) => `${folder}/${name}`);
}

async function readDropIns(host: Host, folder: string): Promise<PolicyFacts> {
  let merged: unknown = {};
  for (const path of await dropInsOf(host, folder)) {
    const parsed = await parseFile(host, path);
    if (parsed !== undefined && 'problem' in parsed) return { problem: `has ${path}, which ${parsed.problem}` };
    if (parsed !== undefined) merged = merge(merged, parsed.value);
  }
  return { value: withoutSecrets(isObject(merged) ? { ...merged, kind: KUBELET } : merged) };
}

/** As kubelet merges its drop-ins: objects field by field, anything else as a whole. */
function merge(one: unknown, other: unknown): unknown {
  if (!isObject(one) || !isObject(other)) return other;
  const merged = new Map(Object.entries(one));
  for (const [key, value] of Object.entries(other)) merged.set(key, merge(merged.get(key), value));
  return Object.fromEntries(merged);
}

/** @returns undefined where there is no file. Of a pipe or a device nothing is read: there may be no end to it. */
async function parseFile(host: Host, path: string): Promise<PolicyFacts | undefined> {
  const status = await host.files.status(path);
  if (status === undefined) return undefined;
  if (status.kind !== 'file') return { problem: 'is no file' };
  if (status.size > MOST_BYTES) return { problem: 'is too large to be one' };
  const source = await host.files.read(path);
  if (source === undefined) return undefined;
  const reading = await parseBoundedYaml(source, BOUNDS);
  // The parser's words quote the text, and with it a key.
  return 'problem' in reading ? { problem: 'is neither YAML nor JSON' } : { value: reading.value };
}

/** More than any policy needs; an administrator may have put anything there. */
const BOUNDS: YamlBounds = { length: MOST_BYTES, depth: 32, nodes: 50_000 };
/** As many as Kubernetes has, and then some. */
const MOST_PLUGINS = 100;

const KUBELET = 'KubeletConfiguration';

/** Kinds that hold no keys. Of anything else that a flag may name nothing is kept. */
const OPEN: readonly unknown[] = ['Policy', 'AdmissionConfiguration', 'PodSecurityConfiguration', 'Configuration'];

function withoutSecrets(value: unknown): unknown {
  const kind = at(value, 'kind');
  if (OPEN.includes(kind)) return value;
  if (kind === 'EncryptionConfiguration')
    return {
      kind,
      resources: list(at(value, 'resources')).map((entry) => ({
        resources: texts(at(entry, 'resources')),
        providers: list(at(entry, 'providers')).map((one) => (isObject(one) ? (Object.keys(one)[0] ?? '') : '')),
      })),
    };
  if (kind === 'AuthorizationConfiguration')
    return { kind, authorizers: list(at(value, 'authorizers')).map((one) => ({ type: text(at(one, 'type')) })) };
  if (kind === 'AuthenticationConfiguration') {
    const anonymous = at(value, 'anonymous');
    return isObject(anonymous) ? { kind, anonymous: { enabled: at(anonymous, 'enabled') === true } } : { kind };
  }
  return kind === KUBELET ? { kind, flags: kubeletFlags(value) } : {};
}

/** A plugin's configuration may stand in a file of its own, with a path that starts from the admission configuration's. */
async function withPlugins(host: Host, path: string, value: unknown): Promise<unknown> {
  if (!isObject(value) || value['kind'] !== 'AdmissionConfiguration') return value;
  const plugins = list(value['plugins'])
    .slice(0, MOST_PLUGINS)
    .map(async (plugin) => {
      const named = text(at(plugin, 'path'));
      if (!isObject(plugin) || named === undefined || named.includes('\0')) return plugin;
      // Not by readPolicy: a plugin's file may name a plugin with a file, and so on.
      const read = await parseFile(host, resolve(dirname(path), named));
      const configuration = read !== undefined && 'value' in read ? withoutSecrets(read.value) : undefined;
      return { ...plugin, configuration };
    });
  return { ...value, plugins: await Promise.all(plugins) };
}
