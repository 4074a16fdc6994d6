/** Puts a charm on a unit: files of the old charm that the new one lacks go, files that no charm brought stay. */

import { readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CharmMember, deployFile } from './charm-archive.ts';

export interface CharmFile {
  readonly path: string;
  readonly kind: CharmMember['kind'];
  readonly mode: number;
}

/** In the folder of a stored charm: its files, and beside them the list of these. */
export const CONTENT = 'content';
const LISTING = 'files.json';

/** `stored` and `previous`: folders of stored charms. */
export async function deployCharm(stored: string, previous: string | undefined, directory: string): Promise<void> {
  const files = await readListing(stored);
  const kept = new Set(files.map(({ path }) => path));
  for (const file of previous === undefined ? [] : await readListing(previous)) {
    if (file.kind !== 'directory' && !kept.has(file.path)) await rm(join(directory, file.path), { force: true });
  }
  for (const file of files) {
    const from = join(stored, CONTENT, file.path);
    await deployFile(
      from,
      join(directory, file.path),
      file,
      file.kind === 'symlink' ? await readlink(from) : undefined,
    );
  }
}

export async function writeListing(stored: string, members: readonly CharmMember[]): Promise<void> {
  const files: readonly CharmFile[] = members.map(({ path, kind, mode }) => ({ path, kind, mode }));
  await writeFile(join(stored, LISTING), JSON.stringify(files));
}

async function readListing(stored: string): Promise<readonly CharmFile[]> {
  return JSON.parse(await readFile(join(stored, LISTING), 'utf8'));
}
