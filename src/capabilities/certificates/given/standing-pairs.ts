/** What stands in a node's files, as k8sd takes it: its update wants all of a node's certificates, also those that are to stay. */

import type { Clients } from '../../../core/clients.ts';
import type { NodeIdentity } from '../facts.ts';
import { CONTROL_PLANE_NAMES, fieldOf, fileOf, WORKER_NAMES } from '../names.ts';
import { isReadable, readCertificate, readPair } from '../read.ts';
import type { Pems } from './fields.ts';

/**
 * By k8sd's field names; those that cannot be read are left out. So are those of a control plane that are over: they would be refused,
 * and are made anew when they are left out. On a worker nothing is looked at, and none may be missing.
 */
export async function standingPairs({ host }: Clients, { role }: NodeIdentity): Promise<Pems> {
  const names = role === 'worker' ? WORKER_NAMES : CONTROL_PLANE_NAMES;
  const found = await Promise.all(
    names.map(async (name) => {
      const file = fileOf(role, name);
      const [certificate, pair] = [await readCertificate(host.files, file), await readPair(host.files, file)];
      if (certificate === undefined || !isReadable(certificate)) return [];
      if (role === 'control-plane' && certificate.notAfter < host.now()) return [];
      const field = fieldOf(name);
      return [[`${field}-crt`, pair.certificate] as const, [`${field}-key`, pair.key] as const];
    }),
  );
  return Object.fromEntries(found.flat());
}
