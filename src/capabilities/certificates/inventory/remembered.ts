/**
 * What was read of the certificates, remembered in the unit state for as long as the files are what they were: a dispatch that changes
 * nothing then reads none of them, and does not even load what would read them. A file counts as unchanged by its time of change, inode
 * and size; k8sd and this charm replace files, which gives them another inode.
 */

import { createHash } from 'node:crypto';
import type { Files } from '../../../clients/host/host.ts';
import type { State } from '../../../clients/juju/juju.ts';
import { readForeign } from '../../../core/foreign-json.ts';
import type { Role } from '../../../core/role.ts';
import { flag, list, moment, object, type Shape, text, where, whole } from '../../../core/shapes.ts';
import type { Examined } from './examined.ts';
import type { Flaw } from './flaws.ts';
import { inventoryPlaces } from './places.ts';
import type { Inventory } from './read-examined.ts';

const KEY = 'certificates/inventory';

/** Another one where what is remembered would be read differently. */
const FORMAT = 1;

/** Which codes there are goes with the format. */
const FLAW: Shape<Flaw> = where(list(text(), 2), ({ length }) => length === 2) as Shape<
  readonly unknown[]
> as Shape<Flaw>;

const REMEMBERED = object({
  format: whole(),
  stamp: text(),
  inventory: list(
    object(
      { name: text(), sans: list(text()), issuable: flag, flaws: list(FLAW) },
      { notBefore: moment, notAfter: moment },
    ),
  ),
});

/** The unit state is fetched as a whole by each dispatch. Larger ones (thousands of names) are read again every time. */
const LONGEST = 16 * 1024;

export interface ObservedInventory {
  readonly inventory: readonly Examined[];
  /** Another one when any of the files has changed. */
  readonly stamp: string;
}

export async function observeInventory(
  { files, state }: { readonly files: Files; readonly state: State },
  role: Role,
): Promise<ObservedInventory> {
  // Before they are read: what changes in between is seen the next time.
  const stamp = await stampOf(files, role);
  const remembered = recall(await state.get(KEY), stamp);
  if (remembered !== undefined) return { inventory: remembered, stamp };
  const { examined: inventory } = await takeInventory(files, role);
  const text = JSON.stringify({ format: FORMAT, stamp, inventory });
  state.set(KEY, text.length > LONGEST ? undefined : text);
  return { inventory, stamp };
}

/** All of it as it is now, whatever is remembered. */
export async function takeInventory(files: Pick<Files, 'read'>, role: Role): Promise<Inventory> {
  const { readExamined } = await import('./read-examined.ts');
  return readExamined(files, role);
}

export function forgetInventory(state: State): void {
  state.set(KEY, undefined);
}

function recall(written: string | undefined, stamp: string): readonly Examined[] | undefined {
  const remembered = readForeign(written, REMEMBERED);
  if (remembered === undefined || remembered.format !== FORMAT || remembered.stamp !== stamp) return undefined;
  return remembered.inventory.map((one) => ({ notBefore: undefined, notAfter: undefined, ...one }));
}

/** One digest over all: what was read of one certificate hangs on the others. */
async function stampOf(files: Files, role: Role): Promise<string> {
  const paths = inventoryPlaces(role).flatMap(({ path, keyPath }) => [
    path,
    ...(keyPath === undefined ? [] : [keyPath]),
  ]);
  const lines = await Promise.all(
    paths.map(async (path) => {
      const status = await files.status(path);
      return status === undefined ? path : `${path} ${status.modifiedMs} ${status.inode} ${status.size}`;
    }),
  );
  return createHash('sha256')
    .update([role, ...lines].join('\n'))
    .digest('hex');
}
