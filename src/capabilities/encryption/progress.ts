/** Where a rollout is, for people. */

import type { StoredSecrets } from '../../clients/etcd/stored-secrets.ts';
import type { Cipher } from './cipher.ts';
import type { RefusedSecret } from './memory.ts';
import type { Rollout } from './rollout.ts';

const MOST_NAMES = 5;

const STEPS: Readonly<Record<Rollout['phase'], string>> = {
  settled: 'done',
  prepare: 'step 1 of 4, every API server learns the key',
  write: 'step 2 of 4, every API server begins to write with it',
  rewrite: 'step 3 of 4, every Secret is written anew',
  drop: 'step 4 of 4, every API server forgets what was before',
  forget: 'done',
};

/** `Rotating the encryption key of Secrets to key 2 (aesgcm): step 1 of 4, …; waiting for k8s/1` */
export function describeRollout(rollout: Rollout, missing: readonly string[]): string {
  const waits = missing.length === 0 ? '' : `; waiting for ${some(missing)}`;
  return `${goal(rollout)}: ${STEPS[rollout.phase]}${waits}`;
}

const MOST_SECRETS = 3;
const LONGEST_REASON = 160;

/** `Rotating …: step 3 of 4, …; 2 Secrets cannot be written (ci/pull: admission webhook …): change or delete them …` */
export function describeRefused(rollout: Rollout, refused: readonly RefusedSecret[], more: boolean): string {
  const [first] = refused;
  const why = (first?.why ?? '').slice(0, LONGEST_REASON);
  const names = someSecrets(refused);
  const one = refused.length === 1 && !more;
  const count = one ? '1 Secret' : `${more ? 'at least ' : ''}${refused.length} Secrets`;
  const it = one ? 'it' : 'them';
  const reason = one ? why : `the first one: ${why}`;
  return `${describeRollout(rollout, [])}. ${count} cannot be written: ${names} (${reason}). Change or delete ${it}, or let the webhook that refuses ${it} take ${it}; the previous key stays in use until then`;
}

/** Names the Secrets that no key opens, and where it stands what can be done about it. */
export function describeUnopened(stored: Pick<StoredSecrets, 'under' | 'names'>, ciphers: readonly string[]): string {
  const total = ciphers.reduce((sum, cipher) => sum + (stored.under[cipher] ?? 0), 0);
  const parts = ciphers.slice(0, 2).map((cipher) => {
    const names = stored.names[cipher] ?? [];
    return `${someSecrets(names, stored.under[cipher])} under ${cipher === 'identity' ? 'no key' : cipher}`;
  });
  return `${total} ${total === 1 ? 'Secret' : 'Secrets'} in the datastore cannot be opened with any key of this cluster: ${parts.join('; ')}. kube-apiserver does not become ready after a restart while ${total === 1 ? 'it is' : 'they are'} there; see "Secrets that no key opens" in the how-to Encrypt Secrets at rest`;
}

function someSecrets(
  secrets: readonly { readonly namespace: string; readonly name: string }[],
  total = secrets.length,
): string {
  const names = secrets.slice(0, MOST_SECRETS).map(({ namespace, name }) => `${namespace}/${name}`);
  return `${names.join(', ')}${total > names.length ? ` and ${total - names.length} more` : ''}`;
}

function goal({ now, next = now, also }: Rollout): string {
  if (also !== undefined) return `Moving the Secrets of a restored datastore to ${cipherName(next)}`;
  if (next === 'identity') return 'Turning the encryption of Secrets off';
  const key = cipherName(next);
  if (now === 'identity') return `Encrypting Secrets with ${key}`;
  if (now.provider !== next.provider) return `Moving Secrets from ${now.provider} to ${key}`;
  return `Rotating the encryption key of Secrets to ${key}`;
}

function cipherName(cipher: Cipher): string {
  return cipher === 'identity' ? 'no encryption' : `key ${cipher.key} (${cipher.provider})`;
}

function some(names: readonly string[]): string {
  const more = names.length - MOST_NAMES;
  return `${names.slice(0, MOST_NAMES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
