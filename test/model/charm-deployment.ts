/** Puts a charm on a unit: files of the old charm that the new one lacks go, files that no charm brought stay. */

import { readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deployFile, type CharmMember } from './charm-archive.ts';

export interface CharmFile {
  readonly path: string;
  readonly kind: CharmMember['kind'];
  readonly mode: number;
}

const LISTING = '.files.json';

/** `unpacked`: folder of the unpacked archive, beside which lies the list of its files. */
export async function deployCharm(unpacked: string, previous: string | undefined, directory: string): Promise<void> {
  const files = await readListing(unpacked);
  const kept = new Set(files.map(({ path }) => path));
  for (const file of previous === undefined ? [] : await readListing(previous)) {
    if (file.kind !== 'directory' && !kept.has(file.path)) await rm(join(directory, file.path), { force: true });
  }
  for (const file of files) {
    const from = join(unpacked, file.path);
    await deployFile(from, join(directory, file.path), file, file.kind === 'symlink' ? await readlink(from) : undefined);
  }
}

export async function writeListing(unpacked: string, members: readonly CharmMember[]): Promise<void> {
  const files: readonly CharmFile[] = members.map(({ path, kind, mode }) => ({ path, kind, mode }));
  await writeFile(`${unpacked}${LISTING}`, JSON.stringify(files));
}

async function readListing(unpacked: string): Promise<readonly CharmFile[]> {
  return JSON.parse(await readFile(`${unpacked}${LISTING}`, 'utf8'));
}
