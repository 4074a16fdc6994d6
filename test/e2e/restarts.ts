/** Which API servers of a cluster went down while a test did something, and how many at the same time. */

import type { TestCluster } from './cluster.ts';

export interface ApiServerRestarts {
  /** How often one went down. */
  count(): number;
  /** Machines on which one went down, or came up; sorted. */
  restarted(): readonly string[];
  /** How many were down at once at most. */
  most(): number;
}

/** From now on. */
export function restartsSince({ machines: { serviceEvents } }: TestCluster): ApiServerRestarts {
  const from = serviceEvents.length;
  const events = () => serviceEvents.slice(from).filter(({ service }) => service === 'kube-apiserver');
  return {
    count: () => events().filter(({ what }) => what === 'down').length,
    restarted: () => [...new Set(events().map(({ machine }) => machine))].sort(),
    most() {
      const down = new Set<string>();
      let most = 0;
      for (const { machine, what } of events()) {
        if (what === 'down') down.add(machine);
        else down.delete(machine);
        most = Math.max(most, down.size);
      }
      return most;
    },
  };
}
