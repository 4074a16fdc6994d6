/**
 * Guards a rotation at every call to something outside: a dispatch is ended at its n-th call, or the leader is lost there with its machine, or
 * leads no longer, for every n; and it comes to the same end, with every Secret readable at every moment.
 */

import { describe, expect, it } from 'vitest';
import { createRandom } from '../../clients/juju/random.ts';
import { type Unit, World } from './world.ts';

/** More than a unit makes calls on the way from one key to the next. */
const MOST_CALLS = 400;

async function settled(unit: Unit): Promise<void> {
  while (unit.dispatch !== undefined && !unit.dispatch.waiting) await new Promise((resolve) => setImmediate(resolve));
}

/** What happens to a unit at its n-th call. */
type Blow = (world: World, unit: Unit) => void;

const end: Blow = (_world, unit) => unit.dispatch?.go(false);

/** Its machine is gone; Juju has another leader, and the operator removes the unit. */
const lose: Blow = (world, unit) => {
  world.kill(unit);
  depose(world, unit);
  unit.removed = true;
};

/** It goes on, and Juju takes nothing of it any more that only a leader may do. */
const depose: Blow = (world, unit) => {
  world.leader = world.present.find((other) => other !== unit)?.name ?? world.leader;
  unit.dispatch?.go(true);
};

/** A hook of a unit, from beginning to end. The blow comes at its `left`-th call; gives what is left of that number. */
async function hook(world: World, unit: Unit, left: number, blow: Blow = end): Promise<number> {
  let calls = left;
  world.begin(unit);
  for (await settled(unit); unit.dispatch !== undefined; await settled(unit)) {
    calls -= 1;
    if (calls === 0) blow(world, unit);
    else unit.dispatch.go(true);
    await Promise.all(world.serving.map(({ server }) => server?.reload()));
    const unreadable = world.unreadable();
    if (unreadable.length > 0) expect.fail(`call ${left - calls}: ${unreadable.join(', ')}`);
  }
  return calls;
}

/** Rounds of hooks until nothing is left to be done. Ends the unit once, at its n-th call. @returns how often it could have been ended. */
async function rounds(world: World, victim?: string, at = 0, blow?: Blow): Promise<number> {
  let left = at === 0 ? MOST_CALLS : at;
  for (let round = 0, before = ''; round < 60; round += 1) {
    for (const unit of world.present) {
      if (unit.name === victim && left > 0) left = await hook(world, unit, left, blow);
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

async function rotateIn(units: number, victim?: string, at = 0, blow?: Blow): Promise<number> {
  const world = new World(createRandom(7), 36);
  try {
    world.fallible = false;
    for (let count = 0; count < units; count += 1) world.addUnit();
    await rounds(world);
    for (let count = 0; count < 6; count += 1) await world.use();
    world.options = { ...world.options, provider: 'aescbc' };
    const calls = await rounds(world, victim, at, blow);
    expect({ victim, at, stored: world.stored() }).toEqual({ victim, at, stored: ['aescbc:2'] });
    expect([...world.secrets.values()].map(({ content }) => Object.keys(content))).toEqual([['key-1', 'key-2']]);
    expect(world.present.flatMap(({ statuses }) => statuses)).toEqual([]);
    return calls;
  } finally {
    world.close();
  }
}

describe('a move of Secrets', { timeout: 240_000 }, () => {
  it.each(['k8s/0', 'k8s/1'])('comes to the same end at whatever call %s is ended', async (victim) => {
    const calls = await rotateIn(3, victim);
    expect(calls).toBeGreaterThan(15);
    for (let at = 1; at <= calls; at += 1) await rotateIn(3, victim, at);
  });

  it('comes to the same end at whatever call the leader is lost with its machine', async () => {
    const calls = await rotateIn(2, 'k8s/0');
    expect(calls).toBeGreaterThan(15);
    for (let at = 1; at <= calls; at += 1) await rotateIn(2, 'k8s/0', at, lose);
  });

  it('comes to the same end at whatever call, of every third, the leader leads no longer', async () => {
    const calls = await rotateIn(2, 'k8s/0');
    for (let at = 2; at <= calls; at += 3) await rotateIn(2, 'k8s/0', at, depose);
  });
});
