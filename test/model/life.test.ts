import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { events, newTestBench, type TestBench } from './tiny-charm.ts';

describe('the life of a unit', () => {
  let bench: TestBench;

  beforeEach(async () => {
    bench = await newTestBench();
  });

  afterEach(async () => {
    await bench.close();
  });

  it('installs in the order of Juju 3.6, leaders and others', async () => {
    await bench.deploy({ metadata: { peers: { cluster: { interface: 'c' } } }, dispatch: 'status-set active -- "$JUJU_DISPATCH_PATH"' }, { units: 2 });
    expect(events(bench.model, 'tiny/0').slice(0, 5)).toEqual([
      'install',
      'cluster-relation-created',
      'leader-elected',
      'config-changed',
      'start',
    ]);
    expect(events(bench.model, 'tiny/1').slice(0, 5)).toEqual([
      'install',
      'cluster-relation-created',
      'leader-settings-changed',
      'config-changed',
      'start',
    ]);
    expect(events(bench.model, 'tiny/1').slice(5)).toEqual(['cluster-relation-joined', 'cluster-relation-changed']);
    expect(bench.model.unit('tiny/0').workload).toMatchObject({ status: 'active', message: 'hooks/cluster-relation-changed' });
  });
});
