/** Reads of a node what controls look at: everything once, in parallel, nothing changed. */

import { createHash } from 'node:crypto';
import type { Host, UnitStatus } from '../../clients/host/host.ts';
import { ARGUMENTS_DIRECTORY, parseArguments } from '../../core/argument-file.ts';
import { ARRAY_DIVIDER, type FlagValues, readFlags, valuesOf } from '../../core/flags.ts';
import { type Control, HARDENED_SERVICES, type HardenedService } from './control.ts';
import { CONFIGURATION_FLAGS, effectiveFlags } from './effective-flags.ts';
import type { FileFacts, NodeFacts, ServiceFacts, UnitFacts } from './node-facts.ts';
import { dropInsOf, readPolicy } from './observe-policy.ts';
import { folderOf, isPattern } from './path-pattern.ts';
import { type Reading, readingFor } from './reading.ts';
import { readOverrides } from './unit-overrides.ts';

/** Namespaces of the cluster's own components, which need privileges: as the snap's examples of pod security exempt them. */
export const CLUSTER_NAMESPACES = ['kube-system', 'kube-public', 'kube-node-lease', 'metallb-system'] as const;

/** What others know of the node already. */
export interface KnownOfNode {
  readonly role: NodeFacts['role'];
  readonly version: string;
  /** Beside those that a cluster exempts from pod security by itself. */
  readonly exemptNamespaces: readonly string[];
}

/** The facts that these controls need. */
export async function observeNode(host: Host, controls: readonly Control[], known: KnownOfNode): Promise<NodeFacts> {
  const reading = readingFor(controls);
  const [{ services, units }, files, digests, sysctls] = await Promise.all([
    observeServices(host, reading.services, reading.units),
    observeFiles(host, reading.paths),
    readEach(reading.digests, (path) => digest(host, path)),
    readEach(reading.sysctls, (key) => host.sysctl.read(key)),
  ]);
  const configurations = reading.services.flatMap((service) =>
    (CONFIGURATION_FLAGS[service] ?? []).map((flag) => ({ service, flag })),
  );
  const named = [...reading.policies, ...configurations].flatMap(({ service, flag }) =>
    pathsIn(services[service], flag),
  );
  const folders = configurations.filter(({ flag }) => flag === '--config-dir');
  const dropIns = await Promise.all(
    folders.flatMap(({ service, flag }) => pathsIn(services[service], flag)).map((path) => dropInsOf(host, path)),
  );
  const policies = await readEach([...new Set([...named, ...dropIns.flat()])], (path) => readPolicy(host, path));
  const exemptNamespaces = [...CLUSTER_NAMESPACES, ...known.exemptNamespaces];
  const missing = await missingAmong(host, namedFiles(reading.flags, services, policies));
  return { ...known, exemptNamespaces, services, units, files, digests, sysctls, policies, missing };
}

function pathsIn({ file, process }: ServiceFacts, flag: string): readonly string[] {
  return [file?.[flag], process?.[flag]].filter((path) => path?.startsWith('/') === true) as string[];
}

/** Flags that name a file which the service reads when it starts, by their names; `--audit-log-path` and the like are made by it. */
const NAMES_FILE = /(?:-file|file|-config|kubeconfig|-certificate|-authority|-key|-cert)$/;

/** The paths of such files, whether there is something or not. */
export function namedFiles(
  flags: Reading['flags'],
  services: NodeFacts['services'],
  policies: NodeFacts['policies'],
): readonly string[] {
  const paths = flags
    .filter(({ flag }) => NAMES_FILE.test(flag))
    .flatMap(({ service, flag }) =>
      [services[service].file, services[service].process].flatMap((given: FlagValues | undefined) => {
        const value = given && effectiveFlags(service, given, policies).values[flag];
        return value?.split(ARRAY_DIVIDER).filter((path) => path.startsWith('/') && !path.includes('\0')) ?? [];
      }),
    );
  return [...new Set(paths)];
}

/** @returns the paths at which there is no file, or an empty one. */
export async function missingAmong(
  { files }: Pick<Host, 'files'>,
  paths: readonly string[],
): Promise<readonly string[]> {
  const found = await Promise.all(paths.map(async (path) => [path, await files.status(path)] as const));
  return found.flatMap(([path, status]) => (status?.kind === 'file' && status.size > 0 ? [] : [path]));
}

async function observeServices(
  host: Host,
  wanted: readonly HardenedService[],
  others: readonly string[],
): Promise<Pick<NodeFacts, 'services' | 'units'>> {
  const [units, overrides] = await Promise.all([
    host.systemd.units([...wanted.map(unitOf), ...others]),
    readOverrides(host.files, wanted),
  ]);
  const read = await readEach(wanted, async (service) => {
    const facts = await observeService(host, service, units);
    const { [service]: overriding } = overrides;
    return overriding === undefined ? facts : { ...facts, overrides: overriding };
  });
  const none: ServiceFacts = { file: undefined, process: undefined, inUse: undefined };
  return {
    services: Object.fromEntries(HARDENED_SERVICES.map((service) => [service, read[service] ?? none])) as Record<
      HardenedService,
      ServiceFacts
    >,
    units: units && Object.fromEntries(others.map((name) => [name, unitFacts(units.get(name))])),
  };
}

export function unitOf(service: HardenedService): string {
  return `snap.k8s.${service}.service`;
}

export function argumentsPath(service: HardenedService): string {
  return `${ARGUMENTS_DIRECTORY}/${service}`;
}

async function observeService(
  host: Host,
  service: HardenedService,
  units: ReadonlyMap<string, UnitStatus> | undefined,
): Promise<ServiceFacts> {
  const unit = units?.get(unitOf(service));
  const [text, words] = await Promise.all([
    host.files.read(argumentsPath(service)),
    unit?.mainPid === undefined ? undefined : host.commandLine(unit.mainPid),
  ]);
  return {
    file: text === undefined ? undefined : parseArguments(service, text),
    process: words && valuesOf(service, readFlags(service, words.slice(1)).uses),
    inUse: unit && (unit.active || unit.enabled),
    ...(unit?.mainPid === undefined ? {} : { pid: unit.mainPid }),
  };
}

function unitFacts(unit: UnitStatus | undefined): UnitFacts {
  return { active: unit?.active ?? false, enabled: unit?.enabled ?? false };
}

/** A folder that several patterns look into is read once, and so is one within another. */
export async function observeFiles(
  { files }: Pick<Host, 'files'>,
  paths: readonly string[],
): Promise<NodeFacts['files']> {
  const folders = [...new Set(paths.filter(isPattern).map(folderOf))];
  const outermost = folders.filter((folder) => !folders.some((other) => folder.startsWith(`${other}/`)));
  const single = paths.filter((path) => !isPattern(path) && !outermost.some((folder) => within(path, folder)));
  const [trees, alone] = await Promise.all([
    Promise.all(outermost.map((folder) => files.tree(folder))),
    Promise.all(single.map(async (path) => [path, await files.status(path)] as const)),
  ]);
  const all = [...trees.flatMap((tree) => [...tree]), ...alone];
  return Object.fromEntries(
    all.flatMap(([path, status]): readonly (readonly [string, FileFacts])[] => {
      if (status === undefined) return [];
      const { mode, uid, gid, kind, link } = status;
      return [[path, { mode, uid, gid, kind, ...(link ? { link } : {}) }]];
    }),
  );
}

function within(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

async function digest({ files }: Host, path: string): Promise<string | undefined> {
  const text = await files.read(path);
  return text === undefined ? undefined : createHash('sha256').update(text.trim()).digest('hex');
}

async function readEach<K extends string, T>(
  keys: readonly K[],
  read: (key: K) => Promise<T>,
): Promise<Readonly<Partial<Record<K, T>>>> {
  const entries = await Promise.all(keys.map(async (key) => [key, await read(key)] as const));
  return Object.fromEntries(entries) as Partial<Record<K, T>>;
}
