/**
 * All changes that are before a unit, not only those of the next round: what one round does makes room for the next. Round by round the
 * unit is looked at with the changes so far taken as done, as far as it is known what follows from them (`foresight.ts`).
 */

import type { Doors } from './doors.ts';
import { type Foreseen, NOTHING_FORESEEN } from './foresight.ts';
import type { PlannedChange } from './planned-change.ts';
import type { Role } from './role.ts';
import { look, type View } from './view.ts';

const MOST_ROUNDS = 10;

export interface ForeseenChanges {
  /** As the unit is now. */
  readonly view: View;
  /** In the order in which they will be made. */
  readonly changes: readonly PlannedChange[];
  /** How many of them each round makes. */
  readonly rounds: readonly number[];
}

export async function foreseeChanges(doors: Doors, role: Role): Promise<ForeseenChanges> {
  const view = await look(doors, role);
  const changes = new Map<string, PlannedChange>();
  let foreseen: Foreseen = NOTHING_FORESEEN;
  let next: View = view;
  const rounds: number[] = [];
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const fresh = inOrder(next.changes).filter(({ id }) => !changes.has(id));
    for (const change of fresh) changes.set(change.id, change);
    if (fresh.length > 0) rounds.push(fresh.length);
    if (fresh.every(({ brings }) => brings === undefined)) break;
    foreseen = Object.assign({}, foreseen, ...fresh.map(({ brings }) => brings));
    next = await look(doors, role, foreseen);
  }
  return { view, changes: [...changes.values()], rounds };
}

/** As a dispatch makes them: what restarts nothing comes first. */
function inOrder(changes: readonly PlannedChange[]): readonly PlannedChange[] {
  return [...changes.filter(({ disruptive }) => !disruptive), ...changes.filter(({ disruptive }) => disruptive)];
}
