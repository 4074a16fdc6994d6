/** What a unit remembers of encryption at rest, in the unit state, which Juju commits together with the databags. */

import type { Juju, State } from '../../clients/juju/juju.ts';
import { readForeign } from '../../core/foreign-json.ts';
import { fitting, object, oneOf, text, timestamp, whole } from '../../core/shapes.ts';
import type { EncryptionMemory } from './facts.ts';

const PREFIX = 'encryption/';

/**
 * Dispatches that have done what may be built on only when Juju has it for good: made a key with which Secrets are to be written, said
 * that nothing is under a key any more, or taken that key away.
 */
const uncommitted = new WeakSet<Juju>();

export function awaitCommit(juju: Juju): void {
  uncommitted.add(juju);
}

export function awaitsCommit(juju: Juju): boolean {
  return uncommitted.has(juju);
}

export async function recallEncryption(state: State): Promise<EncryptionMemory> {
  const entries = await state.entries(PREFIX);
  const read = (key: keyof EncryptionMemory) => entries[`${PREFIX}${key}`];
  return { born: read('born'), notLoaded: read('notLoaded'), restartedFor: read('restartedFor') };
}

export function rememberEncryption(state: State, key: keyof EncryptionMemory, digest: string | undefined): void {
  state.set(`${PREFIX}${key}`, digest);
}

/**
 * How far Secrets have been written anew. Of this leader only: another one begins at the first page, and does no harm by that: what is under
 * the next key already costs a question and no write.
 */
export interface RewriteMark {
  readonly step: number;
  /**
   * `list`: page after page. `refused`: all have been come to, some could not be written. `verify`: all are written, and the datastore is
   * looked at.
   */
  readonly stage: 'list' | 'refused' | 'verify';
  /** Where the API server goes on with its list. */
  readonly after: string | undefined;
  /** `namespace/name` of the last one that was come to: the list is in this order, so that it can begin anew without writing anew. */
  readonly last: string | undefined;
  readonly done: number;
  readonly refused: readonly RefusedSecret[];
  /** Key in etcd up to which all is under the next cipher. */
  readonly verified: string | undefined;
  /** Since when the datastore has not answered, RFC 3339; undefined while it does. */
  readonly silentSince: string | undefined;
}

export interface RefusedSecret {
  readonly namespace: string;
  readonly name: string;
  readonly why: string;
}

/** The value has to fit into what Juju takes of one, 64 KiB. */
const MOST_REFUSED = 50;
const LONGEST_TOKEN = 8_192;
export const LONGEST_REASON = 200;

export function newMark(step: number): RewriteMark {
  return {
    step,
    stage: 'list',
    after: undefined,
    last: undefined,
    done: 0,
    refused: [],
    verified: undefined,
    silentSince: undefined,
  };
}

const REFUSED = object({ namespace: text(253), name: text(253), why: text(LONGEST_REASON) });
const MARK = object(
  {
    step: whole(),
    stage: oneOf(['list', 'refused', 'verify']),
    done: whole(),
    refused: fitting(REFUSED, MOST_REFUSED),
  },
  { after: text(LONGEST_TOKEN), last: text(1_000), verified: text(2_000), silentSince: timestamp },
);

export async function recallRewrite(state: State, step: number): Promise<RewriteMark> {
  const mark = readForeign(await state.get(`${PREFIX}rewrite`), MARK);
  return mark?.step === step ? { ...newMark(step), ...mark } : newMark(step);
}

export function rememberRewrite(state: State, mark: RewriteMark | undefined): void {
  state.set(`${PREFIX}rewrite`, mark && JSON.stringify(fittingState(mark)));
}

function fittingState(mark: RewriteMark): RewriteMark {
  const after = (mark.after?.length ?? 0) > LONGEST_TOKEN ? undefined : mark.after;
  return { ...mark, after, refused: mark.refused.slice(0, MOST_REFUSED) };
}
