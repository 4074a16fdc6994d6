/** Nothing of a refresh may outlive the node's membership: its keys and copies belong to a cluster that it has left. */

import type { Clients } from '../../core/clients.ts';
import { discard } from './backup.ts';
import { forgetInventory } from './inventory/remembered.ts';
import { forgetServed } from './inventory/served-memory.ts';
import { forgetFailures } from './renewal/attempts.ts';
import { removeRequestJournal } from './request-journal.ts';

export async function forgetCertificates({ host, juju }: Clients): Promise<void> {
  await removeRequestJournal(host.files);
  await discard(host.files);
  forgetFailures(juju.state);
  forgetInventory(juju.state);
  forgetServed(juju.state);
}
