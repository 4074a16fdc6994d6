/** Guards that a file is replaced as a whole or not at all, with the mode and owner that were asked for, wherever links lead. */
import { chmod, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openHost } from '../../../src/clients/host/open-host.ts';
import { temporaryRoot } from './folder.ts';

const asRoot = process.getuid?.() === 0;

describe('write', () => {
  it('makes the file with its mode, whatever the umask', async () => {
    const root = await temporaryRoot();
    const { files } = openHost(root);
    const before = process.umask(0o077);
    try {
      await files.write('/etc/x/one.conf', 'a\n', { mode: 0o644 });
    } finally {
      process.umask(before);
    }
    expect(await readFile(join(root, 'etc/x/one.conf'), 'utf8')).toBe('a\n');
    expect(await files.status('/etc/x/one.conf')).toMatchObject({ mode: 0o644, size: 2, kind: 'file' });
  });

  it('makes missing directories for root alone', async () => {
    const root = await temporaryRoot();
    await openHost(root).files.write('/var/lib/a/b/c', 'x', { mode: 0o600 });
    expect((await stat(join(root, 'var'))).mode & 0o777).toBe(0o700);
    expect((await stat(join(root, 'var/lib/a/b'))).mode & 0o777).toBe(0o700);
  });

  it('leaves the mode of a directory that exists', async () => {
    const root = await temporaryRoot(['etc']);
    await chmod(join(root, 'etc'), 0o755);
    await openHost(root).files.write('/etc/a', 'x', { mode: 0o600 });
    expect((await stat(join(root, 'etc'))).mode & 0o777).toBe(0o755);
  });

  it('replaces: a new file takes the place of the old, with the new mode, and nothing else stays', async () => {
    const root = await temporaryRoot();
    const { files } = openHost(root);
    await files.write('/a', 'old', { mode: 0o644 });
    const old = await files.status('/a');
    await files.write('/a', 'new', { mode: 0o400 });
    const now = await files.status('/a');
    expect(await files.read('/a')).toBe('new');
    expect(now?.mode).toBe(0o400);
    expect(now?.inode).not.toBe(old?.inode);
    expect(await readdir(root)).toEqual(['a']);
  });

  it('replaces a link, and not what it leads to', async () => {
    const root = await temporaryRoot();
    const { files } = openHost(root);
    await writeFile(join(root, 'precious'), 'untouched');
    await symlink('precious', join(root, 'link'));
    await files.write('/link', 'mine', { mode: 0o600 });
    expect((await lstat(join(root, 'link'))).isSymbolicLink()).toBe(false);
    expect(await files.read('/precious')).toBe('untouched');
    expect(await files.read('/link')).toBe('mine');
  });

  it('does not follow a link laid where it writes first', async () => {
    const root = await temporaryRoot();
    const { files } = openHost(root);
    await writeFile(join(root, 'precious'), 'untouched');
    await symlink('precious', join(root, '.a.being-written'));
    await files.write('/a', 'mine', { mode: 0o600 });
    expect(await files.read('/precious')).toBe('untouched');
    expect(await readdir(root)).toEqual(['a', 'precious']);
  });

  it('clears what a killed process left', async () => {
    const root = await temporaryRoot();
    await writeFile(join(root, '.a.being-written'), 'half');
    await openHost(root).files.write('/a', 'whole', { mode: 0o600 });
    expect(await readdir(root)).toEqual(['a']);
  });

  it('leaves no temporary file when it fails', async () => {
    const root = await temporaryRoot(['taken/inside']);
    await expect(openHost(root).files.write('/taken', 'x', { mode: 0o600 })).rejects.toThrow();
    expect(await readdir(root)).toEqual(['taken']);
  });

  it('keeps two writes of one file apart', async () => {
    const root = await temporaryRoot();
    const { files } = openHost(root);
    const texts = Array.from({ length: 20 }, (_, n) => `${n}`.repeat(50_000));
    await Promise.all(texts.map((text) => files.write('/a', text, { mode: 0o600 })));
    expect(texts).toContain(await files.read('/a'));
    expect(await readdir(root)).toEqual(['a']);
  });

  it.runIf(asRoot)('gives it to root, or to whom it was asked', async () => {
    const root = await temporaryRoot();
    const { files } = openHost(root);
    await files.write('/a', 'x', { mode: 0o640, owner: { uid: 1234, gid: 4321 } });
    expect(await files.status('/a')).toMatchObject({ uid: 1234, gid: 4321, mode: 0o640 });
    await files.write('/a', 'y', { mode: 0o600 });
    expect(await files.status('/a')).toMatchObject({ uid: 0, gid: 0, mode: 0o600 });
  });

  it('writes text that is longer in bytes than in letters', async () => {
    const root = await temporaryRoot();
    const { files } = openHost(root);
    const text = 'ü€😀'.repeat(100_000);
    await files.write('/a', text, { mode: 0o600 });
    expect(await files.read('/a')).toBe(text);
  });
});

describe('paths', () => {
  it('do not lead out of the root', async () => {
    const root = await temporaryRoot();
    const { files } = openHost(join(root, 'inner'));
    await files.write('/../../escaped', 'x', { mode: 0o600 });
    expect(await readdir(root)).toEqual(['inner']);
    expect(files.real('/a/../../b')).toBe(join(root, 'inner', 'b'));
  });

  it('are absolute', async () => {
    const { files } = openHost(await temporaryRoot());
    await expect(files.write('etc/passwd', 'x', { mode: 0o600 })).rejects.toThrow('not an absolute path');
    expect(() => files.real('')).toThrow('not an absolute path');
    expect(() => files.real('/a\0b')).toThrow('not an absolute path');
  });

  it('are the machine’s own when the root is /', () => {
    expect(openHost('/').files.real('/etc/kubernetes/admin.conf')).toBe('/etc/kubernetes/admin.conf');
  });
});

describe('reading', () => {
  it('what is not there is nothing', async () => {
    const root = await temporaryRoot();
    const { files } = openHost(root);
    await writeFile(join(root, 'file'), '');
    expect(await files.read('/none')).toBeUndefined();
    expect(await files.read('/file/below')).toBeUndefined();
    expect(await files.status('/none/at/all')).toBeUndefined();
    expect(await files.list('/none')).toEqual([]);
    await files.remove('/none');
  });

  it('what cannot be read is an error', async () => {
    const { files } = openHost(await temporaryRoot(['folder']));
    await expect(files.read('/folder')).rejects.toThrow('EISDIR');
  });

  it('lists names in order', async () => {
    const root = await temporaryRoot(['d/z', 'd/a']);
    await writeFile(join(root, 'd/m'), '');
    expect(await openHost(root).files.list('/d')).toEqual(['a', 'm', 'z']);
  });

  it('tells what a link leads to', async () => {
    const root = await temporaryRoot(['d']);
    await symlink('d', join(root, 'link'));
    expect(await openHost(root).files.status('/link')).toMatchObject({ kind: 'directory' });
  });
});

it('makes directories with the mode that was asked for, also one that exists', async () => {
  const root = await temporaryRoot(['old']);
  const { files } = openHost(root);
  await mkdir(join(root, 'unreadable'));
  await files.makeDirectory('/a/b', 0o755);
  await files.makeDirectory('/old', 0o750);
  expect((await stat(join(root, 'a/b'))).mode & 0o777).toBe(0o755);
  expect((await stat(join(root, 'a'))).mode & 0o777).toBe(0o700);
  expect((await stat(join(root, 'old'))).mode & 0o777).toBe(0o750);
});

it('removes files, directories with what they hold, and links but not where they lead', async () => {
  const root = await temporaryRoot(['d/e', 'kept']);
  const { files } = openHost(root);
  await writeFile(join(root, 'd/e/f'), '');
  await symlink('kept', join(root, 'link'));
  await files.remove('/d');
  await files.remove('/link');
  expect(await readdir(root)).toEqual(['kept']);
});

it('sets a mode', async () => {
  const root = await temporaryRoot();
  await writeFile(join(root, 'a'), '', { mode: 0o644 });
  const { files } = openHost(root);
  await files.setMode('/a', 0o600);
  expect((await files.status('/a'))?.mode).toBe(0o600);
});
