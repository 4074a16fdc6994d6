/**
 * Guards that a dispatch in the test's own process is shut in as one with a process of its own: what is ended there goes no further by any
 * way out that Node has, what throws has failed, what never ends is found, and units share nothing.
 */

import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { open, readFile, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ProgramStart } from './dispatch-in-process.ts';
import { startDispatchInProcess } from './dispatch-in-process.ts';
import { NotSettled } from './settle.ts';
import { events, newTestBench, type TestBench } from './tiny-charm.ts';

let bench: TestBench;
let program: (start: ProgramStart) => Promise<number>;

beforeEach(async () => {
  program = async () => 0;
  bench = await newTestBench({ programs: { tiny: (start) => program(start) } });
  await bench.deploy({ dispatch: 'exit 7' });
});

afterEach(() => bench.close());

const updateStatus = async (): Promise<readonly (number | string | undefined)[]> => {
  const before = bench.model.dispatches.length;
  bench.model.updateStatus('tiny/0');
  await bench.settle();
  return bench.model.dispatches.slice(before).map(({ exitCode, signal }) => exitCode ?? signal);
};

describe('a program in place of dispatch', () => {
  it('has the events, the environment and the hook tools of a process', async () => {
    expect(events(bench.model, 'tiny/0').slice(0, 3)).toEqual(['install', 'leader-elected', 'config-changed']);
    const seen: unknown[] = [];
    program = async ({ environment, hookTool }) => {
      seen.push(environment['JUJU_DISPATCH_PATH'], environment['JUJU_UNIT_NAME'], environment['HOME']);
      seen.push(
        await hookTool('is-leader', ['--format=json'], undefined),
        await hookTool('state-get', ['none', '-z'], ''),
      );
      await hookTool('state-set', ['--file', '-'], 'a: one\n');
      return 0;
    };
    expect(await updateStatus()).toEqual([0]);
    expect(seen).toEqual([
      'hooks/update-status',
      'tiny/0',
      undefined,
      { code: 0, stdout: 'true\n', stderr: '' },
      expect.objectContaining({ code: 2 }),
    ]);
    expect(bench.model.state.units['tiny/0']?.state).toEqual({ a: 'one' });
  });

  it('keeps what it changes in its environment for itself', async () => {
    const seen: (string | undefined)[] = [];
    program = async ({ environment }) => {
      seen.push(environment['MINE']);
      Object.assign(environment, { MINE: 'yes' });
      return 0;
    };
    await updateStatus();
    await updateStatus();
    expect([...seen, process.env['MINE']]).toEqual([undefined, undefined, undefined]);
  });

  it('has failed when it throws, with its stack in the log of the unit', async () => {
    program = async () => {
      throw new TypeError('a fault of the program');
    };
    bench.model.updateStatus('tiny/0');
    await expect(bench.settle()).rejects.toThrow(NotSettled);
    expect(bench.model.dispatches.at(-1)).toMatchObject({ exitCode: 1, signal: undefined });
    const lines = bench.model.log('tiny/0').map(({ message }) => message);
    expect(lines).toContain('TypeError: a fault of the program');
    expect(lines.some((line) => line.includes('in-process.test.ts'))).toBe(true);
    expect(lines).toContain('hook "update-status" (via hook dispatching script: dispatch) failed: exit status 1');
  });

  it('is found out when it goes on after its end', async () => {
    let late: Promise<unknown> = Promise.resolve();
    program = async ({ hookTool }) => {
      late = sleep(30).then(() => hookTool('is-leader', [], undefined));
      return 0;
    };
    bench.model.updateStatus('tiny/0');
    await late;
    await sleep(60);
    await expect(bench.settle()).rejects.toThrow('update-status of tiny/0 calls is-leader after its end');
  });

  it('is found out, and ended, when it does not end', async () => {
    const faults: string[] = [];
    const { exit } = startDispatchInProcess({
      program: () => new Promise(() => undefined),
      environment: {},
      directory: '/',
      serve: async () => ({ code: 0, stdout: '', stderr: '' }),
      onLine: () => undefined,
      onFault: (problem) => faults.push(problem),
      longestMs: 50,
    });
    expect(await exit).toMatchObject({ code: undefined, signal: 'SIGKILL' });
    expect(faults).toEqual(['has not ended within 0.05 s']);
  });
});

describe('a program that is ended', () => {
  it.each(['before', 'after'] as const)(
    '%s a hook tool neither catches nor cleans up, and is run again',
    async (phase) => {
      const reached: string[] = [];
      program = async ({ hookTool }) => {
        try {
          reached.push('asks');
          await hookTool('status-set', ['active', 'told'], undefined);
          reached.push('goes on');
        } catch {
          reached.push('catches');
        } finally {
          reached.push('cleans up');
        }
        return 0;
      };
      bench.model.interruptAt = { unit: 'tiny/0', call: 1, phase };
      expect(await updateStatus()).toEqual(['SIGKILL', 0]);
      expect(reached).toEqual(['asks', 'asks', 'goes on', 'cleans up']);
      expect(bench.model.dispatches.at(-2)?.outsideCalls).toEqual(['status-set active told']);
    },
  );

  it('is not found out when another part of it was on its way to a hook tool, which then does nothing', async () => {
    let runs = 0;
    program = async ({ hookTool }) => {
      runs += 1;
      if (runs > 1) return 0;
      const late = async (): Promise<unknown> => {
        for (let turns = 0; turns < 200; turns += 1) await Promise.resolve();
        return hookTool('state-set', ['late=1'], undefined);
      };
      await Promise.all([hookTool('is-leader', [], undefined), late()]);
      return 0;
    };
    bench.model.interruptAt = { unit: 'tiny/0', call: 1, phase: 'before' };
    expect(await updateStatus()).toEqual(['SIGKILL', 0]);
    expect(bench.model.dispatches.at(-2)?.outsideCalls).toEqual(['is-leader']);
    expect(bench.model.state.units['tiny/0']?.state).toEqual({});
  });

  it.each<[string, (at: string) => Promise<unknown>]>([
    ['a file that is written', (at) => writeFile(at, '')],
    ['a file that is written at once', async (at) => writeFileSync(at, '')],
    ['a file that was opened before', async (at) => (await held).appendFile(at)],
    ['a program', (at) => promisify(execFile)('touch', [at])],
    ['a timer', (at) => sleep(1).then(() => writeFile(at, ''))],
    ['a connection', () => ask()],
  ])('does nothing more beside the call at which it was ended: %s', async (_, act) => {
    const at = join(bench.directory, 'trace');
    const opened = join(bench.directory, 'opened');
    let runs = 0;
    let ended = false;
    program = async ({ hookTool }) => {
      runs += 1;
      if (runs > 1) return 0;
      held = open(opened, 'w');
      await held;
      const other = (async () => {
        // What waits for nothing outside is not held back; it gets no further than its next step out.
        while (!ended) await Promise.resolve().then(() => new Promise<void>((resolve) => queueMicrotask(resolve)));
        await act(at);
        writeFileSync(at, 'it went on');
      })();
      const killed = hookTool('is-leader', [], undefined);
      await Promise.all([other, killed]);
      return 0;
    };
    bench.model.onOutsideCall = () => {
      ended = true;
    };
    bench.model.interruptAt = { unit: 'tiny/0', call: 1, phase: 'before' };
    expect(await updateStatus()).toEqual(['SIGKILL', 0]);
    await sleep(50);
    expect(existsSync(at)).toBe(false);
    expect(readFileSync(opened, 'utf8')).toBe('');
    expect(asked).toBe(0);
  });

  it('leaves its connections as the end of a process does: the other end hears of it, it does not', async () => {
    const path = join(bench.directory, 's');
    const closed: string[] = [];
    const server = createServer((incoming) => incoming.socket.on('close', () => closed.push('server'))).listen(path);
    let runs = 0;
    program = async ({ hookTool }) => {
      runs += 1;
      if (runs > 1) return 0;
      const socket = connect(path).on('close', () => closed.push('program'));
      socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      await sleep(30);
      setTimeout(() => closed.push('timer'), 20);
      await hookTool('is-leader', [], undefined);
      return 0;
    };
    bench.model.interruptAt = { unit: 'tiny/0', call: 1, phase: 'after' };
    await updateStatus();
    await sleep(60);
    server.close();
    expect(closed).toEqual(['server']);
  });

  it('leaves alone what is not its own', async () => {
    const path = join(bench.directory, 'file');
    await writeFile(path, 'read');
    const reading = (async () => {
      for (let turns = 0; turns < 20; turns += 1) await sleep(2);
      return readFile(path, 'utf8');
    })();
    program = async ({ hookTool }) => (await hookTool('is-leader', [], undefined)).code;
    bench.model.interruptAt = { unit: 'tiny/0', call: 1, phase: 'before' };
    await updateStatus();
    expect(await reading).toBe('read');
  });
});

let held: ReturnType<typeof open>;
let asked = 0;

async function ask(): Promise<void> {
  const path = join(bench.directory, 'asked');
  const server = createServer((_, response) => {
    asked += 1;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  try {
    await new Promise((resolve) => request({ socketPath: path }, resolve).end());
  } finally {
    server.close();
  }
}
