/** A change as the engine has it: of whichever capability it is, it can be made. */

import type { PlannedChange } from '../core/capability.ts';

export interface Planned extends Omit<PlannedChange<unknown>, 'change'> {
  apply(): Promise<void>;
}

/** Whether it needs the gate: something of the node stops for a while. */
export function isDisruptive({ disruption }: Pick<Planned, 'disruption'>): boolean {
  return disruption !== 'none';
}
