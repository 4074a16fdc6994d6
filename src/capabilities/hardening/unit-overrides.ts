/**
 * Files of systemd that change what a service of the snap is started with: drop-ins, and a unit that does not start what snapd had it start.
 * While there is one, neither the argument file nor a restart says how the service runs.
 */

import type { Files } from '../../clients/host/host.ts';
import type { HardenedService } from './control.ts';

/** Where systemd looks for units and their drop-ins (systemd.unit). */
export const UNIT_FOLDERS = [
  '/etc/systemd/system.control',
  '/run/systemd/system.control',
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
] as const;

/** Settings that change what runs, as whom, or what it sees of the machine. */
const OVERRIDING =
  /^\s*(?:Exec\w*|Environment\w*|PassEnvironment|UnsetEnvironment|User|Group|Type|Root\w+|Bind\w*Paths|MountImages|ExtensionImages|ExtensionDirectories|WorkingDirectory)\s*=/;

export type UnitOverrides = Readonly<Partial<Record<HardenedService, readonly string[]>>>;

/** Paths by service; none for a service whose unit is as snapd made it. */
export async function readOverrides(files: Files, services: readonly HardenedService[]): Promise<UnitOverrides> {
  const folders = await Promise.all(UNIT_FOLDERS.map(async (folder) => ({ folder, names: await files.list(folder) })));
  const found = services.map(async (service) => {
    const paths = await Promise.all(folders.map(({ folder, names }) => overridesIn(files, folder, names, service)));
    return [service, paths.flat()] as const;
  });
  return Object.fromEntries((await Promise.all(found)).filter(([, paths]) => paths.length > 0));
}

async function overridesIn(
  files: Files,
  folder: string,
  names: readonly string[],
  service: HardenedService,
): Promise<readonly string[]> {
  const dropIns = names.filter((name) => dropInFolders(service).includes(name)).map((name) => `${folder}/${name}`);
  const listed = await Promise.all(
    dropIns.map(async (path) =>
      (await files.list(path)).filter((name) => name.endsWith('.conf')).map((name) => `${path}/${name}`),
    ),
  );
  const unit = names.includes(unitName(service)) ? [`${folder}/${unitName(service)}`] : [];
  const checked = await Promise.all([
    ...listed.flat().map(async (path) => [path, isOverriding((await files.read(path)) ?? '')] as const),
    ...unit.map(async (path) => [path, !startsSnap((await files.read(path)) ?? '', service)] as const),
  ]);
  return checked.flatMap(([path, overriding]) => (overriding ? [path] : []));
}

/** Also those for all services, and for all whose names begin the same way up to a dash. */
function dropInFolders(service: HardenedService): readonly string[] {
  const name = `snap.k8s.${service}`;
  const prefixes = [...name.matchAll(/-/g)].map(({ index }) => `${name.slice(0, index + 1)}.service.d`);
  return ['service.d', ...prefixes, `${name}.service.d`];
}

function unitName(service: HardenedService): string {
  return `snap.k8s.${service}.service`;
}

function isOverriding(text: string): boolean {
  return text.split('\n').some((line) => OVERRIDING.test(line));
}

/** Where the file says nothing of it, a test's or a future snapd's, nothing is said. */
function startsSnap(text: string, service: HardenedService): boolean {
  const starts = text.split('\n').filter((line) => /^\s*ExecStart\s*=/.test(line));
  return starts.length === 0 || (starts.length === 1 && starts[0]?.trim().endsWith(`snap run k8s.${service}`) === true);
}
