/** Reads the inventory and condenses it. A module of its own, so that what reads certificates is loaded only when they have changed. */

import type { Files } from '../../host/host.ts';
import type { Role } from '../names.ts';
import { type Examined, examine } from './examined.ts';
import { readInventory } from './read-inventory.ts';

export async function readExamined(files: Pick<Files, 'read'>, role: Role): Promise<readonly Examined[]> {
  return examine(await readInventory(files, role), role);
}
