import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UnusableAnswer } from '../../../src/clients/juju/errors.ts';
import { createExecTransport } from '../../../src/clients/juju/exec-transport.ts';
import { putToolsOnPath, type ToolsOnPath } from './tools-on-path.ts';

let tools: ToolsOnPath;
beforeEach(() => {
  tools = putToolsOnPath();
});
afterEach(() => tools.remove());

const call = (tool: string, args: readonly string[] = [], stdin?: string) =>
  createExecTransport(tools.environment).call(tool, args, stdin);

describe('hook tools as executables', () => {
  it('get their arguments as they are, without a shell in between', async () => {
    const args = ['--file', '-', '$(id)', 'a\'b"c', '', 'two\nlines', '*'];
    await call('relation-set', args, '{"a": "b"}');
    expect(tools.calls()).toEqual([{ tool: 'relation-set', args, stdin: '{"a": "b"}' }]);
  });

  it('resolve whatever their exit code is, with both outputs', async () => {
    for (const code of [0, 1, 2, 3]) {
      tools.answer('config-get', { code, stdout: 'out é\n', stderr: 'ERROR why\n' });
      expect(await call('config-get')).toEqual({ code, stdout: 'out é\n', stderr: 'ERROR why\n' });
    }
  });

  it('may print tens of megabytes', async () => {
    tools.program('relation-get', '#!/bin/sh\nhead -c 20000000 /dev/zero | tr "\\0" x\n');
    expect((await call('relation-get')).stdout).toHaveLength(20_000_000);
  });

  it('are ended when they print more than was asked for, and the next one is not kept waiting', async () => {
    const transport = createExecTransport(tools.environment);
    tools.program('relation-get', '#!/bin/sh\nyes\n');
    await expect(transport.call('relation-get', [], undefined, 100_000)).rejects.toThrow(UnusableAnswer);
    expect(await transport.call('is-leader', [])).toMatchObject({ code: 0 });
  });

  it('may end without reading what they were given', async () => {
    tools.program('state-set', '#!/bin/sh\nexec <&-\nsleep 0.2\necho ERROR no >&2\nexit 1\n');
    expect(await call('state-set', ['--file', '-'], 'x'.repeat(5_000_000))).toMatchObject({ code: 1 });
  });

  it('reject when they cannot be run or are killed, without showing arguments', async () => {
    await expect(call('no-such-tool', ['secret'])).rejects.toThrow(/^no-such-tool could not be run: ENOENT$/);
    tools.program('is-leader', '#!/bin/sh\nkill -9 $$\n');
    await expect(call('is-leader', ['secret'])).rejects.toThrow(/^is-leader could not be run: ended by SIGKILL$/);
    await expect(call('juju-log', ['--', 'x'.repeat(140_000)])).rejects.toThrow(/^juju-log could not be run: E2BIG$/);
  });

  it('run a few at a time, however many are asked for', async () => {
    tools.program(
      'relation-get',
      '#!/bin/sh\n: > "$TEST_TOOLS/tmp/$$"\nls "$TEST_TOOLS/tmp" | wc -l\nsleep 0.05\nrm "$TEST_TOOLS/tmp/$$"\n',
    );
    const transport = createExecTransport(tools.environment);
    const answers = await Promise.all(Array.from({ length: 30 }, () => transport.call('relation-get', [])));
    const together = answers.map(({ stdout }) => Number(stdout));
    expect(Math.max(...together)).toBeLessThanOrEqual(4);
    expect(Math.max(...together)).toBeGreaterThan(1);
  });

  it('go on after one that failed', async () => {
    const transport = createExecTransport(tools.environment);
    const failed = await Promise.allSettled(Array.from({ length: 9 }, () => transport.call('no-such-tool', [])));
    expect(failed.every(({ status }) => status === 'rejected')).toBe(true);
    expect(await transport.call('is-leader', [])).toMatchObject({ code: 0 });
  });
});
