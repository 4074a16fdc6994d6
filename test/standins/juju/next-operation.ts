/**
 * What a unit's agent does next: what the controller has, held against what the charm has been told. The order of the
 * questions is that of Juju's resolvers, and it is what makes `created` come before `joined` and tear-down before `stop`.
 */

import { createHash } from 'node:crypto';
import { type Controller, isJuju4, isLeader } from './controller.ts';
import { type Hook, isSecretHook, type RelationHook, type SecretHook } from './hook.ts';
import { enterScopes, isPeer, ownEndpoint, relationsOf, remoteApplication, remoteMembers } from './relations.ts';
import { expiredRevisions, manages, obsoleteRevisions } from './secrets.ts';
import type { RelationMemory, RelationState, TaskState, UnitState } from './state.ts';

export type Operation =
  | { readonly kind: 'deploy-charm' }
  | { readonly kind: 'hook'; readonly hook: Hook }
  | { readonly kind: 'action'; readonly task: TaskState }
  | { readonly kind: 'end' };

/** `retryDue`: the back-off after a failed hook is over. */
export function nextOperation(controller: Controller, unit: UnitState, retryDue: boolean): Operation | undefined {
  if (unit.removed) return { kind: 'end' };
  if (unit.rebooted && unit.started && unit.operation?.hook.kind !== 'start') return hook({ kind: 'start' });
  const idle = unit.operation === undefined;
  if (idle && unit.installed && unit.life === 'alive') {
    const found = relationCreated(controller, unit) ?? leadership(controller, unit) ?? secretHook(controller, unit);
    if (found) return hook(found);
  }
  const task = nextTask(controller, unit);
  if (task && (idle || unit.operation?.step === 'error')) return { kind: 'action', task };
  if (unit.operation) return pendingOperation(unit, unit.operation.hook, retryDue);
  return nextWhenIdle(controller, unit);
}

function hook(found: Hook): Operation {
  return { kind: 'hook', hook: found };
}

function pendingOperation(unit: UnitState, pending: Hook, retryDue: boolean): Operation | undefined {
  if (unit.operation?.step === 'error') return retryDue ? hook(pending) : undefined;
  // A unit that goes before it was ever installed just goes.
  if (pending.kind === 'install' && unit.life === 'dying') return { kind: 'end' };
  return hook(pending);
}

function nextWhenIdle(controller: Controller, unit: UnitState): Operation | undefined {
  if (unit.life === 'dying') return nextOfDying(controller, unit);
  if (!unit.installed) return { kind: 'deploy-charm' };
  if (charmModified(controller, unit))
    return hearsOfCharmFirst(controller, unit) ? hook({ kind: 'config-changed' }) : { kind: 'deploy-charm' };
  if (unit.configSeen !== configHash(controller, unit)) return hook({ kind: 'config-changed' });
  const relation = relationHook(controller, unit);
  if (relation) return hook(relation);
  return unit.updateStatus.asked === unit.updateStatus.done ? undefined : hook({ kind: 'update-status' });
}

/** Relations first, then the unit itself. */
function nextOfDying(controller: Controller, unit: UnitState): Operation {
  const relation = relationHook(controller, unit);
  if (relation) return hook(relation);
  if (unit.started && !unit.stopped) return hook({ kind: 'stop' });
  if (unit.installed && !unit.removed) return hook({ kind: 'remove' });
  return { kind: 'end' };
}

function charmModified(controller: Controller, unit: UnitState): boolean {
  const application = controller.state.applications[unit.application];
  return (
    application !== undefined && (application.charm !== unit.charm || application.charmModified !== unit.charmModified)
  );
}

/** On 4.0 the options of another charm are news before the charm is there, so the old one gets a `config-changed` first. */
function hearsOfCharmFirst({ state }: Controller, unit: UnitState): boolean {
  const charm = state.applications[unit.application]?.charm;
  return isJuju4(state) && unit.started && charm !== unit.charm && charm !== unit.charmHeardOf;
}

/** Changes when `config-changed` is due: options, their defaults, the machine's address. */
export function configHash(controller: Controller, unit: UnitState): string {
  const application = controller.state.applications[unit.application];
  const options = unit.charm === undefined ? {} : controller.charm(unit.charm).config;
  const values = Object.entries(options).map(([name, option]) => [
    name,
    application?.config[name] ?? option.default ?? null,
  ]);
  const address = controller.state.machines[unit.machine]?.address;
  return createHash('sha256')
    .update(JSON.stringify([values, address]))
    .digest('hex');
}

function relationCreated(controller: Controller, unit: UnitState): RelationHook | undefined {
  enterScopes(controller, unit, controller.state.machines[unit.machine]?.address ?? '');
  for (const relation of relationsOf(controller.state, unit.application)) {
    const memory = unit.relations[relation.id];
    if (!memory || memory.created || relation.life !== 'alive') continue;
    return relationEvent(unit, relation, { kind: 'relation-created' });
  }
  return undefined;
}

function relationEvent(
  unit: UnitState,
  relation: RelationState,
  what: Pick<RelationHook, 'kind'> & Partial<RelationHook>,
): RelationHook {
  return {
    relation: relation.id,
    endpoint: ownEndpoint(relation, unit.application).name,
    remoteApplication: remoteApplication(relation, unit.application),
    ...what,
  };
}

function leadership(controller: Controller, unit: UnitState): Hook | undefined {
  const leader = isLeader(controller.state, unit);
  if (leader && !unit.knownLeader) return { kind: 'leader-elected' };
  if (!leader && unit.knownLeader) unit.knownLeader = false;
  if (!leader && !unit.leaderSettingsSeen && !isJuju4(controller.state)) return { kind: 'leader-settings-changed' };
  return undefined;
}

function secretHook({ state }: Controller, unit: UnitState): SecretHook | undefined {
  const owned = Object.values(state.secrets).filter((secret) => manages(state, unit, secret));
  for (const secret of owned) {
    const told = unit.secrets.expired[secret.id] ?? [];
    const revision = expiredRevisions(secret, new Date()).find((each) => !told.includes(each));
    if (revision !== undefined) return { kind: 'secret-expired', secret: secret.id, label: secret.label, revision };
  }
  const due = owned.find((secret) => secret.rotateDue);
  if (due) return { kind: 'secret-rotate', secret: due.id, label: due.label, revision: due.latest };
  for (const secret of Object.values(state.secrets)) {
    const consumer = secret.consumers[unit.name];
    if (!consumer || secret.latest <= (unit.secrets.changed[secret.id] ?? consumer.current)) continue;
    const label = consumer.label || (owned.includes(secret) ? secret.label : '');
    return { kind: 'secret-changed', secret: secret.id, label, revision: secret.latest };
  }
  for (const secret of owned) {
    const told = unit.secrets.obsolete[secret.id] ?? [];
    const revision = obsoleteRevisions(secret).find((each) => !told.includes(each));
    if (revision !== undefined) return { kind: 'secret-remove', secret: secret.id, label: secret.label, revision };
  }
  return undefined;
}

export function nextTask({ state }: Controller, unit: UnitState): TaskState | undefined {
  return Object.values(state.tasks).find((task) => task.unit === unit.name && task.status === 'pending');
}

/** All relations but peers, then peers. */
function relationHook(controller: Controller, unit: UnitState): RelationHook | undefined {
  const relations = relationsOf(controller.state, unit.application);
  for (const relation of [...relations.filter((each) => !isPeer(each)), ...relations.filter(isPeer)]) {
    const memory = unit.relations[relation.id];
    const found = memory ? hookOfRelation(controller, unit, relation, memory) : undefined;
    if (found) return found;
  }
  return undefined;
}

function hookOfRelation(
  controller: Controller,
  unit: UnitState,
  relation: RelationState,
  memory: RelationMemory,
): RelationHook | undefined {
  const broken = unit.life === 'dying' || relation.life === 'dying';
  const members = broken ? {} : remoteMembers(relation, unit.name, unit.application);
  if (memory.changedPending !== undefined) {
    const remoteUnit = memory.changedPending;
    return relationEvent(unit, relation, { kind: 'relation-changed', remoteUnit, version: members[remoteUnit] ?? 0 });
  }
  return (
    departed(controller, unit, relation, memory, members) ??
    (broken ? lastOfRelation(unit, relation) : undefined) ??
    (broken ? undefined : applicationChanged(controller, unit, relation, memory)) ??
    joined(unit, relation, memory, members) ??
    unitChanged(unit, relation, memory, members)
  );
}

type Members = Readonly<Record<string, number>>;

function departed(
  { state }: Controller,
  unit: UnitState,
  relation: RelationState,
  memory: RelationMemory,
  members: Members,
): RelationHook | undefined {
  const remoteUnit = Object.keys(memory.members)
    .sort()
    .find((name) => !(name in members));
  if (remoteUnit === undefined) return undefined;
  const going = unit.life === 'dying' || state.applications[unit.application]?.life === 'dying';
  return relationEvent(unit, relation, {
    kind: 'relation-departed',
    remoteUnit,
    departingUnit: going ? unit.name : remoteUnit,
  });
}

/** A peer relation is never broken. */
function lastOfRelation(unit: UnitState, relation: RelationState): RelationHook | undefined {
  return isPeer(relation) ? undefined : relationEvent(unit, relation, { kind: 'relation-broken' });
}

function applicationChanged(
  controller: Controller,
  unit: UnitState,
  relation: RelationState,
  memory: RelationMemory,
): RelationHook | undefined {
  const application = remoteApplication(relation, unit.application);
  const version = relation.applications[application]?.version ?? 0;
  if ((memory.applications[application] ?? 0) === version) return undefined;
  if (isPeer(relation) && !controller.leaderHearsItself && isLeader(controller.state, unit)) {
    memory.applications[application] = version;
    return undefined;
  }
  return relationEvent(unit, relation, { kind: 'relation-changed', version });
}

function joined(
  unit: UnitState,
  relation: RelationState,
  memory: RelationMemory,
  members: Members,
): RelationHook | undefined {
  const remoteUnit = Object.keys(members)
    .sort()
    .find((name) => !(name in memory.members));
  if (remoteUnit === undefined) return undefined;
  return relationEvent(unit, relation, { kind: 'relation-joined', remoteUnit, version: members[remoteUnit] ?? 0 });
}

function unitChanged(
  unit: UnitState,
  relation: RelationState,
  memory: RelationMemory,
  members: Members,
): RelationHook | undefined {
  const remoteUnit = Object.keys(members)
    .sort()
    .find((name) => name in memory.members && memory.members[name] !== members[name]);
  if (remoteUnit === undefined) return undefined;
  return relationEvent(unit, relation, { kind: 'relation-changed', remoteUnit, version: members[remoteUnit] ?? 0 });
}

/** Whether the hook is dropped because leadership moved between the decision and the start. */
export function isOvertaken({ state }: Controller, unit: UnitState, next: Hook): boolean {
  if (next.kind === 'leader-elected') return !isLeader(state, unit);
  if (!isSecretHook(next) || next.kind === 'secret-changed') return false;
  const secret = state.secrets[next.secret];
  return secret !== undefined && !manages(state, unit, secret);
}
