/** Where a rollout is, for people. */

import type { Cipher } from './cipher.ts';
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
  return `${goal(rollout.now, rollout.next ?? rollout.now)}: ${STEPS[rollout.phase]}${waits}`;
}

function goal(now: Cipher, next: Cipher): string {
  if (next === 'identity') return 'Turning the encryption of Secrets off';
  const key = `key ${next.key} (${next.provider})`;
  if (now === 'identity') return `Encrypting Secrets with ${key}`;
  if (now.provider !== next.provider) return `Moving Secrets from ${now.provider} to ${key}`;
  return `Rotating the encryption key of Secrets to ${key}`;
}

function some(names: readonly string[]): string {
  const more = names.length - MOST_NAMES;
  return `${names.slice(0, MOST_NAMES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
