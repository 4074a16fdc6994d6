/**
 * All changes that are before a unit, not only those of the next round: what one round does makes room for the next. Round by round the
 * unit is looked at with the changes so far taken as done, as far as it is known what follows from them.
 */

import type { Charm, Foreseen } from '../core/capability.ts';
import type { Clients } from '../core/clients.ts';
import type { Role } from '../core/role.ts';
import { isDisruptive, type Planned } from './planned.ts';
import { NOTHING_FORESEEN, type Snapshot, takeSnapshot } from './snapshot.ts';

const MOST_ROUNDS = 10;

export interface ForeseenChanges {
  /** As the unit is now. */
  readonly snapshot: Snapshot;
  /** In the order in which they will be made. */
  readonly changes: readonly Planned[];
  /** How many of them each round makes. */
  readonly rounds: readonly number[];
}

export async function foreseeChanges(clients: Clients, role: Role, charm: Charm): Promise<ForeseenChanges> {
  const snapshot = await takeSnapshot(clients, role, charm);
  const changes = new Map<string, Planned>();
  let foreseen: Foreseen = NOTHING_FORESEEN;
  let next = snapshot;
  const rounds: number[] = [];
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const fresh = inOrder(next.changes).filter(({ id }) => !changes.has(id));
    for (const change of fresh) changes.set(change.id, change);
    if (fresh.length > 0) rounds.push(fresh.length);
    if (fresh.every(({ brings }) => brings === undefined)) break;
    foreseen = Object.assign({}, foreseen, ...fresh.map(({ brings }) => brings));
    next = await takeSnapshot(clients, role, charm, foreseen);
  }
  return { snapshot, changes: [...changes.values()], rounds };
}

/** As a dispatch makes them: what restarts nothing comes first. */
function inOrder(changes: readonly Planned[]): readonly Planned[] {
  return [...changes.filter((change) => !isDisruptive(change)), ...changes.filter(isDisruptive)];
}
