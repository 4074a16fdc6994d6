/**
 * Files under one root. A file is replaced in one step, so that whoever reads it, and whoever comes after a crash or a full disk,
 * sees either the old text or the new one.
 */
import { constants, type Stats } from 'node:fs';
import {
  chmod,
  chown,
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  statfs,
  unlink,
} from 'node:fs/promises';
import { basename, dirname, join, normalize } from 'node:path';
import { DiskFull } from './errors.ts';
import type { FileStatus, Files, Owner, WriteOptions } from './host.ts';

const PRIVATE_DIRECTORY = 0o700;
const PRIVATE_FILE = 0o600;

export function openFiles(root: string): Files {
  const real = realPath(root);
  const fileStatus = statusUnder(root);
  const realOwner = rootUnder(root);
  const status = async (path: string) => {
    const found = await unlessMissing(lstat(real(path)));
    if (!found?.isSymbolicLink()) return fileStatus(found);
    const target = fileStatus(await unlessMissing(stat(real(path))));
    return target && { ...target, link: true as const };
  };
  const writing = new Map<string, Promise<void>>();
  return {
    real,
    read: (path) => unlessMissing(readFile(real(path), 'utf8')),
    status,
    tree: async (directory) => new Map(await below(directory, real, status)),
    list: async (directory) => ((await unlessMissing(readdir(real(directory)))) ?? []).toSorted(),
    write: async (path, content, options) => inTurn(writing, real(path), () => replace(real(path), content, options)),
    remove: async (path) => rm(real(path), { recursive: true, force: true }),
    makeDirectory: async (path, mode) => makeDirectory(real(path), mode),
    setMode: async (path, mode) => chmod(real(path), mode),
    setOwner: async (path, owner) => {
      const { uid, gid } = realOwner(owner);
      await chown(real(path), uid, gid);
    },
    freeSpace: async (path) => freeSpace(real(path)),
  };
}

/** Absolute paths only; `..` does not lead out of the root. */
function realPath(root: string): (path: string) => string {
  return (path) => {
    if (!path.startsWith('/') || path.includes('\0')) throw new Error(`not an absolute path: ${JSON.stringify(path)}`);
    return join(root, normalize(path));
  };
}

async function replace(path: string, content: string, options: WriteOptions): Promise<void> {
  const directory = dirname(path);
  // The name is always the same, so that what a killed process left is cleared by the next write instead of piling up.
  const temporary = join(directory, `.${basename(path)}.being-written`);
  try {
    await mkdir(directory, { recursive: true, mode: PRIVATE_DIRECTORY });
    await rm(temporary, { force: true });
    await createFile(temporary, content, options);
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw isFull(error) ? new DiskFull(path, error) : error;
  }
  await syncDirectory(directory);
}

function isFull(error: unknown): error is NodeJS.ErrnoException {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

async function createFile(path: string, content: string, { mode, owner }: WriteOptions): Promise<void> {
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
  const file = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, PRIVATE_FILE);
  try {
    // Owner first: changing it clears set-user-id bits, and while it is not set nobody else may read.
    if (process.getuid?.() === 0) await file.chown(owner?.uid ?? 0, owner?.gid ?? 0);
    await file.chmod(mode);
    await writeAll(file, Buffer.from(content, 'utf8'));
    await file.sync();
  } finally {
    await file.close();
  }
}

async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let offset = 0; offset < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, offset);
    offset += bytesWritten;
  }
}

/** A rename is only on disk once its directory is. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Also sets the mode of one that exists, since a process may have been killed between the two. */
async function makeDirectory(path: string, mode: number): Promise<void> {
  await mkdir(path, { recursive: true, mode: PRIVATE_DIRECTORY });
  await chmod(path, mode);
}

/** Two writes of one file within a process would share the temporary file. */
async function inTurn(waiting: Map<string, Promise<void>>, key: string, task: () => Promise<void>): Promise<void> {
  const before = waiting.get(key) ?? Promise.resolve();
  const mine = before.then(task, task);
  waiting.set(key, mine);
  try {
    await mine;
  } finally {
    if (waiting.get(key) === mine) waiting.delete(key);
  }
}

type StatusOf = (path: string) => Promise<FileStatus | undefined>;

/** What vanishes meanwhile is left out. */
async function below(
  directory: string,
  real: (path: string) => string,
  statusOf: StatusOf,
): Promise<readonly (readonly [string, FileStatus])[]> {
  const [own, entries] = await Promise.all([
    statusOf(directory),
    unlessMissing(readdir(real(directory), { withFileTypes: true })),
  ]);
  const found = await Promise.all(
    (entries ?? []).map(async (entry) => {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) return below(path, real, statusOf);
      const status = await statusOf(path);
      return status === undefined ? [] : [[path, status] as const];
    }),
  );
  return own === undefined ? [] : [[directory, own], ...found.flat()];
}

/** In a folder that stands for a machine, whoever runs this stands for root, whose files all are on a unit. */
function statusUnder(root: string): (found: Stats | undefined) => FileStatus | undefined {
  const [user, group] = root === '/' ? [0, 0] : [process.getuid?.(), process.getgid?.()];
  return (found) => {
    if (found === undefined) return undefined;
    return {
      size: found.size,
      mode: found.mode & 0o7777,
      uid: found.uid === user ? 0 : found.uid,
      gid: found.gid === group ? 0 : found.gid,
      modifiedMs: found.mtimeMs,
      inode: found.ino,
      kind: found.isFile() ? 'file' : found.isDirectory() ? 'directory' : 'other',
    };
  };
}

/** The other way round. */
function rootUnder(root: string): (owner: Owner) => Owner {
  const [user, group] = root === '/' ? [0, 0] : [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  return ({ uid, gid }) => ({ uid: uid === 0 ? user : uid, gid: gid === 0 ? group : gid });
}

/** A folder that is not there yet will lie where the nearest one lies that is. */
async function freeSpace(path: string): Promise<number> {
  const found = await unlessMissing(statfs(path, { bigint: true }));
  if (found !== undefined) return Number(found.bavail * found.bsize);
  return freeSpace(dirname(path));
}

/** Nothing is there, or nothing can be: a path through a file, through links that go round, or with too long a name. */
const MISSING: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG']);

async function unlessMissing<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (MISSING.has(code ?? '')) return undefined;
    throw error;
  }
}
