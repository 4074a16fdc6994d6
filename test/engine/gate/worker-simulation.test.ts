/**
 * Many workers of two applications that want a change, each dispatched at any time, on what was committed when its dispatch began, and a leader
 * whose hooks fail or that is replaced. Workers vanish, hooks fail, agents fall asleep with the lock in hand, control-plane nodes change, and one
 * worker lies. Never do more work at once than there are slots, and in the end all that are awake have made the change or were held back by its failure.
 */

import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../src/core/failures.ts';
import type { RelationFacts } from '../../../src/core/relation-facts.ts';
import { release } from '../../../src/engine/gate/lock.ts';
import {
  type Entries,
  failedElsewhere,
  LATEST_START_MS,
  LEASE_MS,
  REQUEST,
  turn,
} from '../../../src/engine/gate/pool.ts';
import { GRANTS, grantWorkers, workerSeat } from '../../../src/engine/gate/worker-lock.ts';
import { createRandom, type Random } from '../../clients/juju/random.ts';

const MINUTE = 60_000;
const LONGEST_WORK_MS = LEASE_MS - LATEST_START_MS - 60_000;
const RELATIONS = ['k8s-cluster:1', 'k8s-cluster:2'];

interface Worker {
  readonly name: string;
  readonly relation: string;
  readonly lies: boolean;
  bag: Record<string, string>;
  failures: readonly Failure[];
  made: string;
  asleep: boolean;
  /** Its dispatch has not ended, and nothing of it is committed. */
  working: { readonly since: number; readonly id: string; readonly bag: Record<string, string> } | undefined;
}

class Model {
  readonly random: Random;
  readonly workers: Map<string, Worker>;
  readonly shared = new Map<string, Record<string, string>>(RELATIONS.map((id) => [id, {}]));
  readonly slots: number;
  readonly bad: ReadonlySet<string>;
  wanted = 'a';
  controlPlaneAtWork = false;
  now = Date.parse('2026-11-23T10:00:00Z');

  constructor(seed: number, count: number, slots: number, bad: ReadonlySet<string>, liars: number) {
    this.random = createRandom(seed);
    this.slots = slots;
    this.bad = bad;
    const all = Array.from({ length: count }, (_, index): [string, Worker] => {
      const name = `${index % 2 === 0 ? 'w' : 'gpu'}/${index}`;
      const relation = RELATIONS[index % 2] ?? '';
      return [
        name,
        { name, relation, lies: index < liars, bag: {}, failures: [], made: '', asleep: false, working: undefined },
      ];
    });
    this.workers = new Map(all);
    this.lead(false);
  }

  get busy(): readonly Worker[] {
    return [...this.workers.values()].filter(({ working }) => working !== undefined);
  }

  get honest(): readonly Worker[] {
    return [...this.workers.values()].filter(({ asleep, lies }) => !asleep && !lies);
  }

  get granted(): readonly string[] {
    return (JSON.parse(this.shared.get(RELATIONS[0] ?? '')?.[GRANTS] ?? '[]') as { unit: string }[]).map(
      ({ unit }) => unit,
    );
  }

  /** A hook of whoever leads. It remembers nothing, so that another leader does the same. @param fails nothing is committed. */
  lead(fails: boolean): void {
    const before = this.granted;
    const relations = RELATIONS.map((id): RelationFacts => {
      const members = [...this.workers.values()].filter(({ relation }) => relation === id);
      const units = new Map(members.map(({ name, bag }) => [name, bag]));
      return { id, application: 'k8s', units, own: {}, shared: this.shared.get(id) ?? {} };
    });
    const at = new Date(this.now);
    const grant = { unit: 'k8s/1', id: 'z', asked: at.toISOString(), at: at.toISOString(), work: '' };
    const { entries } = grantWorkers(
      { relations, slots: this.slots, now: at },
      this.controlPlaneAtWork ? grant : undefined,
      undefined,
    );
    if (fails) return;
    for (const [id, changed] of entries) apply(this.shared.get(id) ?? {}, changed);
    const fresh = this.granted.filter((unit) => !before.includes(unit) && unit !== 'k8s/1');
    if (this.controlPlaneAtWork) expect(fresh).toEqual([]);
  }

  /** As `reconcile` does. */
  dispatch(worker: Worker): void {
    if (worker.lies) {
      this.lie(worker);
      return;
    }
    const own = { ...worker.bag };
    for (let round = 0; round < 20; round += 1) {
      const shared = { ...this.shared.get(worker.relation) };
      const facts = { id: 'cluster:3', application: 'k8s', units: new Map(), own, shared };
      const seat = workerSeat(facts, worker.name, new Date(this.now));
      if (seat === undefined) throw new Error('the control plane grants');
      const open = worker.made !== this.wanted;
      worker.failures = worker.failures.filter(({ id }) => open && id === this.wanted);
      const held = worker.failures.length > 0 || failedElsewhere(seat, { id: this.wanted }) !== undefined;
      if (!open || held) {
        if (apply(own, release(own, worker.failures))) continue;
        worker.bag = own;
        return;
      }
      const decision = turn(seat, this.wanted, 'change');
      if (decision.kind === 'wait') {
        worker.bag = own;
        return;
      }
      if (decision.kind === 'granted') {
        worker.working = { since: this.now, id: this.wanted, bag: own };
        return;
      }
      apply(own, decision.entries);
    }
    throw new Error('a dispatch comes to no end');
  }

  lie(worker: Worker): void {
    const at = new Date(this.now).toISOString();
    const texts = ['{', `{"id": "x${this.now}", "at": "${at}", "reason": "x"}`, `{"id": "a", "at": "${at}"}`, '[]', ''];
    worker.bag = { [REQUEST]: texts[this.random(texts.length)] ?? '' };
  }

  finish(worker: Worker): void {
    const work = worker.working;
    if (work === undefined) return;
    worker.working = undefined;
    // The hook fails, and nothing is committed.
    if (this.random(6) === 0) return;
    if (this.bad.has(work.id)) worker.failures = [{ id: work.id, reason: 'it broke', kind: 'undone' }];
    else worker.made = work.id;
    apply(work.bag, release(work.bag, worker.failures));
    worker.bag = work.bag;
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
    const free = [...this.workers.values()].filter(({ asleep, working }) => !asleep && working === undefined);
    const worker = free[this.random(free.length)];
    const busy = this.busy[this.random(this.busy.length)];
    const some = this.honest.length > 2;
    switch (this.random(18)) {
      case 0:
      case 1:
        if (busy) this.finish(busy);
        return;
      case 2:
        if (some && worker && !worker.lies) this.workers.delete(worker.name);
        return;
      case 3:
        if (some && busy) this.workers.delete(busy.name);
        return;
      case 4:
        if (some && worker && !worker.lies) worker.asleep = true;
        return;
      case 5:
        if (this.random(4) === 0) this.wanted = this.wanted === 'a' ? 'b' : 'c';
        return;
      case 6:
        this.controlPlaneAtWork = !this.controlPlaneAtWork;
        return;
      case 7:
      case 8:
      case 9:
      case 10:
        this.lead(this.random(6) === 0);
        return;
      default:
        if (worker) this.dispatch(worker);
    }
  }

  /** The control plane is done; every unit has its update-status every five minutes. */
  rest(): void {
    this.controlPlaneAtWork = false;
    for (let round = 0; round < 240; round += 1) {
      for (const worker of this.busy) this.finish(worker);
      for (const worker of this.workers.values()) {
        if (!worker.asleep && worker.working === undefined) this.dispatch(worker);
        this.lead(false);
      }
      expect(this.busy.length).toBeLessThanOrEqual(this.slots);
      this.now += 5 * MINUTE;
    }
    for (const worker of this.busy) this.finish(worker);
    for (const worker of this.honest) this.dispatch(worker);
  }
}

function apply(bag: Record<string, string>, entries: Entries): boolean {
  for (const [key, value] of Object.entries(entries)) {
    if (value === undefined) delete bag[key];
    else bag[key] = value;
  }
  return Object.keys(entries).length > 0;
}

describe('turns among workers', () => {
  it.each<[string, ReadonlySet<string>, number]>([
    ['good changes', new Set(), 0],
    ['changes that break the service', new Set(['a', 'b', 'c']), 0],
    ['a change that breaks the service, and one that mends it', new Set(['a']), 0],
    ['good changes beside one that lies', new Set(), 1],
  ])('%s: no more than there are slots, and everybody comes to an end', (_, bad, liars) => {
    for (let seed = 0; seed < 40; seed += 1) {
      const slots = 1 + (seed % 3);
      const model = new Model(seed, 4 + (seed % 5), slots, bad, liars);
      for (let step = 0; step < 150; step += 1) {
        model.step();
        expect(model.busy.length, `seed ${seed}, step ${step}`).toBeLessThanOrEqual(slots);
      }
      model.rest();
      expect(model.honest.length).toBeGreaterThan(1);
      const broken = bad.has(model.wanted);
      for (const worker of model.honest)
        expect(worker.made === model.wanted, `seed ${seed}, ${worker.name}`).toBe(!broken);
      // As many tried what breaks as could at once, and those that slept with the lock; the others were warned.
      const failed = [...model.workers.values()].filter(({ failures }) =>
        failures.some(({ id }) => id === model.wanted),
      );
      if (broken) expect(failed.length, `seed ${seed}`).toBeGreaterThan(0);
      if (broken && slots === 1) expect(failed.length, `seed ${seed}`).toBeLessThan(model.workers.size);
    }
  });
});
