/** Authorities as an operator has them: a root, and intermediate ones with their chains. */

import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { authorityWish, clusterAuthorities } from '../../../../src/capabilities/certificates/given/authorities.ts';
import { generateKey } from '../../../../src/capabilities/certificates/relation/keys.ts';
import { createRequest } from '../../../../src/capabilities/certificates/relation/make-request.ts';
import { type Authority, newAuthority, sign } from '../../../standins/juju/ca-charm/authority.ts';

export interface OwnAuthorities {
  readonly root: Authority;
  /** All four by the keys of the secret: each certificate with the root's behind it. */
  readonly content: Readonly<Record<string, string>>;
}

const DAY_MS = 86_400_000;

/** @param validityMs of the intermediate ones. */
export async function newOwnAuthorities(
  validityMs = 3650 * DAY_MS,
  rootValidityMs = 7300 * DAY_MS,
): Promise<OwnAuthorities> {
  const root = await newAuthority('corporate root', undefined, new Date(), rootValidityMs);
  const pairs = clusterAuthorities(true).map(async (authority) => {
    const key = await generateKey({ name: 'rsa', bits: 2048 });
    const request = await createRequest(authorityWish(authority), key, authority.id);
    const certificate = await sign(root, new x509.Pkcs10CertificateRequest(request), { authority: true, validityMs });
    return [
      [`${authority.name}-crt`, `${certificate}\n${root.certificate}\n`],
      [`${authority.name}-key`, key],
    ] as const;
  });
  return { root, content: Object.fromEntries((await Promise.all(pairs)).flat()) };
}
