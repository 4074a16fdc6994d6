import { afterEach, describe, expect, it } from 'vitest';
import { shellCharm } from './shell-charm.ts';
import { events, newTestBench, type TestBench } from './tiny-charm.ts';

const PEERS = { peers: { cluster: { interface: 'c' } } };

describe('the life of a unit', () => {
  let bench: TestBench;

  afterEach(async () => {
    await bench.close();
  });

  it.each([
    ['3.6.9', ['leader-settings-changed']],
    ['4.0.2', []],
  ])('begins in the order of Juju %s, for a leader and for others', async (jujuVersion, follower) => {
    bench = await newTestBench({ jujuVersion });
    await bench.deploy({ metadata: PEERS }, { units: 2 });
    const first = ['install', 'cluster-relation-created'];
    const last = ['config-changed', 'start', 'cluster-relation-joined', 'cluster-relation-changed'];
    expect(events(bench.model, 'tiny/0')).toEqual([...first, 'leader-elected', ...last]);
    expect(events(bench.model, 'tiny/1')).toEqual([...first, ...follower, ...last]);
  });

  it('has the statuses that Juju sets by itself', async () => {
    bench = await newTestBench();
    const seen = 'echo "$JUJU_HOOK_NAME $(status-get --include-data --format=json)" >> ../../seen';
    await bench.deploy({ dispatch: seen });
    expect(bench.model.unit('tiny/0').workload).toMatchObject({ status: 'unknown', message: '' });
    expect(bench.model.unit('tiny/0').agent).toMatchObject({ status: 'idle' });
    const { charmDirectory } = bench.model.unit('tiny/0');
    await bench.model.removeUnit('tiny/0');
    await bench.settle();
    const { readFile } = await import('node:fs/promises');
    const told = (await readFile(`${charmDirectory}/../../seen`, 'utf8')).trimEnd().split('\n');
    const status = (hook: string): unknown => {
      const line = told.find((each) => each.startsWith(`${hook} `));
      return JSON.parse(line?.slice(hook.length) ?? 'null');
    };
    expect(status('install')).toMatchObject({ status: 'maintenance', message: 'installing charm software' });
    expect(status('stop')).toMatchObject({ status: 'maintenance', message: 'stopping charm software' });
    expect(status('remove')).toMatchObject({ status: 'maintenance', message: 'cleaning up prior to charm deletion' });
  });

  it('ends at once when it never was installed', async () => {
    bench = await newTestBench();
    await bench.model.deploy(await bench.pack(shellCharm({ dispatch: 'exit 1' })), { application: 'tiny', units: 0 });
    await bench.model.addUnit('tiny');
    await bench.model.removeUnit('tiny/0');
    await bench.model
      .settle({ timeoutMs: 20_000, until: (model) => Object.keys(model.status().units).length === 0 })
      .catch(() => undefined);
    expect(bench.model.dispatches.every(({ event }) => event === 'hooks/install')).toBe(true);
  });

  it('gets update-status when it is asked for, after everything else', async () => {
    bench = await newTestBench();
    await bench.deploy(shellCharm({ config: { a: { type: 'int' } } }), { units: 2 });
    const [before0, before1] = ['tiny/0', 'tiny/1'].map((unit) => events(bench.model, unit).length);
    bench.model.updateStatus('tiny/0');
    await bench.model.configure('tiny', { a: 1 });
    await bench.settle();
    expect(events(bench.model, 'tiny/0').slice(before0)).toEqual(['config-changed', 'update-status']);
    expect(events(bench.model, 'tiny/1').slice(before1)).toEqual(['config-changed']);
  });

  it('is recorded: calls, time, and peak memory when that is asked for', async () => {
    bench = await newTestBench();
    bench.model.measureMemory = true;
    await bench.deploy({ dispatch: 'is-leader --format=json > /dev/null; sleep 0.05' });
    for (const dispatch of bench.model.dispatches) {
      expect(dispatch.calls).toEqual([{ tool: 'is-leader', args: ['--format=json'], channel: 'executable' }]);
      expect(dispatch.wallMs).toBeGreaterThan(50);
      expect(dispatch.maxRssKb).toBeGreaterThan(500);
    }
  });

  it('runs no hook any more once its machine is lost, and goes at once when it is removed by force', async () => {
    bench = await newTestBench();
    await bench.deploy({ metadata: PEERS }, { units: 2 });
    const { model } = bench;
    const before = events(model, 'tiny/1');
    await model.loseMachine('tiny/1');
    model.updateStatus();
    await bench.settle();
    expect(events(model, 'tiny/1')).toEqual(before);
    expect(model.unit('tiny/1').agent).toMatchObject({ status: 'lost' });
    await model.removeUnit('tiny/1', { force: true });
    await bench.settle();
    expect(Object.keys(model.status().units)).toEqual(['tiny/0']);
    expect(events(model, 'tiny/0').at(-1)).toBe('cluster-relation-departed');
  });

  it('is numbered on, and so are machines', async () => {
    bench = await newTestBench();
    await bench.deploy({}, { units: 2 });
    await bench.model.removeUnit('tiny/1');
    await bench.settle();
    await bench.model.addUnit('tiny');
    await bench.settle();
    expect(Object.values(bench.model.status().units).map(({ name, machine }) => [name, machine])).toEqual([
      ['tiny/0', '0'],
      ['tiny/2', '2'],
    ]);
  });

  it('goes on while a test waits for something outside the model, with time passing', async () => {
    bench = await newTestBench();
    await bench.deploy({
      dispatch: '[ "$JUJU_HOOK_NAME" != update-status ] || { n=$(state-get n); state-set n=$((n + 1)); }',
    });
    await bench.model.settle({
      timeoutMs: 10_000,
      updateStatusEveryMs: 20,
      until: (model) => Number(model.unit('tiny/0').state['n']) >= 3,
    });
    await expect(bench.model.settle({ timeoutMs: 100, until: () => false })).rejects.toThrow(
      'at rest, but what was waited for did not come about within 100 ms',
    );
  });
});
