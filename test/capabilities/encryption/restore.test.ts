/**
 * Guards the way out where a datastore is restored from a backup of before a rotation: no API server reads its Secrets, and none becomes
 * ready. The keys of that time are still in the Juju secret: everything is read again, and brought to the key in use.
 */

import { describe, expect, it } from 'vitest';
import { createRandom } from '../../clients/juju/random.ts';
import { type Unit, World } from './world.ts';

const UNITS = 3;
const DAY = 24;

async function settled(unit: Unit): Promise<void> {
  while (unit.dispatch !== undefined && !unit.dispatch.waiting) await new Promise((resolve) => setImmediate(resolve));
}

async function hook(world: World, unit: Unit): Promise<void> {
  world.begin(unit);
  for (await settled(unit); unit.dispatch !== undefined; await settled(unit)) {
    unit.dispatch.go(true);
    await Promise.all(world.serving.map(({ server }) => server?.reload()));
  }
}

/** Hooks of all units until nothing is left to be done; API servers load their files meanwhile. */
async function comeToRest(world: World): Promise<void> {
  for (let round = 0, before = ''; round < 60; round += 1) {
    for (const unit of world.present) await hook(world, unit);
    world.passTime();
    const now = JSON.stringify([world.shared, world.present.map(({ bag, flags }) => [bag, flags])]);
    if (now === before && round > 2) return;
    before = now;
  }
  throw new Error(`it comes to no end: ${JSON.stringify(world.shared)}`);
}

async function inWorld(test: (world: World) => Promise<void>): Promise<void> {
  const world = new World(createRandom(11), 36);
  try {
    world.fallible = false;
    for (let count = 0; count < UNITS; count += 1) world.addUnit();
    await comeToRest(world);
    await test(world);
    expect(world.failures).toEqual([]);
  } finally {
    world.close();
  }
}

async function rotate(world: World): Promise<void> {
  world.options = { ...world.options, rotationSeconds: DAY * 3_600 };
  for (let hour = 0; hour <= DAY; hour += 1) world.passTime();
  await comeToRest(world);
  world.options = { ...world.options, rotationSeconds: undefined };
  await comeToRest(world);
}

interface Backup {
  readonly secrets: Record<string, string>;
  readonly written: ReadonlyMap<string, string>;
}

function backup(world: World): Backup {
  return { secrets: { ...world.api.cluster.kubernetes.secrets }, written: new Map(world.written) };
}

/** As an operator does: etcd from the backup, every API server started again. */
async function restore(world: World, { secrets, written }: Backup): Promise<void> {
  world.api.cluster.kubernetes.secrets = { ...secrets };
  world.written.clear();
  for (const [name, value] of written) world.written.set(name, value);
  for (const unit of world.serving) await world.startServer(unit);
}

function statuses(world: World): readonly string[] {
  return world.present.flatMap((unit) => unit.statuses);
}

describe('a datastore that is restored', { timeout: 120_000 }, () => {
  it('from before a rotation is read again, and all of it comes to the key in use', () =>
    inWorld(async (world) => {
      for (let count = 0; count < 9; count += 1) await world.use();
      const old = backup(world);
      await rotate(world);
      expect(world.stored()).toEqual(['aesgcm:2']);
      await restore(world, old);
      expect(world.unreadable().length).toBeGreaterThan(0);
      await comeToRest(world);
      expect([world.unreadable(), world.stored(), statuses(world)]).toEqual([[], ['aesgcm:2'], []]);
      expect(JSON.parse(world.shared['encryption'] ?? '')).toMatchObject({
        phase: 'settled',
        now: 'aesgcm:2',
        last: 2,
      });
    }));

  it('from the middle of an old rotation, under two keys and two providers, too', () =>
    inWorld(async (world) => {
      for (let count = 0; count < 9; count += 1) await world.use();
      const first = backup(world);
      world.options = { ...world.options, provider: 'aescbc' };
      await comeToRest(world);
      const second = backup(world);
      const names = Object.keys(second.secrets);
      expect(names.length).toBeGreaterThan(1);
      const mixed = { ...second.secrets };
      const [name = ''] = names;
      mixed[name] = first.secrets[name] ?? '';
      world.options = { ...world.options, provider: 'aesgcm' };
      await comeToRest(world);
      expect(world.stored()).toEqual(['aesgcm:3']);
      await restore(world, { secrets: mixed, written: second.written });
      await comeToRest(world);
      expect([world.unreadable(), world.stored(), statuses(world)]).toEqual([[], ['aesgcm:3'], []]);
    }));

  it('from when Secrets were encrypted, though they are not any more', () =>
    inWorld(async (world) => {
      for (let count = 0; count < 9; count += 1) await world.use();
      const old = backup(world);
      world.options = { ...world.options, provider: 'none' };
      await comeToRest(world);
      expect(world.stored()).toEqual(['identity']);
      await restore(world, old);
      await comeToRest(world);
      expect([world.unreadable(), world.stored(), statuses(world)]).toEqual([[], ['identity'], []]);
    }));

  it('under a key that is nowhere blocks the leader, which names the Secrets; when they are gone it is well', () =>
    inWorld(async (world) => {
      for (let count = 0; count < 9; count += 1) await world.use();
      const old = backup(world);
      const lost = Buffer.from('k8s:enc:aesgcm:v1:key77:value').toString('base64');
      await restore(world, { ...old, secrets: { ...old.secrets, '/secrets/default/lost': lost } });
      await comeToRest(world);
      expect(statuses(world)).toEqual([
        expect.stringMatching(
          /^blocked: 1 Secret in the datastore cannot be opened with any key of this cluster: default\/lost under aesgcm:77\. kube-apiserver does not become ready after a restart while it is there; see /,
        ),
      ]);
      delete world.api.cluster.kubernetes.secrets['/secrets/default/lost'];
      await comeToRest(world);
      expect(statuses(world)).toEqual([]);
    }));

  it('in the middle of a rotation does not make it give up the previous key: what nobody reads is named', () =>
    inWorld(async (world) => {
      for (let count = 0; count < 9; count += 1) await world.use();
      world.options = { ...world.options, provider: 'aescbc' };
      await hook(world, world.present[0] as Unit);
      expect(JSON.parse(world.shared['encryption'] ?? '')).toMatchObject({ phase: 'prepare' });
      const lost = Buffer.from('k8s:enc:aesgcm:v1:key77:value').toString('base64');
      world.api.cluster.kubernetes.secrets['/secrets/default/lost'] = lost;
      await comeToRest(world);
      expect(statuses(world).filter((status) => status.startsWith('blocked'))).toEqual([
        expect.stringContaining('default/lost under aesgcm:77'),
      ]);
      expect(JSON.parse(world.shared['encryption'] ?? '')).toMatchObject({ phase: 'rewrite' });
      delete world.api.cluster.kubernetes.secrets['/secrets/default/lost'];
      await comeToRest(world);
      expect([world.stored(), statuses(world)]).toEqual([['aescbc:2'], []]);
    }));
});
