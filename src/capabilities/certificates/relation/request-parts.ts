/** Parts of a certificate signing request by their object identifiers, and how extensions are compared. */

import type { Extension } from '@peculiar/x509';
import type { RequestSubject } from './wish.ts';

export const SUBJECT_ALT_NAME = '2.5.29.17';
export const UNIQUE_IDENTIFIER = '2.5.4.45';

/** In the order in which providers and other requirers write them. */
export const SUBJECT_PARTS: readonly (readonly [part: keyof RequestSubject, oid: string])[] = [
  ['commonName', '2.5.4.3'],
  ['organization', '2.5.4.10'],
  ['organizationalUnit', '2.5.4.11'],
  ['email', '1.2.840.113549.1.9.1'],
  ['country', '2.5.4.6'],
  ['state', '2.5.4.8'],
  ['locality', '2.5.4.7'],
];

/** Type, criticality and content in one text. */
export function extensionText({ type, critical, value }: Extension): string {
  return `${type} ${critical} ${Buffer.from(value).toString('hex')}`;
}
