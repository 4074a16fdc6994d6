/**
 * The clock of a test file whose charms run in its own process. Where somebody waits for time and nothing else goes on, time is set
 * forward to what comes next, so that a wait of 20 s takes as long as what happens in it. While anything goes on, and while nobody waits,
 * it goes as fast as the real one. Whoever waits, charm, stand-in or model, waits on the same clock, so that what comes first is first.
 *
 * `Date` shows it, because certificates, leases and statuses of stand-ins are dated all over. OpenSSL does not: to it what begins now
 * would begin in the future, so certificates begin at the real time (`realNow`).
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as realSleep, setImmediate as turn } from 'node:timers/promises';
import { unconfined } from '../standins/juju/confinement.ts';

export interface Timer {
  cancel(): void;
}

/**
 * `forward`: time may be set forward to it. `along`: it comes when time comes there, as a limit, or what happens over and over whether or
 * not anybody waits for it.
 */
export type Pull = 'forward' | 'along';

interface Entry {
  /** In elapsed milliseconds. */
  readonly due: number;
  readonly pull: Pull;
  readonly fire: () => void;
}

const RealDate = Date;
const startTimer = globalThis.setTimeout;
const pending: Entry[] = [];
let virtual = false;
/** Whole ones: `Date` shows no parts of them. */
let aheadMs = 0;
let moving = false;
let alarm: NodeJS.Timeout | undefined;

/** From now on, for the rest of the test file. */
export function useVirtualTime(): void {
  if (virtual) return;
  virtual = true;
  for (const name of Object.getOwnPropertyNames(SubtleCrypto.prototype)) countSubtle(name);
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args, newTarget) =>
      args.length > 0 ? Reflect.construct(target, args, newTarget) : new RealDate(RealDate.now() + aheadMs),
    get: (target, key, receiver) =>
      key === 'now' ? () => RealDate.now() + aheadMs : Reflect.get(target, key, receiver),
  });
}

/** What a clock on the wall shows: what OpenSSL holds certificates against. */
export function realNow(): Date {
  return new RealDate(RealDate.now());
}

/** Milliseconds that have gone by. */
export function elapsed(): number {
  return performance.now() + aheadMs;
}

export function schedule(ms: number, pull: Pull, action: () => void): Timer {
  const entry: Entry = { due: elapsed() + ms, pull, fire: AsyncLocalStorage.bind(action) };
  const place = pending.findLastIndex(({ due }) => due <= entry.due) + 1;
  pending.splice(place, 0, entry);
  look();
  return {
    cancel() {
      const found = pending.indexOf(entry);
      if (found < 0) return;
      pending.splice(found, 1);
      look();
    },
  };
}

export function sleep(ms: number, pull: Pull = 'forward'): Promise<void> {
  return new Promise((resolve) => schedule(ms, pull, resolve));
}

/** None of it belongs to whoever happens to wait. */
function look(): void {
  unconfined(() => {
    clearTimeout(alarm);
    const [first] = pending;
    if (first === undefined) return;
    alarm = startTimer(ring, Math.max(0, first.due - elapsed()));
    if (!isWaitedFor()) alarm.unref();
    if (virtual && !moving && isWaitedFor()) void move();
  });
}

function isWaitedFor(): boolean {
  return pending.some(({ pull }) => pull === 'forward');
}

function ring(): void {
  for (let [first] = pending; first !== undefined && first.due <= elapsed(); [first] = pending) fire(first);
  look();
}

function fire(entry: Entry): void {
  pending.splice(pending.indexOf(entry), 1);
  entry.fire();
}

async function move(): Promise<void> {
  moving = true;
  for (;;) {
    await rest();
    const [first] = pending;
    if (first === undefined || !isWaitedFor()) break;
    aheadMs += Math.ceil(Math.max(0, first.due - elapsed()));
    fire(first);
  }
  moving = false;
  look();
}

/** Turns of the event loop in which nothing comes, after which nothing is on its way from one socket of this process to another. */
const CALM_TURNS = 3;

/** Resolves when nothing goes on in this process, and no program that it has started runs. */
async function rest(): Promise<void> {
  let seen = events();
  for (let calm = 0; calm < CALM_TURNS; ) {
    await (isAtWork() ? realSleep(1) : turn());
    calm = events() === seen && !isAtWork() ? calm + 1 : 0;
    seen = events();
  }
}

function events(): number {
  return performance.nodeTiming.uvMetricsInfo.events;
}

/** Of Node's work in other threads this is what it does not list: keys, signatures, digests. */
let ciphering = 0;

function countSubtle(name: string): void {
  const original: unknown = Reflect.get(SubtleCrypto.prototype, name);
  if (typeof original !== 'function' || name === 'constructor') return;
  Reflect.set(SubtleCrypto.prototype, name, async function (this: unknown, ...args: unknown[]) {
    ciphering += 1;
    try {
      return await Reflect.apply(original, this, args);
    } finally {
      ciphering -= 1;
    }
  });
}

/** What waits for others. Everything else (files, keys, names, connections that are being made, programs) is work. */
const WAITING: ReadonlySet<string> = new Set([
  'Immediate',
  'MessagePort',
  'PipeServerWrap',
  'PipeWrap',
  'TCPServerWrap',
  'TCPSocketWrap',
  'TTYWrap',
  'Timeout',
]);

function isAtWork(): boolean {
  return ciphering > 0 || process.getActiveResourcesInfo().some((kind) => !WAITING.has(kind));
}
