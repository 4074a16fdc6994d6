/**
 * How Secrets come from one cipher to another while every API server can read what any other writes. All of it stands in the
 * application databag of the peer relation, so that any leader can go on with it:
 *
 *   settled   [now]          one cipher, of all Secrets
 *   prepare   [now, next]    every API server learns to read with the next one
 *   write     [next, now]    every API server begins to write with it
 *   rewrite   [next, now]    every Secret is written anew, once
 *   drop      [next]         every API server forgets the former one
 *   forget    [now]          all is under it; of the previous keys the Juju secret keeps the last ones, for backups of the datastore. In a
 *                            dispatch after this is committed: Juju may keep what a hook did to secrets and lose what it wrote into
 *                            databags
 *
 * A datastore that is restored from a backup may have Secrets under earlier keys. They are read besides (`also`) while everything is written
 * anew under the key in use: the same phases, from `write` on.
 *
 *   encryption = {"step": 3, "phase": "write", "now": "aesgcm:1", "next": "aesgcm:2", "last": 2, "since": "…", "at": "…",
 *                 "secret": "secret:…", "digest": "…"}
 *
 * The leader goes on when each control plane says in its unit databag (`encryption-in-service`) that its API server has loaded the file of
 * that digest. The same leads from no encryption to a key and back.
 */

import { readForeign } from '../../core/foreign-json.ts';
import { moment, object, oneOf, text, whole } from '../../core/shapes.ts';
import { type Cipher, formatCipher, parseCipher, sameCipher } from './cipher.ts';
import { digestOf, renderConfiguration } from './configuration.ts';
import type { Keys } from './keys.ts';

export const ROLLOUT = 'encryption';
export const IN_SERVICE = 'encryption-in-service';

export const PHASES = ['settled', 'prepare', 'write', 'rewrite', 'drop', 'forget'] as const;
export type Phase = (typeof PHASES)[number];

export interface Rollout {
  /** Goes up with every change of the file. */
  readonly step: number;
  readonly phase: Phase;
  readonly now: Cipher;
  /** Undefined while there is nothing to come to. */
  readonly next: Cipher | undefined;
  /** Read besides, because a restored datastore has Secrets under them; undefined unless there was one. */
  readonly also?: readonly Cipher[];
  /** Highest number that a key has had. */
  readonly last: number;
  /** Since when all Secrets are under `now`. */
  readonly since: Date;
  /** When the phase began. */
  readonly at: Date;
  /** URI of the Juju secret with the keys; undefined when there is none. */
  readonly secret: string | undefined;
  /** Of the file that every API server is to have loaded; undefined: none is needed. */
  readonly digest: string | undefined;
}

/** Without encryption, and without a file. */
export function withoutEncryption(now: Date): Rollout {
  return {
    step: 0,
    phase: 'settled',
    now: 'identity',
    next: undefined,
    last: 0,
    since: now,
    at: now,
    secret: undefined,
    digest: undefined,
  };
}

/** Of a cluster that comes into being with a key. @returns undefined when the key is not there. */
export function bornWith(
  cipher: Exclude<Cipher, 'identity'>,
  secret: string,
  keys: Keys,
  now: Date,
): Rollout | undefined {
  const born = { ...withoutEncryption(now), step: 1, now: cipher, last: Math.max(...keys.keys()), secret };
  return withDigest(born, keys);
}

/** Towards another cipher. */
export function begun(
  from: Rollout,
  next: Cipher,
  secret: string | undefined,
  keys: Keys,
  at: Date,
): Rollout | undefined {
  const last = next === 'identity' ? from.last : Math.max(from.last, next.key);
  return withDigest({ ...from, step: from.step + 1, phase: 'prepare', next, last, secret, at }, keys);
}

/**
 * Reads Secrets of a restored datastore, and brings them to where all the others go.
 * @param found what is in the datastore and no API server reads. @returns undefined when a key for it is not there.
 */
export function recovering(rollout: Rollout, found: readonly Cipher[], keys: Keys, at: Date): Rollout | undefined {
  const { now, next = now } = rollout;
  const beside = (known: readonly Cipher[]) =>
    [...(rollout.also ?? []), ...found].filter((one) => !known.some((other) => sameCipher(one, other)));
  const step = rollout.step + 1;
  // Nothing is written with the next one yet.
  if (rollout.phase === 'prepare') return withDigest({ ...rollout, step, also: beside([now, next]), at }, keys);
  const [first = next, ...also] = sameCipher(now, next) ? beside([next]) : [now, ...beside([now, next])];
  return withDigest({ ...rollout, step, phase: 'write', now: first, next, also, at }, keys);
}

const NEXT_PHASE: Readonly<Record<Phase, Phase>> = {
  settled: 'settled',
  prepare: 'write',
  write: 'rewrite',
  rewrite: 'drop',
  drop: 'forget',
  forget: 'settled',
};

/** The phase after this one. @returns undefined when a key for it is not there. */
export function advanced(rollout: Rollout, keys: Keys, at: Date): Rollout | undefined {
  const phase = NEXT_PHASE[rollout.phase];
  if (phase === 'rewrite') return { ...rollout, phase, at };
  if (phase === 'forget') return arrived(rollout, at);
  if (phase === 'settled') return settled(rollout, at);
  return withDigest({ ...rollout, step: rollout.step + 1, phase, at }, keys);
}

/** The file of the last phase stays; without encryption none is needed any more. */
function arrived(rollout: Rollout, at: Date): Rollout {
  const now = rollout.next ?? rollout.now;
  const digest = now === 'identity' ? undefined : rollout.digest;
  const { also: _also, ...rest } = rollout;
  return { ...rest, phase: 'forget', now, next: undefined, since: at, at, digest };
}

function settled(rollout: Rollout, at: Date): Rollout {
  return { ...rollout, phase: 'settled', at };
}

function withDigest(rollout: Rollout, keys: Keys): Rollout | undefined {
  const text = configurationOf(rollout, keys);
  return text === undefined ? undefined : { ...rollout, digest: digestOf(text) };
}

/** The file that every API server is to have. @returns undefined when a key for it is not there. */
export function configurationOf(rollout: Rollout, keys: Keys): string | undefined {
  return renderConfiguration(ciphersOf(rollout), rollout.step, keys);
}

/** The first one writes. */
export function ciphersOf({ phase, now, next = now, also = [] }: Rollout): readonly Cipher[] {
  switch (phase) {
    case 'settled':
    case 'forget':
      return [now];
    case 'prepare':
      return [now, next, ...also];
    case 'write':
    case 'rewrite':
      return [next, now, ...also];
    case 'drop':
      return [next];
  }
}

export function formatRollout(rollout: Rollout): string {
  const { step, phase, now, next, also, last, since, at, secret, digest } = rollout;
  return [
    `{"step": ${step}, "phase": "${phase}", "now": "${formatCipher(now)}"`,
    ...(next === undefined ? [] : [`"next": "${formatCipher(next)}"`]),
    ...(also === undefined ? [] : [`"also": "${also.map(formatCipher).join(' ')}"`]),
    `"last": ${last}, "since": "${since.toISOString()}", "at": "${at.toISOString()}"`,
    ...(secret === undefined ? [] : [`"secret": "${secret}"`]),
    `${digest === undefined ? '' : `"digest": "${digest}"`}`,
  ]
    .filter((part) => part !== '')
    .join(', ')
    .concat('}');
}

/** Undefined for none; `unreadable` for what this charm has not written: to guess could cost every Secret. */
export function parseRollout(written: string | undefined): Rollout | 'unreadable' | undefined {
  if (written === undefined) return undefined;
  const rollout = readForeign(written, SHAPE);
  if (rollout === undefined) return 'unreadable';
  const { phase, now, next, secret, digest } = rollout;
  const moving = phase !== 'settled' && phase !== 'forget';
  const needsFile = moving || now !== 'identity';
  if (moving !== (next !== undefined) || needsFile !== (digest !== undefined)) return 'unreadable';
  return { ...rollout, next, secret, digest };
}

const SHAPE = object(
  { step: whole(), phase: oneOf(PHASES), now: parseCipher, last: whole(), since: moment, at: moment },
  { next: parseCipher, also: ciphersFrom, secret: text(300), digest: text(100) },
);

function ciphersFrom(value: unknown): readonly Cipher[] | undefined {
  const words = text(1_000)(value)
    ?.split(' ')
    .filter((word) => word !== '');
  const ciphers = words?.flatMap((word) => parseCipher(word) ?? []);
  return ciphers?.length === words?.length ? ciphers : undefined;
}

/** Of the file that goes with these keys. */
export function configurationDigest(rollout: Rollout, keys: Keys): string | undefined {
  const text = configurationOf(rollout, keys);
  return text === undefined ? undefined : digestOf(text);
}
