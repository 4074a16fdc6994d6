/** Charms that were given to the model, unpacked once each. */

import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CharmDefinition, readCharmArchive, unpackCharm } from './charm-archive.ts';
import { CONTENT, writeListing } from './charm-deployment.ts';
import type { ModelState } from './state.ts';

const DEFINITION = 'definition.json';

export interface CharmStore {
  definition(key: string): CharmDefinition;
  /** Folder of a charm, for `deployCharm`. */
  unpacked(key: string): string;
  /** Reads, checks and unpacks an archive, and gives its key. Throws `CharmRefused`. */
  add(path: string): Promise<string>;
  /** Makes the charms that the state speaks of known again. */
  load(): Promise<void>;
}

/** `cache`: folder for unpacked archives; many models may share one. */
export function openCharmStore(state: ModelState, cache: string): CharmStore {
  const definitions = new Map<string, CharmDefinition>();
  const folder = (digest: string): string => join(cache, `${digest.slice(0, 32)}-${state.jujuVersion.split('.')[0]}`);

  const stored = (key: string): string => {
    const charm = state.charms[key];
    if (!charm) throw new Error(`charm "${key}" not found`);
    return folder(charm.digest);
  };

  return {
    unpacked: stored,
    definition(key) {
      const found = definitions.get(key);
      if (!found) throw new Error(`charm "${key}" not found`);
      return found;
    },
    async add(path) {
      const archive = await readCharmArchive(path, state.jujuVersion);
      const { name } = archive.definition;
      const known = Object.entries(state.charms).find(([, charm]) => charm.digest === archive.digest);
      if (known) return known[0];
      const target = folder(archive.digest);
      if (!existsSync(target)) {
        const temporary = `${target}.${process.pid}.${Math.random().toString(36).slice(2)}`;
        await mkdir(temporary, { recursive: true });
        await unpackCharm(archive, join(temporary, CONTENT));
        await writeListing(temporary, archive.members);
        await writeFile(join(temporary, DEFINITION), JSON.stringify(archive.definition));
        await rename(temporary, target).catch(() => rm(temporary, { recursive: true, force: true }));
      }
      const revision = Object.values(state.charms).filter((charm) => charm.name === name).length;
      const key = `local:${name}-${revision}`;
      state.charms[key] = { digest: archive.digest, name, revision };
      definitions.set(key, archive.definition);
      return key;
    },
    async load() {
      for (const key of Object.keys(state.charms)) {
        definitions.set(key, JSON.parse(await readFile(join(stored(key), DEFINITION), 'utf8')));
      }
    },
  };
}
