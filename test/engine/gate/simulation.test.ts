/**
 * Several control planes that want a change, each dispatched at any time, on what was committed when its dispatch began. Units
 * and leaders vanish, hooks fail, agents fall asleep with a turn in hand. Never do two units work at once, and in the end all that
 * are awake have made the change or were held back by its failure.
 */

import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../src/core/failures.ts';
import { GRANT, grantTurns, type Rolling, release, seatOf } from '../../../src/engine/gate/lock.ts';
import { failedElsewhere, LATEST_START_MS, LEASE_MS, turn } from '../../../src/engine/gate/pool.ts';
import { createRandom, type Random } from '../../clients/juju/random.ts';

const MINUTE = 60_000;
const LONGEST_WORK_MS = LEASE_MS - LATEST_START_MS - 60_000;

interface Unit {
  readonly name: string;
  bag: Record<string, string>;
  failures: readonly Failure[];
  /** The change that it has made last. */
  made: string;
  asleep: boolean;
  /** Since when it works; its dispatch has not ended, and nothing of it is committed. */
  working: { since: number; id: string; bag: Record<string, string>; shared: Record<string, string> } | undefined;
}

type Entries = Readonly<Record<string, string | undefined>>;

class Model {
  readonly random: Random;
  readonly units: Map<string, Unit>;
  shared: Record<string, string> = {};
  leader = 'k8s/0';
  wanted = 'a';
  now = Date.parse('2026-11-23T10:00:00Z');
  /** Changes that break the service of any unit. */
  readonly bad: ReadonlySet<string>;

  constructor(seed: number, count: number, bad: ReadonlySet<string>) {
    this.random = createRandom(seed);
    this.bad = bad;
    const names = Array.from({ length: count }, (_, index) => `k8s/${index}`);
    this.units = new Map(
      names.map((name) => [name, { name, bag: {}, failures: [], made: '', asleep: false, working: undefined }]),
    );
  }

  get free(): readonly Unit[] {
    return [...this.units.values()].filter(({ asleep, working }) => !asleep && working === undefined);
  }

  get busy(): readonly Unit[] {
    return [...this.units.values()].filter(({ working }) => working !== undefined);
  }

  get awake(): readonly Unit[] {
    return [...this.units.values()].filter(({ asleep }) => !asleep);
  }

  view(unit: Unit, own: Record<string, string>, shared: Record<string, string>): Rolling {
    const others = [...this.units.values()].filter((other) => other !== unit);
    return {
      relation: 'cluster:0',
      unit: unit.name,
      leader: this.leader === unit.name,
      own,
      units: new Map(others.map(({ name, bag }) => [name, bag])),
      shared,
      now: new Date(this.now),
    };
  }

  /** As `reconcile` does: the leader gives turns, the unit takes its own, and again until nothing changes. */
  dispatch(unit: Unit): void {
    const own = { ...unit.bag };
    const shared = { ...this.shared };
    for (let round = 0; round < 20; round += 1) {
      const rolling = this.view(unit, own, shared);
      const seat = seatOf(rolling);
      const granted = rolling.leader ? grantTurns(rolling, () => undefined).entries : {};
      if (apply(shared, granted)) continue;
      const open = unit.made !== this.wanted;
      unit.failures = unit.failures.filter(({ id }) => open && id === this.wanted);
      const held = unit.failures.length > 0 || failedElsewhere(seat, { id: this.wanted }) !== undefined;
      if (!open || held) {
        if (apply(own, release(own, unit.failures))) continue;
        this.commit(unit, own, shared);
        return;
      }
      const decision = turn(seat, this.wanted, 'change');
      if (decision.kind === 'wait') {
        this.commit(unit, own, shared);
        return;
      }
      if (decision.kind === 'ask') {
        apply(own, decision.entries);
        continue;
      }
      unit.working = { since: this.now, id: this.wanted, bag: own, shared };
      return;
    }
    throw new Error('a dispatch comes to no end');
  }

  /** The work of a dispatch is done, has broken the service and was undone, or the hook fails and nothing is committed. */
  finish(unit: Unit): void {
    const work = unit.working;
    if (work === undefined) return;
    unit.working = undefined;
    if (this.random(6) === 0) return;
    if (this.bad.has(work.id)) unit.failures = [{ id: work.id, reason: 'it broke', kind: 'undone' }];
    else unit.made = work.id;
    apply(work.bag, release(work.bag, unit.failures));
    this.commit(unit, work.bag, work.shared);
  }

  commit(unit: Unit, own: Record<string, string>, shared: Record<string, string>): void {
    unit.bag = own;
    if (this.leader === unit.name) this.shared = shared;
  }

  vanish(unit: Unit): void {
    this.units.delete(unit.name);
    if (this.leader === unit.name) this.elect();
  }

  /** Not away from one that works: Juju's agent keeps its lease while a hook runs. */
  elect(): void {
    this.leader = this.awake[this.random(this.awake.length)]?.name ?? this.leader;
  }

  step(): void {
    const overdue = this.busy.find(
      ({ working }) => working && this.now - working.since >= LONGEST_WORK_MS - 3 * MINUTE,
    );
    if (overdue) {
      this.finish(overdue);
      return;
    }
    this.now += this.random(3) * MINUTE;
    const unit = this.free[this.random(this.free.length)];
    const busy = this.busy[0];
    const leaderWorks = this.units.get(this.leader)?.working !== undefined;
    switch (this.random(14)) {
      case 0:
        if (busy) this.finish(busy);
        return;
      case 1:
        if (this.awake.length > 2 && unit) this.vanish(unit);
        return;
      case 2:
        if (this.awake.length > 2 && busy) this.vanish(busy);
        return;
      case 3:
        if (!leaderWorks) this.elect();
        return;
      case 4:
        if (this.awake.length > 2 && unit && unit.name !== this.leader) unit.asleep = true;
        return;
      case 5:
        if (this.random(4) === 0) this.wanted = this.wanted === 'a' ? 'b' : 'c';
        return;
      default:
        if (unit) this.dispatch(unit);
    }
  }

  /** Update-status comes to everybody every five minutes. */
  rest(): void {
    for (let round = 0; round < 120; round += 1) {
      for (const unit of this.busy) this.finish(unit);
      for (const unit of this.free) if (unit.working === undefined) this.dispatch(unit);
      this.now += 5 * MINUTE;
    }
    for (const unit of this.busy) this.finish(unit);
  }
}

function apply(bag: Record<string, string>, entries: Entries): boolean {
  for (const [key, value] of Object.entries(entries)) {
    if (value === undefined) delete bag[key];
    else bag[key] = value;
  }
  return Object.keys(entries).length > 0;
}

describe('turns among control planes', () => {
  it.each([
    ['good changes', new Set<string>()],
    ['changes that break the service', new Set(['a', 'b', 'c'])],
    ['a change that breaks the service, and one that mends it', new Set(['a'])],
  ])('%s: one at a time, and everybody comes to an end', (_, bad) => {
    for (let seed = 0; seed < 250; seed += 1) {
      const model = new Model(seed, 3 + (seed % 4), bad);
      for (let step = 0; step < 120; step += 1) {
        model.step();
        expect(model.busy.length, `seed ${seed}, step ${step}`).toBeLessThanOrEqual(1);
      }
      model.rest();
      const { awake } = model;
      expect(awake.length).toBeGreaterThan(1);
      const broken = bad.has(model.wanted);
      for (const unit of awake) expect(unit.made === model.wanted, `seed ${seed}, ${unit.name}`).toBe(!broken);
      // One tried what breaks, not all: the others were warned.
      const failed = [...model.units.values()].filter(({ failures }) => failures.some(({ id }) => id === model.wanted));
      if (broken) expect(failed.length, `seed ${seed}`).toBeGreaterThan(0);
      // Where nobody sleeps with a turn in hand, none is left.
      if (awake.length === model.units.size) expect(model.shared[GRANT], `seed ${seed}`).toBeUndefined();
    }
  });
});
