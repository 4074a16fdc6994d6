/** What Juju tells of our certificates' secrets that run out: until the revision is removed, it goes on telling. */

import type { Juju } from '../../../clients/juju/juju.ts';
import { parseCertificateLabel } from './labels.ts';
import { rememberRunOut } from './memory.ts';

/**
 * To be called in `secret-expired`. For a secret of ours: removes the revision, notes that its certificate is to be renewed, and is true;
 * what follows in the same dispatch then renews it. For others: does nothing, and is false.
 */
export async function noteRunOut({ event, secrets, state }: Juju): Promise<boolean> {
  if (event.kind !== 'secret-expired' || event.revision === undefined) return false;
  const info = await secrets.info({ uri: event.uri });
  const certificate = parseCertificateLabel(event.label || info?.label);
  if (certificate === undefined) return false;
  await secrets.remove(event.uri, event.revision);
  // An older revision runs out beside a newer one when the provider has answered the same request again.
  if (info === undefined || info.revision === event.revision)
    rememberRunOut(state, certificate.endpoint, certificate.request, true);
  return true;
}
