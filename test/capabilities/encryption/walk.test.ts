/**
 * Guards that no Secret is lost on the way from one cipher to another: dispatches of several control planes run into one another and end
 * anywhere, leaders change, machines are lost, units join and go, options change, and meanwhile Secrets are written at any API server. At no
 * moment can an API server that runs not read a Secret; and in the end all of them are under what is asked for, and every key is kept.
 */

import { describe, expect, it } from 'vitest';
import { createRandom } from '../../clients/juju/random.ts';
import { type Unit, World } from './world.ts';

const STEPS = 2_500;

interface Walk {
  readonly seed: number;
  readonly minor: number;
  readonly born: boolean;
}

const walks: readonly Walk[] = Array.from({ length: 14 }, (_, seed) => ({
  seed,
  minor: seed % 4 === 0 ? 33 : 36,
  born: seed % 3 !== 0,
}));

/** How far all walks have come: one that goes nowhere would show nothing. */
let steps = 0;

describe('Secrets on a walk of rotations', { timeout: 120_000 }, () => {
  it.each(walks)('can be read at every step, seed $seed', async (walk) => {
    const world = new World(createRandom(walk.seed), walk.minor);
    try {
      await prepare(world, walk);
      world.options = { ...world.options, rotationSeconds: 3 * 3_600 };
      for (let step = 0; step < STEPS; step += 1) {
        await stumble(world);
        const unreadable = world.unreadable();
        if (unreadable.length > 0) expect.fail(`at step ${step}: ${unreadable.join(', ')}`);
      }
      await comeToRest(world);
      expectEnd(world);
      steps += Number(/"step": (\d+)/.exec(world.shared['encryption'] ?? '')?.[1] ?? 0);
    } finally {
      world.close();
    }
  });

  it('go through many rotations', () => {
    expect(steps).toBeGreaterThan(walks.length * 6);
  });
});

/** Three control planes and some Secrets; with a key from the beginning, or without any. */
async function prepare(world: World, { born }: Walk): Promise<void> {
  if (born) {
    for (let count = 0; count < 3; count += 1) world.addUnit();
    await comeToRest(world);
  } else for (let count = 0; count < 3; count += 1) await world.addMember();
  for (let count = 0; count < 7; count += 1) await world.use();
}

const OPTIONS = ['aesgcm', 'aescbc', 'aesgcm', 'none'] as const;

/** What may happen, and how often. */
const EVENTS: readonly (readonly [number, (world: World, unit: Unit) => unknown])[] = [
  [550, (world) => goOn(world, world.random(150) > 0)],
  [180, (world, unit) => world.begin(unit)],
  [120, (world) => world.serving[world.random(world.serving.length)]?.server?.reload()],
  [120, (world) => world.use()],
  [6, (world) => restart(world)],
  [6, (world) => changeLeader(world)],
  [3, (world) => chooseProvider(world)],
  [6, (world) => world.passTime()],
  [4, (world) => world.present.length < 5 && world.addUnit()],
  [2, (world, unit) => loseMachine(world, unit)],
  [3, (world, unit) => removeUnit(world, unit)],
];
const ALL = EVENTS.reduce((sum, [weight]) => sum + weight, 0);

/** One thing happens. */
async function stumble(world: World): Promise<void> {
  const units = world.present;
  const unit = units[world.random(units.length)] as Unit;
  let chance = world.random(ALL);
  for (const [weight, happen] of EVENTS) {
    chance -= weight;
    if (chance < 0) return void (await happen(world, unit));
  }
}

function chooseProvider(world: World): void {
  world.options = { ...world.options, provider: OPTIONS[world.random(4)] ?? 'aesgcm' };
}

/** One of the dispatches that wait comes to its next call, or ends there. */
async function goOn(world: World, alive: boolean): Promise<void> {
  const waiting = [...world.units.values()].filter(({ dispatch }) => dispatch?.waiting);
  const unit = waiting[world.random(waiting.length)];
  unit?.dispatch?.go(alive);
  await settled(unit);
}

/** Until the dispatch waits again, or has ended. */
async function settled(unit: Unit | undefined): Promise<void> {
  while (unit?.dispatch !== undefined && !unit.dispatch.waiting) await new Promise((resolve) => setImmediate(resolve));
}

async function restart(world: World): Promise<void> {
  const unit = world.serving[world.random(world.serving.length)];
  if (unit !== undefined) await world.startServer(unit);
}

/** Mostly of those in the cluster, at times a unit that has yet to join it. */
function changeLeader(world: World): void {
  const alive = world.random(8) === 0 ? world.present.filter(({ dead }) => !dead) : members(world);
  world.leader = alive[world.random(alive.length)]?.name ?? world.leader;
}

function members(world: World): readonly Unit[] {
  return world.present.filter(({ flags, dead }) => flags !== undefined && !dead);
}

/** Never the last one. */
function loseMachine(world: World, unit: Unit): void {
  if (members(world).filter((other) => other !== unit).length === 0) return;
  world.kill(unit);
  if (world.leader === unit.name) changeLeader(world);
}

function removeUnit(world: World, unit: Unit): void {
  if (members(world).filter((other) => other !== unit).length === 0) return;
  unit.dispatch?.go(false);
  unit.removed = true;
  if (world.leader === unit.name) changeLeader(world);
}

/** Everything that was begun comes to its end, and who is lost is removed; nothing new is asked for. */
async function comeToRest(world: World): Promise<void> {
  world.options = { ...world.options, rotationSeconds: undefined };
  for (const unit of world.present) if (unit.dead) unit.removed = true;
  world.leader = members(world)[0]?.name ?? world.leader;
  world.fallible = false;
  for (let round = 0, before = ''; round < 60; round += 1) {
    for (const unit of world.units.values()) {
      if (unit.removed || unit.dead) unit.dispatch?.go(false);
      world.begin(unit);
      for (await settled(unit); unit.dispatch !== undefined; await settled(unit)) {
        unit.dispatch.go(true);
        await Promise.all(world.serving.map(({ server }) => server?.reload()));
        const unreadable = world.unreadable();
        if (unreadable.length > 0) expect.fail(`on the way to rest: ${unreadable.join(', ')}`);
      }
    }
    world.passTime();
    const now = JSON.stringify([world.shared, world.present.map(({ bag, flags }) => [bag, flags])]);
    if (now === before && round > 3) break;
    before = now;
  }
  world.fallible = true;
}

function expectEnd(world: World): void {
  const { provider } = world.options;
  const told = world.present.flatMap(({ name, statuses }) => statuses.map((status) => `${name} ${status}`));
  expect(told).toEqual([]);
  const rollout = JSON.parse(world.shared['encryption'] ?? '{"phase": "settled", "now": "identity"}') as Record<
    string,
    string
  >;
  expect(rollout['phase']).toBe('settled');
  expect(rollout['now']).toMatch(provider === 'none' ? /^identity$/ : new RegExp(`^${provider}:\\d+$`));
  if (world.written.size > 0) expect(world.stored()).toEqual([rollout['now']]);
  // All that were ever used are kept for backups, up to a bound. One that was made and never used may be left of a hook that failed.
  const kept = [...world.secrets.values()].flatMap(({ content }) => Object.keys(content));
  const last = Number(rollout['last'] ?? 0);
  const used = Array.from({ length: last }, (_, index) => `key-${index + 1}`).slice(-24);
  expect(world.secrets.size).toBeLessThanOrEqual(1);
  expect(kept).toEqual(expect.arrayContaining(used));
  expect(kept.length).toBeLessThanOrEqual(26);
  expect(world.failures).toEqual([]);
  for (const { name, server, bag } of world.serving.filter(({ removed }) => !removed))
    expect([name, server?.digest, bag['encryption-in-service']]).toEqual([name, rollout['digest'], rollout['digest']]);
}
