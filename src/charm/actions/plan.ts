/** The action `plan`: what the next dispatch would change. */

import type { Doors } from '../doors.ts';
import type { Role } from '../role.ts';
import { decideUnitStatus } from '../status.ts';
import { look } from '../view.ts';

export async function plan(doors: Doors, role: Role): Promise<void> {
  const { cluster, changes, reports } = await look(doors, role);
  const shared = cluster.role === 'control-plane' && cluster.peers.units.size > 0;
  const lines = changes.map(({ description, disruptive }) =>
    disruptive && shared ? `${description} (in turn with the other control planes)` : description,
  );
  const { status, message } = decideUnitStatus(reports);
  await doors.juju.actions.setResults({
    changes: lines.length === 0 ? 'nothing to change' : lines.map((line, index) => `${index + 1}. ${line}`).join('\n'),
    count: lines.length,
    status: `${status}: ${message}`,
  });
}
