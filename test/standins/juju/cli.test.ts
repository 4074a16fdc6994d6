import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from './cli/main.ts';
import { sessionDirectory } from './cli/session.ts';
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

  const environment = (): NodeJS.ProcessEnv => ({
    ...process.env,
    JUJU_MODEL_DIR: join(directory, 'state'),
    JUJU_MODEL_MACHINES: 'bare',
  });

  /** A process of its own, as people start it. */
  const jujuProcess = async (...words: readonly string[]): Promise<Outcome> =>
    run(process.execPath, [join(import.meta.dirname, 'cli.ts'), ...words], { cwd: directory, env: environment() }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      ({ code, stdout, stderr }: Outcome) => ({ code, stdout, stderr }),
    );

  /** The same without the second that a process takes to start. */
  const juju = async (...words: readonly string[]): Promise<Outcome> => {
    const outcome = { stdout: '', stderr: '' };
    const code = await main(words, {
      directory: join(directory, 'state'),
      machines: 'bare',
      cwd: directory,
      terminal: false,
      print(text) {
        outcome.stdout += text;
      },
      printError(text) {
        outcome.stderr += `${text}\n`;
      },
    });
    return { code, ...outcome };
  };

  it('says what it is, and what it knows, to whoever types something else', async () => {
    const { code, stderr } = await jujuProcess('bootstrap');
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
    expect(await juju('deploy', './nope.charm')).toMatchObject({
      code: 1,
      stderr: 'ERROR no charm was found at "./nope.charm"\n',
    });
    expect(await juju('deploy', 'k8s')).toMatchObject({ code: 1, stderr: expect.stringContaining('has no Charmhub') });
    expect(await juju('deploy', './tiny.charm', '--base', 'ubuntu@18.04')).toMatchObject({
      code: 1,
      stderr: 'ERROR base "ubuntu@18.04" not supported by charm, the charm supported bases are: ubuntu@24.04\n',
    });
    expect(await juju('deploy', './tiny.charm', '--constraints', 'cores=2 memory=4G')).toMatchObject({
      code: 2,
      stderr: 'ERROR unknown constraint "memory"\n',
    });
    expect(await juju('deploy', './tiny.charm', '--nope')).toMatchObject({
      code: 2,
      stderr: 'ERROR option provided but not defined: --nope\n',
    });
  });

  it('goes from deployment to destruction, each command with the model from the folder', async () => {
    const flags = ['--base', 'ubuntu@24.04', '--constraints', 'cores=2 mem=4G root-disk=20G', '--config', 'a=5'];
    expect(await juju('deploy', './tiny.charm', '-n', '2', ...flags)).toMatchObject({ code: 0 });
    expect(await juju('deploy', './other.charm', 'o')).toMatchObject({ code: 0 });
    expect(await juju('integrate', 'tiny', 'o')).toMatchObject({ code: 0 });

    const status = await juju('status', '--relations');
    expect(status.stdout).toMatch(/^tiny\/0\*\s+active\s+idle\s+0\s+127\.\S+\s+a is 5$/m);
    expect(status.stdout).toMatch(/^tiny:give\s+o:take\s+x\s+regular$/m);
    const json = JSON.parse((await juju('status', '--format', 'json')).stdout);
    expect(json.applications.tiny.units['tiny/1'].workload.status).toBe('active');

    expect(await juju('config', 'tiny', 'a=6')).toMatchObject({ code: 0 });
    expect(await jujuProcess('config', 'tiny', 'a')).toMatchObject({ code: 0, stdout: '6\n' });
    expect(await juju('config', 'tiny', '--reset', 'a')).toMatchObject({ code: 0 });
    expect((await juju('config', 'tiny')).stdout).toMatch(/a:\n\s+value: 1\n\s+source: default/);
    expect(await juju('config', 'tiny', 'a=x')).toMatchObject({
      code: 1,
      stderr: 'ERROR option "a" expected int, got "x"\n',
    });

    const greeted = await juju('run', 'tiny/leader', 'greet', 'who=me');
    expect(greeted).toMatchObject({
      code: 0,
      stdout: 'hello: me\n\n',
      stderr: expect.stringMatching(/^\d\d:\d\d:\d\d thinking of me$/m),
    });
    // As with Juju, an action that says itself that it failed is shown as failed; only a program that fails is an error.
    expect(await juju('run', 'tiny/0', 'greet', 'who=nobody')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Action id \d+ failed: there is nobody\nhello: nobody\n/),
    });
    expect(await juju('run', 'tiny/0', 'greet', 'who=me', '--wait', '1ms')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('ERROR timed out waiting for results from: unit tiny/0\n'),
    });
    const background = (await juju('run', 'tiny/0', 'greet', 'who=me', '--background')).stderr;
    const task = /juju show-task (\d+)/.exec(background)?.[1] ?? '';
    expect((await juju('show-task', task)).stdout).toMatch(/status: completed/);
    expect((await juju('actions', 'tiny')).stdout).toContain('greet');
    expect(await juju('run', 'tiny/0', 'greet', 'who=5')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('must be of type string'),
    });
    expect((await juju('run', 'tiny/0', 'tiny/1', 'greet', 'who=5', '--string-args')).stdout).toMatch(
      /^tiny\/0:\n {2}id: "\d+"\n {2}output: \|\n {4}hello: "5"\n {2}status: completed\ntiny\/1:\n/,
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

  it('runs commands on machines, with hook tools, in the paths of the machine, and says how they ended', async () => {
    expect(await juju('deploy', './tiny.charm', '--config', 'a=7')).toMatchObject({ code: 0 });
    expect(await juju('exec', '--unit', 'tiny/0', '--', 'config-get', 'a')).toMatchObject({ code: 0, stdout: '\n7\n' });
    const variables = 'echo "$JUJU_UNIT_NAME,$JUJU_HOOK_NAME,$JUJU_DISPATCH_PATH,$JUJU_ACTION_NAME"';
    expect((await juju('exec', '--unit', 'tiny/0', variables)).stdout).toBe('\ntiny/0,,,\n');
    expect(await juju('exec', '-u', 'tiny/leader', 'exit 3')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^ERROR the following task failed:\n - id "\d+" with return code 3\n\nuse 'juju show-task' to inspect the failure\n$/m,
      ),
    });
    const root = join(directory, 'state', 'machines', '0');
    await mkdir(join(root, 'etc', 'tiny'), { recursive: true });
    await writeFile(join(root, 'etc', 'tiny', 'file'), 'of the machine\n');
    const shown = await juju('ssh', 'tiny/0', 'sudo', 'cat', '/etc/tiny/file');
    expect(shown).toMatchObject({ code: 0, stdout: 'of the machine\n', stderr: expect.stringContaining(root) });
    expect(await juju('ssh', 'tiny/0')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('commands are needed'),
    });
  }, 60_000);

  it('keeps secrets of people: adds, grants, updates, shows and removes them, by name or URI', async () => {
    await writeFile(join(directory, 's.yaml'), 'token: from a file\n');
    const added = await juju('add-secret', 'mine', 'token=first', '--info', 'what it is');
    expect(added).toMatchObject({ code: 0, stdout: expect.stringMatching(/^secret:[0-9a-v]{19}[0g]\n$/) });
    const uri = added.stdout.trim();
    expect(await juju('add-secret', 'mine', 'token=x')).toMatchObject({
      code: 1,
      stderr: 'ERROR secret with name "mine" already exists\n',
    });
    expect(await juju('add-secret', 'other', 'Bad_Key=x')).toMatchObject({
      stderr: 'ERROR key "Bad_Key" not valid\n',
    });
    expect(await juju('grant-secret', 'mine', 'nobody')).toMatchObject({
      code: 1,
      stderr: 'ERROR application "nobody" not found\n',
    });
    expect(await juju('grant-secret', 'mine', 'tiny')).toMatchObject({ code: 0 });
    expect((await juju('exec', '--unit', 'tiny/0', '--', 'secret-get', uri, 'token')).stdout).toBe('\nfirst\n');
    expect(await juju('update-secret', 'mine', '--file', 's.yaml')).toMatchObject({ code: 0 });
    expect((await juju('show-secret', 'mine', '--reveal')).stdout).toMatch(
      /revision: 2\n(.*\n)*\s+owner: <model>\n(.*\n)*\s+name: mine\n(.*\n)*\s+token: from a file\n/,
    );
    expect((await juju('list-secrets')).stdout).toMatch(/mine\s+<model>\s+never\s+2/);
    expect(await juju('revoke-secret', 'mine', 'tiny')).toMatchObject({ code: 0 });
    expect(await juju('remove-secret', uri)).toMatchObject({ code: 0 });
    expect((await juju('show-secret', 'mine')).stderr).toBe('ERROR secret "mine" not found\n');
  }, 60_000);

  it('lets other terminals look and work while one command is at it, and says what goes on', async () => {
    const slow = await packTinyCharm(
      directory,
      {
        name: 'slow',
        dispatch: `
case $JUJU_DISPATCH_PATH in
actions/greet) action-set hello=you ;;
hooks/install) status-set maintenance "slow to install"; until [ -e ${directory}/go ]; do sleep 0.1; done; status-set active ;;
esac`,
        actions: { greet: {} },
      },
      'slow.charm',
    );
    const working = jujuProcess('deploy', slow);
    const seen = async (): Promise<string> => (await juju('status', 'slow')).stdout;
    await expect.poll(seen, { timeout: 30_000 }).toMatch(/^slow\/0\*\s+maintenance\s+executing.*slow to install$/m);
    expect(await seen()).not.toContain('tiny');
    // Another one that changes the model is not refused, and ends when the model is at rest.
    const second = juju('config', 'tiny', 'a=8');
    await expect.poll(async () => (await juju('config', 'tiny', 'a')).stdout, { timeout: 30_000 }).toBe('8\n');
    expect(await juju('destroy-model')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/process \d+ is at work/),
    });
    // An action ends when it ends, whatever else goes on.
    expect(await juju('run', 'tiny/0', 'greet', 'who=me')).toMatchObject({ code: 0, stdout: 'hello: me\n\n' });
    await setTimeout(3500);
    await writeFile(join(directory, 'go'), '');
    expect(await second).toMatchObject({ code: 0 });
    expect(await working).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^\d\d:\d\d:\d\d slow\/0 maintenance: slow to install$/m),
    });
    expect(await seen()).toMatch(/^slow\/0\*\s+active\s+idle/m);
  }, 120_000);

  it('shows the status again and again until it is told to stop', async () => {
    const watching = spawn(process.execPath, [join(import.meta.dirname, 'cli.ts'), 'status', '--watch', '100ms'], {
      cwd: directory,
      env: environment(),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let shown = '';
    watching.stdout.on('data', (data: Buffer) => {
      shown += data.toString();
    });
    await expect.poll(() => shown.match(/^Model /gm)?.length ?? 0, { timeout: 30_000 }).toBeGreaterThan(2);
    watching.kill('SIGINT');
    await once(watching, 'exit');
    expect(await juju('destroy-model')).toMatchObject({ code: 0 });
  }, 60_000);

  it('has a folder for each checkout and user', () => {
    expect(sessionDirectory({})).toMatch(/\/k8s-model-[0-9a-f]{8}$/);
    expect(sessionDirectory({ JUJU_MODEL_DIR: '/x' })).toBe('/x');
  });
});
