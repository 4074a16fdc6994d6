import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openBareMachines } from './bare-machines.ts';
import { Model } from './model.ts';
import { shell, shellCharm } from './shell-charm.ts';
import { events, newTestBench, type TestBench } from './tiny-charm.ts';

describe('a saved model', () => {
  let bench: TestBench;

  beforeEach(async () => {
    bench = await newTestBench();
    await bench.deploy(
      shellCharm({ metadata: { peers: { ring: { interface: 'r' } } }, dispatch: 'status-set active' }),
      { units: 2 },
    );
    await shell(
      bench,
      'tiny/0',
      'relation-set -r 0 a=1; relation-set -r 0 --app b=2; state-set c=3; secret-add --label l key=value; open-port 80',
    );
    await bench.settle();
    await bench.model.save();
  });

  afterEach(async () => {
    await bench.close();
  });

  /** Opens a model in another folder of the bench. */
  const openAt = (folder: string): Promise<Model> =>
    Model.open({
      directory: join(bench.directory, folder),
      provider: openBareMachines({ directory: join(bench.directory, 'machines') }),
      retry: { initialMs: 10, attempts: 3 },
    });

  const check = async (model: Model): Promise<void> => {
    await model.settle({ timeoutMs: 20_000 });
    expect(model.dispatches).toEqual([]);
    expect(model.unit('tiny/0').bag('ring')).toMatchObject({ a: '1' });
    expect(model.applicationBag('tiny', 'ring')).toEqual({ b: '2' });
    expect(model.unit('tiny/0').ports).toEqual(['80/tcp']);
    expect(model.log('tiny/0').length).toBeGreaterThan(3);
    const outcome = await model.run('tiny/0', 'sh', {
      script: 'state-get c; secret-get --label l --format=json; is-leader; pwd',
    });
    expect(outcome.results['stdout']).toBe(
      `3\n{"value":"x"}\nTrue\n`
        .replace('"value":"x"', '"key":"value"')
        .concat(`${model.directory}/agents/unit-tiny-0/charm\n`),
    );
    await model.run('tiny/1', 'sh', { script: 'relation-set -r 0 from=one' });
    await model.settle({ timeoutMs: 20_000 });
    expect(events(model, 'tiny/0').at(-1)).toBe('ring-relation-changed');
  };

  it('goes on in a later process, with nothing to do', async () => {
    const status = bench.model.status();
    await bench.model.close();
    const again = await openAt('model');
    expect(again.status()).toEqual(status);
    await check(again);
    await again.close();
  });

  it('goes on from a copy of its folder elsewhere, when the original is gone', async () => {
    await bench.model.close();
    await Model.copyDirectory(join(bench.directory, 'model'), join(bench.directory, 'copy'));
    await rm(join(bench.directory, 'model'), { recursive: true });
    const copy = await openAt('copy');
    await check(copy);
    await copy.close();
  });

  it('counts a hook that ran when its process ended as failed, and runs it again', async () => {
    await writeFile(
      `${bench.model.unit('tiny/0').charmDirectory}/../hook.sh`,
      '[ -f ../again ] || { touch ../again; exec sleep 30; }',
    );
    bench.model.updateStatus('tiny/0');
    const marker = `${bench.model.unit('tiny/0').charmDirectory}/../again`;
    const { access } = await import('node:fs/promises');
    await expect
      .poll(() =>
        access(marker).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    await bench.model.save();
    await bench.model.close();
    const again = await openAt('model');
    await again.settle({ timeoutMs: 20_000 });
    expect(events(again, 'tiny/0')).toEqual(['update-status']);
    expect(again.log('tiny/0').map(({ message }) => message)).toContain(
      'hook "update-status" (via hook dispatching script: dispatch) failed: the agent was interrupted',
    );
    await again.close();
  });

  it('can be looked at without anything being started', async () => {
    const model = await Model.inspect(join(bench.directory, 'model'));
    expect(model.status().units['tiny/0']).toMatchObject({ workload: { status: 'active' }, leader: true });
    expect(() => model.unit('tiny/0').machine).toThrow('machine 0 not found');
  });
});
