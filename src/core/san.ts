/** Subject alternative names, in one form. */

import { canonicalAddress, isAddress } from './addresses.ts';

/** In every certificate that k8sd issues for a server; they are nobody's outside of the machine. */
export const LOOPBACK: readonly string[] = ['127.0.0.1', '::1'];

/** One form for one name: lower case, and an address as `canonicalAddress` writes it. */
export function normaliseSan(san: string): string {
  const text = san.trim().toLowerCase();
  return isAddress(text) ? canonicalAddress(text) : text;
}
