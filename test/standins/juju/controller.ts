/** What the parts of the model share: the state, the charms that it speaks of, the log, and a way to say that it changed. */

import type { CharmDefinition } from './charm-archive.ts';
import type { LogLevel } from './log.ts';
import type { ModelState, UnitState } from './state.ts';

export interface Controller {
  /** Absolute path of the folder that the model lives in. */
  readonly directory: string;
  readonly state: ModelState;
  /** Definition of the charm with this key. */
  charm(key: string): CharmDefinition;
  /** `entity` is a unit name, or the controller. */
  log(entity: string, level: LogLevel, logger: string, message: string): void;
  /** Wakes all unit agents, to look whether there is something to do. */
  changed(): void;
  /** See `ModelOptions`. */
  readonly leaderHearsItself: boolean;
}

export function isJuju4(state: ModelState): boolean {
  return state.jujuVersion.startsWith('4.');
}

export function isLeader(state: ModelState, unit: UnitState): boolean {
  return state.applications[unit.application]?.leader === unit.name;
}

/** `k8s` of `k8s/0`. */
export function applicationOf(unitName: string): string {
  return unitName.replace(/\/[0-9]+$/, '');
}

export const UNIT_NAME = /^[a-z][a-z0-9]*(-[a-z0-9]*[a-z][a-z0-9]*)*\/(0|[1-9][0-9]*)$/;

/** `unit-k8s-0` of `k8s/0`. */
export function unitTag(unitName: string): string {
  return `unit-${unitName.replaceAll('/', '-')}`;
}

/** By name, numbers as numbers: `k8s/2` before `k8s/10`. */
export function byNaturalOrder(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
