/** Whether services serve what lies in their files: one that was not restarted goes on with what it has read, until that expires. */

import type { Host } from '../../../clients/host/host.ts';
import { fingerprintOf } from '../read.ts';
import type { CertificateRecord } from './record.ts';

export type Served = 'same' | 'other' | 'no answer';

/** Longer than any healthy service of this machine takes. */
const ANSWER_MS = 3_000;

/**
 * By name of the certificate; only those that are served at the node's address. Asked all at once, so that it takes as long as the
 * slowest. An address goes without a server name (RFC 6066 section 3), and gets what clients of that address get.
 */
export async function lookAtServed(
  host: Pick<Host, 'servedCertificate'>,
  certificates: readonly Pick<CertificateRecord, 'place' | 'fingerprint'>[],
  address: string | undefined,
): Promise<ReadonlyMap<string, Served>> {
  if (address === undefined) return new Map();
  const answers = certificates.map(
    async (certificate) => [certificate.place.name, await compare(host, certificate, address)] as const,
  );
  return new Map((await Promise.all(answers)).flatMap(([name, served]) => (served ? [[name, served] as const] : [])));
}

async function compare(
  host: Pick<Host, 'servedCertificate'>,
  { place, fingerprint }: Pick<CertificateRecord, 'place' | 'fingerprint'>,
  address: string,
): Promise<Served | undefined> {
  if (place.port === undefined) return undefined;
  const peer = await host.servedCertificate(address, place.port, ANSWER_MS);
  if (peer === undefined) return 'no answer';
  return fingerprintOf(peer.certificate) === fingerprint ? 'same' : 'other';
}
