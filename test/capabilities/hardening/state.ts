/** The unit state as Juju keeps it, for tests that need no Juju. */

import type { State } from '../../../src/clients/juju/juju.ts';

export function memoryState(entries: Readonly<Record<string, string>> = {}): State & { all(): Record<string, string> } {
  const held = new Map(Object.entries(entries));
  return {
    get: async (key) => held.get(key),
    entries: async (prefix) => Object.fromEntries([...held].filter(([key]) => key.startsWith(prefix))),
    set(key, value) {
      if (value === undefined) held.delete(key);
      else held.set(key, value);
    },
    all: () => Object.fromEntries(held),
  };
}
