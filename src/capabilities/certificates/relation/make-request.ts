/** Makes certificate signing requests (PKCS #10, RFC 2986) for wishes. */

import type { Extension, Name } from '@peculiar/x509';
import { isAddress } from '../../../core/addresses.ts';
import { loadX509 } from '../signing-request.ts';
import { signingPair } from './keys.ts';
import { fulfils, readRequest } from './read-request.ts';
import { extensionText, SUBJECT_PARTS, UNIQUE_IDENTIFIER } from './request-parts.ts';
import { type CertificateWish, type RequestSubject, wantedSans } from './wish.ts';

const EXTENDED_KEY_USAGES = { 'server auth': '1.3.6.1.5.5.7.3.1', 'client auth': '1.3.6.1.5.5.7.3.2' } as const;
const KEY_USAGES = { 'digital signature': 1, 'key encipherment': 4, 'key agreement': 16 } as const;

/**
 * A new request for the wish, checked to be readable and signed. PEM without blanks around it.
 * @param uniqueId makes it differ from all earlier ones with the same key: providers take the same request for one that was served.
 */
export async function createRequest(wish: CertificateWish, key: string, uniqueId: string): Promise<string> {
  const x509 = await loadX509();
  const { pair, signing } = await signingPair(key, wish.key);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: await subjectName(wish.subject, uniqueId),
    keys: pair,
    signingAlgorithm: signing,
    extensions: [...(await usages(wish)), ...(await names(wish))],
  });
  const pem = request.toString('pem').trim();
  const read = await readRequest(pem);
  if (read === undefined || !fulfils(read, wish, await wantedExtensions(wish)) || !(await request.verify()))
    throw new Error(`the request made for the certificate ${wish.id} does not say what it should`);
  return pem;
}

/** Extensions that the wish's request has besides the names, in the form of `SigningRequest.extensions`. */
export async function wantedExtensions(wish: CertificateWish): Promise<readonly string[]> {
  if (wish.keyUsages.length === 0 && wish.extendedKeyUsages.length === 0) return [];
  return (await usages(wish)).map(extensionText).sort();
}

/** Types are given: the library would write what is not ASCII as BMPString, and the identifier as PrintableString. */
async function subjectName(subject: RequestSubject, uniqueId: string): Promise<Name> {
  const x509 = await loadX509();
  const written = SUBJECT_PARTS.flatMap(([part, oid]) => {
    const text = subject[part];
    if (!text) return [];
    const value =
      part === 'country' ? { printableString: text } : part === 'email' ? { ia5String: text } : { utf8String: text };
    return [{ [oid]: [value] }];
  });
  const after = subject.commonName ? 1 : 0;
  const identifier = { [UNIQUE_IDENTIFIER]: [{ utf8String: uniqueId }] };
  return new x509.Name([...written.slice(0, after), identifier, ...written.slice(after)]);
}

async function names(wish: CertificateWish): Promise<readonly Extension[]> {
  const { SubjectAlternativeNameExtension } = await loadX509();
  const items = wantedSans(wish).map((value) => ({
    type: isAddress(value) ? ('ip' as const) : ('dns' as const),
    value,
  }));
  return items.length === 0 ? [] : [new SubjectAlternativeNameExtension(items)];
}

/** RFC 5280 section 4.2.1.3 wants the key usage critical; section 4.2.1.12 leaves it open for the extended one. */
async function usages({ keyUsages, extendedKeyUsages }: CertificateWish): Promise<readonly Extension[]> {
  const { ExtendedKeyUsageExtension, KeyUsagesExtension } = await loadX509();
  const flags = keyUsages.reduce((sum, usage) => sum | KEY_USAGES[usage], 0);
  const purposes = extendedKeyUsages.map((usage) => EXTENDED_KEY_USAGES[usage]);
  return [
    ...(flags === 0 ? [] : [new KeyUsagesExtension(flags, true)]),
    ...(purposes.length === 0 ? [] : [new ExtendedKeyUsageExtension(purposes, false)]),
  ];
}
