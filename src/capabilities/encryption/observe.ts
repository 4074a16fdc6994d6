/**
 * Reads everything that is decided by about encryption at rest. A unit on which nothing moves asks Juju for nothing: databags are read
 * by others anyway, and the file is known by its digest, without the keys.
 */

import { readStoredSecrets } from '../../clients/etcd/stored-secrets.ts';
import type { Files } from '../../clients/host/host.ts';
import type { Event } from '../../clients/juju/event.ts';
import type { Juju } from '../../clients/juju/juju.ts';
import type { Clients } from './clients.ts';
import { CONFIGURATION_FILE, CONFIGURATION_MODE, digestOf } from './configuration.ts';
import { wantedNext } from './decide.ts';
import type { ConfigurationFile, EncryptionFacts, EncryptionQuestion, Store } from './facts.ts';
import { readKeys } from './keys.ts';
import { awaitsCommit, recallEncryption } from './memory.ts';
import { type Unopened, unopenedIn } from './recovery.ts';
import { IN_SERVICE, parseRollout, ROLLOUT } from './rollout.ts';

/** The owner's name for the secret. */
export const LABEL = 'encryption-at-rest';

export async function observeEncryption(clients: Clients, question: EncryptionQuestion): Promise<EncryptionFacts> {
  const { juju, host } = clients;
  const { own, shared, others, flag, ...rest } = question;
  const apart = question.place === 'apart';
  const [file, memory] = await Promise.all([
    apart ? undefined : readConfiguration(host.files),
    recallEncryption(juju.state),
  ]);
  const facts: EncryptionFacts = {
    ...rest,
    unit: juju.identity.unit,
    now: host.now(),
    rollout: parseRollout(shared[ROLLOUT]),
    fresh: awaitsCommit(juju),
    store: { state: 'unread' },
    file,
    flag: flag === undefined ? 'absent' : flag === CONFIGURATION_FILE ? 'ours' : 'foreign',
    published: own[IN_SERVICE],
    others: new Map([...others].map(([unit, bag]) => [unit, bag?.[IN_SERVICE]])),
    unopened: undefined,
    memory,
  };
  const unopened = await lookForUnopened(clients, facts);
  if (unopened !== undefined) return { ...facts, unopened, store: await readStore(juju, facts) };
  return needsStore(facts, juju.event) ? { ...facts, store: await readStore(juju, facts) } : facts;
}

const LOOK_MS = 30_000;

/**
 * Secrets under a key that the API server does not have keep it from becoming ready, and its own answers do not say so. A restored datastore
 * has them; it is only looked into where that could be the reason, and in hooks that look at the API server anyway.
 */
async function lookForUnopened(clients: Clients, facts: EncryptionFacts): Promise<Unopened | undefined> {
  const { place, leader, rollout, fresh, flag, restarted, file, datastore } = facts;
  if (place !== 'member' || !leader || fresh || flag === 'foreign' || !restarted) return undefined;
  if (rollout === undefined || rollout === 'unreadable' || rollout.phase !== 'settled') return undefined;
  if (
    file?.digest !== rollout.digest ||
    !(clients.juju.event.kind === 'update-status' || isOccasion(clients.juju.event))
  )
    return undefined;
  const kubernetes = await clients.kubernetes();
  if (kubernetes === undefined || (await kubernetes.ready())) return undefined;
  const stored = await readStoredSecrets(clients.host, datastore, { patienceMs: LOOK_MS });
  return typeof stored === 'string' ? undefined : unopenedIn(rollout, stored);
}

async function readConfiguration(files: Files): Promise<ConfigurationFile | undefined> {
  const [text, status] = await Promise.all([files.read(CONFIGURATION_FILE), files.status(CONFIGURATION_FILE)]);
  if (text === undefined || status === undefined) return undefined;
  const foreign = process.getuid?.() === 0 && (status.uid !== 0 || status.gid !== 0);
  return { text, digest: digestOf(text), guarded: status.mode === CONFIGURATION_MODE && !foreign };
}

/** Whether a decision hangs on the keys. */
function needsStore(facts: EncryptionFacts, event: Event): boolean {
  const { place, rollout, leader, options, fresh, flag, file } = facts;
  if (place === 'apart' || rollout === 'unreadable' || fresh) return false;
  if (place === 'founding') return options.provider !== 'none' && flag !== 'foreign';
  if (flag === 'foreign') return false;
  if (rollout === undefined) return leader && (flag === 'ours' || options.provider !== 'none');
  if (rollout.digest !== undefined && (file?.digest !== rollout.digest || !file.guarded)) return true;
  if (!leader || place !== 'member') return false;
  if (rollout.phase !== 'settled' || wantedNext(rollout, options, facts.now) !== undefined) return true;
  // A secret that somebody has removed is better found before it is needed.
  return rollout.secret !== undefined && isOccasion(event);
}

function isOccasion({ kind }: Event): boolean {
  return ['leader-elected', 'config-changed', 'upgrade-charm', 'start', 'action'].includes(kind);
}

/** Without tracking a revision: former keys are to go when they have been taken out. */
async function readStore(juju: Juju, { place, rollout, leader }: EncryptionFacts): Promise<Store> {
  // Of a cluster that is to be made, nothing that was told of another one counts.
  const told = place === 'founding' || rollout === 'unreadable' ? undefined : rollout?.secret;
  const found = await readSecret(juju, told);
  if (found.state === 'read' || !leader) return found;
  return readSecret(juju, await labelled(juju));
}

async function readSecret(juju: Juju, uri: string | undefined): Promise<Store> {
  const content = uri === undefined ? undefined : await juju.secrets.get({ uri }, 'peek');
  if (uri === undefined || content === undefined) return { state: 'missing' };
  return { state: 'read', uri, keys: readKeys(content) };
}

/** For the leader: others know a secret of the application by its URI only. */
async function labelled(juju: Juju): Promise<string | undefined> {
  const info = await juju.secrets.info({ label: LABEL });
  return info && `secret:${info.id}`;
}
