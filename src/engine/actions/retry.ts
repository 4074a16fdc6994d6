/** The action `retry`: forgets that changes failed, so that the next hook tries them again. */

import type { Clients } from '../../core/clients.ts';
import { refuseUnknown } from '../../core/parameters.ts';
import type { Role } from '../../core/role.ts';
import type { EngineAction } from '../engine-action.ts';
import { recallFailures, rememberFailures } from '../failure-memory.ts';
import { FAILURE } from '../gate/lock.ts';

export const retry: EngineAction = { run };

const ENDPOINT = 'cluster';

async function run({ juju }: Clients, role: Role): Promise<void> {
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
