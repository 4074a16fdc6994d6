/** What the domain keeps in the unit state, which Juju commits together with the databags. */

import type { State } from '../../clients/juju/juju.ts';
import { fitsInState } from '../../clients/juju/state.ts';
import { ChangeFailed } from '../../core/change-failed.ts';
import { parseFailures } from '../../core/failures.ts';
import { readForeign } from '../../core/foreign-json.ts';
import { list, record, type Shape, text, timestamp } from '../../core/shapes.ts';
import { REMEMBERED_ARGUMENTS } from './arguments-journal.ts';
import type { Memory } from './facts.ts';

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
