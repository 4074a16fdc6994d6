import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shell, shellCharm } from './shell-charm.ts';
import { newTestBench, type TestBench } from './tiny-charm.ts';

describe('the channel of the hook tools', () => {
  let bench: TestBench;

  beforeAll(async () => {
    bench = await newTestBench();
    await bench.deploy(shellCharm({ metadata: { peers: { cluster: { interface: 'c' } } } }));
  });

  afterAll(async () => {
    await bench.close();
  });

  it('answers many calls at once, each its own', async () => {
    const { stdout, stderr } = await shell(
      bench,
      'tiny/0',
      'for i in $(seq 60); do state-set "k$i=$i"; done; for i in $(seq 60); do (printf "%s=%s\\n" "$i" "$(state-get "k$i")") & done; wait',
    );
    expect(stderr).toBe('');
    const lines = stdout
      .trimEnd()
      .split('\n')
      .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
    expect(lines).toEqual(Array.from({ length: 60 }, (_, index) => `${index + 1}=${index + 1}`));
  });

  it('carries every character of arguments, answers and input unharmed', async () => {
    const text = `'"\\ $HOME \`x\` %s\t\u0101\u0881 😀 é €`;
    await writeFile(join(bench.directory, 'text'), text);
    const { stdout } = await shell(bench, 'tiny/0', `t=$(cat ${bench.directory}/text); state-set "t=$t"; state-get t`);
    expect(stdout).toBe(`${text}\n`);
    const many = await shell(bench, 'tiny/0', `action-set "x=$(cat ${bench.directory}/text)"`);
    expect(many.code).toBe(0);
  });

  it('carries long answers, and several lines', async () => {
    const { stdout } = await shell(
      bench,
      'tiny/0',
      'for i in 1 2 3 4 5 6 7 8; do state-set "k$i=$(head -c 60000 /dev/zero | tr "\\0" x)"; done; state-get --format=json | wc -c; state-get k1 | wc -c',
    );
    const [all, one] = stdout.split('\n').map(Number);
    expect(all).toBeGreaterThan(480_000);
    expect(one).toBe(60_001);
  });

  it('costs a few milliseconds a call', async () => {
    const { stdout } = await shell(
      bench,
      'tiny/0',
      'a=$(date +%s%N); for i in $(seq 100); do is-leader >/dev/null; done; b=$(date +%s%N); echo $(( (b - a) / 100000 ))',
    );
    // Some 2 ms on an idle machine; the bound leaves room for a busy one and still tells a shell from a runtime's start.
    expect(Number(stdout) / 1000).toBeLessThan(20);
  });

  it('says what is missing outside a hook, and when the hook is over', async () => {
    const run = promisify(execFile);
    const tool = join(bench.model.directory, 'tools', 'is-leader');
    const stderr = async (env: Record<string, string>): Promise<string> =>
      run(tool, [], { env }).then(
        () => 'succeeded',
        (error: { code: number; stderr: string }) => `${error.code} ${error.stderr}`,
      );
    expect(await stderr({})).toBe('1 ERROR JUJU_CONTEXT_ID not set\n');
    expect(await stderr({ JUJU_CONTEXT_ID: 'x' })).toBe('1 ERROR JUJU_AGENT_SOCKET_ADDRESS not set\n');
    expect(await stderr({ JUJU_CONTEXT_ID: 'x', JUJU_AGENT_SOCKET_ADDRESS: '/nowhere/agent.socket' })).toBe(
      '1 ERROR JUJU_AGENT_SOCKET_NETWORK not set\n',
    );
    const gone = {
      JUJU_CONTEXT_ID: 'x',
      JUJU_AGENT_SOCKET_ADDRESS: '/nowhere/agent.socket',
      JUJU_AGENT_SOCKET_NETWORK: 'unix',
    };
    expect(await stderr(gone)).toMatch(/^1 ERROR dial unix \/nowhere\/agent.socket: connect: /);
  });

  it('works in a late background process as little as a closed socket does', async () => {
    await shell(bench, 'tiny/0', '(sleep 0.3; is-leader > ../late 2>&1; echo $? >> ../late) > /dev/null 2>&1 &');
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect((await shell(bench, 'tiny/0', 'cat ../late')).stdout).toMatch(/^ERROR dial unix .*\n1\n$/);
  });
});
