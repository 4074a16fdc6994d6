/**
 * What stood where the charm has changed modes, owners and kernel parameters, so that it can be given back. In the unit state, which
 * Juju keeps, whatever becomes of the machine's files; and for a dispatch that ends before Juju has committed it, on the machine too.
 */

import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Files } from '../../../clients/host/host.ts';
import type { State } from '../../../clients/juju/juju.ts';
import { fitsInState } from '../../../clients/juju/state.ts';
import { LARGE_BOUNDS, readForeign } from '../../../core/foreign-json.ts';
import { list, object, record, type Shape, text, whole } from '../../../core/shapes.ts';

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

const FILES_SHAPE: Shape<RemedyMemory['files']> = record(
  object({}, { mode: object({ was: whole(), is: whole() }), owner: object({ was: text(), is: text() }) }),
  5000,
);
const CONTENT = text(256 * 1024);
const KERNEL_SHAPE: Shape<RememberedKernel> = object({
  values: record(object({ was: text(), is: text() })),
  file: object({ was: (value) => (value === null ? null : CONTENT(value)), is: CONTENT }),
});
const JOURNAL_SHAPE = object({
  from: list(text()),
  next: object({ files: FILES_SHAPE }, { kernel: KERNEL_SHAPE }),
});

/** As Juju has committed it. */
export async function recall(state: State): Promise<RemedyMemory> {
  const [files, kernel] = await Promise.all([state.get(FILES), state.get(KERNEL)]);
  return {
    files: readForeign(files, FILES_SHAPE) ?? {},
    kernel: readForeign(kernel, KERNEL_SHAPE),
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
  const journal = readForeign(await files.read(JOURNAL), JOURNAL_SHAPE, LARGE_BOUNDS);
  return journal && { from: journal.from, next: { kernel: undefined, ...journal.next } };
}

/** JSON leaves out what is undefined. */
function plain({ files, kernel }: RemedyMemory): unknown {
  const plainFiles = Object.entries(files).map(([path, file]) => [path, withoutGaps(file)] as const);
  return { files: Object.fromEntries(plainFiles), ...(kernel === undefined ? {} : { kernel }) };
}

function withoutGaps(file: RememberedFile): unknown {
  return Object.fromEntries(Object.entries(file).filter(([, value]) => value !== undefined));
}

function digest({ files, kernel }: RemedyMemory): string {
  const sorted = Object.entries(files).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([sorted, kernel ?? null]))
    .digest('hex');
}
