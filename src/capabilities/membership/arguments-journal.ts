/**
 * The last edit of an argument file, written down on the machine before it is made. A dispatch may be ended between the edit
 * and the restart, or before Juju has committed what we remember; the next one finds here what stood there before and whether
 * the service was seen running with it.
 */

import type { Files } from '../../clients/host/host.ts';
import { sameArguments } from '../../core/argument-file.ts';
import { LARGE_BOUNDS, readForeign } from '../../core/foreign-json.ts';
import type { Service } from '../../core/services.ts';
import { flag, object, or, record, type Shape, text } from '../../core/shapes.ts';
import type { ArgumentsJournal, RememberedArguments, ServiceArguments } from './facts.ts';

const DIRECTORY = '/var/lib/k8s-charm/arguments';
const BIRTH = `${DIRECTORY}/birth.json`;

/** What each service was given by us when the node came into being. */
export type Born = Readonly<Partial<Record<Service, RememberedArguments>>>;

/** Characters of an argument file, and of what one argument says. */
const LONGEST_FILE = 1024 * 1024;
const LONGEST_VALUE = 256 * 1024;

const VALUE: Shape<string | null> = (value) => (value === null ? null : text(LONGEST_VALUE)(value));

/** What the charm has put into one argument file, by the names of the arguments. */
export const REMEMBERED_ARGUMENTS: Shape<RememberedArguments> = record(
  object({ was: VALUE, is: VALUE }, { by: text() }),
);

const JOURNAL = object(
  {
    before: text(LONGEST_FILE),
    after: text(LONGEST_FILE),
    finished: flag,
    remembered: or(REMEMBERED_ARGUMENTS, {}),
    remember: or(REMEMBERED_ARGUMENTS, {}),
  },
  { healthy: text(LONGEST_FILE) },
);

export async function readJournal(files: Files, service: Service): Promise<ArgumentsJournal | undefined> {
  return readForeign(await files.read(path(service)), JOURNAL, LARGE_BOUNDS);
}

/** The edit whose restart is still due: what it gives the service stands in the file, however it is written there by now. */
export function dueEdit(
  service: Service,
  { text, journal }: Pick<ServiceArguments, 'text' | 'journal'>,
): ArgumentsJournal | undefined {
  const due = journal !== undefined && !journal.finished && sameArguments(service, journal.after, text);
  return due ? journal : undefined;
}

/** Where what a hand had left is kept when the service came up only without it. */
export async function keepByHand(files: Files, service: Service, text: string): Promise<string> {
  const kept = `${DIRECTORY}/${service}.by-hand`;
  await files.write(kept, text, { mode: 0o600 });
  return kept;
}

export async function writeJournal(files: Files, service: Service, journal: ArgumentsJournal): Promise<void> {
  await files.write(path(service), JSON.stringify(journal), { mode: 0o600 });
}

/** Before the node comes into being, which may be the last thing that the dispatch does. */
export async function writeBirthNote(files: Files, born: Born): Promise<void> {
  await files.write(BIRTH, JSON.stringify(born), { mode: 0o600 });
}

export async function readBirthNote(files: Files): Promise<Born> {
  return readForeign(await files.read(BIRTH), record(REMEMBERED_ARGUMENTS), LARGE_BOUNDS) ?? {};
}

export async function removeJournals(files: Files): Promise<void> {
  await files.remove(DIRECTORY);
}

function path(service: Service): string {
  return `${DIRECTORY}/${service}.json`;
}
