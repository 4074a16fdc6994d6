/**
 * The last edit of an argument file, written down on the machine before it is made. A dispatch may be ended between the edit
 * and the restart, or before Juju has committed what we remember; the next one finds here what stood there before and whether
 * the service was seen running with it.
 */

import type { Files } from '../host/host.ts';
import type { Service } from './default-arguments.ts';
import type { ArgumentsJournal, RememberedArguments, ServiceArguments } from './facts.ts';
import { parseObject } from './wire.ts';

const DIRECTORY = '/var/lib/k8s-charm/arguments';
const BIRTH = `${DIRECTORY}/birth.json`;

/** What each service was given by us when the node came into being. */
export type Born = Readonly<Partial<Record<Service, RememberedArguments>>>;

export async function readJournal(files: Files, service: Service): Promise<ArgumentsJournal | undefined> {
  const journal = parseObject(await files.read(path(service))) ?? {};
  const { before, after, finished } = journal;
  const known = typeof before === 'string' && typeof after === 'string' && typeof finished === 'boolean';
  const memory = (key: 'remembered' | 'remember') => (journal[key] ?? {}) as RememberedArguments;
  return known
    ? { before, after, finished, remembered: memory('remembered'), remember: memory('remember') }
    : undefined;
}

/** The edit that stands in the file and whose restart is still due. */
export function dueEdit({ text, journal }: Pick<ServiceArguments, 'text' | 'journal'>): ArgumentsJournal | undefined {
  return journal !== undefined && !journal.finished && journal.after === text ? journal : undefined;
}

export async function writeJournal(files: Files, service: Service, journal: ArgumentsJournal): Promise<void> {
  await files.write(path(service), JSON.stringify(journal), { mode: 0o600 });
}

/** Before the node comes into being, which may be the last thing that the dispatch does. */
export async function writeBirthNote(files: Files, born: Born): Promise<void> {
  await files.write(BIRTH, JSON.stringify(born), { mode: 0o600 });
}

export async function readBirthNote(files: Files): Promise<Born> {
  return (parseObject(await files.read(BIRTH)) ?? {}) as Born;
}

export async function removeJournals(files: Files): Promise<void> {
  await files.remove(DIRECTORY);
}

function path(service: Service): string {
  return `${DIRECTORY}/${service}.json`;
}
