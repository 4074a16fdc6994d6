/** The rollout lock as this unit and its cluster stand. */

import type { Node } from '../../core/node.ts';
import type { Rolling } from './lock.ts';

/** The members among which the unit takes turns; undefined where nobody else could suffer. */
export function rollingOf(node: Node, unit: string, now: Date): Rolling | undefined {
  const { peers, leader, members } = node;
  if (peers === undefined || !takesPart(node)) return undefined;
  return { unit, leader, own: peers.own, units: members, shared: peers.shared, now };
}

/** Also while its k8sd waits for the others' upgrade: they wait for the lock that this unit has to release. */
export function takesPart({ member, peers, admitted }: Node): boolean {
  return peers !== undefined && (member !== undefined || (peers.id !== '' && admitted));
}
