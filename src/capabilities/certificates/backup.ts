/**
 * What stood there before a refresh: copies of every file that it may rewrite, and a note of what it was about, in a folder
 * that only root reads. As long as the note exists, a refresh is under way or was ended in the middle.
 */

import type { Files } from '../../clients/host/host.ts';
import { readForeign } from '../../core/foreign-json.ts';
import type { Role } from '../../core/role.ts';
import { list, object, or, record, type Shape, text } from '../../core/shapes.ts';
import { refreshedFiles } from './names.ts';

const DIRECTORY = '/var/lib/k8s-charm/certificates';
const NOTE = `${DIRECTORY}/refresh.json`;
const COPIES = `${DIRECTORY}/before`;

export interface RefreshNote {
  /** Which certificates it renews. */
  readonly names: readonly string[];
  /** Fingerprints of those before, by name. */
  readonly before: Readonly<Record<string, string>>;
  /** RFC 3339. */
  readonly startedAt: string;
  /** Refresh of the whole cluster that it is a part of. */
  readonly order?: string;
  /** Why it is being undone; from then on nothing but that is done. */
  readonly failure?: string;
}

const REFRESH_NOTE: Shape<RefreshNote> = object(
  { names: or(list(text()), []), before: or(record(text()), {}), startedAt: or(text(), '') },
  { order: text(), failure: text(100_000) },
);

export async function readNote(files: Files): Promise<RefreshNote | undefined> {
  const written = await files.read(NOTE);
  if (written === undefined) return undefined;
  return readForeign(written, REFRESH_NOTE) ?? { names: [], before: {}, startedAt: '' };
}

/** The copies first, the note last: a note is a promise that the copies are complete. So one that stands there goes before all. */
export async function keep(files: Files, role: Role, note: RefreshNote): Promise<void> {
  await files.remove(NOTE);
  await files.remove(COPIES);
  for (const path of refreshedFiles(role)) {
    const content = await files.read(path);
    if (content !== undefined) await files.write(copyOf(path), content, { mode: 0o600 });
  }
  await files.write(NOTE, JSON.stringify(note), { mode: 0o600 });
}

/** Written before the first file is put back, so that whoever goes on after a crash puts back the rest. */
export async function noteFailure(files: Files, note: RefreshNote, failure: string): Promise<void> {
  await files.write(NOTE, JSON.stringify({ ...note, failure }), { mode: 0o600 });
}

/** Puts every file back as it was, and takes away those that were not there. */
export async function restore(files: Files, role: Role): Promise<void> {
  for (const path of refreshedFiles(role)) {
    const content = await files.read(copyOf(path));
    const present = await files.read(path);
    if (content === undefined) await files.remove(path);
    else if (content !== present) await files.write(path, content, { mode: (await files.status(path))?.mode ?? 0o600 });
  }
}

/** Whether anything lies in the folder: without a note and a journal, what a process that was killed could not clear away. */
export async function hasLeftovers(files: Files): Promise<boolean> {
  return (await files.list(DIRECTORY)).length > 0;
}

/** Keys and copies that nothing will be taken up by. */
export async function clearLeftovers(files: Files): Promise<void> {
  await files.remove(DIRECTORY);
}

/** The note first: without it the copies mean nothing. */
export async function discard(files: Files): Promise<void> {
  await files.remove(NOTE);
  await files.remove(COPIES);
}

function copyOf(path: string): string {
  return `${COPIES}${path}`;
}
