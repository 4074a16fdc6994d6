import { writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { shell, shellCharm } from './shell-charm.ts';
import { events, newTestBench, type TestBench } from './tiny-charm.ts';

const METADATA = { peers: { cluster: { interface: 'c' } } };

describe('what a hook writes', () => {
  let bench: TestBench;

  beforeEach(async () => {
    bench = await newTestBench();
    await bench.deploy(shellCharm({ metadata: METADATA }));
  });

  afterEach(async () => {
    await bench.close();
  });

  /** Makes the next hooks of the unit do this. */
  const hookDoes = (script: string): Promise<void> =>
    writeFile(`${bench.model.unit('tiny/0').charmDirectory}/../hook.sh`, script);

  const EVERYTHING = `
[ "$JUJU_HOOK_NAME" = update-status ] || exit 0
relation-set -r cluster:0 unit=1
relation-set -r cluster:0 --app app=1
state-set state=1
open-port 80
secret-add --label l --owner application some=value > /dev/null
status-set active -- "said anyway"
application-version-set 9
juju-log "logged anyway"
`;

  it('is committed as one when it exits 0', async () => {
    await hookDoes(EVERYTHING);
    bench.model.updateStatus();
    await bench.settle();
    const unit = bench.model.unit('tiny/0');
    expect(unit.bag('cluster')).toMatchObject({ unit: '1' });
    expect(bench.model.applicationBag('tiny', 'cluster')).toEqual({ app: '1' });
    expect(unit.state).toEqual({ state: '1' });
    expect(unit.ports).toEqual(['80/tcp']);
    expect(bench.model.secrets()).toHaveLength(1);
    expect(unit).toMatchObject({ version: '9', workload: { status: 'active', message: 'said anyway' } });
  });

  it('is discarded when it does not, but for status, version and log', async () => {
    await hookDoes(`${EVERYTHING}\nexit 3`);
    bench.model.updateStatus();
    await expect(bench.settle()).rejects.toThrow('failing again and again: tiny/0');
    const unit = bench.model.unit('tiny/0');
    expect(unit.bag('cluster')).not.toHaveProperty('unit');
    expect(bench.model.applicationBag('tiny', 'cluster')).toEqual({});
    expect(unit.state).toEqual({});
    expect(unit.ports).toEqual([]);
    expect(bench.model.secrets()).toEqual([]);
    expect(unit).toMatchObject({
      version: '9',
      workload: { status: 'active', message: 'said anyway' },
      agent: { status: 'error', message: 'hook failed: "update-status"', data: { hook: 'update-status' } },
    });
    expect(bench.model.status().units['tiny/0']?.workload).toMatchObject({
      status: 'error',
      message: 'hook failed: "update-status"',
    });
    expect(bench.model.log('tiny/0').map(({ message }) => message)).toEqual(
      expect.arrayContaining([
        'logged anyway',
        'hook "update-status" (via hook dispatching script: dispatch) failed: exit status 3',
      ]),
    );
  });

  it('is committed by an action that failed with a message, and discarded by one that exited otherwise', async () => {
    await shell(bench, 'tiny/0', 'state-set a=1; action-fail no');
    await shell(bench, 'tiny/0', 'state-set b=1; exit 1');
    expect(bench.model.unit('tiny/0').state).toEqual({ a: '1' });
  });

  it('makes the hook fail when the controller refuses it: a label that is taken, leadership that has moved', async () => {
    await shell(bench, 'tiny/0', 'secret-add --label taken some=value');
    const failed = await bench.model.run('tiny/0', 'sh', {
      script: 'state-set x=1; secret-add --label taken some=other',
    });
    expect(failed).toMatchObject({
      status: 'failed',
      message: 'committing requested changes failed',
      results: { 'return-code': '1' },
    });
    expect(failed.results['stderr']).toMatch(/secret with label "taken" already exists/);
    expect(bench.model.unit('tiny/0').state).toEqual({});

    await bench.model.addUnit('tiny');
    await bench.settle();
    const running = bench.model.run('tiny/0', 'sh', {
      script: 'relation-set -r 0 --app late=1; touch ../there; while [ -e ../there ]; do sleep 0.02; done',
    });
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
    await bench.model.moveLeadership('tiny/1');
    await rm(marker);
    expect(await running).toMatchObject({ status: 'failed' });
    expect(bench.model.applicationBag('tiny', 'cluster')).toEqual({});
  });

  it('is news for others only when it is different', async () => {
    await bench.model.addUnit('tiny');
    await bench.settle();
    await shell(bench, 'tiny/0', 'relation-set -r 0 a=1');
    await bench.settle();
    const before = events(bench.model, 'tiny/1').length;
    await shell(bench, 'tiny/0', 'relation-set -r 0 a=1');
    await bench.settle();
    expect(events(bench.model, 'tiny/1')).toHaveLength(before);
    await shell(bench, 'tiny/0', 'relation-set -r 0 a=2');
    await bench.settle();
    expect(events(bench.model, 'tiny/1').slice(before)).toEqual(['cluster-relation-changed']);
  });

  it('shows in the log: standard output at DEBUG, standard error at WARNING, long lines in pieces', async () => {
    const { stdout } = await shell(bench, 'tiny/0', 'echo out; echo err >&2; head -c 5000 /dev/zero | tr "\\0" x');
    expect(stdout).toBe(`out\n${'x'.repeat(5000)}\n`);
    const lines = bench.model.log('tiny/0').filter(({ logger }) => logger === 'unit.tiny/0.sh');
    expect(lines.map(({ level, message }) => [level, message.length > 9 ? message.length : message]).sort()).toEqual(
      [
        ['DEBUG', 'out'],
        ['WARNING', 'err'],
        ['DEBUG', 4096],
        ['DEBUG', 904],
      ].sort(),
    );
  });
});
