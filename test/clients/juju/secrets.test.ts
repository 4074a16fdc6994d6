import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { putToolsOnPath, type ToolsOnPath } from './tools-on-path.ts';

const ID = 'd2k9c1fmp25c77u0abcg';
const URI = `secret:${ID}`;
const CONTENT = { token: 'eyJ0b2tlbiI6\n', revision: '0', umlaut: 'é\u0085😀' };

let tools: ToolsOnPath;
beforeEach(() => {
  tools = putToolsOnPath();
  tools.answer('secret-add', { stdout: `${URI}\n` });
});
afterEach(() => tools.remove());

const argumentsOf = (tool: string): readonly (readonly string[])[] => tools.calls(tool).map(({ args }) => args);

describe('contents of secrets', () => {
  it('reach Juju in a private file that is gone afterwards, and in no argument', async () => {
    const { secrets } = tools.dispatch();
    expect(
      await secrets.add(CONTENT, { label: '-x', description: 'a b', owner: 'unit', expire: '24h', rotate: 'monthly' }),
    ).toBe(URI);
    await secrets.set('secret:aaaaaaaaaaaaaaaaaaaa', CONTENT);
    const [added, set] = tools.calls();
    expect(added?.args.slice(0, -1)).toEqual([
      '--label=-x',
      '--description=a b',
      '--owner=unit',
      '--expire=24h',
      '--rotate=monthly',
      '--file',
    ]);
    expect(set?.args.slice(0, -1)).toEqual(['secret:aaaaaaaaaaaaaaaaaaaa', '--file']);
    for (const call of [added, set]) {
      expect(JSON.parse(call?.file?.content ?? '')).toEqual(CONTENT);
      expect(call?.file).toMatchObject({ mode: '600', folderMode: '700' });
      expect(call?.args.at(-1)).toMatch(/^\//);
      expect([call?.args.join(' '), call?.stdin].join(' ')).not.toContain('eyJ0b2tlbiI6');
    }
    expect(readdirSync(tools.temporaryDirectory)).toEqual([]);
  });

  it('leave no file behind when Juju refuses them, or cannot be asked, and are not in the error', async () => {
    tools.answer('secret-add', { code: 1, stderr: 'ERROR this unit is not the leader\n' });
    await expect(tools.dispatch().secrets.add(CONTENT)).rejects.toMatchObject({ name: 'NotLeader' });
    tools.program('secret-add', '#!/bin/sh\nkill -9 $$\n');
    const failure = await tools.dispatch().secrets.add(CONTENT).catch(String);
    expect(failure).not.toContain('eyJ0b2tlbiI6');
    expect(readdirSync(tools.temporaryDirectory)).toEqual([]);
  });

  it('that a killed dispatch of this unit left behind are removed, others’ are not touched', async () => {
    tools.program(
      'secret-add',
      `#!/bin/sh\nmkdir "\${2%/*}-copy" && cp -r "\${2%/*}/." "\${2%/*}-copy" && printf %s "\${2%/*}" > "$TEST_TOOLS/seen"\necho ${URI}\n`,
    );
    await tools.dispatch().secrets.add(CONTENT);
    const [copy = ''] = readdirSync(tools.temporaryDirectory);
    const left = copy.replace(/.{6}-copy$/, 'killed');
    mkdirSync(join(tools.temporaryDirectory, left));
    writeFileSync(join(tools.temporaryDirectory, left, 'content.json'), '{}');
    tools.program('secret-add', `#!/bin/sh\necho ${URI}\n`);
    await tools.dispatch().secrets.add(CONTENT);
    expect(readdirSync(tools.temporaryDirectory)).toEqual([copy]);
  });

  it.each(['ab', 'Token', 'to_ken', '-abc', 'abc-', 'a--bc', '1abc', ''])(
    'refuse the key %j before anything is written',
    async (key) => {
      await expect(tools.dispatch().secrets.add({ [key]: 'very secret' })).rejects.toThrow(`'${key}'`);
      await expect(tools.dispatch().secrets.set(URI, { [key]: 'very secret' })).rejects.not.toThrow('very secret');
      expect(tools.calls()).toEqual([]);
    },
  );

  it('refuse to be none, or more than Juju takes', async () => {
    const { secrets } = tools.dispatch();
    await expect(secrets.add({})).rejects.toThrow('at least one key');
    await expect(secrets.add({ big: 'x'.repeat(750_000) })).rejects.toThrow('larger than Juju takes');
  });

  it('take keys at the edge of Juju’s rule', async () => {
    await tools.dispatch().secrets.add({ abc: 'x', 'a-b-c1': 'y', a12: 'z' });
    expect(JSON.parse(tools.calls()[0]?.file?.content ?? '')).toEqual({ abc: 'x', 'a-b-c1': 'y', a12: 'z' });
  });
});

describe('secrets', () => {
  it('are read by URI or label, as tracked, refreshed or peeked at', async () => {
    tools.answer('secret-get', { stdout: '{"token":"t","revision":"0"}\n' });
    const { secrets } = tools.dispatch();
    expect(await secrets.get({ uri: URI })).toEqual({ token: 't', revision: '0' });
    await secrets.get({ uri: URI });
    await secrets.get({ label: 'ca' }, 'peek');
    await secrets.get({ uri: URI, label: 'ca' }, 'refresh');
    await secrets.get({ uri: URI });
    expect(argumentsOf('secret-get')).toEqual([
      ['--format=json', URI],
      ['--format=json', '--label=ca', '--peek'],
      ['--format=json', URI, '--label=ca', '--refresh'],
      ['--format=json', URI],
    ]);
  });

  it.each([
    // Juju 3.6
    `secret "${ID}" not found`,
    'permission denied',
    'consumer label "ca" not found',
    // Juju 4.0
    'getting latest secret revision: secret not found',
    '"k8s/5" is not allowed to read this secret',
    'secret URI for consumer label "ca" not found',
  ])('that cannot be read yet are undefined: %s', async (text) => {
    tools.answer('secret-get', { code: 1, stderr: `ERROR ${text}\n` });
    tools.answer('secret-info-get', { code: 1, stderr: `ERROR ${text}\n` });
    const { secrets } = tools.dispatch();
    expect(await secrets.get({ label: 'ca' })).toBeUndefined();
    expect(await secrets.info({ uri: URI })).toBeUndefined();
  });

  it('with a URI that is none do not exist: it may come from the other side of a relation', async () => {
    const { secrets } = tools.dispatch();
    for (const uri of ['--refresh', '', 'secret:', 'secret:a b', 'label=x', '../etc', 'secret:x\n']) {
      expect(await secrets.get({ uri })).toBeUndefined();
    }
    expect(tools.calls()).toEqual([]);
    tools.answer('secret-get', { code: 2, stderr: 'ERROR secret URI "abc" not valid\n' });
    expect(await secrets.get({ uri: 'abc' })).toBeUndefined();
    await expect(secrets.get({})).rejects.toThrow('URI or its label');
    await expect(secrets.remove('--x')).rejects.toThrow('not the URI of a secret');
  });

  it('tell their owner about them', async () => {
    tools.answer('secret-info-get', {
      stdout: `{"${ID}":{"revision":3,"label":"l","owner":"application","rotation":"monthly","expiry":"2027-01-01T00:00:00Z","access":[]}}`,
    });
    tools.answer('secret-ids', { stdout: 'null\n' });
    const { secrets } = tools.dispatch();
    expect(await secrets.info({ label: 'l' })).toEqual({
      id: ID,
      revision: 3,
      label: 'l',
      owner: 'application',
      rotation: 'monthly',
      expiry: '2027-01-01T00:00:00Z',
    });
    expect(await secrets.ids()).toEqual([]);
  });

  it('are read again after they were changed', async () => {
    tools.answer('secret-ids', { stdout: '[]' });
    const { secrets } = tools.dispatch();
    await secrets.ids();
    await secrets.add(CONTENT);
    tools.answer('secret-ids', { stdout: `["${ID}"]` });
    expect(await secrets.ids()).toEqual([ID]);
  });

  it('are granted and revoked with a relation, once', async () => {
    const { secrets } = tools.dispatch();
    await secrets.grant(URI, 'k8s-cluster:7', 'k8s-worker/0');
    await secrets.grant(ID, 'k8s-cluster:7', 'k8s-worker/0');
    await secrets.grant(URI, 'k8s-cluster:8');
    await secrets.revoke(URI, { relation: 'k8s-cluster:9' });
    await secrets.revoke(URI, { application: 'a' });
    await secrets.revoke(URI, { unit: 'a/0' });
    expect(argumentsOf('secret-grant')).toEqual([
      [URI, '-r', 'k8s-cluster:7', '--unit', 'k8s-worker/0'],
      [URI, '-r', 'k8s-cluster:8'],
    ]);
    expect(argumentsOf('secret-revoke')).toEqual([
      [URI, '-r', 'k8s-cluster:9'],
      [URI, '--app', 'a'],
      [URI, '--unit', 'a/0'],
    ]);
  });

  it('refuse a second grant on a relation, of which Juju would keep the last only', async () => {
    const { secrets } = tools.dispatch();
    await secrets.grant(URI, 'k8s-cluster:7', 'k8s-worker/0');
    await expect(secrets.grant(URI, 'k8s-cluster:7', 'k8s-worker/1')).rejects.toThrow('Juju keeps only the last grant');
    expect(tools.calls('secret-grant')).toHaveLength(1);
  });

  it('refuse to be set and pruned in one dispatch, in any order and form of the URI', async () => {
    const first = tools.dispatch().secrets;
    await first.set(URI, CONTENT);
    await expect(first.remove(ID, 1)).rejects.toThrow('Juju would drop one of the two');
    const second = tools.dispatch().secrets;
    await second.remove(URI, 1);
    await expect(second.set(`secret://3f6a2c9e-0000-4000-8000-0123456789ab/${ID}`, CONTENT)).rejects.toThrow(
      'Juju would drop',
    );
    const third = tools.dispatch().secrets;
    await third.grant(URI, 'cluster:0');
    await expect(third.remove(URI, 1)).rejects.toThrow('Juju would drop');
    await third.remove(URI);
    expect(argumentsOf('secret-remove')).toEqual([[URI, '--revision', '1'], [URI]]);
  });

  it('set attributes alone without a file, and nothing at all when nothing is to change', async () => {
    const { secrets } = tools.dispatch();
    await secrets.set(URI, undefined, { rotate: 'never' });
    await secrets.set(URI, undefined);
    expect(tools.calls()).toMatchObject([{ tool: 'secret-set', args: [URI, '--rotate=never'] }]);
  });
});
