/** The action `retry`: forgets that changes failed, so that the next hook tries them again. */

import { FAILURE, recallFailures, rememberFailures } from '../../cluster/index.ts';
import { refuseUnknown } from '../../core/parameters.ts';
import type { Doors } from '../doors.ts';
import type { Role } from '../role.ts';

const ENDPOINT = 'cluster';

export async function retry({ juju }: Doors, role: Role): Promise<void> {
  refuseUnknown(await juju.actions.parameters(), []);
  const failures = await recallFailures(juju.state);
  if (failures.length === 0)
    throw new Error('no change has failed on this unit; the status of a unit that waits for another names that one');
  rememberFailures(juju.state, []);
  // The others hold back for as long as this unit says that it failed.
  const [peers] = role === 'control-plane' ? await juju.relations.ids(ENDPOINT) : [];
  if (peers !== undefined) juju.relations.setUnit(peers, { [FAILURE]: undefined });
  await juju.actions.setResults({
    result: `tried again with the next hook, within about five minutes: ${failures.length === 1 ? 'one change' : `${failures.length} changes`}`,
    reasons: failures.map(({ reason }) => reason).join('\n'),
  });
}
