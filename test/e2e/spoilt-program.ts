/** Files of a unit's program that end a dispatch which loads them, for tests of what is loaded. */

import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestCluster } from './cluster.ts';

/** @returns the names of the files, for a test to see that there are some. */
export async function spoil({ directory }: TestCluster, unit: string, names: RegExp): Promise<readonly string[]> {
  const folder = join(directory, 'agents', `unit-${unit.replace('/', '-')}`, 'charm/program');
  const found = (await readdir(folder)).filter((name) => names.test(name));
  for (const name of found) {
    // Not written into: the file is one with that of every other test that unpacked this archive.
    await rm(join(folder, name));
    await writeFile(join(folder, name), `throw new Error('${name} was loaded');\n`);
  }
  return found;
}
