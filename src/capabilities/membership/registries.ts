/**
 * Container registries: the `containerd-custom-registries` option, which also travels to the workers as it was written, and
 * the files that containerd reads for each registry host (containerd: docs/hosts.md). containerd looks at them at each pull,
 * so nothing is restarted.
 */

import { parseBoundedYaml, type YamlBounds } from '../../core/bounded-yaml.ts';
import { type Bounds, parseForeign, textOf } from '../../core/foreign-json.ts';
import type { Checked } from '../../core/option-problem.ts';

export interface Registry {
  readonly url: string;
  readonly host: string;
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
  /** Base64 of a PEM file, as are the next two. */
  readonly ca_file?: string;
  readonly cert_file?: string;
  readonly key_file?: string;
  readonly skip_verify?: boolean;
  readonly override_path?: boolean;
}

export interface RegistryFile {
  readonly path: string;
  readonly content: string;
}

export const HOSTS_DIRECTORY = '/etc/containerd/hosts.d';

const TEXT_FIELDS = ['host', 'username', 'password', 'identitytoken', 'ca_file', 'cert_file', 'key_file'] as const;
const FLAG_FIELDS = ['skip_verify', 'override_path'] as const;
const FIELDS: readonly string[] = ['url', ...TEXT_FIELDS, ...FLAG_FIELDS];

/**
 * The option's text as JSON. Existing charms read it as YAML, of which JSON is the recommended part; what is neither comes back as it
 * is. YAML is loaded only for what needs it.
 */
export async function registriesAsJson(text: string): Promise<string> {
  if (text.trim() === '') return '[]';
  if (parseForeign(text, BOUNDS) !== undefined) return text;
  const reading = await parseBoundedYaml(text, YAML);
  return 'problem' in reading ? text : (JSON.stringify(reading.value) ?? text);
}

/** Some hundred registries, each with its certificates; all of it travels in a databag, too. */
export const REGISTRIES_LENGTH = 512 * 1024;
const BOUNDS: Bounds = { length: REGISTRIES_LENGTH, depth: 4, values: 10_000 };
const YAML: YamlBounds = { length: BOUNDS.length, depth: BOUNDS.depth, nodes: BOUNDS.values };
/** The paths of their files are remembered in one value of the unit state. */
const MOST_REGISTRIES = 100;

/** Messages name items by position and never repeat what is in them: they may hold credentials. */
export function parseRegistries(option: string, text: string): Checked<readonly Registry[]> {
  const fail = (message: string) => ({ value: [], problems: [{ option, message }] });
  if (text.length > BOUNDS.length) return fail(`has ${text.length} characters; at most ${BOUNDS.length} are taken`);
  const items = text.trim() === '' ? [] : parseForeign(text, BOUNDS);
  if (items === undefined)
    return fail('is neither JSON nor YAML; write a list such as [{"url": "https://registry.example.com"}]');
  if (!Array.isArray(items))
    return fail('is not a list of objects; write one such as [{"url": "https://registry.example.com"}]');
  if (items.length > MOST_REGISTRIES) return fail(`has ${items.length} items; at most ${MOST_REGISTRIES} are taken`);
  const registries: Registry[] = [];
  for (const [index, item] of items.entries()) {
    const problem = itemProblem(item);
    if (problem !== undefined) return fail(`item ${index + 1} ${problem}`);
    const file = fileProblem(item as Registry);
    if (file !== undefined) return fail(`item ${index + 1} ${file}`);
    const registry = item as Omit<Registry, 'host'> & { host?: string };
    const host = registry.host || hostOf(registry.url);
    if (registries.some((other) => other.host === host))
      return fail(`item ${index + 1} names a host that an item before it has`);
    registries.push({ ...registry, host });
  }
  return { value: registries, problems: [] };
}

/** The files of one registry below its host's folder. Mode 0600: they hold credentials. */
export function registryFiles(registry: Registry): readonly RegistryFile[] {
  const folder = `${HOSTS_DIRECTORY}/${registry.host}`;
  const decoded = (name: string, encoded: string | undefined): RegistryFile[] =>
    encoded ? [{ path: `${folder}/${name}`, content: Buffer.from(encoded, 'base64').toString('utf8') }] : [];
  return [
    ...decoded('ca.crt', registry.ca_file),
    ...decoded('client.crt', registry.cert_file),
    ...decoded('client.key', registry.key_file),
    { path: `${folder}/hosts.toml`, content: hostsToml(registry, folder) },
  ];
}

function hostsToml(registry: Registry, folder: string): string {
  const client = registry.key_file
    ? `[[${toml(`${folder}/client.crt`)}, ${toml(`${folder}/client.key`)}]]`
    : toml(`${folder}/client.crt`);
  const authorization = authorizationHeader(registry);
  return [
    `server = ${toml(registry.url)}`,
    '',
    `[host.${toml(registry.url)}]`,
    'capabilities = ["pull", "resolve"]',
    ...(registry.ca_file ? [`ca = ${toml(`${folder}/ca.crt`)}`] : []),
    ...(registry.cert_file ? [`client = ${client}`] : []),
    ...(registry.skip_verify ? ['skip_verify = true'] : []),
    ...(registry.override_path ? ['override_path = true'] : []),
    ...(authorization ? [`[host.${toml(registry.url)}.header]`, `Authorization = ${toml(authorization)}`] : []),
    '',
  ].join('\n');
}

/** RFC 7617 and RFC 6750. */
function authorizationHeader({ username, password, identitytoken }: Registry): string | undefined {
  if (username && password) return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  return identitytoken ? `Bearer ${identitytoken}` : undefined;
}

/** A TOML basic string; JSON's escapes are a subset of TOML's. */
function toml(text: string): string {
  return JSON.stringify(text).replaceAll('\u007f', '\\u007f');
}

function itemProblem(item: unknown): string | undefined {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return 'is not an object';
  const unknown = Object.keys(item).find((key) => !FIELDS.includes(key));
  if (unknown !== undefined) return `has the unknown field ${JSON.stringify(unknown)}; known are ${FIELDS.join(', ')}`;
  const fields = item as Record<string, unknown>;
  const notText = TEXT_FIELDS.find((key) => fields[key] !== undefined && typeof fields[key] !== 'string');
  if (notText !== undefined) return `has a ${notText} that is not text`;
  const notFlag = FLAG_FIELDS.find((key) => fields[key] !== undefined && typeof fields[key] !== 'boolean');
  if (notFlag !== undefined) return `has a ${notFlag} that is neither true nor false`;
  if (!isHttpUrl(fields['url'])) return 'has no url that begins with http:// or https://';
  // It becomes the name of a folder.
  const host = textOf(fields['host']) || hostOf(textOf(fields['url']));
  if (typeof host === 'string' && !/^(?:\[[0-9a-f:.]+\]|[a-z0-9_])[a-z0-9._:-]*$/i.test(host))
    return 'has a host that is not a host name';
  return undefined;
}

const FILES = [
  { field: 'ca_file', label: 'CERTIFICATE', what: 'a certificate' },
  { field: 'cert_file', label: 'CERTIFICATE', what: 'a certificate' },
  { field: 'key_file', label: '(?:(?:RSA|EC) )?PRIVATE KEY', what: 'a private key' },
] as const;

/** containerd reads what is decoded: a path, or a PEM file as it is, would be rubbish on every node. */
function fileProblem(registry: Registry): string | undefined {
  for (const { field, label, what } of FILES) {
    const encoded = registry[field];
    if (encoded === undefined || encoded === '') continue;
    const isBase64 = /^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(encoded);
    const text = isBase64 ? Buffer.from(encoded, 'base64').toString('utf8') : '';
    if (!new RegExp(`^-----BEGIN ${label}-----$`, 'm').test(text.replaceAll('\r', '')))
      return `has a ${field} that is not ${what} in PEM, encoded with base64; give it what "base64 -w0 FILE" prints`;
  }
  return undefined;
}

/** With its port, as written: an image is named by it. (A parsed URL would have no port where it is the default one.) */
function hostOf(url: string): string {
  return /^https?:\/\/(?:[^/?#]*@)?([^/?#]*)/.exec(url)?.[1] ?? '';
}

function isHttpUrl(value: unknown): boolean {
  return typeof value === 'string' && /^https?:\/\//.test(value) && URL.canParse(value);
}
