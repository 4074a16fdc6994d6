/** What a unit remembers of encryption at rest, in the unit state, which Juju commits together with the databags. */

import { readForeign } from '../../core/foreign-json.ts';
import { object, text, whole } from '../../core/shapes.ts';
import type { Juju, State } from '../../juju/juju.ts';
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

/** How far Secrets have been written anew. Of this leader only: another one begins at the first page, and does no harm by that. */
export interface RewriteMark {
  readonly step: number;
  readonly after: string | undefined;
  readonly done: number;
}

const MARK = object({ step: whole(), done: whole() }, { after: text(10_000) });

export async function recallRewrite(state: State, step: number): Promise<RewriteMark> {
  const mark = readForeign(await state.get(`${PREFIX}rewrite`), MARK);
  return mark?.step === step ? { after: undefined, ...mark } : { step, after: undefined, done: 0 };
}

export function rememberRewrite(state: State, mark: RewriteMark | undefined): void {
  state.set(`${PREFIX}rewrite`, mark && JSON.stringify(mark));
}
