/** What `juju status` shows, as data. */

import { byNaturalOrder, type Controller } from './controller.ts';
import { isPeer } from './relations.ts';
import type { ApplicationState, StatusState, UnitState } from './state.ts';

export interface StatusLine {
  readonly status: string;
  readonly message: string;
  readonly since: string;
}

export interface UnitStatusInfo {
  readonly name: string;
  readonly workload: StatusLine;
  readonly agent: StatusLine;
  readonly leader: boolean;
  readonly version: string;
  readonly machine: string;
  readonly address: string;
  readonly ports: readonly string[];
  readonly life: 'alive' | 'dying';
}

export interface ApplicationStatusInfo {
  readonly name: string;
  readonly charm: string;
  readonly charmRevision: number;
  readonly status: StatusLine;
  readonly version: string;
  readonly exposed: boolean;
  readonly life: 'alive' | 'dying';
  readonly units: Readonly<Record<string, UnitStatusInfo>>;
}

export interface RelationStatusInfo {
  readonly id: number;
  readonly provider: string;
  readonly requirer: string;
  readonly interface: string;
  readonly type: 'peer' | 'regular';
  readonly life: 'alive' | 'dying';
}

export interface MachineStatusInfo {
  readonly id: string;
  readonly hostname: string;
  readonly address: string;
}

export interface ModelStatus {
  readonly model: string;
  readonly uuid: string;
  readonly jujuVersion: string;
  readonly applications: Readonly<Record<string, ApplicationStatusInfo>>;
  /** All units of all applications, by name. */
  readonly units: Readonly<Record<string, UnitStatusInfo>>;
  readonly relations: readonly RelationStatusInfo[];
  readonly machines: Readonly<Record<string, MachineStatusInfo>>;
}

/** Worst first: what an application shows when its leader has set nothing. */
const SEVERITY = ['error', 'blocked', 'waiting', 'maintenance', 'active', 'terminated', 'unknown'];

export function modelStatus(controller: Controller): ModelStatus {
  const { state } = controller;
  const names = Object.keys(state.units).sort(byNaturalOrder);
  const units = Object.fromEntries(names.map((name) => [name, unitStatus(controller, name)]));
  const applications = Object.keys(state.applications).sort(byNaturalOrder);
  return {
    model: state.modelName,
    uuid: state.modelUuid,
    jujuVersion: state.jujuVersion,
    applications: Object.fromEntries(applications.map((name) => [name, applicationStatus(controller, name, units)])),
    units,
    relations: Object.values(state.relations).map((relation) => {
      const name = (role: string): string => {
        const end = relation.endpoints.find((each) => each.role === role) ?? relation.endpoints[0];
        return end ? `${end.application}:${end.name}` : '';
      };
      return {
        id: relation.id,
        provider: name('provider'),
        requirer: name('requirer'),
        interface: relation.endpoints[0]?.interface ?? '',
        type: isPeer(relation) ? ('peer' as const) : ('regular' as const),
        life: relation.life,
      };
    }),
    machines: Object.fromEntries(
      Object.values(state.machines)
        .filter(({ life }) => life === 'alive')
        .map(({ id, hostname, address }) => [id, { id, hostname, address }]),
    ),
  };
}

function unitStatus({ state }: Controller, name: string): UnitStatusInfo {
  const unit = state.units[name];
  if (!unit) throw new Error(`unit "${name}" not found`);
  return {
    name,
    // A failed hook covers what the charm last said.
    workload: line(unit.agent.status === 'error' ? unit.agent : unit.workload),
    agent: line(unit.agent.status === 'error' ? { ...unit.agent, status: 'idle', message: '' } : unit.agent),
    leader: state.applications[unit.application]?.leader === name,
    version: unit.workloadVersion,
    machine: unit.machine,
    address: state.machines[unit.machine]?.address ?? '',
    ports: [...new Set(unit.ports.map(({ range }) => range))].sort(byNaturalOrder),
    life: unit.life,
  };
}

function applicationStatus(
  { state }: Controller,
  name: string,
  units: Readonly<Record<string, UnitStatusInfo>>,
): ApplicationStatusInfo {
  const application = state.applications[name];
  if (!application) throw new Error(`application "${name}" not found`);
  const own = Object.values(units).filter((unit) => unit.name.startsWith(`${name}/`));
  const charm = state.charms[application.charm];
  return {
    name,
    charm: charm?.name ?? '',
    charmRevision: charm?.revision ?? 0,
    status: derivedStatus(application, own),
    version: latestVersion(Object.values(state.units).filter((unit) => unit.application === name)),
    exposed: application.exposed,
    life: application.life,
    units: Object.fromEntries(own.map((unit) => [unit.name, unit])),
  };
}

function derivedStatus(application: ApplicationState, units: readonly UnitStatusInfo[]): StatusLine {
  if (application.status) return line(application.status);
  const severity = ({ workload }: UnitStatusInfo): number => SEVERITY.indexOf(workload.status) >>> 0;
  const [worst] = [...units].sort((a, b) => severity(a) - severity(b));
  return worst?.workload ?? { status: 'unknown', message: '', since: '' };
}

function latestVersion(units: readonly UnitState[]): string {
  return units.map((unit) => unit.workloadVersion).find((version) => version !== '') ?? '';
}

function line({ status, message, since }: StatusState): StatusLine {
  return { status, message, since };
}
