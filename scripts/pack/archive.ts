/** What goes into a charm archive, under which name and with which mode. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { CATALOGUES } from '../../src/capabilities/hardening/catalogue.ts';
import { catalogueJson, readCatalogues } from '../catalogues/read.ts';
import type { Bundle } from './bundle.ts';
import { deflated } from './deflate.ts';
import { licenceTexts } from './licences.ts';
import { repository } from './places.ts';
import type { Architecture, Runtime } from './runtime.ts';
import { type ZipEntry, zip, zipEntry } from './zip.ts';

/** Each with the folder of its metadata.yaml, config.yaml and actions.yaml. */
export const charms = { k8s: '.', 'k8s-worker': 'charm/worker' } as const;
export type Charm = keyof typeof charms;

/** The Ubuntu releases that a charm runs on. */
const bases = ['22.04', '24.04', '26.04'];

interface Content {
  readonly path: string;
  readonly mode: number;
  readonly data: Buffer;
}

/** As charmcraft names an archive that was built on Ubuntu 24.04. */
export function archiveName(charm: Charm, architecture: Architecture): string {
  return `${charm}_ubuntu@24.04-${architecture}.charm`;
}

/** The bytes of a charm archive. */
export async function charmArchive(
  charm: Charm,
  architecture: Architecture,
  bundle: Bundle,
  runtime: Runtime,
): Promise<Buffer> {
  const contents = [
    ...program(bundle),
    file('runtime/node', runtime.node, 0o755),
    file('manifest.yaml', manifest(architecture)),
    file('licenses/node.txt', runtime.licence),
    file('licenses/packages.txt', await licenceTexts(bundle.packages)),
    file('version', `${await version()}\n`),
    ...(await copies(charm)),
  ];
  return zip(await Promise.all(contents.map(entry)));
}

function file(path: string, data: string | Buffer, mode = 0o644): Content {
  return { path, mode, data: typeof data === 'string' ? Buffer.from(data) : data };
}

async function entry({ path, mode, data }: Content): Promise<ZipEntry> {
  return zipEntry(path, mode, data, await deflated(data));
}

/**
 * Not in `build/`: Juju 3.6 leaves that folder out. The main module is executable although nothing executes it: charmcraft's linter takes
 * the last word of `dispatch` for the entry point and wants it so.
 */
function program(bundle: Bundle): readonly Content[] {
  return bundle.files.map(({ name, code }) => file(`program/${name}`, code, name === 'main.cjs' ? 0o755 : 0o644));
}

/** Channels are quoted: a bare 24.04 is a number in YAML, which Juju refuses. */
function manifest(architecture: Architecture): string {
  const list = bases.map((channel) => ({ name: 'ubuntu', channel, architectures: [architecture] }));
  return stringify({ bases: list }, { defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN' });
}

/** Shown by `juju status` as the charm's version. */
async function version(): Promise<string> {
  const { version } = JSON.parse(await readFile(join(repository, 'package.json'), 'utf8')) as { version: string };
  return version;
}

async function copies(charm: Charm): Promise<readonly Content[]> {
  const own = charms[charm];
  return [
    await copy('charm/dispatch', 'dispatch', 0o755),
    ...(await Promise.all(['metadata.yaml', 'config.yaml', 'actions.yaml'].map((name) => copy(join(own, name), name)))),
    ...(await Promise.all(['LICENSE', 'README.md', 'icon.svg'].map((name) => copy(name, name)))),
    ...(await catalogues(charm)),
    ...(await copyFolder('charm/policies', 'policies')),
  ];
}

/** As JSON: to parse the YAML of more than two hundred controls takes longer than all the rest of a dispatch. */
async function catalogues(charm: Charm): Promise<readonly Content[]> {
  const read = await readCatalogues();
  const role = charm === 'k8s' ? 'control-plane' : 'worker';
  return CATALOGUES.map((name) => file(`hardening/${name}.json`, catalogueJson(read[name], role)));
}

async function copy(from: string, to: string, mode?: number): Promise<Content> {
  return file(to, await readFile(join(repository, from)), mode);
}

async function copyFolder(from: string, to: string): Promise<readonly Content[]> {
  const entries = await readdir(join(repository, from), { withFileTypes: true, recursive: true }).catch(absent);
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const root = join(repository, from);
  return await Promise.all(
    files.map((path) => copy(path.slice(repository.length), `${to}/${path.slice(root.length + 1)}`)),
  );
}

function absent(error: NodeJS.ErrnoException): readonly never[] {
  if (error.code === 'ENOENT') return [];
  throw error;
}
