/**
 * Guards a rotation on three control planes at every call to something outside: a dispatch is ended at its n-th call, for every n of every
 * unit's, and it comes to the same end, with every Secret readable at every moment.
 */

import { describe, expect, it } from 'vitest';
import { createRandom } from '../../juju/random.ts';
import { type Unit, World } from './world.ts';

const UNITS = 3;
/** More than a unit makes calls on the way from one key to the next. */
const MOST_CALLS = 400;

async function settled(unit: Unit): Promise<void> {
  while (unit.dispatch !== undefined && !unit.dispatch.waiting) await new Promise((resolve) => setImmediate(resolve));
}

/** A hook of a unit, from beginning to end. Ends it at its `left`-th call; gives what is left of that number. */
async function hook(world: World, unit: Unit, left: number): Promise<number> {
  let calls = left;
  world.begin(unit);
  for (await settled(unit); unit.dispatch !== undefined; await settled(unit)) {
    calls -= 1;
    unit.dispatch.go(calls !== 0);
    await Promise.all(world.serving.map(({ server }) => server?.reload()));
    const unreadable = world.unreadable();
    if (unreadable.length > 0) expect.fail(`call ${left - calls}: ${unreadable.join(', ')}`);
  }
  return calls;
}

/** Rounds of hooks until nothing is left to be done. Ends the unit once, at its n-th call. @returns how often it could have been ended. */
async function rounds(world: World, victim?: string, at = 0): Promise<number> {
  let left = at === 0 ? MOST_CALLS : at;
  for (let round = 0, before = ''; round < 60; round += 1) {
    for (const unit of world.present) {
      if (unit.name === victim && left > 0) left = await hook(world, unit, left);
      else await hook(world, unit, MOST_CALLS);
    }
    world.passTime();
    const now = JSON.stringify([world.shared, world.present.map(({ bag, flags }) => [bag, flags])]);
    const settledNow = world.shared['encryption']?.includes('"phase": "settled"');
    if (now === before && settledNow) return (at === 0 ? MOST_CALLS : at) - left;
    before = now;
  }
  throw new Error(`it comes to no end: ${JSON.stringify(world.shared)}`);
}

async function rotateIn(victim?: string, at = 0): Promise<number> {
  const world = new World(createRandom(7), 36);
  try {
    world.fallible = false;
    for (let count = 0; count < UNITS; count += 1) world.addUnit();
    await rounds(world);
    for (let count = 0; count < 6; count += 1) await world.use();
    world.options = { ...world.options, provider: 'aescbc' };
    const calls = await rounds(world, victim, at);
    expect({ victim, at, stored: world.stored() }).toEqual({ victim, at, stored: ['aescbc:2'] });
    expect([...world.secrets.values()].map(({ content }) => Object.keys(content))).toEqual([['key-2']]);
    expect(world.present.flatMap(({ statuses }) => statuses)).toEqual([]);
    return calls;
  } finally {
    world.close();
  }
}

describe('a move of Secrets on three control planes', { timeout: 120_000 }, () => {
  it.each(['k8s/0', 'k8s/1'])('comes to the same end at whatever call %s is ended', async (victim) => {
    const calls = await rotateIn(victim);
    expect(calls).toBeGreaterThan(15);
    for (let at = 1; at <= calls; at += 1) await rotateIn(victim, at);
  });
});
