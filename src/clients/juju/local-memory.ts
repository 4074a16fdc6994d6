/**
 * What a unit must remember even of a dispatch that failed, in a small file beside the charm: Juju discards unit state and
 * databags of such a dispatch, but not the statuses that it set, nor does it repeat an event that an operator lets it skip
 * (`juju resolve --no-retry`). Files that Juju does not know survive an upgrade of the charm.
 */

import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { isJsonObject, isRecordOfStrings } from './answer-shapes.ts';

export interface LocalMemory {
  get(key: string): string | undefined;
  /** Takes effect at once and as a whole; `undefined` forgets. Nothing is written when nothing differs. */
  set(entries: Readonly<Record<string, string | undefined>>): void;
}

/**
 * Reads the file at first use. It is never in the way of a dispatch: an unreadable file is an empty memory, and where none
 * can be written (a full disk) the file goes and `warn` is told, because to remember nothing is always sound.
 */
export function createLocalMemory(file: string, warn: (message: string) => void): LocalMemory {
  let known: Map<string, string> | undefined;
  const all = (): Map<string, string> => {
    known ??= read(file);
    return known;
  };

  return {
    get: (key) => all().get(key),

    set(entries) {
      const memory = all();
      const differing = Object.entries(entries).filter(([key, value]) => memory.get(key) !== value);
      if (differing.length === 0) return;
      for (const [key, value] of differing) {
        if (value === undefined) memory.delete(key);
        else memory.set(key, value);
      }
      write(file, memory, warn);
    },
  };
}

function read(file: string): Map<string, string> {
  try {
    const content: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return isJsonObject(content) && isRecordOfStrings(content) ? new Map(Object.entries(content)) : new Map();
  } catch {
    return new Map();
  }
}

function write(file: string, memory: ReadonlyMap<string, string>, warn: (message: string) => void): void {
  const draft = `${file}.new`;
  try {
    writeFileSync(draft, `${JSON.stringify(Object.fromEntries(memory))}\n`, { mode: 0o600 });
    renameSync(draft, file);
  } catch (error) {
    warn(`cannot remember what was told to Juju, so more will be told again: ${reasonOf(error)}`);
    discard(file, warn);
    discard(draft, warn);
  }
}

function discard(file: string, warn: (message: string) => void): void {
  try {
    rmSync(file, { force: true });
  } catch (error) {
    warn(`cannot remove ${file}: ${reasonOf(error)}`);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown';
}
