import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { shell, shellCharm } from './shell-charm.ts';
import { events, newTestBench, type TestBench } from './tiny-charm.ts';

describe('what people change after deployment', () => {
  let bench: TestBench;

  beforeEach(async () => {
    bench = await newTestBench();
    await bench.deploy(
      shellCharm({
        config: { a: { type: 'int', default: 1 }, old: { type: 'string' } },
        metadata: { resources: { bin: { type: 'file', filename: 'bin.dat' } } },
        files: { 'lib/old.txt': 'old', 'lib/both.txt': 'one' },
      }),
    );
  });

  afterEach(async () => {
    await bench.close();
  });

  const since = async (work: () => Promise<unknown>): Promise<readonly string[]> => {
    const before = events(bench.model, 'tiny/0').length;
    await work();
    await bench.settle();
    return events(bench.model, 'tiny/0').slice(before);
  };

  it('options: config-changed when a value is another one, and only then', async () => {
    expect(await since(() => bench.model.configure('tiny', { a: '7', old: 'x' }))).toEqual(['config-changed']);
    expect(await since(() => bench.model.configure('tiny', { a: 7 }))).toEqual([]);
    expect((await shell(bench, 'tiny/0', 'config-get --format=json')).stdout).toBe('{"a":7,"old":"x"}\n');
    expect(await since(() => bench.model.configure('tiny', {}, { reset: ['a', 'old'] }))).toEqual(['config-changed']);
    expect((await shell(bench, 'tiny/0', 'config-get --format=json')).stdout).toBe('{"a":1}\n');
  });

  it('options on Juju 4.0: config-changed twice when one is set, and not at all when one is reset', async () => {
    await bench.close();
    bench = await newTestBench({ jujuVersion: '4.0.2' });
    await bench.deploy(shellCharm({ config: { a: { type: 'int', default: 1 } } }));
    expect(await since(() => bench.model.configure('tiny', { a: 7 }))).toEqual(['config-changed', 'config-changed']);
    expect(await since(() => bench.model.configure('tiny', { a: 7 }))).toEqual([]);
    expect(await since(() => bench.model.configure('tiny', {}, { reset: ['a'] }))).toEqual([]);
    expect((await shell(bench, 'tiny/0', 'config-get --format=json')).stdout).toBe('{"a":1}\n');
    expect(await since(() => bench.model.configure('tiny', { a: 8 }))).toEqual(['config-changed', 'config-changed']);
  });

  it('options that do not exist, or values of another type: refused, with nothing changed', async () => {
    await expect(bench.model.configure('tiny', { b: 1 })).rejects.toThrow('unknown option "b"');
    await expect(bench.model.configure('tiny', { old: 'x', a: 'many' })).rejects.toThrow(
      'option "a" expected int, got "many"',
    );
    await expect(bench.model.configure('tiny', {}, { reset: ['b'] })).rejects.toThrow('unknown option "b"');
    expect((await shell(bench, 'tiny/0', 'config-get --format=json')).stdout).toBe('{"a":1}\n');
    await expect(bench.model.deploy(await bench.pack({}), { application: 'x', config: { b: 1 } })).rejects.toThrow(
      'unknown option "b"',
    );
  });

  it('the charm: upgrade-charm, then config-changed; stale files go, files of no charm stay, new peers come', async () => {
    await shell(bench, 'tiny/0', 'echo mine > lib/mine.txt');
    const next = await bench.pack(
      shellCharm({
        config: { a: { type: 'int', default: 2 } },
        metadata: { peers: { ring: { interface: 'r' } } },
        files: { 'lib/both.txt': 'two', 'lib/new.txt': 'new' },
      }),
      'next.charm',
    );
    expect(await since(() => bench.model.refresh('tiny', next))).toEqual([
      'upgrade-charm',
      'config-changed',
      'ring-relation-created',
    ]);
    const { stdout } = await shell(bench, 'tiny/0', 'cd lib; grep -H . *');
    expect(stdout).toBe('both.txt:two\nmine.txt:mine\nnew.txt:new\n');
    expect((await shell(bench, 'tiny/0', 'config-get a')).stdout).toBe('2\n');
    expect(bench.model.status().applications['tiny']).toMatchObject({ charmRevision: 1 });
  });

  it('the charm on Juju 4.0: config-changed for the charm that goes, before upgrade-charm', async () => {
    await bench.close();
    bench = await newTestBench({ jujuVersion: '4.0.2' });
    await bench.deploy(shellCharm({ config: { a: { type: 'int', default: 1 } } }));
    const next = await bench.pack(shellCharm({ config: { a: { type: 'int', default: 2 } } }), 'next.charm');
    expect(await since(() => bench.model.refresh('tiny', next))).toEqual([
      'config-changed',
      'upgrade-charm',
      'config-changed',
    ]);
    expect(await since(async () => bench.model.updateStatus('tiny/0'))).toEqual(['update-status']);
  });

  it('the charm for one whose option has another type: the value that was set is forgotten', async () => {
    await bench.model.configure('tiny', { a: 7, old: 'auto' });
    const next = await bench.pack(
      shellCharm({ config: { a: { type: 'string', default: 'x' }, old: { type: 'boolean' } } }),
      'next.charm',
    );
    await bench.model.refresh('tiny', next);
    await bench.settle();
    expect((await shell(bench, 'tiny/0', 'config-get --format=json')).stdout).toBe('{"a":"x"}\n');
  });

  it('an application that is removed and deployed again: its units go on in number', async () => {
    await bench.model.addUnit('tiny');
    await bench.settle();
    await bench.model.removeApplication('tiny');
    await bench.settle();
    await bench.deploy({}, { application: 'tiny' });
    expect(Object.keys(bench.model.status().units)).toEqual(['tiny/2']);
  });

  it('the charm for another one, or one that lacks an endpoint in use: refused', async () => {
    const other = await bench.pack({ name: 'other' }, 'other.charm');
    await expect(bench.model.refresh('tiny', other)).rejects.toThrow('cannot upgrade "tiny" to "other"');
  });

  it('a resource: upgrade-charm, and the new file when the charm asks', async () => {
    expect((await shell(bench, 'tiny/0', 'resource-get bin')).stderr).toBe(
      'ERROR could not download resource: HTTP request failed: while getting resource from charmhub: resource "bin" not found\n',
    );
    const file = join(bench.directory, 'anything');
    for (const content of ['one', 'two']) {
      await writeFile(file, content);
      expect(await since(() => bench.model.attachResource('tiny', 'bin', file))).toEqual([
        'upgrade-charm',
        'config-changed',
      ]);
      expect((await shell(bench, 'tiny/0', 'p=$(resource-get bin); basename $p; cat $p')).stdout).toBe(
        `bin.dat\n${content}`.replace(/$/, '\n'),
      );
    }
    await expect(bench.model.attachResource('tiny', 'nope', file)).rejects.toThrow('charm resource "nope" not found');
  });

  it('a resource at deployment is there for install', async () => {
    await mkdir(join(bench.directory, 'r'));
    const file = join(bench.directory, 'r', 'x');
    await writeFile(file, 'first');
    const path = await bench.pack(
      {
        name: 'res',
        metadata: { resources: { bin: { type: 'file', filename: 'f' } } },
        dispatch: '[ "$JUJU_HOOK_NAME" != install ] || status-set active "$(cat $(resource-get bin))"',
      },
      'res.charm',
    );
    await bench.model.deploy(path, { application: 'res', resources: { bin: file } });
    await bench.settle();
    expect(bench.model.unit('res/0').workload.message).toBe('first');
  });
});
