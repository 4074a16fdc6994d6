/** The action `rotate-encryption-key`: makes the next key; the rest goes its way in the dispatches that follow. */

import { refuseUnknown } from '../../core/parameters.ts';
import type { Doors } from '../doors.ts';
import { beginRotation } from '../encryption.ts';
import type { Role } from '../role.ts';
import { memberView } from './member.ts';

export async function rotateEncryptionKey(doors: Doors, role: Role): Promise<void> {
  const { juju } = doors;
  refuseUnknown(await juju.actions.parameters(), []);
  const { cluster } = await memberView(doors, role);
  if (cluster.role !== 'control-plane' || !cluster.leader)
    throw new Error(`this is for the leader: juju run ${juju.identity.application}/leader rotate-encryption-key`);
  const { key, provider } = await beginRotation(doors, cluster);
  await juju.actions.setResults({
    status: 'begun',
    key,
    provider,
    next: "the control planes take the new key, and every Secret is written anew; the leader's status tells how far it is",
  });
}
