/** `metadata.yaml`: who a charm is and what it relates to, under the rules of Juju's parser. */

import { CharmRefused } from './charm-refused.ts';
import { booleanAt, isMap, mapAt, parseYamlMap, stringAt, type YamlMap } from './charm-yaml.ts';

export interface Endpoint {
  readonly name: string;
  readonly interface: string;
  readonly role: 'provider' | 'requirer' | 'peer';
  readonly scope: 'global' | 'container';
  /** Most relations at a time; 0: any number. */
  readonly limit: number;
}

export interface ResourceDefinition {
  readonly filename: string;
  readonly description: string;
}

export interface CharmMetadata {
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  readonly subordinate: boolean;
  readonly endpoints: Readonly<Record<string, Endpoint>>;
  readonly extraBindings: readonly string[];
  readonly resources: Readonly<Record<string, ResourceDefinition>>;
}

export const CHARM_NAME = /^[a-z][a-z0-9]*(-[a-z0-9]*[a-z][a-z0-9]*)*$/;
const RELATION_NAME = /^[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*$/;
const STORAGE_NAME = /^[a-z][a-z0-9]*(?:-[a-z0-9]*[a-z][a-z0-9]*)*$/;
const FILE = 'metadata.yaml';

const SECTIONS = [
  ['provides', 'provider'],
  ['requires', 'requirer'],
  ['peers', 'peer'],
] as const;

export function parseMetadata(text: string, jujuVersion: string, hasManifest: boolean): CharmMetadata {
  const map = parseYamlMap(text, FILE);
  checkFormat(map, hasManifest);
  const name = required(map, 'name');
  if (!CHARM_NAME.test(name)) throw new CharmRefused(`charm name "${name}" not valid`);
  const subordinate = booleanAt(map, 'subordinate', FILE);
  const endpoints = parseEndpoints(map, subordinate);
  if (subordinate && !Object.values(endpoints).some((endpoint) => isHost(endpoint))) {
    throw new CharmRefused(`subordinate charm "${name}" lacks "requires" relation with container scope`);
  }
  checkStorage(map);
  checkAssumes(map['assumes'], jujuVersion);
  return {
    name,
    summary: required(map, 'summary'),
    description: required(map, 'description'),
    subordinate,
    endpoints,
    extraBindings: parseExtraBindings(map),
    resources: parseResources(map),
  };
}

function required(map: YamlMap, key: string): string {
  const value = stringAt(map, key, FILE);
  if (value === undefined) throw new CharmRefused(`${FILE}: ${key}: expected string, got nothing`);
  return value;
}

/** Keys of the old and the new metadata format do not mix. */
function checkFormat(map: YamlMap, hasManifest: boolean): void {
  const newKeys = ['assumes', 'charm-user', 'containers'].filter((key) => key in map);
  const oldKeys = ['deployment', 'min-juju-version', 'series'].filter((key) => key in map);
  if (newKeys.length > 0 && oldKeys.length > 0) {
    throw new CharmRefused(`ambiguous metadata: keys ${quoteAll(oldKeys)} cannot be used with ${quoteAll(newKeys)}`);
  }
  if (newKeys.length > 0 && !hasManifest) throw new CharmRefused('metadata v2 without manifest.yaml not valid');
}

function quoteAll(words: readonly string[]): string {
  return words.map((word) => `"${word}"`).join(', ');
}

function isHost(endpoint: Endpoint): boolean {
  return endpoint.role === 'requirer' && endpoint.scope === 'container';
}

function parseEndpoints(map: YamlMap, subordinate: boolean): Readonly<Record<string, Endpoint>> {
  const endpoints: Record<string, Endpoint> = {};
  for (const [section, role] of SECTIONS) {
    for (const [name, value] of Object.entries(mapAt(map, section, FILE))) {
      const endpoint = parseEndpoint(name, role, value);
      checkReserved(endpoint, subordinate);
      if (name in endpoints) throw new CharmRefused(`charm using a duplicated relation name: "${name}"`);
      endpoints[name] = endpoint;
    }
  }
  return endpoints;
}

function parseEndpoint(name: string, role: Endpoint['role'], value: unknown): Endpoint {
  const what = `${FILE}: ${name}`;
  if (!RELATION_NAME.test(name)) throw new CharmRefused(`${what}: relation name "${name}" not valid`);
  const map: YamlMap = typeof value === 'string' ? { interface: value } : isMap(value) ? value : {};
  const protocol = stringAt(map, 'interface', what);
  if (protocol === undefined) throw new CharmRefused(`${what}: interface: expected string, got nothing`);
  const scope = stringAt(map, 'scope', what) ?? 'global';
  if (scope !== 'global' && scope !== 'container')
    throw new CharmRefused(`${what}: scope: unexpected value "${scope}"`);
  const limit = map['limit'] ?? 0;
  if (!Number.isInteger(limit)) throw new CharmRefused(`${what}: limit: expected int`);
  return { name, interface: protocol, role, scope, limit: Number(limit) };
}

function checkReserved(endpoint: Endpoint, subordinate: boolean): void {
  const { name, interface: protocol, role } = endpoint;
  const reservedName = name === 'juju' || name.startsWith('juju-');
  if (reservedName && !(subordinate && isHost(endpoint))) {
    throw new CharmRefused(`charm using a reserved relation name: "${name}"`);
  }
  const reservedInterface = protocol === 'juju' || protocol.startsWith('juju-');
  if (reservedInterface && role !== 'requirer') {
    throw new CharmRefused(`charm relation "${name}" using a reserved interface: "${protocol}"`);
  }
}

function parseExtraBindings(map: YamlMap): readonly string[] {
  const bindings = mapAt(map, 'extra-bindings', FILE);
  for (const [name, value] of Object.entries(bindings)) {
    if (value !== null) throw new CharmRefused(`${FILE}: extra-bindings: ${name}: expected empty value`);
  }
  return Object.keys(bindings);
}

function parseResources(map: YamlMap): Readonly<Record<string, ResourceDefinition>> {
  const resources: Record<string, ResourceDefinition> = {};
  for (const name of Object.keys(mapAt(map, 'resources', FILE))) {
    const what = `${FILE}: resources: ${name}`;
    const resource = mapAt(mapAt(map, 'resources', FILE), name, what);
    const type = stringAt(resource, 'type', what) ?? 'file';
    if (type !== 'file' && type !== 'oci-image') throw new CharmRefused(`${what}: invalid resource type "${type}"`);
    const filename = stringAt(resource, 'filename', what) ?? '';
    if (type === 'file' && filename === '')
      throw new CharmRefused(`invalid resource "${name}": resource missing filename`);
    if (filename.includes('/')) {
      throw new CharmRefused(`invalid resource "${name}": filename cannot contain "/" (got "${filename}")`);
    }
    resources[name] = { filename, description: stringAt(resource, 'description', what) ?? '' };
  }
  return resources;
}

function checkStorage(map: YamlMap): void {
  for (const [name, value] of Object.entries(mapAt(map, 'storage', FILE))) {
    const what = `${FILE}: storage: ${name}`;
    if (!STORAGE_NAME.test(name)) throw new CharmRefused(`${what}: storage name not valid`);
    const type = isMap(value) ? stringAt(value, 'type', what) : undefined;
    if (type !== 'filesystem' && type !== 'block')
      throw new CharmRefused(`${what}: type: unexpected value "${type ?? ''}"`);
  }
}

/** Only the list form with `juju` and `k8s-api`; anything else a machine model does not have. */
function checkAssumes(assumes: unknown, jujuVersion: string): void {
  if (assumes === undefined || assumes === null) return;
  if (!Array.isArray(assumes)) throw new CharmRefused('parsing "assumes": expected a list');
  for (const expression of assumes) checkAssumption(expression, jujuVersion);
}

function checkAssumption(expression: unknown, jujuVersion: string): void {
  if (isMap(expression)) {
    const all = expression['all-of'];
    const any = expression['any-of'];
    if (Array.isArray(all)) {
      for (const each of all) checkAssumption(each, jujuVersion);
      return;
    }
    if (Array.isArray(any)) {
      checkAnyOf(any, jujuVersion);
      return;
    }
  }
  if (typeof expression !== 'string') throw new CharmRefused('parsing "assumes": malformed expression');
  const match = /^\s*([a-z][a-z0-9-]*[a-z0-9])\s*(?:(>=|<)\s*([0-9][0-9.]*))?\s*$/.exec(expression);
  if (!match) throw new CharmRefused(`parsing "assumes": malformed feature expression "${expression}"`);
  const [, feature, operator, version] = match;
  const met = feature === 'juju' && (!operator || !version || compares(jujuVersion, operator, version));
  if (!met) {
    throw new CharmRefused(
      `Charm cannot be deployed because:\n  - charm requires ${feature === 'juju' ? `Juju ${expression}` : `feature "${expression}"`}`,
    );
  }
}

function checkAnyOf(expressions: readonly unknown[], jujuVersion: string): void {
  const problems: unknown[] = [];
  for (const expression of expressions) {
    try {
      checkAssumption(expression, jujuVersion);
      return;
    } catch (problem) {
      problems.push(problem);
    }
  }
  throw problems[0] ?? new CharmRefused('parsing "assumes": empty any-of');
}

function compares(jujuVersion: string, operator: string, wanted: string): boolean {
  const order = compareVersions(jujuVersion, wanted);
  return operator === '>=' ? order >= 0 : order < 0;
}

function compareVersions(left: string, right: string): number {
  const [a, b] = [left, right].map((version) => version.split(/[.-]/).map((part) => Number.parseInt(part, 10) || 0));
  for (let index = 0; index < 3; index += 1) {
    const difference = (a?.[index] ?? 0) - (b?.[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
