/** The model's folder: the state as one JSON file, replaced in one step, and how to copy the lot. */

import {
  copyFile,
  link,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { ModelState } from './state.ts';

const STATE_FILE = 'state.json';

export async function saveState(directory: string, state: ModelState): Promise<void> {
  const file = join(directory, STATE_FILE);
  await writeFile(`${file}.new`, JSON.stringify(state, null, 1), { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/** Throws when there is no model in the folder. */
export async function loadState(directory: string): Promise<ModelState> {
  const state: ModelState = JSON.parse(await readFile(join(directory, STATE_FILE), 'utf8'));
  if (state.format !== 1) throw new Error(`${directory}: written by another version of the model`);
  // A model of an earlier version of this file.
  return { ...state, unitNumbers: state.unitNumbers ?? {} };
}

/**
 * Copies the folder of a saved model. Charm files, which nobody writes into, are linked where the file system can; sockets and
 * pipes are left out; symbolic links stay as they are.
 */
export async function copyModelDirectory(from: string, to: string, shared = false): Promise<void> {
  await mkdir(to, { recursive: true, mode: (await lstat(from)).mode & 0o777 });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await copyModelDirectory(source, target, shared || isCharmFolder(source));
    else if (entry.isSymbolicLink()) await symlink(await readlink(source), target);
    else if (entry.isFile()) await copyOrLink(source, target, shared);
  }
}

function isCharmFolder(path: string): boolean {
  const parts = path.split(sep);
  return parts.at(-1) === 'charms' || (parts.at(-1) === 'charm' && parts.at(-3) === 'agents');
}

async function copyOrLink(source: string, target: string, shared: boolean): Promise<void> {
  const large = shared && (await lstat(source)).size > 256 * 1024;
  if (
    large &&
    (await link(source, target).then(
      () => true,
      () => false,
    ))
  )
    return;
  await copyFile(source, target);
}
