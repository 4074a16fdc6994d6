/**
 * `npm run lock`: npm compares the `engines` of each locked package with the Node that runs npm itself, and warns. Here that Node only
 * installs: everything that is installed runs on the Node of the archives. So a package that this Node satisfies, and the oldest one that may
 * install does not, goes into package-lock.json without its `engines.node`, and the warnings that are left are real ones.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { satisfies } from 'semver';
import { repository } from './pack/places.ts';

/** README and CONTRIBUTING say Node 20; this is the oldest of it that vite and rolldown take. */
export const OLDEST_TO_INSTALL = '20.19.0';

interface LockedPackage {
  readonly engines?: { readonly node?: string };
}

export interface Lock {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

/** Paths of locked packages about which npm would warn on this version of Node. */
export function warnedAbout(lock: Lock, node: string): readonly string[] {
  return Object.entries(lock.packages)
    .filter(([path, { engines }]) => path !== '' && engines?.node !== undefined && !satisfies(node, engines.node))
    .map(([path]) => path);
}

/** The same lock without what npm would warn about, where the Node of the archives runs the package. */
export function withoutWarnings<L extends Lock>(lock: L, pinned: string): L {
  const real = new Set(warnedAbout(lock, pinned));
  const spared = warnedAbout(lock, OLDEST_TO_INSTALL).filter((path) => !real.has(path));
  const packages = Object.entries(lock.packages).map(([path, one]) => {
    if (!spared.includes(path)) return [path, one] as const;
    const { engines, ...rest } = one;
    return [path, rest] as const;
  });
  return { ...lock, packages: Object.fromEntries(packages) };
}

if (import.meta.main) {
  const file = join(repository, 'package-lock.json');
  const lock: Lock = JSON.parse(await readFile(file, 'utf8'));
  await writeFile(file, `${JSON.stringify(withoutWarnings(lock, process.version), null, 2)}\n`);
}
