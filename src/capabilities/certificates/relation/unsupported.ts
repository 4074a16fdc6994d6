/** What a provider says beforehand that it does not issue. */

import { isAddress } from '../../../core/addresses.ts';
import type { Capabilities } from './provider-bag.ts';
import { type CertificateWish, wantedSans } from './wish.ts';

export type Unsupported = 'authorities' | 'addresses' | 'wildcards';

/** Undefined: it may be asked. What the provider does not say it may well do: older ones say nothing at all. */
export function unsupported(
  wish: CertificateWish,
  { authorities, ipSans, wildcards }: Capabilities,
): Unsupported | undefined {
  const sans = wantedSans(wish);
  if (wish.authority && authorities === false) return 'authorities';
  if (ipSans === false && sans.some(isAddress)) return 'addresses';
  if (wildcards === false && sans.some((san) => san.startsWith('*.'))) return 'wildcards';
  return undefined;
}
