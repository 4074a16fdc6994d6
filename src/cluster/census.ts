/** How many nodes the cluster has, as the leader counts them. */

import type { ControlPlaneFacts } from './facts.ts';
import { JOINED } from './wire.ts';

export interface Census {
  readonly controlPlanes: number;
  readonly workers: number;
  /** Units that are there and not in the cluster yet. */
  readonly joining: number;
}

export function takeCensus({ peers, workers, node }: ControlPlaneFacts): Census {
  const others = [...peers.units.values()];
  const units = workers.flatMap((relation) => [...relation.units.values()]);
  const joined = (bags: readonly Readonly<Record<string, string>>[]) => bags.filter((bag) => bag[JOINED]).length;
  const controlPlanes = joined(others) + (node === undefined ? 0 : 1);
  return {
    controlPlanes,
    workers: joined(units),
    joining: others.length + 1 + units.length - controlPlanes - joined(units),
  };
}

/** `3 control planes, 2 workers`, and who is still to come. */
export function describeCensus({ controlPlanes, workers, joining }: Census): string {
  const parts = [plural(controlPlanes, 'control plane'), plural(workers, 'worker')];
  return [...parts, ...(joining > 0 ? [`${joining} joining`] : [])].join(', ');
}

function plural(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
