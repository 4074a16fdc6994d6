/** Reads the inventory and condenses it. A module of its own, so that what reads certificates is loaded only when they have changed. */

import type { Files } from '../../../clients/host/host.ts';
import type { Role } from '../../../core/role.ts';
import { type Examined, examine } from './examined.ts';
import { readInventory } from './read-inventory.ts';
import type { InventoryRecord } from './record.ts';

export interface Inventory {
  readonly records: readonly InventoryRecord[];
  /** Of each record what findings hang on, in the same order. */
  readonly examined: readonly Examined[];
}

export async function readExamined(files: Pick<Files, 'read'>, role: Role): Promise<Inventory> {
  const records = await readInventory(files, role);
  return { records, examined: examine(records, role) };
}
