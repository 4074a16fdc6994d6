/** What `juju show-unit` tells: the databags that this unit can see, of both sides. */

import { type Controller, isLeader } from './controller.ts';
import { isInScope, ownEndpoint, relationsOf, remoteApplication } from './relations.ts';
import type { RelationState, UnitState } from './state.ts';

export function showUnit(controller: Controller, unit: UnitState): Record<string, unknown> {
  const { state } = controller;
  const charm = state.charms[unit.charm ?? ''];
  return {
    'workload-version': unit.workloadVersion,
    machine: unit.machine,
    'opened-ports': unit.ports.map(({ range }) => range),
    'public-address': state.machines[unit.machine]?.address ?? '',
    charm: charm ? `local:${charm.name}-${charm.revision}` : '',
    leader: isLeader(state, unit),
    life: unit.life,
    'relation-info': relationsOf(state, unit.application).map((relation) => relationInfo(unit, relation)),
  };
}

function relationInfo(unit: UnitState, relation: RelationState): Record<string, unknown> {
  const remote = remoteApplication(relation, unit.application);
  const related = Object.entries(relation.units).filter(
    ([name]) => name.startsWith(`${remote}/`) && name !== unit.name,
  );
  return {
    'relation-id': relation.id,
    endpoint: ownEndpoint(relation, unit.application).name,
    'related-endpoint': ownEndpoint(relation, remote).name,
    'application-data': relation.applications[remote]?.settings ?? {},
    'local-unit': { 'in-scope': isInScope(relation, unit.name), data: relation.units[unit.name]?.settings ?? {} },
    'related-units': Object.fromEntries(
      related.map(([name, { inScope, settings }]) => [name, { 'in-scope': inScope, data: settings }]),
    ),
  };
}
