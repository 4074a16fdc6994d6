/** Relations as the controller keeps them: who is in scope, what lies in the databags, and when a relation is gone. */

import type { Controller } from './controller.ts';
import type { EndpointState, ModelState, RelationState, Settings, UnitState } from './state.ts';

export function isPeer(relation: RelationState): boolean {
  return relation.endpoints.length === 1;
}

export function concerns(relation: RelationState, application: string): boolean {
  return relation.endpoints.some((endpoint) => endpoint.application === application);
}

/** The application's own end. Throws when it has none. */
export function ownEndpoint(relation: RelationState, application: string): EndpointState {
  const endpoint = relation.endpoints.find((each) => each.application === application);
  if (!endpoint) throw new Error(`${application} is not in relation ${relation.id}`);
  return endpoint;
}

/** The application at the other end; on a peer relation that is the same one. */
export function remoteApplication(relation: RelationState, application: string): string {
  return relation.endpoints.find((each) => each.application !== application)?.application ?? application;
}

/** `cluster:7`, by the application's own end. */
export function relationId(relation: RelationState, application: string): string {
  return `${ownEndpoint(relation, application).name}:${relation.id}`;
}

/** Relations of an application, by id. */
export function relationsOf(state: ModelState, application: string): readonly RelationState[] {
  return Object.values(state.relations)
    .filter((relation) => concerns(relation, application))
    .sort((a, b) => a.id - b.id);
}

/** Units at the other end that are in scope and stay. */
export function remoteMembers(relation: RelationState, unit: string, application: string): Record<string, number> {
  const remote = remoteApplication(relation, application);
  return Object.fromEntries(
    Object.entries(relation.units)
      .filter(([name, member]) => name !== unit && belongs(name, remote) && member.inScope && !member.departing)
      .map(([name, member]) => [name, member.version]),
  );
}

export function belongs(unit: string, application: string): boolean {
  return unit.startsWith(`${application}/`);
}

export function isInScope(relation: RelationState, unit: string): boolean {
  return relation.units[unit]?.inScope === true;
}

/** What Juju itself puts in each unit's databag. */
export function addressSettings(address: string): Settings {
  return { 'egress-subnets': `${address}/32`, 'ingress-address': address, 'private-address': address };
}

export function enterScope(relation: RelationState, unit: string, settings: Settings): void {
  const before = relation.units[unit];
  relation.units[unit] = {
    settings: { ...before?.settings, ...settings },
    version: (before?.version ?? 0) + 1,
    inScope: true,
    departing: false,
  };
}

/** Merges changes in; an empty value deletes. Returns whether anything is different now. */
export function mergeSettings(settings: Settings, changes: ReadonlyMap<string, string>): boolean {
  let different = false;
  for (const [key, value] of changes) {
    if ((settings[key] ?? '') === value) continue;
    different = true;
    if (value === '') delete settings[key];
    else settings[key] = value;
  }
  return different;
}

/** The unit is out; its databag stays readable until the relation is gone. */
export function leaveScope(state: ModelState, relation: RelationState, unit: string): void {
  const member = relation.units[unit];
  if (member) {
    member.inScope = false;
    member.departing = false;
  }
  removeIfEmpty(state, relation);
}

/** A dying relation ends when the last unit has left. */
export function removeIfEmpty(state: ModelState, relation: RelationState): void {
  if (relation.life === 'alive' || Object.values(relation.units).some((member) => member.inScope)) return;
  delete state.relations[relation.id];
  for (const secret of Object.values(state.secrets)) {
    secret.grants = secret.grants.filter((grant) => grant.relation !== relation.id);
  }
}

/** From now on nobody waits for anything of this relation but its end. Simulated units leave at once. */
export function destroyRelation(state: ModelState, relation: RelationState): void {
  if (relation.life === 'dying') return;
  relation.life = 'dying';
  for (const [unit, member] of Object.entries(relation.units)) {
    if (!state.units[unit]) member.inScope = false;
  }
  removeIfEmpty(state, relation);
}

/** A unit that goes is gone for the others at once, whatever its own hooks still do. */
export function markDeparting(state: ModelState, unit: UnitState): void {
  for (const relation of Object.values(state.relations)) {
    const member = relation.units[unit.name];
    if (member) member.departing = true;
  }
}

/** The agent enters scope of each relation that its charm has and that it has not entered yet. */
export function enterScopes(controller: Controller, unit: UnitState, address: string): void {
  const { state } = controller;
  const { endpoints } = controller.charm(unit.charm ?? state.applications[unit.application]?.charm ?? '');
  let entered = false;
  for (const relation of relationsOf(state, unit.application)) {
    if (relation.life !== 'alive' || unit.relations[relation.id]) continue;
    if (!endpoints[ownEndpoint(relation, unit.application).name]) continue;
    enterScope(relation, unit.name, addressSettings(address));
    unit.relations[relation.id] = { created: false, members: {}, applications: {} };
    entered = true;
  }
  if (entered) controller.changed();
}
