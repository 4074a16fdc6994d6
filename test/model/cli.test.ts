import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packTinyCharm } from './tiny-charm.ts';

const run = promisify(execFile);

describe('the command line', () => {
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'jc-'));
    const dispatch = `
case $JUJU_DISPATCH_PATH in
actions/greet) action-log "thinking of $(action-get who)"; action-set hello="$(action-get who)"; [ "$(action-get who)" != nobody ] || action-fail "there is nobody" ;;
*) status-set active "a is $(config-get a)"; juju-log "did $JUJU_DISPATCH_PATH"; [ "$JUJU_HOOK_NAME" != install ] || secret-add --owner unit --label l key=hidden > /dev/null; cat "$(resource-get bin 2>/dev/null)" 2>/dev/null ;;
esac; exit 0`;
    await packTinyCharm(directory, {
      dispatch,
      metadata: { provides: { give: 'x' }, resources: { bin: { type: 'file', filename: 'f' } } },
      config: { a: { type: 'int', default: 1 } },
      actions: { greet: { params: { who: { type: 'string' } } } },
    });
    await packTinyCharm(directory, { name: 'other', metadata: { requires: { take: 'x' } } }, 'other.charm');
    await writeFile(join(directory, 'f'), 'resource');
  });

  afterAll(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  interface Outcome {
    code: number;
    stdout: string;
    stderr: string;
  }

  const juju = async (...words: readonly string[]): Promise<Outcome> =>
    run(process.execPath, [join(import.meta.dirname, 'cli.ts'), ...words], {
      cwd: directory,
      env: { ...process.env, JUJU_MODEL_DIR: join(directory, 'state'), JUJU_MODEL_MACHINES: 'bare' },
    }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      ({ code, stdout, stderr }: Outcome) => ({ code, stdout, stderr }),
    );

  it('says what it is, and what it knows, to whoever types something else', async () => {
    const { code, stderr } = await juju('bootstrap');
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^ERROR "bootstrap" is not a command here\.\n\nA local model .* for trying the charms and for tests\./,
    );
    expect((await juju('--help')).code).toBe(0);
    expect((await juju('deploy', '--help')).stdout).toMatch(/^Usage: juju deploy /);
    expect(await juju('status')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^ERROR there is no model yet/),
    });
    expect(await juju('deploy', './nope.charm')).toMatchObject({ code: 1 });
    expect(await juju('deploy', './tiny.charm', '--nope')).toMatchObject({
      code: 2,
      stderr: 'ERROR option provided but not defined: --nope\n',
    });
  });

  it('goes from deployment to destruction, each command a process of its own', async () => {
    expect(await juju('deploy', './tiny.charm', '-n', '2', '--config', 'a=5')).toMatchObject({ code: 0 });
    expect(await juju('deploy', './other.charm', 'o')).toMatchObject({ code: 0 });
    expect(await juju('integrate', 'tiny', 'o')).toMatchObject({ code: 0 });

    const status = await juju('status', '--relations');
    expect(status.stdout).toMatch(/^tiny\/0\*\s+active\s+idle\s+0\s+127\.\S+\s+a is 5$/m);
    expect(status.stdout).toMatch(/^tiny:give\s+o:take\s+x\s+regular$/m);
    const json = JSON.parse((await juju('status', '--format', 'json')).stdout);
    expect(json.applications.tiny.units['tiny/1'].workload.status).toBe('active');

    expect(await juju('config', 'tiny', 'a=6')).toMatchObject({ code: 0 });
    expect(await juju('config', 'tiny', 'a')).toMatchObject({ code: 0, stdout: '6\n' });
    expect(await juju('config', 'tiny', '--reset', 'a')).toMatchObject({ code: 0 });
    expect((await juju('config', 'tiny')).stdout).toMatch(/a:\n\s+value: 1\n\s+source: default/);
    expect(await juju('config', 'tiny', 'a=x')).toMatchObject({
      code: 1,
      stderr: 'ERROR option "a" expected int, got "x"\n',
    });

    const greeted = await juju('run', 'tiny/leader', 'greet', 'who=me');
    expect(greeted).toMatchObject({
      code: 0,
      stdout: 'hello: me\n',
      stderr: expect.stringMatching(/^\d\d:\d\d:\d\d thinking of me\n$/),
    });
    expect(await juju('run', 'tiny/0', 'greet', 'who=nobody')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('ERROR action "greet" failed on tiny/0: there is nobody'),
    });
    expect(await juju('run', 'tiny/0', 'greet', 'who=5')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('must be of type string'),
    });
    expect((await juju('run', 'tiny/0', 'tiny/1', 'greet', 'who=5', '--string-args')).stdout).toBe(
      'tiny/0:\n  hello: "5"\ntiny/1:\n  hello: "5"\n',
    );

    expect(await juju('attach-resource', 'tiny', 'bin=f')).toMatchObject({ code: 0 });
    const log = (await juju('debug-log', '--include', 'tiny/0', '--level', 'DEBUG', '-n', '4')).stdout;
    expect(log).toMatch(/^unit-tiny-0: \d\d:\d\d:\d\d DEBUG unit\.tiny\/0\.config-changed resource$/m);
    expect(log.trimEnd().split('\n')).toHaveLength(4);

    expect((await juju('show-unit', 'tiny/0')).stdout).toMatch(/related-units:\n\s+o\/0:\n\s+in-scope: true/);
    const secrets = (await juju('secrets')).stdout;
    const id = secrets.split('\n')[1]?.split(' ')[0] ?? '';
    expect((await juju('show-secret', id)).stdout).not.toContain('hidden');
    expect((await juju('show-secret', id, '--reveal')).stdout).toMatch(/content:\n\s+key: hidden/);
    const shown = JSON.parse((await juju('show-secret', id, '--reveal', '--format', 'json')).stdout);
    expect(shown[id].content.Data).toEqual({ key: 'hidden' });

    expect(await juju('update-status', 'tiny/0')).toMatchObject({ code: 0 });
    expect(await juju('refresh', 'tiny', '--path', './tiny.charm')).toMatchObject({ code: 0 });
    expect(await juju('add-unit', 'tiny')).toMatchObject({ code: 0 });
    expect(await juju('remove-unit', 'tiny/0', '--no-prompt')).toMatchObject({ code: 0 });
    expect(await juju('remove-relation', 'tiny', 'o')).toMatchObject({ code: 0 });
    expect(await juju('remove-application', 'o')).toMatchObject({ code: 0 });
    const left = JSON.parse((await juju('status', '--format', 'json')).stdout);
    expect(Object.keys(left.units)).toEqual(['tiny/1', 'tiny/2']);
    expect(left.relations).toEqual([]);

    expect(await juju('destroy-model')).toMatchObject({ code: 0 });
    expect((await juju('status')).code).toBe(1);
  }, 120_000);
});
