/** The way out for Secrets that no API server reads and whose keys are still known: those of a datastore that was restored from a backup. Pure. */

import type { StoredSecrets } from '../../clients/etcd/stored-secrets.ts';
import { type Cipher, formatCipher, parseCipher } from './cipher.ts';
import type { Keys } from './keys.ts';
import { ciphersOf, type Rollout, recovering } from './rollout.ts';

/** What the datastore has that none of the rollout's ciphers reads. */
export interface Unopened {
  readonly stored: StoredSecrets;
  readonly ciphers: readonly string[];
}

/** @returns undefined when there is nothing of that kind. */
export function unopenedIn(rollout: Rollout, stored: StoredSecrets): Unopened | undefined {
  const read = new Set(ciphersOf(rollout).map(formatCipher));
  const ciphers = Object.keys(stored.under).filter((cipher) => !read.has(cipher));
  return ciphers.length === 0 ? undefined : { stored, ciphers };
}

/** @returns undefined when none of the keys is known. */
export function recoveryOf(
  rollout: Rollout,
  { ciphers }: Pick<Unopened, 'ciphers'>,
  keys: Keys,
  at: Date,
): Rollout | undefined {
  const { found } = sorted(ciphers, keys);
  return found.length === 0 ? undefined : recovering(rollout, found, keys, at);
}

/** Those whose keys are nowhere. */
export function lostCiphers({ ciphers }: Pick<Unopened, 'ciphers'>, keys: Keys): readonly string[] {
  return sorted(ciphers, keys).lost;
}

function sorted(
  ciphers: readonly string[],
  keys: Keys,
): { readonly found: readonly Cipher[]; readonly lost: readonly string[] } {
  const found: Cipher[] = [];
  const lost: string[] = [];
  for (const text of ciphers) {
    const cipher = parseCipher(text);
    if (cipher !== undefined && (cipher === 'identity' || keys.has(cipher.key))) found.push(cipher);
    else lost.push(text);
  }
  return { found, lost };
}
