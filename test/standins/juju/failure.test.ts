import { writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NotSettled } from './settle.ts';
import { shell, shellCharm } from './shell-charm.ts';
import { events, newTestBench, type TestBench } from './tiny-charm.ts';

describe('a hook that does not end well', () => {
  let bench: TestBench;

  beforeEach(async () => {
    bench = await newTestBench();
  });

  afterEach(async () => {
    await bench.close();
  });

  const hookDoes = (unit: string, script: string): Promise<void> =>
    writeFile(`${bench.model.unit(unit).charmDirectory}/../hook.sh`, script);

  it('is run again until it succeeds, and what comes after it waits', async () => {
    await bench.deploy({
      dispatch: 'if [ "$JUJU_HOOK_NAME" = install ] && [ ! -f ../second ]; then touch ../second; exit 1; fi',
    });
    expect(events(bench.model, 'tiny/0').slice(0, 3)).toEqual(['install', 'install', 'leader-elected']);
    expect(bench.model.dispatches.map(({ exitCode }) => exitCode).slice(0, 3)).toEqual([1, 0, 0]);
  });

  it('leaves actions running, also when it is install', async () => {
    await bench.model.deploy(await bench.pack(shellCharm({ dispatch: 'exit 1' })), { application: 'tiny' });
    await expect(bench.settle()).rejects.toThrow(NotSettled);
    expect(await shell(bench, 'tiny/0', 'echo here')).toMatchObject({ code: 0, stdout: 'here\n' });
    expect(bench.model.unit('tiny/0').agent).toMatchObject({ status: 'error', message: 'hook failed: "install"' });
  });

  it('is reported with statuses and log lines when it fails again and again, and tried again by the next settle', async () => {
    await bench.deploy(shellCharm());
    await hookDoes('tiny/0', 'juju-log -l ERROR the-reason; exit 1');
    bench.model.updateStatus();
    await expect(bench.settle()).rejects.toThrow(/tiny\/0: .*agent error "hook failed: "update-status"".*the-reason/s);
    await hookDoes('tiny/0', 'exit 0');
    await bench.settle();
    expect(bench.model.unit('tiny/0').agent.status).toBe('idle');
  });

  it.each(['KILL', 'TERM'])('is queued again without an error when SIG%s ended it', async (signal) => {
    await bench.deploy(shellCharm());
    await hookDoes(
      'tiny/0',
      `if [ ! -f ../killed ]; then touch ../killed; state-set lost=1; kill -${signal} $$; sleep 5; fi`,
    );
    const before = bench.model.dispatches.length;
    bench.model.updateStatus();
    await bench.settle();
    expect(
      bench.model.dispatches.slice(before).map(({ event, exitCode, signal: by }) => [event, exitCode, by]),
    ).toEqual([
      ['hooks/update-status', undefined, `SIG${signal}`],
      ['hooks/update-status', 0, undefined],
    ]);
    expect(bench.model.unit('tiny/0').state).toEqual({});
    expect(bench.model.log('tiny/0').map(({ message }) => message)).toEqual(
      expect.arrayContaining(['last "update-status" hook was killed, but agent still alive']),
    );
    expect(bench.model.log('tiny/0').some(({ level }) => level === 'ERROR')).toBe(false);
  });

  it('fails as an ordinary failure when another signal ended it, and when dispatch cannot be executed', async () => {
    await bench.deploy(shellCharm());
    await hookDoes('tiny/0', 'kill -ABRT $$');
    bench.model.updateStatus();
    await expect(bench.settle()).rejects.toThrow(NotSettled);
    expect(bench.model.log('tiny/0').map(({ message }) => message)).toEqual(
      expect.arrayContaining(['hook "update-status" (via hook dispatching script: dispatch) failed: signal: aborted']),
    );

    await bench.model.deploy(await bench.pack({ name: 'flat', files: { dispatch: '#!/bin/sh\n' } }), {
      application: 'flat',
    });
    await expect(bench.settle()).rejects.toThrow(/flat\/0: .*hook failed: "install"/);
    expect(
      bench.model
        .log('flat/0')
        .map(({ message }) => message)
        .join(),
    ).toMatch(/dispatch: permission denied/);
  });

  it('does not hold up the agent with a child that keeps its pipes open', async () => {
    await bench.deploy(shellCharm());
    await hookDoes('tiny/0', 'sleep 3 & echo $! > ../child');
    bench.model.updateStatus();
    await bench.settle();
    const { wallMs } = bench.model.dispatches.at(-1) ?? { wallMs: Number.NaN };
    expect(wallMs).toBeLessThan(2500);
    await shell(bench, 'tiny/0', 'kill $(cat ../child)');
  });

  it('times out with what it was at', async () => {
    await bench.deploy(shellCharm());
    await hookDoes('tiny/0', 'exec sleep 30');
    bench.model.updateStatus();
    await expect(bench.model.settle({ timeoutMs: 300 })).rejects.toThrow(
      /not settled after 300 ms\n {2}tiny\/0: .*\[running: update-status\]/,
    );
  });
});

describe('a call that a test interferes with', () => {
  let bench: TestBench;

  beforeEach(async () => {
    bench = await newTestBench();
    await bench.deploy(shellCharm({ metadata: { peers: { cluster: { interface: 'c' } } } }));
    await writeFile(
      `${bench.model.unit('tiny/0').charmDirectory}/../hook.sh`,
      'status-set active one; status-set active two; status-set active three; echo "$JUJU_HOOK_NAME" >> ../ended',
    );
  });

  afterEach(async () => {
    await bench.close();
  });

  it.each([
    [1, 'before', ''],
    [2, 'before', 'one'],
    [2, 'after', 'two'],
    [3, 'after', 'three'],
  ] as const)('ends the dispatch at its call %i, %s it', async (call, phase, message) => {
    // Some hooks have set a status already; look at what the interrupted one did alone.
    bench.model.unit('tiny/0');
    await shell(bench, 'tiny/0', 'status-set waiting -- ""');
    const interruption = { unit: 'tiny/0', call, phase };
    bench.model.interruptAt = interruption;
    const before = bench.model.dispatches.length;
    let after = 'not recorded';
    bench.model.hookToolFault = () => {
      if (bench.model.dispatches.length > before && after === 'not recorded')
        after = bench.model.unit('tiny/0').workload.message;
      return undefined;
    };
    bench.model.updateStatus();
    await bench.settle();
    expect(after).toBe(message);
    expect(interruption).toMatchObject({ hits: { calls: call } });
    expect(bench.model.interruptAt).toBeUndefined();
    expect(bench.model.dispatches.slice(before).map(({ signal }) => signal)).toEqual(['SIGKILL', undefined]);
    expect(bench.model.dispatches.at(-1)?.outsideCalls).toHaveLength(3);
  });

  it('counts across dispatches', async () => {
    bench.model.interruptAt = { unit: 'tiny/0', call: 5, phase: 'before' };
    const before = bench.model.dispatches.length;
    bench.model.updateStatus();
    await bench.settle();
    bench.model.updateStatus();
    await bench.settle();
    expect(bench.model.dispatches.slice(before).map(({ signal, calls }) => [signal, calls.length])).toEqual([
      [undefined, 3],
      ['SIGKILL', 1],
      [undefined, 3],
    ]);
  });

  it('counts what the machine reports among the hook tools', async () => {
    const machine = bench.model.unit('tiny/0').machine;
    const script =
      'status-set active a; touch ../there; while [ -e ../there ]; do sleep 0.02; done; status-set active b';
    const running = bench.model.run('tiny/0', 'sh', { script });
    const { access, rm } = await import('node:fs/promises');
    const marker = `${bench.model.unit('tiny/0').charmDirectory}/../there`;
    await expect
      .poll(() =>
        access(marker).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    const total = bench.model.outsideCalls('tiny/0');
    await machine.observer?.('k8sd GET /1.0', 'before');
    await machine.observer?.('k8sd GET /1.0', 'after');
    expect(bench.model.outsideCalls('tiny/0')).toBe(total + 1);
    bench.model.interruptAt = { unit: 'tiny/0', call: 1, phase: 'after' };
    await machine.observer?.('k8sd POST /1.0', 'before');
    void machine.observer?.('k8sd POST /1.0', 'after');
    expect(await running).toMatchObject({ status: 'failed', message: 'terminated' });
    await rm(marker);
    expect(bench.model.unit('tiny/0').workload.message).toBe('a');
    expect(bench.model.dispatches.at(-1)?.outsideCalls).toEqual([
      'action-get script',
      'status-set active a',
      'k8sd GET /1.0',
      'k8sd POST /1.0',
    ]);
  });

  it('fails as a test wants it to, without effect', async () => {
    bench.model.hookToolFault = (_unit, tool) =>
      tool === 'state-set' ? { code: 1, stderr: 'ERROR database is locked\n' } : undefined;
    expect(await shell(bench, 'tiny/0', 'state-set a=1')).toMatchObject({
      code: 1,
      stderr: 'ERROR database is locked\n',
    });
    bench.model.hookToolFault = undefined;
    expect(bench.model.unit('tiny/0').state).toEqual({});
  });
});

describe('a reboot', () => {
  let bench: TestBench;

  beforeEach(async () => {
    bench = await newTestBench();
    await bench.deploy(shellCharm());
  });

  afterEach(async () => {
    await bench.close();
  });

  const hookDoes = (script: string): Promise<void> =>
    writeFile(`${bench.model.unit('tiny/0').charmDirectory}/../hook.sh`, script);

  it('asked for by a hook comes after it, with what it wrote, and start runs again', async () => {
    await hookDoes('if [ "$JUJU_HOOK_NAME" = update-status ]; then state-set a=1; juju-reboot; fi');
    const before = events(bench.model, 'tiny/0').length;
    bench.model.updateStatus();
    await bench.settle();
    expect(events(bench.model, 'tiny/0').slice(before)).toEqual(['update-status', 'start']);
    expect(bench.machines.reboots).toEqual(['0']);
    expect(bench.model.unit('tiny/0').state).toEqual({ a: '1' });
  });

  it('asked for at once ends the hook, discards it, and runs it again', async () => {
    await hookDoes(
      'if [ "$JUJU_HOOK_NAME" = update-status ] && [ ! -f ../once ]; then touch ../once; state-set a=1; juju-reboot --now; sleep 5; fi',
    );
    const before = events(bench.model, 'tiny/0').length;
    bench.model.updateStatus();
    await bench.settle();
    expect(events(bench.model, 'tiny/0').slice(before)).toEqual(['update-status', 'start', 'update-status']);
    expect(bench.machines.reboots).toEqual(['0']);
    expect(bench.model.unit('tiny/0').state).toEqual({});
  });

  it('from outside makes start run again', async () => {
    const before = events(bench.model, 'tiny/0').length;
    await bench.model.reboot('tiny/0');
    await bench.settle();
    expect(events(bench.model, 'tiny/0').slice(before)).toEqual(['start']);
  });
});
