/** Of which nodes a service, by default the API server, went down while a test did something, and of how many at the same time. */

import type { Service } from '../../src/core/services.ts';
import type { TestCluster } from './cluster.ts';

export interface ServiceRestarts {
  /** How often one went down. */
  count(): number;
  /** Machines on which one went down, or came up; sorted. */
  restarted(): readonly string[];
  /** How many were down at once at most. */
  most(): number;
}

/** From now on. */
export function restartsSince(
  { machines: { serviceEvents } }: TestCluster,
  of: Service = 'kube-apiserver',
): ServiceRestarts {
  const from = serviceEvents.length;
  const events = () => serviceEvents.slice(from).filter(({ service }) => service === of);
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
