/** Where Secrets shall go from where they are: pure. */

import type { Cipher, KeyInUse } from './cipher.ts';
import type { EncryptionFacts } from './facts.ts';
import type { EncryptionOptions } from './options.ts';
import type { Rollout } from './rollout.ts';

/** What the options ask for, of a rollout that has come to its end. @returns undefined when nothing else than there is. */
export function wantedNext(
  rollout: Rollout,
  { provider, rotationSeconds }: EncryptionOptions,
  now: Date,
): Cipher | undefined {
  if (rollout.phase !== 'settled') return undefined;
  if (provider === 'none') return rollout.now === 'identity' ? undefined : 'identity';
  const next: Cipher = { provider, key: rollout.last + 1 };
  if (rollout.now === 'identity' || rollout.now.provider !== provider) return next;
  const age = (now.getTime() - rollout.since.getTime()) / 1000;
  return rotationSeconds !== undefined && age >= rotationSeconds ? next : undefined;
}

/** The next key of the provider in use. @throws Error with the text for the operator. */
export function rotated({ rollout, store }: EncryptionFacts): { readonly from: Rollout; readonly next: KeyInUse } {
  if (rollout === undefined || rollout === 'unreadable' || (rollout.phase === 'settled' && rollout.now === 'identity'))
    throw new Error('Secrets are not encrypted: there is no key to rotate; see the option encryption-at-rest');
  if (rollout.next !== undefined || rollout.phase !== 'settled')
    throw new Error('a key is being rolled out already; the status tells how far it is');
  if (store.state !== 'read')
    throw new Error('the Juju secret with the encryption keys cannot be read; see the status');
  const { provider } = rollout.now as KeyInUse;
  return { from: rollout, next: { provider, key: rollout.last + 1 } };
}

/** Control planes whose API server is not known to have loaded the file of this phase. */
export function missingUnits({ unit, published, others }: EncryptionFacts, { digest }: Rollout): readonly string[] {
  return [...new Map([[unit, published], ...others])].flatMap(([name, has]) => (has === digest ? [] : [name]));
}
