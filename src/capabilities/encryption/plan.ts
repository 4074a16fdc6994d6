/** From facts to changes of encryption at rest: pure. */

import type { StatusWord, UnitStatus } from '../../clients/juju/status.ts';
import type { Report } from '../../core/report.ts';
import type { Change } from './change.ts';
import { PROVIDERS } from './cipher.ts';
import {
  CONFIGURATION_FILE,
  CONFIGURATION_FLAG,
  CONFIGURATION_FLAGS,
  keysIn,
  numberedKeysIn,
} from './configuration.ts';
import { missingUnits, wantedNext } from './decide.ts';
import type { EncryptionFacts, EncryptionPlan } from './facts.ts';
import type { Keys } from './keys.ts';
import { describeRollout, describeUnopened } from './progress.ts';
import { lostCiphers, recoveryOf, type Unopened } from './recovery.ts';
import {
  advanced,
  bornWith,
  ciphersOf,
  configurationDigest,
  configurationOf,
  type Rollout,
  withoutEncryption,
} from './rollout.ts';

/** A unit has the file of a phase within a hook or two; where its API server restarts for it, it waits for the rollout lock before. */
const LONGEST_PHASE_MS = 3 * 60 * 60_000;

const NO_FLAGS = {};
const NO_KEYS: Keys = new Map();
const NOTHING: EncryptionPlan = { changes: [], reports: [], flags: NO_FLAGS };

export function planEncryption(facts: EncryptionFacts): EncryptionPlan {
  switch (facts.place) {
    case 'apart':
      return NOTHING;
    case 'founding':
      return planFounding(facts);
    case 'joining':
      return planJoining(facts);
    case 'member':
      return planMember(facts);
  }
}

/** The key is stored in one dispatch and used in the next: what was written with a key that Juju has lost again would be lost, too. */
function planFounding(facts: EncryptionFacts): EncryptionPlan {
  const { options, flag, fresh, store, rollout, installed, relation, now } = facts;
  if (options.provider === 'none' || flag === 'foreign') {
    if (rollout === undefined || (rollout !== 'unreadable' && rollout.digest === undefined))
      return withForeign(facts, NOTHING);
    return withForeign(facts, { ...NOTHING, changes: [{ kind: 'publish-rollout', rollout: withoutEncryption(now) }] });
  }
  const ready = installed && relation !== '';
  const storing = ready ? [status('maintenance', 'Storing the encryption key of Secrets in Juju')] : [];
  if (fresh) return held(storing);
  if (store.state !== 'read' || store.keys.size === 0) return { ...held(storing), changes: [{ kind: 'make-key' }] };
  if (!ready) return held([]);
  const cipher = { provider: options.provider, key: Math.max(...store.keys.keys()) };
  const born = bornWith(cipher, store.uri, store.keys, now);
  if (born === undefined) return held([]);
  if (rollout === undefined || rollout === 'unreadable' || rollout.digest !== born.digest)
    return { ...held([]), changes: [{ kind: 'publish-rollout', rollout: born }] };
  return planBirth(facts, rollout);
}

/** As the members of the cluster have it, before the API server is started for the first time. */
function planJoining(facts: EncryptionFacts): EncryptionPlan {
  const { rollout } = facts;
  if (rollout === undefined) return NOTHING;
  if (rollout === 'unreadable') return held([unreadable()]);
  if (rollout.digest === undefined) return NOTHING;
  if (facts.flag === 'foreign') return held([foreign(facts)]);
  return planBirth(facts, rollout);
}

function planBirth(facts: EncryptionFacts, rollout: Rollout): EncryptionPlan {
  const { file, memory } = facts;
  const digest = rollout.digest ?? '';
  if (file?.digest !== digest || !file.guarded) return { ...held([]), ...writing(facts, rollout) };
  if (memory.born !== digest) return { ...held([]), changes: [{ kind: 'note-birth', digest }] };
  return { changes: [], reports: [], flags: CONFIGURATION_FLAGS };
}

function planMember(facts: EncryptionFacts): EncryptionPlan {
  const { rollout, flag, leader } = facts;
  // Never taken out as long as it is not known that nothing is encrypted.
  const present = flag === 'ours' ? CONFIGURATION_FLAGS : NO_FLAGS;
  if (rollout === 'unreadable') return { changes: [], reports: [unreadable()], flags: present };
  if (flag === 'foreign') return withForeign(facts, NOTHING);
  const lead = leader ? planLeader(facts, rollout) : { changes: [], reports: [] };
  const begins = flag === 'absent' && (facts.fresh || lead.changes.some(({ kind }) => kind === 'begin'));
  if (rollout === undefined) return { ...lead, flags: present, ...(begins ? { coming: true } : {}) };
  const own = rollout.digest === undefined ? planWithout(facts) : planWith(facts, rollout, rollout.digest);
  return {
    changes: [...own.changes, ...lead.changes],
    reports: [...own.reports, ...lead.reports],
    flags: own.flags,
    ...(own.coming || begins ? { coming: true } : {}),
  };
}

/** The flag goes first, in turn with the other control planes; when the API server runs without it, the file goes. */
function planWithout({ flag, file, published, restarted }: EncryptionFacts): EncryptionPlan {
  const changes: Change[] = [];
  if (flag === 'absent' && restarted && file !== undefined) changes.push({ kind: 'remove-file' });
  if (published !== undefined) changes.push({ kind: 'publish-in-service', digest: undefined });
  return { changes, reports: [], flags: NO_FLAGS };
}

function planWith(facts: EncryptionFacts, rollout: Rollout, digest: string): EncryptionPlan {
  const { file, flag, published, restarted, memory, fresh } = facts;
  const right = file?.digest === digest && file.guarded;
  const flags = right || flag === 'ours' ? CONFIGURATION_FLAGS : NO_FLAGS;
  const coming = flag === 'absent' ? { coming: true } : {};
  if (!right) return { ...(fresh ? { changes: [], reports: [] } : writing(facts, rollout)), flags, ...coming };
  if (flag !== 'ours' || !restarted || published === digest) return { changes: [], reports: [], flags };
  if (memory.born === digest) return { changes: [{ kind: 'publish-in-service', digest }], reports: [], flags };
  if (memory.notLoaded === digest && memory.restartedFor !== digest)
    return { changes: [{ kind: 'restart', digest }], reports: [], flags };
  return { changes: [{ kind: 'confirm', digest, waits: memory.restartedFor !== digest }], reports: [], flags };
}

/** The file of this step, as far as its keys can be read; over a file whose keys are nowhere else nothing is written. */
function writing(facts: EncryptionFacts, rollout: Rollout): Pick<EncryptionPlan, 'changes' | 'reports'> {
  const { store, file, flag, place, leader } = facts;
  if (store.state !== 'read') {
    const keyless = needsKeys(rollout) ? undefined : configurationOf(rollout, NO_KEYS);
    if (keyless !== undefined)
      return { changes: [{ kind: 'write-file', step: rollout.step, text: keyless }], reports: [] };
    const secret = rollout.secret ?? 'of the application';
    const lost = leader && place === 'member' && store.state === 'missing';
    const message = lost
      ? `The Juju secret with the encryption keys (${secret}) is gone, and ${CONFIGURATION_FILE} is not the one in use: restore that file from another control plane or a backup`
      : `Waiting to read the encryption keys (Juju secret ${secret})`;
    return { changes: [], reports: [status(lost ? 'blocked' : 'waiting', message)] };
  }
  const stray = place === 'member' && flag === 'ours' && file !== undefined && strayKeys(file.text, store.keys);
  if (stray)
    return {
      changes: [],
      reports: [
        status(
          'blocked',
          `${CONFIGURATION_FILE} has a key that is in no Juju secret of this application, and is left alone: Secrets may be under it; restore the previous file`,
        ),
      ],
    };
  const text = configurationOf(rollout, store.keys);
  // The digest is told with the step; the secret may be a moment behind it, or ahead.
  if (text === undefined || digestDiffers(rollout, store.keys))
    return { changes: [], reports: [status('waiting', `Waiting for the encryption keys of step ${rollout.step}`)] };
  return { changes: [{ kind: 'write-file', step: rollout.step, text }], reports: [] };
}

function strayKeys(text: string, keys: Keys): boolean {
  const known = new Set(keys.values());
  return keysIn(text).some((key) => !known.has(key));
}

function digestDiffers(rollout: Rollout, keys: Keys): boolean {
  return configurationDigest(rollout, keys) !== rollout.digest;
}

type Lead = Pick<EncryptionPlan, 'changes' | 'reports'>;
const NO_LEAD: Lead = { changes: [], reports: [] };

function planLeader(facts: EncryptionFacts, rollout: Rollout | undefined): Lead {
  if (rollout === undefined) return planUntold(facts);
  if (facts.fresh && rollout.next === undefined) return NO_LEAD;
  if (facts.fresh) return lead(status('waiting', `${describeRollout(rollout, [])}; its key is being stored in Juju`));
  const { store } = facts;
  if (needsKeys(rollout) && store.state !== 'unread') {
    const keys = store.state === 'read' ? store.keys : NO_KEYS;
    if (configurationDigest(rollout, keys) !== rollout.digest) return planLost(facts, rollout);
    if (store.state === 'read' && store.uri !== rollout.secret)
      return { changes: [{ kind: 'publish-rollout', rollout: { ...rollout, secret: store.uri } }], reports: [] };
  }
  if (rollout.phase === 'forget') {
    const settled = advanced(rollout, NO_KEYS, facts.now);
    return { changes: settled ? [{ kind: 'settle', rollout: settled }] : [], reports: [] };
  }
  if (rollout.phase !== 'settled') return planPhase(facts, rollout);
  if (facts.unopened !== undefined) return planRecovery(facts, rollout, facts.unopened);
  const next = wantedNext(rollout, facts.options, facts.now);
  return next === undefined ? NO_LEAD : { changes: [{ kind: 'begin', from: rollout, next }], reports: [] };
}

/**
 * Nothing has been said of this cluster yet: it is older than its encryption, or came into being in a dispatch that was ended before
 * Juju had committed it.
 */
function planUntold(facts: EncryptionFacts): Lead {
  const { flag, file, store, fresh, options, now } = facts;
  if (fresh) return NO_LEAD;
  if (flag === 'absent') {
    const from = { ...withoutEncryption(now), last: store.state === 'read' ? Math.max(0, ...store.keys.keys()) : 0 };
    const next = wantedNext(from, options, now);
    return next === undefined ? NO_LEAD : { changes: [{ kind: 'begin', from, next }], reports: [] };
  }
  const born = file && store.state === 'read' ? bornAs(file.digest, store.uri, store.keys, now) : undefined;
  if (born !== undefined) return { changes: [{ kind: 'publish-rollout', rollout: born }], reports: [] };
  return lead(
    status(
      'blocked',
      `kube-apiserver uses ${CONFIGURATION_FILE}, whose keys are in no Juju secret of this application; it is left alone`,
    ),
  );
}

function bornAs(digest: string, secret: string, keys: Keys, now: Date): Rollout | undefined {
  const ciphers = PROVIDERS.flatMap((provider) => [...keys.keys()].map((key) => ({ provider, key })));
  return ciphers.map((cipher) => bornWith(cipher, secret, keys, now)).find((born) => born?.digest === digest);
}

function needsKeys(rollout: Rollout): boolean {
  return ciphersOf(rollout).some((cipher) => cipher !== 'identity');
}

/** The keys are in no secret any more. The file in service has all of them, as its digest shows. */
function planLost({ file }: EncryptionFacts, rollout: Rollout): Lead {
  if (file?.digest !== rollout.digest || file === undefined) return NO_LEAD;
  return { changes: [{ kind: 'restore-keys', rollout, keys: numberedKeysIn(file.text) }], reports: [] };
}

/** Of a restored datastore: what is under keys that are still known is read again, and brought to the one in use. */
function planRecovery({ store, now }: EncryptionFacts, rollout: Rollout, unopened: Unopened): Lead {
  const keys = store.state === 'read' ? store.keys : NO_KEYS;
  const next = recoveryOf(rollout, unopened, keys, now);
  const lost = lostCiphers(unopened, keys);
  return {
    changes: next === undefined ? [] : [{ kind: 'publish-rollout', rollout: next }],
    reports: lost.length === 0 ? [] : [status('blocked', describeUnopened(unopened.stored, lost))],
  };
}

function planPhase(facts: EncryptionFacts, rollout: Rollout): Lead {
  const { store, now } = facts;
  const missing = missingUnits(facts, rollout);
  const told = lead(status('waiting', describeRollout(rollout, missing)));
  if (missing.length > 0) return lead(waitingFor(rollout, missing));
  if (rollout.phase === 'rewrite') return { ...told, changes: [{ kind: 'rewrite', rollout }] };
  const next = advanced(rollout, store.state === 'read' ? store.keys : NO_KEYS, now);
  if (next === undefined) return told;
  return { ...told, changes: [{ kind: 'publish-rollout', rollout: next }] };
}

/** Each unit gets there by itself; one that is down does not, and holds up all others for as long. */
function waitingFor(rollout: Rollout, missing: readonly string[]): Report {
  const key = `encryption ${rollout.step} ${rollout.phase}`;
  const way = `see the status of ${missing[0]}; remove the unit if it does not come back`;
  return { ...status('waiting', describeRollout(rollout, missing)), lasts: { key, atMostMs: LONGEST_PHASE_MS, way } };
}

function lead(report: Report): Lead {
  return { changes: [], reports: [report] };
}

function held(reports: readonly UnitStatus[]): EncryptionPlan {
  return { changes: [], reports, flags: 'held' };
}

/** An operator's own configuration is left alone; to ask for the charm's beside it makes no sense. */
function withForeign(facts: EncryptionFacts, plan: EncryptionPlan): EncryptionPlan {
  const { flag, options, rollout } = facts;
  if (flag !== 'foreign') return plan;
  const managed = rollout !== undefined && rollout !== 'unreadable' && rollout.digest !== undefined;
  const asked = !options.automatic && options.provider !== 'none';
  return managed || asked ? { ...plan, reports: [...plan.reports, foreign(facts)] } : plan;
}

function foreign({ options }: EncryptionFacts): UnitStatus {
  const way = options.automatic ? '' : '; or set encryption-at-rest=none';
  return status(
    'blocked',
    `encryption-at-rest: kube-apiserver has an encryption configuration of its own (${CONFIGURATION_FLAG}), which is left alone; take it out when nothing is encrypted with it any more${way}`,
  );
}

function unreadable(): UnitStatus {
  return status(
    'blocked',
    'What the peer relation says about encryption is not what this charm writes; nothing about it is changed',
  );
}

function status(word: StatusWord, message: string): UnitStatus {
  return { status: word, message };
}
