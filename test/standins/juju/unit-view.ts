/** One unit as tests and tools look at it. */

import { byNaturalOrder } from './controller.ts';
import { charmDirectory } from './environment.ts';
import type { Host } from './hook-run.ts';
import type { Machine } from './machine.ts';
import { findRelation, type RelationReference } from './remote-application.ts';
import type { Settings, StatusState, UnitState } from './state.ts';

export interface UnitView {
  readonly name: string;
  readonly application: string;
  readonly leader: boolean;
  readonly life: 'alive' | 'dying';
  readonly workload: StatusState;
  readonly agent: StatusState;
  readonly version: string;
  /** Controller-side unit state (`state-set`). */
  readonly state: Settings;
  readonly ports: readonly string[];
  readonly charmDirectory: string;
  readonly machine: Machine;
  /** The unit's own databag. */
  bag(where: RelationReference): Settings;
}

export function unitView(host: Host, unit: UnitState): UnitView {
  return {
    name: unit.name,
    application: unit.application,
    leader: host.state.applications[unit.application]?.leader === unit.name,
    life: unit.life,
    workload: unit.workload,
    agent: unit.agent,
    version: unit.workloadVersion,
    state: { ...unit.state },
    ports: unit.ports.map(({ range }) => range).sort(byNaturalOrder),
    charmDirectory: charmDirectory(host, unit),
    get machine() {
      return host.machine(unit);
    },
    bag: (where) => ({ ...findRelation(host, unit.application, where).units[unit.name]?.settings }),
  };
}
