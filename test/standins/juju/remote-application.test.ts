import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { shell, shellCharm } from './shell-charm.ts';
import { events, newTestBench, type TestBench } from './tiny-charm.ts';

describe('a simulated application', () => {
  let bench: TestBench;

  beforeEach(async () => {
    bench = await newTestBench();
    await bench.deploy(shellCharm({ metadata: { provides: { workers: { interface: 'w' } } } }), { units: 2 });
    bench.model.addRemoteApplication('py', { endpoints: { cluster: { interface: 'w', role: 'requirer' } }, units: 1 });
    await bench.model.integrate('tiny:workers', 'py:cluster');
    await bench.settle();
  });

  afterEach(async () => {
    await bench.close();
  });

  const since = async (work: () => unknown): Promise<readonly string[]> => {
    const before = events(bench.model, 'tiny/0').length;
    await work();
    await bench.settle();
    return events(bench.model, 'tiny/0')
      .slice(before)
      .filter((event) => !event.startsWith('actions/'));
  };

  it('joins, writes, and leaves, and our side hears of it', async () => {
    const py = bench.model.remote('py');
    expect(events(bench.model, 'tiny/0').slice(-3)).toEqual([
      'workers-relation-created',
      'workers-relation-joined',
      'workers-relation-changed',
    ]);
    expect(await since(() => py.setUnitBag('cluster', 'py/0', { name: 'x' }))).toEqual(['workers-relation-changed']);
    expect((await shell(bench, 'tiny/0', 'relation-get -r 0 name py/0')).stdout).toBe('x\n');
    expect(await since(() => py.setApplicationBag('cluster', { k: 'v' }))).toEqual(['workers-relation-changed']);
    expect(await since(() => py.addUnit())).toEqual(['workers-relation-joined', 'workers-relation-changed']);
    expect(await since(() => py.removeUnit('py/0'))).toEqual(['workers-relation-departed']);
    expect(py.units()).toEqual(['py/1']);
    expect(await since(() => bench.model.removeRelation('tiny', 'py'))).toEqual([
      'workers-relation-departed',
      'workers-relation-broken',
    ]);
  });

  it('reads what our side wrote, and its secrets only when granted', async () => {
    const py = bench.model.remote('py');
    await shell(bench, 'tiny/0', 'relation-set -r 0 mine=1; relation-set -r 0 --app ours=2; secret-add token=t');
    const uri = bench.model.secrets()[0]?.id ?? '';
    expect(bench.model.unit('tiny/0').bag('workers')).toMatchObject({ mine: '1' });
    expect(bench.model.applicationBag('tiny', 'workers:0')).toEqual({ ours: '2' });
    expect(() => py.readSecret(uri, 'py/0')).toThrow('permission denied');
    await shell(bench, 'tiny/0', `secret-grant ${uri} -r 0 --unit py/0`);
    expect(py.readSecret(uri, 'py/0')).toEqual({ token: 't' });
    expect(await since(() => shell(bench, 'tiny/0', `secret-set ${uri} token=u`))).toEqual([]);
    expect(await since(() => py.readSecret(uri, 'py/0'))).toEqual(['secret-remove']);
  });

  it('has secrets that it grants, changes and revokes', async () => {
    const py = bench.model.remote('py');
    const uri = py.addSecret({ key: 'one' }, { unit: 'py/0' });
    expect((await shell(bench, 'tiny/0', `secret-get ${uri}`)).stderr).toBe('ERROR permission denied\n');
    py.grant(uri, 'cluster');
    expect((await shell(bench, 'tiny/0', `secret-get ${uri} key`)).stdout).toBe('one\n');
    expect(await since(() => py.updateSecret(uri, { key: 'two' }))).toEqual(['secret-changed']);
    expect((await shell(bench, 'tiny/0', `secret-get ${uri} key --refresh`)).stdout).toBe('two\n');
    py.revoke(uri, 'cluster');
    expect((await shell(bench, 'tiny/0', `secret-get ${uri}`)).code).toBe(1);
    py.removeSecret(uri);
    expect((await shell(bench, 'tiny/0', `secret-get ${uri}`)).stderr).toMatch(/^ERROR secret ".*" not found\n$/);
  });

  it('may be large: thirty units join and leave', async () => {
    const py = bench.model.remote('py');
    for (let count = 0; count < 29; count += 1) py.addUnit();
    await bench.settle();
    expect((await shell(bench, 'tiny/0', 'relation-list -r 0 | wc -l')).stdout).toBe('30\n');
    for (const unit of py.units()) py.removeUnit(unit);
    await bench.settle();
    expect((await shell(bench, 'tiny/0', 'relation-list -r 0')).stdout).toBe('');
  }, 30_000);
});
