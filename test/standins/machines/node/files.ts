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
  /**
   * The power goes: resolves when what is being done on the disk is done. Whoever asks for more waits forever, as a process
   * does that is no more.
   */
  freeze(): Promise<void>;
  /** The power is back. */
  thaw(): void;
}

export function machineFiles(root: string): MachineFiles {
  const real = (path: string): string => join(root, path);
  const busy = new Set<Promise<unknown>>();
  let frozen = false;

  const onDisk = <T>(action: () => Promise<T>): Promise<T> => {
    if (frozen) return new Promise<T>(() => {});
    const work = action();
    busy.add(work);
    const done = (): void => {
      busy.delete(work);
    };
    work.then(done, done);
    return work;
  };

  const read = (path: string): Promise<string | undefined> =>
    onDisk(() => missingIsUndefined(readFile(real(path), 'utf8')));

  return {
    real,
    read,
    need: async (path) => {
      const text = await read(path);
      if (text === undefined) throw new Error(`failed to read file: open ${path}: no such file or directory`);
      return text;
    },
    write: (path, content, mode = 0o600) =>
      onDisk(() => (content === '' ? rm(real(path), { force: true }) : replace(real(path), content, mode))),
    touch: (path) =>
      onDisk(async () => {
        await mkdir(dirname(real(path)), { recursive: true, mode: 0o700 });
        await writeFile(real(path), '', { mode: 0o600 });
      }),
    directory: (path, mode = 0o700) =>
      onDisk(async () => {
        await mkdir(real(path), { recursive: true, mode });
      }),
    list: async (path) => ((await onDisk(() => missingIsUndefined(readdir(real(path))))) ?? []).sort(),
    exists: async (path) => (await onDisk(() => missingIsUndefined(stat(real(path))))) !== undefined,
    remove: (path) => onDisk(() => rm(real(path), { recursive: true, force: true })),
    freeze: async () => {
      frozen = true;
      await Promise.allSettled(busy);
    },
    thaw: () => {
      frozen = false;
    },
  };
}

async function replace(path: string, content: string, mode: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.new`;
  await rm(temporary, { force: true });
  await writeFile(temporary, content, { mode });
  await chmod(temporary, mode);
  await rename(temporary, path);
}

async function missingIsUndefined<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
