/** Guards what is handed to Juju: each packed archive, against the rules by which Juju 3.6 and 4.0 accept, unpack and run a charm. */
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { charmArchive } from '../../scripts/pack/archive.ts';
import { bundleProgram } from '../../scripts/pack/bundle.ts';
import { repository } from '../../scripts/pack/places.ts';
import { architectures, nodeRuntime, ownArchitecture } from '../../scripts/pack/runtime.ts';
import type { Catalogue } from '../../src/capabilities/hardening/catalogue.ts';
import { packedArchives } from '../archives.ts';
import { actionsProblems, configProblems, manifestProblems, metadataProblems } from './juju-rules.ts';
import { readZip, type ZipFile } from './read-zip.ts';

const own = ownArchitecture();
const regularFile = 0o100000;
const elfMachine = { amd64: 62, arm64: 183 } as const;

/** Without the registry the other architecture cannot be packed. That is excused on a laptop, not in CI. */
const reachable = await Promise.all(
  architectures.map(async (architecture) => {
    try {
      await nodeRuntime(architecture);
      return architecture;
    } catch (error) {
      if (architecture === own || process.env['CI'] === 'true') throw error;
      console.warn(`archive test: ${architecture} left out: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }),
);
const packable = architectures.filter((architecture) => reachable.includes(architecture));
const all = packable.flatMap((architecture) =>
  (['k8s', 'k8s-worker'] as const).map((charm) => ({ architecture, charm })),
);

describe.each(all)('the archive of $charm for $architecture', ({ architecture, charm }) => {
  let archive: Buffer;
  let files: ReadonlyMap<string, ZipFile>;

  beforeAll(async () => {
    const paths = await packedArchives(architecture);
    archive = await readFile(charm === 'k8s' ? paths.k8s : paths.worker);
    files = new Map(readZip(archive).map((file) => [file.path, file]));
  }, 120_000);

  const get = (path: string): ZipFile => {
    const file = files.get(path);
    if (file === undefined) throw new Error(`${path} is not in the archive`);
    return file;
  };
  const yaml = (path: string): unknown => parse(get(path).data.toString());

  it('is below 60 MB', () => {
    expect(archive.length).toBeLessThan(60_000_000);
  });

  it('has files that Juju accepts', () => {
    expect(metadataProblems(yaml('metadata.yaml'))).toEqual([]);
    expect(configProblems(yaml('config.yaml'))).toEqual([]);
    expect(actionsProblems(yaml('actions.yaml'))).toEqual([]);
    expect(manifestProblems(yaml('manifest.yaml'), architecture)).toEqual([]);
    expect(yaml('metadata.yaml')).toMatchObject({ name: charm });
    expect(get('version').data.toString()).toMatch(/^.{1,100}\n$/);
  });

  it('lists the three Ubuntu releases', () => {
    expect(yaml('manifest.yaml')).toMatchObject({
      bases: [{ channel: '22.04' }, { channel: '24.04' }, { channel: '26.04' }],
    });
  });

  it('has regular files only, with Unix modes, executable where something is executed', () => {
    const executable = ['dispatch', 'program/main.cjs', 'runtime/node'];
    for (const { path, madeBy, mode } of files.values()) {
      expect([path, madeBy, mode]).toEqual([path, 3, regularFile | (executable.includes(path) ? 0o755 : 0o644)]);
    }
  });

  it('keeps inside its folder and out of those that Juju 3.6 leaves out', () => {
    const bad =
      /^\/|(^|\/)\.\.(\/|$)|^build\/|(^|\/)\.(git|svn|hg|bzr|tox|jujuignore)(\/|$)|^revision$|node_modules|\\/;
    expect([...files.keys()].filter((path) => bad.test(path))).toEqual([]);
  });

  it('has the catalogues of controls as JSON, of a worker those that are looked at on workers', () => {
    expect([...files.keys()].filter((path) => path.startsWith('hardening/'))).toEqual([
      'hardening/cis.json',
      'hardening/stig.json',
    ]);
    for (const path of ['hardening/cis.json', 'hardening/stig.json']) {
      const { controls } = JSON.parse(get(path).data.toString()) as Catalogue;
      expect(controls.length).toBeGreaterThan(20);
      expect(controls.some(({ places }) => !places.includes('worker'))).toBe(charm === 'k8s');
    }
  });

  it('has no Python', () => {
    const named = [...files.keys()].filter((path) => /\.(py|pyc|whl)$|(^|\/)(python|venv)/i.test(path));
    const run = [...files.values()].filter(({ data }) => /^#!.*python/.test(data.toString('latin1', 0, 80)));
    expect([...named, ...run.map(({ path }) => path)]).toEqual([]);
  });

  it('has a dispatch for sh, of which the last word is the program', () => {
    const text = get('dispatch').data.toString();
    expect(text).not.toContain('\r');
    expect(text.startsWith('#!/bin/sh\n')).toBe(true);
    const last = text.trimEnd().split('\n').at(-1) ?? '';
    expect(last.startsWith('exec ./runtime/node ')).toBe(true);
    expect(get((last.split(' ').at(-1) ?? '').replace(/^\.\//, '')).mode & 0o111).toBe(0o111);
  });

  it('has the Node of its architecture', () => {
    const { data } = get('runtime/node');
    expect(data.toString('latin1', 0, 4)).toBe('\x7fELF');
    expect(data.readUInt16LE(18)).toBe(elfMachine[architecture]);
  });

  it('has the licences of itself, of Node and of each package in the program', async () => {
    const text = get('licenses/packages.txt').data.toString();
    const { packages } = await bundleProgram();
    for (const folder of packages) {
      const { name, version } = JSON.parse(await readFile(join(repository, folder, 'package.json'), 'utf8'));
      expect(text).toContain(`${name} ${version} (`);
    }
    expect(get('LICENSE').data.toString()).toContain('Apache License');
    expect(get('licenses/node.txt').data.toString()).toContain('Node.js is licensed for use as follows');
  });

  it('loads nothing at run time but Node and itself', () => {
    const program = [...files.values()].filter(({ path }) => path.endsWith('.cjs'));
    const loaded = program.flatMap(({ data }) =>
      [...data.toString().matchAll(/\brequire\(([^)]*)\)|\bimport\((["'][^)]*)\)/g)].map(
        ([, one, other]) => one ?? other ?? '',
      ),
    );
    expect(loaded).toEqual(expect.arrayContaining(['"node:child_process"', '"./open-kubernetes.cjs"']));
    const strangers = loaded.filter((name) => !/^"\.\/[\w-]+\.cjs"$/.test(name) && !isBuiltin(name.slice(1, -1)));
    expect(strangers).toEqual([]);
  });

  describe.runIf(architecture === own)('unpacked as Juju 3.6 repacks it', () => {
    let root: string;

    afterEach(() => rm(root, { recursive: true, force: true }));

    it('runs, and passes over an event that it does not know', async () => {
      root = await mkdtemp(join(tmpdir(), 'charm-'));
      const folder = join(root, 'charm');
      await repackedInto(folder, [...files.values()]);
      const { stderr } = await promisify(execFile)('./dispatch', [], {
        cwd: folder,
        env: await closedEnvironment(root, folder, charm),
      });
      expect(stderr).toBe('');
    });
  });
});

describe('packing', () => {
  it('gives the same bytes twice', async () => {
    const runtime = await nodeRuntime(own);
    const first = await charmArchive('k8s', own, await bundleProgram(), runtime);
    const second = await charmArchive('k8s', own, await bundleProgram(), runtime);
    expect(first.equals(second)).toBe(true);
  }, 120_000);
});

describe('the program', () => {
  it('does not read X.509 before it needs it', async () => {
    const { files, packages } = await bundleProgram();
    const heavy = ['node_modules/@peculiar/x509'];
    expect(packages).toEqual(expect.arrayContaining(heavy));
    const atOnce = new Set(['main.cjs']);
    for (const name of atOnce) {
      const file = files.find((one) => one.name === name);
      for (const imported of file?.imports ?? []) atOnce.add(imported);
    }
    const early = files.filter(({ name }) => atOnce.has(name)).flatMap((file) => file.packages);
    expect(early.filter((folder) => heavy.includes(folder))).toEqual([]);
  });
});

function isBuiltin(name: string): boolean {
  return process.getBuiltinModule(name) !== undefined;
}

/** Modes become 0755 or 0644 by the owner's execute bit; ignored paths go; `version` is written anew. */
async function repackedInto(folder: string, files: readonly ZipFile[]): Promise<void> {
  const ignored = /^build\/|^revision$|^version$|(^|\/)\.(git|svn|hg|bzr|tox)(\/|$)|^\.jujuignore$/;
  for (const { path, mode, data } of files) {
    if (ignored.test(path)) continue;
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), data);
    await chmod(join(folder, path), (mode & 0o100) === 0 ? 0o644 : 0o755);
  }
}

/** Only what Juju sets, without HOME, and hook tools that answer nothing: an unknown event has nothing to ask them. */
async function closedEnvironment(root: string, folder: string, charm: string): Promise<NodeJS.ProcessEnv> {
  return {
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    CHARM_DIR: folder,
    JUJU_CHARM_DIR: folder,
    JUJU_DISPATCH_PATH: 'hooks/of-a-future-juju',
    JUJU_HOOK_NAME: 'of-a-future-juju',
    JUJU_UNIT_NAME: `${charm}/0`,
    JUJU_MODEL_NAME: 'm',
    JUJU_MODEL_UUID: '00000000-0000-4000-8000-000000000000',
    JUJU_VERSION: '3.6.9',
    K8S_CHARM_ROOT: root,
    LANG: 'C.UTF-8',
    TERM: 'tmux-256color',
  };
}
