import { writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { shell, shellCharm } from './shell-charm.ts';
import { events, newTestBench, type TestBench } from './tiny-charm.ts';

/** Tells of each hook what it was about, and what the charm can see of the relation then. */
const TELL = `
case $JUJU_HOOK_NAME in
*-relation-*) echo "$JUJU_HOOK_NAME \${JUJU_REMOTE_UNIT:--} \${JUJU_DEPARTING_UNIT:--} $(relation-ids "$JUJU_RELATION" | tr '\\n' ',') $(relation-list | tr '\\n' ',')" >> ../told ;;
*) echo "$JUJU_HOOK_NAME" >> ../told ;;
esac`;

const provider = shellCharm({ name: 'db', metadata: { provides: { db: { interface: 'pg' } } }, dispatch: TELL });
const requirer = shellCharm({
  name: 'web',
  metadata: { requires: { store: { interface: 'pg' } }, peers: { ring: { interface: 'r' } } },
  dispatch: TELL,
});

describe('a relation', () => {
  let bench: TestBench;

  beforeEach(async () => {
    bench = await newTestBench();
    await bench.deploy(provider);
    await bench.deploy(requirer, { units: 2 });
  });

  afterEach(async () => {
    await bench.close();
  });

  const since = async (unit: string): Promise<readonly string[]> => {
    const { stdout } = await shell(bench, unit, 'cat ../told 2>/dev/null; : > ../told');
    return stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.trimEnd())
      .filter((line) => line !== '');
  };

  const forgetSoFar = async (): Promise<void> => {
    for (const unit of Object.keys(bench.model.state.units)) await since(unit);
  };

  it('begins with created, then joined and changed of each unit in turn', async () => {
    await forgetSoFar();
    await bench.model.integrate('web', 'db');
    await bench.settle();
    expect(await since('db/0')).toEqual([
      'db-relation-created - - db:1,',
      'db-relation-joined web/0 - db:1, web/0,',
      'db-relation-changed web/0 - db:1, web/0,',
      'db-relation-joined web/1 - db:1, web/0,web/1,',
      'db-relation-changed web/1 - db:1, web/0,web/1,',
    ]);
    expect(await since('web/1')).toEqual([
      'store-relation-created - - store:1,',
      'store-relation-joined db/0 - store:1, db/0,',
      'store-relation-changed db/0 - store:1, db/0,',
    ]);
  });

  it('ends with departed of each unit, then broken, when the listing has it no more', async () => {
    await bench.model.integrate('web', 'db');
    await bench.settle();
    await forgetSoFar();
    await bench.model.removeRelation('web:store', 'db:db');
    await bench.settle();
    expect(await since('db/0')).toEqual([
      'db-relation-departed web/0 web/0 db:1, web/1,',
      'db-relation-departed web/1 web/1 db:1,',
      'db-relation-broken - -',
    ]);
    expect(bench.model.status().relations.map(({ provider: end }) => end)).toEqual(['web:ring']);
  });

  it('delivers a change of the application databag before the first joined, with an empty remote unit', async () => {
    bench.model.addRemoteApplication('pg', { endpoints: { pg: { interface: 'pg', role: 'provider' } }, units: 1 });
    await forgetSoFar();
    await bench.model.integrate('web', 'pg');
    bench.model.remote('pg').setApplicationBag('pg', { a: '1' });
    await bench.settle();
    expect(await since('web/0')).toEqual([
      'store-relation-created - - store:1,',
      'store-relation-changed - - store:1,',
      'store-relation-joined pg/0 - store:1, pg/0,',
      'store-relation-changed pg/0 - store:1, pg/0,',
    ]);
    bench.model.remote('pg').setApplicationBag('pg', { a: '2' });
    await bench.settle();
    expect(await since('web/0')).toEqual(['store-relation-changed - - store:1, pg/0,']);
  });

  it('loses a unit that is removed: for the others it departs, for itself everything does before stop', async () => {
    await bench.model.integrate('web', 'db');
    await bench.settle();
    await forgetSoFar();
    const { charmDirectory } = bench.model.unit('web/0');
    await bench.model.removeUnit('web/0');
    await bench.settle();
    const { readFile } = await import('node:fs/promises');
    expect(
      (await readFile(`${charmDirectory}/../told`, 'utf8'))
        .trimEnd()
        .split('\n')
        .map((line) => line.trimEnd()),
    ).toEqual([
      'store-relation-departed db/0 web/0 store:1,',
      'store-relation-broken - -',
      'ring-relation-departed web/1 web/0 ring:0,',
      'stop',
      'remove',
    ]);
    expect(await since('db/0')).toEqual(['db-relation-departed web/0 web/0 db:1, web/1,']);
    expect((await since('web/1')).slice(0, 1)).toEqual(['ring-relation-departed web/0 web/0 ring:0,']);
    expect(bench.machines.terminated).toEqual(['1']);
    expect(Object.keys(bench.model.status().units)).toEqual(['db/0', 'web/1']);
  });

  it('keeps the databag of a unit that has left readable until it is gone itself', async () => {
    await bench.model.integrate('web', 'db');
    await bench.settle();
    await shell(bench, 'web/0', 'relation-set -r 1 note=kept');
    await bench.settle();
    await bench.model.removeUnit('web/0');
    await bench.settle();
    expect(await shell(bench, 'db/0', 'relation-get -r 1 note web/0')).toMatchObject({ code: 0, stdout: 'kept\n' });
    expect((await shell(bench, 'db/0', 'relation-get -r 1 note web/9')).code).toBe(1);
  });

  it('is torn down with its application, down to machines and model', async () => {
    await bench.model.integrate('web', 'db');
    await bench.settle();
    await forgetSoFar();
    await bench.model.removeApplication('web');
    await bench.settle();
    expect((await since('db/0')).at(-1)).toBe('db-relation-broken - -');
    expect(bench.model.status()).toMatchObject({ relations: [] });
    expect(Object.keys(bench.model.status().applications)).toEqual(['db']);
    expect([...bench.machines.terminated].sort()).toEqual(['1', '2']);
  });

  it('shows a remote databag as it was at its last event, not as it is', async () => {
    await bench.model.integrate('web', 'db');
    await bench.settle();
    await shell(bench, 'db/0', 'relation-set -r 1 v=1');
    await bench.settle();
    expect((await shell(bench, 'web/0', 'relation-get -r 1 v db/0')).stdout).toBe('1\n');
    const slow = bench.model.run('web/0', 'sh', {
      script: 'touch ../there; while [ -e ../there ]; do sleep 0.02; done; relation-get -r 1 v db/0',
    });
    const { access, rm } = await import('node:fs/promises');
    const marker = `${bench.model.unit('web/0').charmDirectory}/../there`;
    await expect
      .poll(() =>
        access(marker).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    await shell(bench, 'db/0', 'relation-set -r 1 v=2');
    await rm(marker);
    expect((await slow).results['stdout']).toBe('1\n');
    await bench.settle();
    expect((await shell(bench, 'web/0', 'relation-get -r 1 v db/0')).stdout).toBe('2\n');
  });

  it('lets a hook wait for what a hook of another unit writes to the world', async () => {
    await bench.model.integrate('web', 'db');
    await bench.settle();
    const { charmDirectory } = bench.model.unit('db/0');
    await writeFile(
      `${bench.model.unit('web/0').charmDirectory}/../hook.sh`,
      `[ "$JUJU_HOOK_NAME" = stop ] && while ! grep -q "departed web/0" ${charmDirectory}/../told; do sleep 0.02; done`,
    );
    await bench.model.removeUnit('web/0');
    await bench.settle();
    expect(Object.keys(bench.model.status().units)).toEqual(['db/0', 'web/1']);
  });

  it('is refused without a fit, twice, when it is ambiguous, or beyond the limit', async () => {
    await bench.deploy(
      { name: 'both', metadata: { requires: { one: { interface: 'pg', limit: 1 }, two: { interface: 'pg' } } } },
      { application: 'both' },
    );
    const { model } = bench;
    await expect(model.integrate('web:ring', 'db')).rejects.toThrow('no relations found');
    await expect(model.integrate('web:nope', 'db')).rejects.toThrow('application "web" has no "nope" relation');
    await expect(model.integrate('both', 'db')).rejects.toThrow(
      'ambiguous relation: "both db" could refer to "both:one db:db"; "both:two db:db"',
    );
    await model.integrate('both:one', 'db');
    await expect(model.integrate('both:one', 'db')).rejects.toThrow('already exists');
    model.addRemoteApplication('pg', { endpoints: { pg: { interface: 'pg', role: 'provider' } } });
    await expect(model.integrate('both:one', 'pg')).rejects.toThrow('would exceed its maximum relation limit of 1');
    await bench.settle();
  });

  it('tells of a new address of a unit: config-changed there, changed at the other end', async () => {
    await bench.model.integrate('web', 'db');
    await bench.settle();
    await forgetSoFar();
    await bench.model.changeAddress('db/0', '127.1.2.3');
    await bench.settle();
    expect(await since('db/0')).toEqual(['config-changed']);
    expect(await since('web/0')).toEqual(['store-relation-changed db/0 - store:1, db/0,']);
    expect((await shell(bench, 'web/0', 'relation-get -r 1 private-address db/0')).stdout).toBe('127.1.2.3\n');
  });
});

describe('a peer relation', () => {
  let bench: TestBench;

  afterEach(async () => {
    await bench.close();
  });

  const ring = shellCharm({ name: 'web', metadata: { peers: { ring: { interface: 'r' } } } });

  it('is not there during install', async () => {
    bench = await newTestBench();
    await bench.deploy(
      shellCharm({
        name: 'web',
        metadata: { peers: { ring: { interface: 'r' } } },
        dispatch: 'echo "$JUJU_HOOK_NAME $(relation-ids ring)" >> ../ids',
      }),
    );
    expect((await shell(bench, 'web/0', 'head -n 2 ../ids')).stdout).toBe('install \nring-relation-created ring:0\n');
  });

  it.each([
    [true, ['ring-relation-changed']],
    [false, []],
  ] as const)('tells the leader of what it wrote itself for the application: %s', async (leaderHearsItself, heard) => {
    bench = await newTestBench({ leaderHearsItself });
    await bench.deploy(ring, { units: 2 });
    const [leader, follower] = ['web/0', 'web/1'].map((unit) => events(bench.model, unit).length);
    await shell(bench, 'web/0', 'relation-set -r 0 --app a=1');
    await bench.settle();
    expect(
      events(bench.model, 'web/0')
        .slice(leader)
        .filter((event) => !event.startsWith('actions/')),
    ).toEqual(heard);
    expect(events(bench.model, 'web/1').slice(follower)).toEqual(['ring-relation-changed']);
    expect((await shell(bench, 'web/1', 'relation-get -r 0 --app a web')).stdout).toBe('1\n');
  });
});

describe('leadership', () => {
  let bench: TestBench;

  afterEach(async () => {
    await bench.close();
  });

  it.each([
    ['3.6.9', 'leader-settings-changed'],
    ['4.0.2', undefined],
  ])('moves and passes on when the leader goes, on %s', async (jujuVersion, told) => {
    bench = await newTestBench({ jujuVersion });
    await bench.deploy(shellCharm(), { units: 3 });
    expect(events(bench.model, 'tiny/2').includes('leader-settings-changed')).toBe(told !== undefined);
    const before = events(bench.model, 'tiny/0').length;
    await bench.model.moveLeadership('tiny/2');
    await bench.settle();
    expect(events(bench.model, 'tiny/2').at(-1)).toBe('leader-elected');
    expect(events(bench.model, 'tiny/0').slice(before)).toEqual([]);
    expect((await shell(bench, 'tiny/0', 'is-leader')).stdout).toBe('False\n');

    await bench.model.removeUnit('tiny/2');
    await bench.settle();
    expect(events(bench.model, 'tiny/2').slice(-2)).toEqual(['stop', 'remove']);
    const leader = bench.model.unit('tiny/leader').name;
    expect(events(bench.model, leader).at(-1)).toBe('leader-elected');
  });

  it('stays with a leader that goes until it is gone', async () => {
    bench = await newTestBench();
    await bench.deploy(shellCharm({ dispatch: '[ "$JUJU_HOOK_NAME" != stop ] || is-leader > ../../led' }), {
      units: 2,
    });
    await bench.model.removeUnit('tiny/0');
    await bench.settle();
    expect((await shell(bench, 'tiny/1', 'cat ../../led')).stdout).toBe('True\n');
    expect(bench.model.unit('tiny/1').leader).toBe(true);
  });
});
