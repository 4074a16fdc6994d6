/** The action `retry`: forgets that changes failed, so that the next hook tries them again. */

import type { Clients } from '../../core/clients.ts';
import { refuseUnknown } from '../../core/parameters.ts';
import type { EngineAction } from '../engine-action.ts';
import { recallFailures, rememberFailures } from '../failure-memory.ts';
import { FAILURE } from '../gate/pool.ts';

export const retry: EngineAction = { run };

/** With the other control planes, and on a worker with the control plane. */
const ENDPOINT = 'cluster';

async function run({ juju }: Clients): Promise<void> {
  refuseUnknown(await juju.actions.parameters(), []);
  const failures = await recallFailures(juju.state);
  if (failures.length === 0)
    throw new Error('no change has failed on this unit; the status of a unit that waits for another names that one');
  rememberFailures(juju.state, []);
  // The others hold back for as long as this unit says that it failed.
  for (const id of await juju.relations.ids(ENDPOINT)) juju.relations.setUnit(id, { [FAILURE]: undefined });
  await juju.actions.setResults({
    result: `tried again with the next hook, within about five minutes: ${failures.length === 1 ? 'one change' : `${failures.length} changes`}`,
    reasons: failures.map(({ reason }) => reason).join('\n'),
  });
}
