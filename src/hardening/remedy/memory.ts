/**
 * What stood where the charm has changed modes, owners and kernel parameters, so that it can be given back. In the unit state, which
 * Juju keeps, whatever becomes of the machine's files; and for a dispatch that ends before Juju has committed it, on the machine too.
 */

import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Files } from '../../host/host.ts';
import type { State } from '../../juju/juju.ts';
import { fitsInState } from '../../juju/state.ts';

export interface Remembered<T> {
  readonly was: T;
  readonly is: T;
}

export interface RememberedFile {
  /** Permission bits. */
  readonly mode?: Remembered<number>;
  /** `0:0` */
  readonly owner?: Remembered<string>;
}

export interface RememberedKernel {
  readonly values: Readonly<Record<string, Remembered<string>>>;
  /** Text of the file with which they are set at boot; null: there was none. */
  readonly file: { readonly was: string | null; readonly is: string };
}

export interface RemedyMemory {
  readonly files: Readonly<Record<string, RememberedFile>>;
  readonly kernel: RememberedKernel | undefined;
}

export const NOTHING_REMEMBERED: RemedyMemory = { files: {}, kernel: undefined };

const FILES = 'hardening/files';
const KERNEL = 'hardening/kernel';
const JOURNAL = '/var/lib/k8s-charm/hardening.json';

/** As Juju has committed it. */
export async function recall(state: State): Promise<RemedyMemory> {
  const [files, kernel] = await Promise.all([state.get(FILES), state.get(KERNEL)]);
  return {
    files: JSON.parse(files ?? '{}') as RemedyMemory['files'],
    kernel: kernel === undefined ? undefined : (JSON.parse(kernel) as RememberedKernel),
  };
}

export function remember(state: State, { files, kernel }: RemedyMemory): void {
  state.set(FILES, Object.keys(files).length === 0 ? undefined : JSON.stringify(files));
  state.set(KERNEL, kernel === undefined ? undefined : JSON.stringify(kernel));
}

export function isTooMuch({ files }: RemedyMemory): boolean {
  return !fitsInState(FILES, JSON.stringify(files));
}

export function sameMemory(one: RemedyMemory, other: RemedyMemory): boolean {
  return isDeepStrictEqual(plain(one), plain(other));
}

/**
 * Written before something is changed: what is to be remembered, and the digests of what Juju may hold until it has committed that.
 * Whoever finds it, and Juju with one of them, knows of changes that a dispatch made and could not commit.
 */
export async function writeJournal(files: Files, present: RemedyMemory, next: RemedyMemory): Promise<void> {
  const from = fromBefore(await readJournal(files), present);
  await files.write(JOURNAL, JSON.stringify({ from, next }), { mode: 0o600 });
}

/** A dispatch may change things several times; of the first, Juju has heard as little as of the last. */
function fromBefore(journal: Journal | undefined, present: RemedyMemory): readonly string[] {
  const here = digest(present);
  if (journal?.from.includes(here)) return journal.from;
  const follows = journal !== undefined && sameMemory(journal.next, present);
  return follows ? [...journal.from.slice(-MOST_STATES), here] : [here];
}

export async function removeJournal(files: Files): Promise<void> {
  await files.remove(JOURNAL);
}

/** What is to be given back some day, committed or not. */
export async function withUncommitted(files: Files, committed: RemedyMemory): Promise<RemedyMemory> {
  const journal = await readJournal(files);
  if (!journal?.from.includes(digest(committed))) return committed;
  const { next } = journal;
  return { files: { ...committed.files, ...next.files }, kernel: next.kernel ?? committed.kernel };
}

const MOST_STATES = 7;

interface Journal {
  readonly from: readonly string[];
  readonly next: RemedyMemory;
}

/** Undefined for an unreadable one, too: another hand has been there. */
async function readJournal(files: Files): Promise<Journal | undefined> {
  try {
    const { from, next } = JSON.parse((await files.read(JOURNAL)) ?? '{}');
    if (!Array.isArray(from) || typeof next?.files !== 'object') return undefined;
    return { from: from.map(String), next: { files: next.files, kernel: next.kernel } };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** JSON leaves out what is undefined. */
function plain(memory: RemedyMemory): unknown {
  return JSON.parse(JSON.stringify(memory));
}

function digest({ files, kernel }: RemedyMemory): string {
  const sorted = Object.entries(files).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([sorted, kernel ?? null]))
    .digest('hex');
}
