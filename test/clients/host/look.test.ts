/** Guards how the host is looked at as a whole: units of systemd, command lines of processes, folders with all that they hold. */
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openHost } from '../../../src/clients/host/open-host.ts';
import { temporaryRoot } from './folder.ts';

describe('units', () => {
  async function units(program: string, names: readonly string[]) {
    const root = await temporaryRoot(['usr/bin']);
    await writeFile(join(root, 'usr/bin/systemctl'), `#!/bin/sh\n${program}\n`);
    await chmod(join(root, 'usr/bin/systemctl'), 0o755);
    return openHost(root).systemd.units(names);
  }

  it('are asked for together, and told apart by their order: a name may be an alias', async () => {
    const program = [
      'test "$*" = "show --property=ActiveState,UnitFileState,MainPID --no-pager a.service b.socket c.service" || exit 1',
      'printf "MainPID=42\\nActiveState=active\\nUnitFileState=enabled\\n\\n"',
      'printf "ActiveState=active\\nUnitFileState=disabled\\n\\n"',
      'printf "MainPID=0\\nActiveState=inactive\\nUnitFileState=\\n"',
    ].join('\n');
    expect(await units(program, ['a.service', 'b.socket', 'c.service'])).toEqual(
      new Map([
        ['a.service', { active: true, enabled: true, mainPid: 42 }],
        ['b.socket', { active: true, enabled: false }],
        ['c.service', { active: false, enabled: false }],
      ]),
    );
  });

  it.each([
    ['fails', 'echo "System has not been booted with systemd" >&2; exit 1'],
    ['says something else', 'echo nonsense; echo; echo more'],
  ])('are unknown where systemctl %s', async (_, program) => {
    expect(await units(program, ['a.service'])).toBeUndefined();
  });
});

describe('the command line of a process', () => {
  it('is its words, also empty ones and ones with spaces', async () => {
    const root = await temporaryRoot(['proc/7', 'proc/8']);
    await writeFile(join(root, 'proc/7/cmdline'), '/bin/a\0--b=c d\0\0--e\0');
    await writeFile(join(root, 'proc/8/cmdline'), '');
    const host = openHost(root);
    expect(await host.commandLine(7)).toEqual(['/bin/a', '--b=c d', '', '--e']);
    expect(await host.commandLine(8)).toBeUndefined();
    expect(await host.commandLine(9)).toBeUndefined();
  });

  it('can be read of a real process', async () => {
    expect((await openHost('/').commandLine(process.pid))?.length).toBeGreaterThan(0);
  });
});

describe('a folder', () => {
  it('is told with all below it, and links to folders are not walked', async () => {
    const root = await temporaryRoot(['a/b']);
    await writeFile(join(root, 'a/b/key'), 'x', { mode: 0o600 });
    await mkdir(join(root, 'elsewhere'));
    await writeFile(join(root, 'elsewhere/other'), 'x');
    await symlink(join(root, 'elsewhere'), join(root, 'a/link'));
    await symlink(join(root, 'nothing'), join(root, 'a/broken'));
    const tree = await openHost(root).files.tree('/a');
    expect([...tree].map(([path, { kind }]) => `${path} ${kind}`).sort()).toEqual([
      '/a directory',
      '/a/b directory',
      '/a/b/key file',
      '/a/link directory',
    ]);
    expect(tree.get('/a/b/key')).toMatchObject({ mode: 0o600, uid: 0, gid: 0 });
    expect(await openHost(root).files.tree('/none')).toEqual(new Map());
  });
});
