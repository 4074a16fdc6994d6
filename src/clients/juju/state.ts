/**
 * Unit state in the controller. One `state-get` fetches all of it; writes are collected and sent by `flush`, so that they are
 * committed together with the databags or not at all.
 */

import { stringsFrom } from './answer-shapes.ts';
import type { HookTools } from './hook-tools.ts';
import type { State } from './juju.ts';
import { yamlMap } from './yaml-map.ts';

/** Juju's limits, in bytes; it tells of a breach only when the hook is over. */
const LONGEST_STATE_KEY = 256;
const LONGEST_STATE_VALUE = 64 * 1024;

export interface CollectedState extends State {
  /** Whether the state was fetched already, so that another look costs nothing. */
  readonly fetched: boolean;
  /** Sends what differs from what Juju holds: one `state-set`, and a `state-delete` for each key that goes. */
  flush(): Promise<void>;
}

export function createState(tools: HookTools): CollectedState {
  const pending = new Map<string, string | undefined>();
  let fetching: Promise<Map<string, string>> | undefined;

  const held = (): Promise<Map<string, string>> => {
    fetching ??= tools.ask('state-get', [], stringsFrom('state-get')).then(
      (all) => new Map(Object.entries(all)),
      (error: unknown) => {
        fetching = undefined;
        throw error;
      },
    );
    return fetching;
  };

  return {
    get fetched() {
      return fetching !== undefined;
    },

    async get(key) {
      return pending.has(key) ? pending.get(key) : (await held()).get(key);
    },

    async entries(prefix) {
      const all = new Map<string, string | undefined>([...(await held()), ...pending]);
      return Object.fromEntries(
        [...all].filter((entry): entry is [string, string] => entry[0].startsWith(prefix) && entry[1] !== undefined),
      );
    },

    set(key, value) {
      if (value !== undefined) checkLimits(key, value);
      pending.set(key, value?.toWellFormed());
    },

    async flush() {
      if (pending.size === 0) return;
      const current = await held();
      const changed = [...pending].filter(
        (entry): entry is [string, string] => entry[1] !== undefined && current.get(entry[0]) !== entry[1],
      );
      const deleted = [...pending.keys()].filter((key) => pending.get(key) === undefined && current.has(key));
      if (changed.length > 0) await tools.run('state-set', ['--file', '-'], yamlMap(changed));
      await Promise.all(deleted.map((key) => tools.run('state-delete', ['--', key])));
      for (const [key, value] of changed) current.set(key, value);
      for (const key of deleted) current.delete(key);
      pending.clear();
    },
  };
}

/** Whether Juju takes this entry. */
export function fitsInState(key: string, value: string): boolean {
  return Buffer.byteLength(key) <= LONGEST_STATE_KEY && Buffer.byteLength(value) <= LONGEST_STATE_VALUE;
}

function checkLimits(key: string, value: string): void {
  if (key === '') throw new RangeError('a key of the unit state cannot be empty');
  if (fitsInState(key, value)) return;
  throw new RangeError(
    `unit state '${key.slice(0, 60)}': Juju takes keys up to ${LONGEST_STATE_KEY} bytes (this has ${Buffer.byteLength(key)}) ` +
      `and values up to ${LONGEST_STATE_VALUE} bytes (this has ${Buffer.byteLength(value)})`,
  );
}
