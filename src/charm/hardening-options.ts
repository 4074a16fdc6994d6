/** The options of hardening, on a worker with those of its control plane where it has none of its own. */

import type { ClusterFacts } from '../cluster/index.ts';
import { HARDENING_KEY, readHardeningOptions, withInheritance } from '../hardening/index.ts';
import type { ConfigValue } from '../juju/juju.ts';
import type { Doors } from './doors.ts';

export async function readOptions(doors: Doors, cluster: ClusterFacts, raw: Readonly<Record<string, ConfigValue>>) {
  const inherited = cluster.role === 'worker' ? cluster.cluster?.shared[HARDENING_KEY] : undefined;
  return readHardeningOptions(withInheritance(raw, inherited), cluster.role, doors.juju.state);
}
