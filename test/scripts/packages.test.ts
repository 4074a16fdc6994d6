/** Guards what is installed: nothing that runs code or downloads at installation, exact versions, and one Node for everything. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { OLDEST_TO_INSTALL, warnedAbout, withoutWarnings } from '../../scripts/lock-engines.ts';
import { repository } from '../../scripts/pack/places.ts';

interface LockedPackage {
  readonly version: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly engines?: { readonly node?: string };
}

async function json<T>(name: string): Promise<T> {
  return JSON.parse(await readFile(join(repository, name), 'utf8')) as T;
}

const manifest = await json<{
  devDependencies: Record<string, string>;
  optionalDependencies: Record<string, string>;
}>('package.json');
const lock = await json<{ packages: Record<string, LockedPackage> }>('package-lock.json');
const { packages } = lock;
const installed = Object.entries(packages).filter(([path]) => path !== '');

describe('the packages', () => {
  it('have no install scripts, which could download what no lock file knows', () => {
    expect(installed.filter(([, one]) => one.hasInstallScript).map(([path]) => path)).toEqual([]);
  });

  it('are all locked by a sha512', () => {
    expect(installed.filter(([, one]) => !one.integrity?.startsWith('sha512-')).map(([path]) => path)).toEqual([]);
  });

  it('are asked for in exact versions', () => {
    const ranges = Object.values({ ...manifest.devDependencies, ...manifest.optionalDependencies });
    expect(ranges.filter((range) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(range))).toEqual([]);
  });

  it('bring the same Node for both architectures, and it is the one that runs this', () => {
    const versions = new Set(Object.values(manifest.optionalDependencies));
    expect([...versions].map((version) => `v${version}`)).toEqual([process.version]);
  });
});

describe('npm ci', () => {
  it('warns about no package on Node 20 (after a change of packages: npm run lock)', () => {
    expect(warnedAbout(lock, OLDEST_TO_INSTALL)).toEqual([]);
  });

  it('goes on to warn about a package that the Node of the archives does not satisfy either', () => {
    const later = { engines: { node: '>=99' } };
    const ours = { engines: { node: `>=${process.version.slice(1)}` } };
    const spared = withoutWarnings(
      { packages: { 'node_modules/later': later, 'node_modules/ours': ours } },
      process.version,
    );
    expect(spared.packages).toEqual({ 'node_modules/later': later, 'node_modules/ours': {} });
  });
});

describe('a script on another Node', () => {
  it('says which Node it needs and how to get it', async () => {
    const pinned = join(repository, 'scripts/pinned-node.mjs');
    const pretend = "Object.defineProperty(process, 'version', { value: 'v20.0.0' });";
    const script = `data:text/javascript,${encodeURIComponent(pretend)}`;
    const run = promisify(execFile)(process.execPath, ['--import', script, '--import', pinned, '--eval', '0']);
    await expect(run).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/This needs Node \d+\.\d+\.\d+.*this is v20\.0\.0\. .*npm run/),
    });
  });
});
