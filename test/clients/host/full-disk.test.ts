/**
 * Guards that a full disk costs nothing: the old file stands as it was and no half file stays. The disk is a real one of a few kilobytes
 * where we may mount it; else the size of files is limited for a process of its own, which fails the same write.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { openHost } from '../../../src/clients/host/open-host.ts';
import { temporaryRoot } from './folder.ts';

const run = promisify(execFile);

/** A file system of 64 KiB, or undefined where mounting is not allowed. */
async function tinyDisk(): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'hd-'));
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=0700', 'tmpfs', folder]);
    return folder;
  } catch {
    await rm(folder, { recursive: true });
    return undefined;
  }
}

it('a full disk leaves the old file and nothing else', async (test) => {
  const disk = await tinyDisk();
  if (disk === undefined) return test.skip('a file system cannot be mounted here');
  try {
    const { files } = openHost(disk);
    await files.write('/args/kube-apiserver', 'old\n', { mode: 0o600 });
    const before = await files.status('/args/kube-apiserver');
    await expect(files.write('/args/kube-apiserver', 'x'.repeat(200_000), { mode: 0o644 })).rejects.toThrow(
      'No room on the disk for',
    );
    expect(await files.read('/args/kube-apiserver')).toBe('old\n');
    expect(await files.status('/args/kube-apiserver')).toEqual(before);
    expect(await readdir(join(disk, 'args'))).toEqual(['kube-apiserver']);
    // What failed took no space for good.
    await files.write('/args/kube-apiserver', 'y'.repeat(30_000), { mode: 0o600 });
  } finally {
    await run('umount', [disk]);
    await rm(disk, { recursive: true });
  }
});

it('a write that is cut short leaves the old file and nothing else', async () => {
  const root = await temporaryRoot();
  await writeFile(join(root, 'a'), 'old\n');
  const program = join(root, 'write.ts');
  const openFiles = new URL('../../../src/clients/host/files.ts', import.meta.url).href;
  await writeFile(
    program,
    `import { openFiles } from ${JSON.stringify(openFiles)};
process.on('SIGXFSZ', () => undefined);
try {
  await openFiles(${JSON.stringify(root)}).write('/a', 'x'.repeat(500_000), { mode: 0o600 });
  console.log('written');
} catch (error) {
  console.log((error as NodeJS.ErrnoException).code);
}
`,
  );
  const { stdout } = await run('sh', ['-c', 'ulimit -f 64 && exec "$0" "$1"', process.execPath, program]);
  expect(stdout).toBe('EFBIG\n');
  expect(await readFile(join(root, 'a'), 'utf8')).toBe('old\n');
  expect((await readdir(root)).toSorted()).toEqual(['a', 'write.ts']);
});
