/** What the domain keeps in the unit state, which Juju commits together with the databags. */

import { type Failure, formatFailures, parseFailures } from '../core/failures.ts';
import { readForeign } from '../core/foreign-json.ts';
import { list, record, type Shape, text, timestamp } from '../core/shapes.ts';
import type { State } from '../juju/juju.ts';
import { fitsInState } from '../juju/state.ts';
import { REMEMBERED_ARGUMENTS } from './arguments-journal.ts';
import type { Memory } from './facts.ts';
import { ChangeFailed } from './outcome.ts';

export type MemoryKey = keyof Memory;

const PREFIX = 'cluster/';
const TEXTS = list(text(), 5000);

export async function recall(state: State): Promise<Memory> {
  const entries = await state.entries(PREFIX);
  const read = (key: MemoryKey) => entries[`${PREFIX}${key}`];
  const of = <T>(key: MemoryKey, shape: Shape<T>): T | undefined => readForeign(read(key), shape);
  return {
    leaving: read('leaving') !== undefined,
    arguments: of('arguments', record(REMEMBERED_ARGUMENTS)) ?? {},
    labels: of('labels', record(text())) ?? {},
    annotations: of('annotations', TEXTS) ?? [],
    registries: of('registries', TEXTS) ?? [],
    snapFile: read('snapFile') ?? '',
    snapFileDue: read('snapFileDue') !== undefined,
    home: read('home'),
    offers: of('offers', record(timestamp)) ?? {},
    failures: parseFailures(read('failures')),
  };
}

/** Disruptive changes that failed on this unit. */
export async function recallFailures(state: State): Promise<readonly Failure[]> {
  return parseFailures(await state.get(`${PREFIX}failures`));
}

export function rememberFailures(state: State, failures: readonly Failure[]): void {
  remember(state, 'failures', formatFailures(failures));
}

/** @throws ChangeFailed when Juju does not take as much for one value of the unit state. */
export function remember(state: State, key: MemoryKey, value: string | undefined): void {
  const name = `${PREFIX}${key}`;
  if (value !== undefined && !fitsInState(name, value))
    throw new ChangeFailed(
      'blocked',
      `What the unit has to remember (${key}) is larger than Juju keeps (64 KiB); shorten the options that it comes from`,
    );
  state.set(name, value);
}
