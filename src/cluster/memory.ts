/** What the domain keeps in the unit state, which Juju commits together with the databags. */

import type { State } from '../juju/juju.ts';
import type { Memory, RollingFailure } from './facts.ts';
import { parseObject } from './wire.ts';

export type MemoryKey = keyof Memory;

const PREFIX = 'cluster/';

export async function recall(state: State): Promise<Memory> {
  const entries = await state.entries(PREFIX);
  const read = (key: MemoryKey) => entries[`${PREFIX}${key}`];
  const list = (key: MemoryKey) => JSON.parse(read(key) ?? '[]') as string[];
  return {
    leaving: read('leaving') !== undefined,
    arguments: (parseObject(read('arguments')) ?? {}) as Memory['arguments'],
    labels: (parseObject(read('labels')) ?? {}) as Memory['labels'],
    annotations: list('annotations'),
    registries: list('registries'),
    snapFile: read('snapFile') ?? '',
    snapFileDue: read('snapFileDue') !== undefined,
    home: read('home'),
    failures: JSON.parse(read('failures') ?? '[]') as RollingFailure[],
  };
}

export function remember(state: State, key: MemoryKey, value: string | undefined): void {
  state.set(`${PREFIX}${key}`, value);
}
