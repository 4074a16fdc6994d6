/** Carries out one change of encryption at rest. Each is idempotent: ended at any point and planned again, it comes to the same. */

import type { Juju } from '../../clients/juju/juju.ts';
import type { Change } from './change.ts';
import type { Cipher } from './cipher.ts';
import type { Clients } from './clients.ts';
import { CONFIGURATION_FILE, CONFIGURATION_MODE } from './configuration.ts';
import { confirmLoaded, publishInService, restartToLoad } from './confirm.ts';
import type { EncryptionFacts } from './facts.ts';
import { type Keys, keptKeys, newKey, writeKeys } from './keys.ts';
import { awaitCommit, rememberEncryption } from './memory.ts';
import { LABEL } from './observe.ts';
import { EncryptionFailed } from './outcome.ts';
import { describeUnopened } from './progress.ts';
import { recoveryOf } from './recovery.ts';
import { rewriteSecrets } from './rewrite.ts';
import { advanced, begun, formatRollout, ROLLOUT, type Rollout } from './rollout.ts';

const SECRET = {
  label: LABEL,
  description:
    'Keys with which the API servers of the cluster encrypt Secrets in etcd. Without them its Secrets are lost.',
  owner: 'application',
} as const;

/** Rejects with `EncryptionFailed` when it cannot be made now. */
export async function applyEncryption(clients: Clients, facts: EncryptionFacts, change: Change): Promise<void> {
  const { juju, host } = clients;
  switch (change.kind) {
    case 'make-key':
      awaitCommit(juju);
      await storeKeys(juju, facts, new Map([[1, newKey()]]));
      return;
    case 'begin':
      return begin(clients, facts, change.from, change.next);
    case 'publish-rollout':
      if (change.rollout.phase === 'forget') awaitCommit(juju);
      return publish(juju, facts, change.rollout);
    case 'settle':
      // Another secret must not get the label of one that goes in the same dispatch.
      awaitCommit(juju);
      await forgetOldKeys(juju, facts, change.rollout);
      return publish(juju, facts, change.rollout);
    case 'restore-keys': {
      awaitCommit(juju);
      const secret = await storeKeys(juju, facts, change.keys);
      return publish(juju, facts, { ...change.rollout, secret });
    }
    case 'import-keys': {
      awaitCommit(juju);
      const secret = await storeKeys(juju, facts, change.keys);
      // A number that an imported key has is given to no other.
      return publish(juju, facts, {
        ...change.rollout,
        secret,
        last: Math.max(change.rollout.last, ...change.keys.keys()),
      });
    }
    case 'rewrite': {
      const unopened = await rewriteSecrets(clients, change.rollout, facts.datastore);
      const next =
        unopened === undefined
          ? advanced(change.rollout, keysOf(facts), host.now())
          : recoveryOf(change.rollout, unopened, keysOf(facts), host.now());
      if (next !== undefined) publish(juju, facts, next);
      else if (unopened !== undefined)
        throw new EncryptionFailed('blocked', describeUnopened(unopened.stored, unopened.ciphers));
      return;
    }
    case 'write-file':
      return host.files.write(CONFIGURATION_FILE, change.text, { mode: CONFIGURATION_MODE });
    case 'remove-file':
      return host.files.remove(CONFIGURATION_FILE);
    case 'note-birth':
      return rememberEncryption(juju.state, 'born', change.digest);
    case 'confirm':
      return confirmLoaded(clients, facts.relation, change.digest, change.waits);
    case 'publish-in-service':
      return publishInService(clients, facts.relation, change.digest);
    case 'restart':
      return restartToLoad(clients, change.digest);
  }
}

/** A key is made here; to go without encryption needs none. */
async function begin({ juju, host }: Clients, facts: EncryptionFacts, from: Rollout, next: Cipher): Promise<void> {
  const keys = new Map(keysOf(facts));
  let secret = from.secret;
  if (next !== 'identity') {
    keys.set(next.key, newKey());
    awaitCommit(juju);
    secret = await storeKeys(juju, facts, keys);
  }
  const rollout = begun(from, next, secret, keys, host.now());
  if (rollout === undefined) throw new Error('a key that is in use is not in the secret');
  publish(juju, facts, rollout);
}

/** @returns the secret's URI. */
async function storeKeys(juju: Juju, { store }: EncryptionFacts, keys: Keys): Promise<string> {
  if (store.state !== 'read') return juju.secrets.add(writeKeys(keys), SECRET);
  await juju.secrets.set(store.uri, writeKeys(keys));
  return store.uri;
}

/** Of the previous keys the last ones stay: a backup of the datastore is of no use without the key of its time. */
async function forgetOldKeys(juju: Juju, { store }: EncryptionFacts, { now }: Rollout): Promise<void> {
  if (store.state !== 'read') return;
  const kept = keptKeys(store.keys, now === 'identity' ? undefined : now.key);
  if (kept.size < store.keys.size) await juju.secrets.set(store.uri, writeKeys(kept));
}

function publish({ relations }: Juju, { relation }: EncryptionFacts, rollout: Rollout): void {
  relations.setApplication(relation, { [ROLLOUT]: formatRollout(rollout) });
}

function keysOf({ store }: EncryptionFacts): Keys {
  return store.state === 'read' ? store.keys : new Map();
}
