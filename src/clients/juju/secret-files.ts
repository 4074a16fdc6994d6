/**
 * Secret contents on their way to Juju: arguments are seen by everyone on the machine and `secret-add` reads no stdin, so they
 * go through a 0600 file in a 0700 folder for as long as one call takes. JSON, because the agent tries that first.
 */

import { accessSync, constants, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
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
export function createSecretFiles(parent: string | undefined, owner: string): SecretFiles {
  const prefix = `juju-secret-${owner.replaceAll(/[^a-z0-9]+/gi, '-').slice(-100)}-`;
  let place: string | undefined;

  const placeWithoutLeftovers = (): string => {
    const found = parent ?? privateTemporaryDirectory();
    sweep(found, prefix);
    return found;
  };

  return {
    async withFile(content, call) {
      place ??= placeWithoutLeftovers();
      const folder = mkdtempSync(join(place, prefix));
      try {
        const path = join(folder, 'content.json');
        writeFileSync(path, JSON.stringify(content), { mode: 0o600, flag: 'wx' });
        return await call(path);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

/** Memory rather than disk where that can be had: on a unit we are root, and `/run` is memory. */
function privateTemporaryDirectory(): string {
  try {
    accessSync('/run', constants.W_OK);
    return '/run';
  } catch {
    return '/tmp';
  }
}

function sweep(parent: string, prefix: string): void {
  const leftovers = readdirSync(parent).filter((name) => name.startsWith(prefix) && name.length === prefix.length + 6);
  for (const name of leftovers) rmSync(join(parent, name), { recursive: true, force: true });
}
