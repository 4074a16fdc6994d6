/** Facts of encryption at rest for tests of decisions: a settled member of three, which leads, unless said otherwise. */

import { digestOf } from '../../../src/capabilities/encryption/configuration.ts';
import type { EncryptionFacts } from '../../../src/capabilities/encryption/facts.ts';
import type { Keys } from '../../../src/capabilities/encryption/keys.ts';
import {
  advanced,
  begun,
  bornWith,
  configurationOf,
  type Phase,
  type Rollout,
  withoutEncryption,
} from '../../../src/capabilities/encryption/rollout.ts';

export const NOW = new Date('2026-11-23T12:00:00Z');
export const SECRET = 'secret:keys';
export const KEYS: Keys = new Map([1, 2, 3].map((number) => [number, Buffer.alloc(32, number).toString('base64')]));

export function settledOn(provider: 'aesgcm' | 'aescbc', key = 1, since = NOW): Rollout {
  return must(bornWith({ provider, key }, SECRET, new Map([[key, KEYS.get(key) ?? '']]), since));
}

/** From AES-GCM with key 1 to AES-CBC with key 2, at that phase. */
export function moving(phase: Exclude<Phase, 'settled'>): Rollout {
  let rollout = must(begun(settledOn('aesgcm'), { provider: 'aescbc', key: 2 }, SECRET, KEYS, NOW));
  while (rollout.phase !== phase) rollout = must(advanced(rollout, KEYS, NOW));
  return rollout;
}

export const OFF = withoutEncryption(NOW);

export function fileOf(rollout: Rollout, guarded = true): EncryptionFacts['file'] {
  const text = must(configurationOf(rollout, KEYS));
  return { text, digest: digestOf(text), guarded };
}

/** Everywhere in service, as far as nothing else is said. */
export function factsOf(rollout: Rollout | undefined, changes: Partial<EncryptionFacts> = {}): EncryptionFacts {
  const digest = rollout?.digest;
  return {
    place: 'member',
    leader: true,
    installed: true,
    relation: 'cluster:0',
    restarted: true,
    options: { provider: 'aesgcm', automatic: true, rotationSeconds: 30 * 86_400 },
    unit: 'k8s/0',
    now: NOW,
    rollout,
    fresh: false,
    store: { state: 'read', uri: SECRET, keys: KEYS },
    file: rollout && digest ? fileOf(rollout) : undefined,
    flag: digest ? 'ours' : 'absent',
    published: digest,
    datastore: {},
    unopened: undefined,
    others: new Map([
      ['k8s/1', digest],
      ['k8s/2', digest],
    ]),
    memory: { born: undefined, notLoaded: undefined, restartedFor: undefined },
    ...changes,
  };
}

export function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('it is not there');
  return value;
}
