/**
 * The Node runtime of an architecture. The one of this machine is installed with the other packages. The other one is fetched and checked
 * against the lock file, the same check that `npm ci` makes: no byte of it is used before.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { arch } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { $ } from 'zx';
import { cacheFolder, repository } from './places.ts';
import { untar } from './untar.ts';

/** As Juju and Debian name them. */
export const architectures = ['amd64', 'arm64'] as const;
export type Architecture = (typeof architectures)[number];

/** The architecture of this machine. Throws when charms cannot be packed for it. */
export function ownArchitecture(): Architecture {
  const own = architectures.find((name) => nodeArch[name] === arch());
  if (own === undefined)
    throw new Error(`charms are packed for ${architectures.join(' and ')}, this machine is ${arch()}`);
  return own;
}

export interface Runtime {
  readonly node: Buffer;
  readonly licence: Buffer;
}

export async function nodeRuntime(architecture: Architecture): Promise<Runtime> {
  const name = `node-linux-${nodeArch[architecture]}`;
  const folder = join(repository, 'node_modules', name);
  try {
    const [node, licence] = await Promise.all([readFile(join(folder, 'bin/node')), readFile(join(folder, 'LICENSE'))]);
    return { node, licence };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return await fetchedRuntime(name);
  }
}

const nodeArch = { amd64: 'x64', arm64: 'arm64' } as const;

async function fetchedRuntime(name: string): Promise<Runtime> {
  const tarball = await promisify(gunzip)(await verifiedTarball(name));
  const files = untar(tarball, new Set(['package/bin/node', 'package/LICENSE']));
  const node = files.get('package/bin/node');
  const licence = files.get('package/LICENSE');
  if (node === undefined || licence === undefined) throw new Error(`the package ${name} has no bin/node or no LICENSE`);
  return { node, licence };
}

async function verifiedTarball(name: string): Promise<Buffer> {
  const { version, integrity } = await locked(name);
  const file = join(cacheFolder, `${name}-${version}.tgz`);
  const cached = await readFile(file).catch(() => undefined);
  if (cached !== undefined && matches(cached, integrity)) return cached;
  const folder = join(cacheFolder, `fetch-${process.pid}-${name}`);
  await mkdir(folder, { recursive: true });
  try {
    await $({ cwd: repository })`npm pack ${name}@${version} --ignore-scripts --pack-destination ${folder}`.quiet();
    const fetched = await readFile(join(folder, `${name}-${version}.tgz`));
    if (!matches(fetched, integrity))
      throw new Error(`${name}@${version} is not the package that package-lock.json knows`);
    await rename(join(folder, `${name}-${version}.tgz`), file);
    return fetched;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface LockFile {
  readonly packages: Readonly<Record<string, { readonly version: string; readonly integrity: string } | undefined>>;
}

async function locked(name: string): Promise<{ version: string; integrity: string }> {
  const lock = JSON.parse(await readFile(join(repository, 'package-lock.json'), 'utf8')) as LockFile;
  const entry = lock.packages[`node_modules/${name}`];
  if (!entry?.integrity.startsWith('sha512-')) throw new Error(`package-lock.json has no sha512 of ${name}`);
  return entry;
}

function matches(tarball: Buffer, integrity: string): boolean {
  return `sha512-${createHash('sha512').update(tarball).digest('base64')}` === integrity;
}
