/**
 * Charm archives for tests: packed once for the sources as they are, whoever asks first, and kept for the next run. Test files run in
 * processes of their own, so a lock file sees to it that only one of them packs.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { archiveName, charmArchive } from '../scripts/pack/archive.ts';
import type { Bundle } from '../scripts/pack/bundle.ts';
import { cacheFolder, repository } from '../scripts/pack/places.ts';
import { type Architecture, ownArchitecture, type Runtime } from '../scripts/pack/runtime.ts';

export interface Archives {
  /** Paths of the archives for this machine. */
  readonly k8s: string;
  readonly worker: string;
  /** Folder beside them in which models unpack them once for all. */
  readonly unpacked: string;
}

/** Packs both charms for an architecture, this machine's by default, unless that was done for the same sources before. */
export async function packedArchives(architecture: Architecture = ownArchitecture()): Promise<Archives> {
  return archivesIn(architecture, architecture, (folder) => pack(architecture, folder));
}

/**
 * Both charms without program and runtime, for models that run the program in their own process: all that Juju reads of an archive, and
 * what the program reads of its folder. Made in a moment.
 */
export function hollowArchives(): Promise<Archives> {
  const architecture = ownArchitecture();
  return archivesIn(architecture, 'hollow', async (folder) => {
    await mkdir(folder);
    for (const charm of ['k8s', 'k8s-worker'] as const)
      await writeFile(
        join(folder, archiveName(charm, architecture)),
        await charmArchive(charm, architecture, NOTHING_IN, NO_RUNTIME),
      );
  });
}

const NOTHING_IN: Bundle = { files: [], packages: [] };
const NO_RUNTIME: Runtime = { node: Buffer.alloc(0), licence: Buffer.alloc(0) };

async function archivesIn(
  architecture: Architecture,
  kind: string,
  make: (folder: string) => Promise<void>,
): Promise<Archives> {
  const folder = join(cacheFolder, 'archives', `${kind}-${await digestOfSources()}`);
  await mkdir(join(cacheFolder, 'archives'), { recursive: true });
  while (!(await exists(folder))) {
    if (await locked(`${folder}.lock`, () => makeOnce(folder, make))) continue;
    await setTimeout(200);
  }
  return {
    k8s: join(folder, archiveName('k8s', architecture)),
    worker: join(folder, archiveName('k8s-worker', architecture)),
    unpacked: join(folder, 'unpacked'),
  };
}

async function makeOnce(folder: string, make: (folder: string) => Promise<void>): Promise<void> {
  if (await exists(folder)) return;
  await forgetOldest();
  const unfinished = `${folder}.${process.pid}`;
  await make(unfinished);
  await rename(unfinished, folder);
}

async function pack(architecture: Architecture, folder: string): Promise<void> {
  const script = ['--import', './scripts/pinned-node.mjs', 'scripts/pack.ts', '--arch', architecture, '--out', folder];
  await promisify(execFile)(process.execPath, script, { cwd: repository });
}

/** All that an archive is made of, and what makes it. */
const sources = ['src', 'charm', 'scripts', 'metadata.yaml', 'config.yaml', 'actions.yaml', 'package-lock.json'];
const texts = ['README.md', 'LICENSE', 'icon.svg', 'package.json'];

async function digestOfSources(): Promise<string> {
  const paths = (await Promise.all([...sources, ...texts].map((path) => filesUnder(join(repository, path)))))
    .flat()
    .sort();
  const hash = createHash('sha256');
  for (const path of paths)
    hash
      .update(`${path}\0`)
      .update(await readFile(path))
      .update('\0');
  return hash.digest('hex').slice(0, 16);
}

async function filesUnder(path: string): Promise<readonly string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** Runs the work if no other process is at it, and tells whether it did. A lock of a process that is gone is nobody's. */
async function locked(lock: string, work: () => Promise<void>): Promise<boolean> {
  try {
    await writeFile(lock, String(process.pid), { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    await breakAbandoned(lock);
    return false;
  }
  try {
    await work();
    return true;
  } finally {
    await rm(lock, { force: true });
  }
}

async function breakAbandoned(lock: string): Promise<void> {
  const owner = Number(await readFile(lock, 'utf8').catch(() => ''));
  if (owner > 0 && !isAlive(owner)) await rm(lock, { force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** An archive with a program is 45 MB; those of a few states of the sources are enough. */
async function forgetOldest(): Promise<void> {
  const root = join(cacheFolder, 'archives');
  const folders = (await readdir(root)).filter((name) => !name.endsWith('.lock')).map((name) => join(root, name));
  const aged = await Promise.all(folders.map(async (path) => ({ path, changed: (await stat(path)).mtimeMs })));
  const old = aged.sort((a, b) => b.changed - a.changed).slice(8);
  const inUse = Date.now() - 15 * 60_000;
  for (const { path, changed } of old) if (changed < inUse) await rm(path, { recursive: true, force: true });
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
