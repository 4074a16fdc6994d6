/**
 * Whether the provider signs with another CA than the one that the cluster was made with. self-signed-certificates renews its own CA with
 * another key and another name while what it has issued goes on: the first certificate of the new one, of whichever unit, is the sign.
 */

import type { Juju } from '../../../clients/juju/juju.ts';
import { type IssuedCertificate, readAllIssued, readIssued } from './issued.ts';
import { parseProviderBag } from './provider-bag.ts';

export interface ForeignAuthority {
  readonly application: string;
  readonly commonName: string;
}

/** More than a provider has at one time; further ones tell nothing new. */
const MOST_AUTHORITIES = 10;
const LARGEST = 64 * 1024;

/** @param trusted PEM of the CA that the cluster trusts, with those that vouch for it. */
export async function foreignAuthority(
  { relations }: Juju,
  endpoint: string,
  trusted: string,
): Promise<ForeignAuthority | undefined> {
  const [id] = await relations.ids(endpoint);
  const known = new Set(readAllIssued(trusted).map(({ publicKey }) => publicKey));
  if (id === undefined || known.size === 0) return undefined;
  const application = await relations.application(id);
  const { certificates } = parseProviderBag(await relations.applicationBag(id, application));
  const present = certificates.filter(({ revoked, authority }) => !revoked && authority.length <= LARGEST);
  const texts = [...new Set(present.map(({ authority }) => authority))].slice(0, MOST_AUTHORITIES);
  const foreign = texts
    .map(readIssued)
    .find((each): each is IssuedCertificate => each?.isAuthority === true && !known.has(each.publicKey));
  return foreign && { application, commonName: JSON.stringify((foreign.commonName[0] ?? '').slice(0, 64)) };
}
