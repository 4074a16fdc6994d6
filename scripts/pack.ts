/** `npm run pack [-- --arch amd64] [--charm k8s] [--out folder]`: writes the charm archives, all four by default, to dist/. */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { archiveName, type Charm, charmArchive, charms } from './pack/archive.ts';
import { bundleProgram } from './pack/bundle.ts';
import { repository } from './pack/places.ts';
import { type Architecture, architectures, nodeRuntime } from './pack/runtime.ts';

const { values } = parseArgs({
  options: { arch: { type: 'string' }, charm: { type: 'string' }, out: { type: 'string' } },
});

const folder = values.out ?? join(repository, 'dist');
const bundle = await bundleProgram();
await mkdir(folder, { recursive: true });
await Promise.all(chosen('arch', architectures, values.arch).map(packFor));

async function packFor(architecture: Architecture): Promise<void> {
  const runtime = await nodeRuntime(architecture);
  for (const charm of chosen('charm', Object.keys(charms) as Charm[], values.charm)) {
    const archive = await charmArchive(charm, architecture, bundle, runtime);
    const path = join(folder, archiveName(charm, architecture));
    await writeFile(`${path}.${process.pid}`, archive);
    await rename(`${path}.${process.pid}`, path);
    console.log(`${relative(process.cwd(), path)}  ${(archive.length / 1e6).toFixed(1)} MB`);
  }
}

function chosen<T extends string>(option: string, all: readonly T[], value: string | undefined): readonly T[] {
  if (value === undefined) return all;
  const found = all.filter((one) => one === value);
  if (found.length === 0) throw new Error(`--${option} is one of ${all.join(', ')}, not ${value}`);
  return found;
}
