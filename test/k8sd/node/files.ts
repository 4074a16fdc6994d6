/** Files of a machine, by their path on it. */

import { chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface MachineFiles {
  real(path: string): string;
  read(path: string): Promise<string | undefined>;
  /** Throws Go's words when it does not exist. */
  need(path: string): Promise<string>;
  /** Makes missing directories 0700. An empty content deletes the file, as k8sd does with certificates. */
  write(path: string, content: string, mode?: number): Promise<void>;
  /** An empty file. */
  touch(path: string): Promise<void>;
  directory(path: string, mode?: number): Promise<void>;
  list(path: string): Promise<readonly string[]>;
  exists(path: string): Promise<boolean>;
  remove(path: string): Promise<void>;
}

export function machineFiles(root: string): MachineFiles {
  const real = (path: string): string => join(root, path);
  const read = async (path: string): Promise<string | undefined> => {
    try {
      return await readFile(real(path), 'utf8');
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  };
  const directory = async (path: string, mode = 0o700): Promise<void> => {
    await mkdir(real(path), { recursive: true, mode });
  };
  return {
    real,
    read,
    directory,
    need: async (path) => {
      const text = await read(path);
      if (text === undefined) throw new Error(`failed to read file: open ${path}: no such file or directory`);
      return text;
    },
    write: async (path, content, mode = 0o600) => {
      if (content === '') {
        await rm(real(path), { force: true });
        return;
      }
      await directory(dirname(path));
      const temporary = `${real(path)}.new`;
      await rm(temporary, { force: true });
      await writeFile(temporary, content, { mode });
      await chmod(temporary, mode);
      await rename(temporary, real(path));
    },
    touch: async (path) => {
      await directory(dirname(path));
      await writeFile(real(path), '', { mode: 0o600 });
    },
    list: async (path) => {
      try {
        return (await readdir(real(path))).sort();
      } catch (error) {
        if (isMissing(error)) return [];
        throw error;
      }
    },
    exists: async (path) => {
      try {
        await stat(real(path));
        return true;
      } catch (error) {
        if (isMissing(error)) return false;
        throw error;
      }
    },
    remove: (path) => rm(real(path), { recursive: true, force: true }),
  };
}

function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
