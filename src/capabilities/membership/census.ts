/** How many nodes the cluster has, as the leader counts them. */

import type { ControlPlaneFacts } from './facts.ts';
import { allocations, JOINED } from './wire.ts';

export interface Census {
  readonly controlPlanes: number;
  readonly workers: number;
  /** Units that are there and not in the cluster yet. */
  readonly joining: number;
}

export function takeCensus({ peers, workers, node }: ControlPlaneFacts): Census {
  const others = [...peers.units.values()];
  const controlPlanes = others.filter((bag) => bag[JOINED]).length + (node === undefined ? 0 : 1);
  const units = workers.flatMap(({ units: all, shared }) => {
    const recorded = allocations(shared);
    return [...all].map(([unit, bag]) => bag[JOINED] !== undefined && recorded.has(unit));
  });
  const joined = units.filter((isIn) => isIn).length;
  return {
    controlPlanes,
    // That a worker says it is in counts for nothing while it has had no token.
    workers: joined,
    joining: others.length + 1 + units.length - controlPlanes - joined,
  };
}

/** `3 control-plane nodes, 2 workers`, and who is still to come. */
export function describeCensus({ controlPlanes, workers, joining }: Census): string {
  const parts = [plural(controlPlanes, 'control-plane node'), plural(workers, 'worker')];
  return [...parts, ...(joining > 0 ? [`${joining} joining`] : [])].join(', ');
}

function plural(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
