/** The rollout lock as this unit and its cluster stand. */

import type { Node } from '../../core/node.ts';
import { type Rolling, seatOf } from './lock.ts';
import type { Seat } from './pool.ts';
import { workerSeat } from './worker-lock.ts';

/** Undefined where nobody else could suffer, or nobody grants anything. */
export function seatIn(node: Node, unit: string, now: Date): Seat | undefined {
  if (node.role === 'worker') return node.controlPlane && workerSeat(node.controlPlane, unit, now);
  const rolling = rollingOf(node, unit, now);
  return rolling && seatOf(rolling);
}

/** The members among which a control-plane node takes turns; undefined where nobody else could suffer. */
export function rollingOf(node: Node, unit: string, now: Date): Rolling | undefined {
  const { peers, leader, members } = node;
  if (peers === undefined || !takesPart(node)) return undefined;
  return { relation: peers.id, unit, leader, own: peers.own, units: members, shared: peers.shared, now };
}

/** Also while its k8sd waits for the others' upgrade: they wait for the lock that this unit has to release. */
export function takesPart({ member, peers, admitted }: Node): boolean {
  return peers !== undefined && (member !== undefined || (peers.id !== '' && admitted));
}
