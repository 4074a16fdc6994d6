/** Takes what was issued out of its secrets, for whoever puts it into service. */

import type { Juju } from '../../../clients/juju/juju.ts';
import { certificateLabel, keyLabel } from './labels.ts';
import type { Standing } from './standing.ts';
import type { CertificateWish } from './wish.ts';

export interface CertificateAndKey {
  /** PEM. */
  readonly certificate: string;
  /** PEM: the certificate, then its issuers as far as the provider sent them. */
  readonly chain: string;
  /** PEM of the issuing authority. */
  readonly authority: string;
  /** PEM: PKCS #1 for RSA, PKCS #8 for elliptic curves. */
  readonly key: string;
}

/** By the wishes' ids; those that `collectCertificate` does not find are undefined. */
export async function collectCertificates(
  juju: Juju,
  endpoint: string,
  wishes: readonly CertificateWish[],
  standing: ReadonlyMap<string, Standing>,
): Promise<Readonly<Record<string, CertificateAndKey | undefined>>> {
  const pairs = wishes.map(
    async (wish) => [wish.id, await collectCertificate(juju, endpoint, wish, standing.get(wish.id))] as const,
  );
  return Object.fromEntries(await Promise.all(pairs));
}

/** Undefined when there is none, or when the key has been exchanged since. */
export async function collectCertificate(
  { secrets }: Juju,
  endpoint: string,
  { mode, id }: CertificateWish,
  standing: Standing | undefined,
): Promise<CertificateAndKey | undefined> {
  if (standing?.state !== 'issued') return undefined;
  const [issued, key] = await Promise.all([
    secrets.get({ label: certificateLabel(endpoint, mode, id, standing.request) }, 'refresh'),
    secrets.get({ label: keyLabel(endpoint, mode, id) }, 'refresh'),
  ]);
  const [certificate, chain, authority] = [issued?.['certificate'], issued?.['chain'], issued?.['authority']];
  const privateKey = key?.['private-key'];
  if (!certificate || !chain || !authority || !privateKey) return undefined;
  return { certificate, chain, authority, key: privateKey };
}
