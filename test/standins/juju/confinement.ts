/**
 * What a kernel does for a process, for code that runs in the test's own: when it is killed, nothing of it goes on. Its files, sockets,
 * timers and programs are those of an asynchronous context, whoever opens them; when that is dead, nothing that it asks for is done, and
 * nothing that it waits for comes. Neither `catch` nor `finally` runs, as after `kill -9`.
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import { ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import net, { type Socket } from 'node:net';
import timers from 'node:timers/promises';

export interface Confinement {
  /** Runs the code inside; what it begins is inside, too. */
  run<T>(code: () => T): T;
  /** As `kill -9`. */
  kill(): void;
  /** As the end of a process: connections that are still open are closed. */
  end(): void;
}

/** Code that is dead has been reached all the same: it gets no further. */
export class Dead extends Error {
  override readonly name = 'Dead';
}

class Inside {
  dead = false;
  readonly sockets = new Set<Socket>();
  readonly children = new Set<ChildProcess>();
  readonly timers = new Set<NodeJS.Timeout>();
  readonly files = new Set<FileHandle>();
}

const context = new AsyncLocalStorage<Inside | undefined>();

export function confine(): Confinement {
  instrument();
  const inside = new Inside();
  const cut = (): void => {
    for (const socket of inside.sockets) silence(socket).destroy();
    inside.sockets.clear();
  };
  return {
    run: (code) => context.run(inside, code),
    kill() {
      inside.dead = true;
      cut();
      for (const timer of inside.timers) clearTimeout(timer);
      for (const file of inside.files) void file.close().catch(() => undefined);
      // Programs outlive who started them, but tell him nothing.
      for (const child of inside.children) {
        silence(child);
        for (const stream of child.stdio) if (stream !== null && stream !== undefined) silence(stream);
      }
    },
    end: cut,
  };
}

/** Runs code outside of whatever confinement there is: that of the other end of a call. */
export function unconfined<T>(code: () => T): T {
  return context.run(undefined, code);
}

/** What code inside waits for: never comes once that is dead. Outside of a confinement it comes as ever. */
export function whileAlive<T>(begin: () => T): T | Promise<Awaited<T>> {
  const inside = context.getStore();
  return inside === undefined ? begin() : awaited(inside, begin);
}

async function awaited<T>(inside: Inside, begin: () => T): Promise<Awaited<T>> {
  if (inside.dead) return never();
  try {
    const value = await begin();
    if (isHandle(value)) hold(inside, value);
    return inside.dead ? await never() : value;
  } catch (error) {
    if (inside.dead) return never();
    throw error;
  }
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}

function silence<T extends NodeJS.EventEmitter>(emitter: T): T {
  emitter.removeAllListeners();
  emitter.on('error', () => undefined);
  return emitter;
}

function isHandle(value: unknown): value is FileHandle {
  return typeof value === 'object' && value !== null && 'fd' in value && 'datasync' in value;
}

function hold(inside: Inside, file: FileHandle): void {
  inside.files.add(file);
  const kind = Object.getPrototypeOf(file) as object;
  if (handled.has(kind)) return;
  handled.add(kind);
  for (const name of [
    'read',
    'readFile',
    'write',
    'writeFile',
    'stat',
    'chmod',
    'chown',
    'sync',
    'datasync',
    'truncate',
  ])
    replace(kind, name, guarded);
}

const handled = new WeakSet<object>();

type Call = (this: unknown, ...args: unknown[]) => unknown;

let instrumented = false;

/** Node's own functions look where they are called, from now on; outside of a confinement they are what they were. */
function instrument(): void {
  if (instrumented) return;
  instrumented = true;
  for (const name of Object.keys(fs.promises)) if (!ITERATING.has(name)) replace(fs.promises, name, guarded);
  for (const name of Object.keys(fs)) if (name.endsWith('Sync')) replace(fs, name, refusing);
  for (const name of ['setTimeout', 'setImmediate']) replace(timers, name, guarded);
  replace(net.Socket.prototype, 'connect', connecting);
  replace(ChildProcess.prototype, 'spawn', spawning);
  replace(globalThis, 'setTimeout', timed);
  syncBuiltinESMExports();
}

const ITERATING: ReadonlySet<string> = new Set(['watch', 'glob']);

function replace(owner: object, name: string, make: (call: Call) => Call): void {
  const original: unknown = Reflect.get(owner, name);
  if (typeof original !== 'function') return;
  const made = make(function (...args) {
    return Reflect.apply(original, this, args);
  });
  const { length, name: _name, prototype, ...more } = Object.getOwnPropertyDescriptors(original);
  Reflect.set(owner, name, Object.defineProperties(made, more));
}

function guarded(call: Call): Call {
  return function (...args) {
    return whileAlive(() => call.apply(this, args));
  };
}

/** What cannot wait for ever. */
function refusing(call: Call): Call {
  return function (...args) {
    if (context.getStore()?.dead) throw new Dead();
    return call.apply(this, args);
  };
}

function connecting(call: Call): Call {
  return function (...args) {
    const inside = context.getStore();
    if (inside === undefined || !(this instanceof net.Socket)) return call.apply(this, args);
    if (inside.dead) return Object.assign(this, { connecting: true });
    inside.sockets.add(this);
    this.once('close', () => inside.sockets.delete(this as Socket));
    return call.apply(this, args);
  };
}

function spawning(call: Call): Call {
  return function (...args) {
    const inside = context.getStore();
    if (inside?.dead) throw new Dead();
    if (this instanceof ChildProcess) inside?.children.add(this);
    return call.apply(this, args);
  };
}

function timed(call: Call): Call {
  return function (...args) {
    const timer = call.apply(this, args);
    context.getStore()?.timers.add(timer as NodeJS.Timeout);
    return timer;
  };
}
