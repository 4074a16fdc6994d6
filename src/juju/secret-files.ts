/**
 * Secret contents on their way to Juju: arguments are seen by everyone on the machine and `secret-add` reads no stdin, so they
 * go through a 0600 file in a 0700 folder for as long as one call takes. JSON, because the agent tries that first.
 */

import { accessSync, constants } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SecretContent } from './juju.ts';

export interface SecretFiles {
  /** Calls with the absolute path of a file that holds the content, and removes it whatever comes of the call. */
  withFile<T>(content: SecretContent, call: (path: string) => Promise<T>): Promise<T>;
}

/**
 * `owner` tells folders of different units apart. What a killed dispatch of the same unit left behind is removed at first use:
 * Juju runs one dispatch of a unit at a time, so no other can be using it.
 */
export function createSecretFiles(parent: string, owner: string): SecretFiles {
  const prefix = `juju-secret-${owner.replaceAll(/[^a-z0-9]+/gi, '-').slice(-100)}-`;
  let swept: Promise<void> | undefined;

  return {
    async withFile(content, call) {
      swept ??= sweep(parent, prefix);
      await swept;
      const folder = await mkdtemp(join(parent, prefix));
      try {
        const path = join(folder, 'content.json');
        await writeFile(path, JSON.stringify(content), { mode: 0o600, flag: 'wx' });
        return await call(path);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

/** Memory rather than disk where that can be had: `/run` on a unit. */
export function privateTemporaryDirectory(): string {
  try {
    accessSync('/run', constants.W_OK);
    return '/run';
  } catch {
    return tmpdir();
  }
}

async function sweep(parent: string, prefix: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (name.startsWith(prefix) && name.length === prefix.length + 6)
      await rm(join(parent, name), { recursive: true, force: true });
  }
}
