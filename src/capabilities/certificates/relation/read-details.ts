/** Reads requests, answers, keys and certificates, where a look at the databags alone does not tell that nothing has changed. */

import type { Databag, Juju } from '../../../clients/juju/juju.ts';
import type {
  HeldCertificate,
  OwnRequest,
  ProviderCertificate,
  ProviderError,
  RelationFacts,
  WishFacts,
} from './facts.ts';
import { readIssued } from './issued.ts';
import { publicKeyOf } from './keys.ts';
import { certificateLabel, keyLabel } from './labels.ts';
import { wantedExtensions } from './make-request.ts';
import { type ProviderBag, parseProviderBag } from './provider-bag.ts';
import { readRequest } from './read-request.ts';
import { parseRequests } from './requirer-bag.ts';
import type { CertificateWish, Mode } from './wish.ts';

export interface Bags {
  readonly unit: Databag;
  /** Empty for units that do not lead: theirs is not to be read. */
  readonly app: Databag;
  readonly provider: Databag;
}

export type Details = Pick<RelationFacts, 'requests' | 'wishes' | 'held' | 'certificates' | 'errors' | 'capabilities'>;

export async function readDetails(
  juju: Juju,
  endpoint: string,
  wishes: readonly CertificateWish[],
  bags: Bags,
): Promise<Details> {
  const provider = parseProviderBag(bags.provider);
  const [own, withKeys, answered] = await Promise.all([
    Promise.all([...readOwn('unit', bags.unit), ...readOwn('app', bags.app)]),
    Promise.all(wishes.map((wish) => readWish(juju, endpoint, wish))),
    readAnswered(provider),
  ]);
  const held = await Promise.all(own.map((request) => readHeld(juju, endpoint, withKeys, request)));
  return {
    requests: own,
    wishes: withKeys,
    held: new Map(held.flatMap((found) => (found === undefined ? [] : [found]))),
    ...answered,
    capabilities: provider.capabilities,
  };
}

function readOwn(mode: Mode, bag: Databag): readonly Promise<OwnRequest>[] {
  return parseRequests(bag).map(async ({ pem, authority }) => ({
    mode,
    pem,
    authority,
    content: await readRequest(pem),
  }));
}

async function readWish(juju: Juju, endpoint: string, wish: CertificateWish): Promise<WishFacts> {
  const [extensions, secret] = await Promise.all([
    wantedExtensions(wish),
    juju.secrets.get({ label: keyLabel(endpoint, wish.mode, wish.id) }, 'refresh'),
  ]);
  return { wish, extensions, key: publicKeyOf(secret?.['private-key'] ?? '') };
}

/** Providers write requests anew before they quote them, so that they are compared as what they say. */
async function readAnswered({ certificates, errors }: ProviderBag): Promise<{
  readonly certificates: readonly ProviderCertificate[];
  readonly errors: readonly ProviderError[];
}> {
  const withDigest = async <T extends { readonly request: string }>(item: T): Promise<(T & { digest: string })[]> => {
    const read = await readRequest(item.request);
    return read === undefined ? [] : [{ ...item, digest: read.digest }];
  };
  return {
    certificates: (await Promise.all(certificates.map(withDigest))).flat(),
    errors: (await Promise.all(errors.map(withDigest))).flat(),
  };
}

async function readHeld(
  juju: Juju,
  endpoint: string,
  wishes: readonly WishFacts[],
  { mode, content }: OwnRequest,
): Promise<readonly [string, HeldCertificate] | undefined> {
  const owner = wishes.find(
    ({ wish, key }) => wish.mode === mode && key !== undefined && key.id === content?.publicKey,
  );
  if (owner === undefined || content === undefined) return undefined;
  const label = certificateLabel(endpoint, mode, owner.wish.id, content.digest);
  const secret = await juju.secrets.get({ label }, 'refresh');
  const certificate = readIssued(secret?.['certificate'] ?? '');
  const receivedAt = new Date(secret?.['received'] ?? Number.NaN);
  if (secret === undefined || certificate === undefined || Number.isNaN(receivedAt.getTime())) return undefined;
  return [
    content.digest,
    { certificate, authority: secret['authority'] ?? '', chain: secret['chain'] ?? '', receivedAt },
  ];
}
