/** What changes for a unit when a hook has ended well: what its agent remembers, what Juju sets by itself, what follows. */

import type { Controller } from './controller.ts';
import { type Hook, isRelationHook, isSecretHook, type RelationHook, type SecretHook } from './hook.ts';
import { leaveScope } from './relations.ts';
import { statusNow, type UnitState } from './state.ts';

/** Status that Juju sets before the charm is asked. */
export function beforeHook(unit: UnitState, hook: Hook): void {
  if (hook.kind === 'install' && !unit.statusSet) unit.workload = statusNow('maintenance', 'installing charm software');
  if (hook.kind === 'stop') unit.workload = statusNow('maintenance', 'stopping charm software');
  if (hook.kind === 'remove') unit.workload = statusNow('maintenance', 'cleaning up prior to charm deletion');
}

/** `configSeen`: the configuration as it was when the hook began. */
export function hookSucceeded(controller: Controller, unit: UnitState, hook: Hook, configSeen: string): void {
  afterHook(unit, hook);
  const follows = nextQueued(unit, hook);
  unit.operation = follows ? { hook: follows, step: 'queued', failures: 0 } : undefined;
  if (isRelationHook(hook)) rememberRelation(controller, unit, hook);
  else if (isSecretHook(hook)) rememberSecret(controller, unit, hook);
  else rememberLife(unit, hook, configSeen);
}

function afterHook(unit: UnitState, hook: Hook): void {
  if (hook.kind === 'stop') unit.workload = statusNow('maintenance');
  if (hook.kind === 'remove') unit.workload = statusNow('terminated');
  if (hook.kind === 'start' && !unit.statusSet) unit.workload = statusNow('unknown');
}

function nextQueued(unit: UnitState, hook: Hook): Hook | undefined {
  if (hook.kind === 'config-changed' && !unit.started) return { kind: 'start' };
  if (hook.kind === 'upgrade-charm') return { kind: 'config-changed' };
  return undefined;
}

function rememberLife(unit: UnitState, hook: Hook, configSeen: string): void {
  switch (hook.kind) {
    case 'install':
      unit.installed = true;
      break;
    case 'config-changed':
      unit.configSeen = unit.configRepeats ? undefined : configSeen;
      delete unit.configRepeats;
      break;
    case 'start':
      unit.started = true;
      unit.stopped = false;
      break;
    case 'stop':
      unit.stopped = true;
      break;
    case 'remove':
      unit.removed = true;
      break;
    case 'leader-elected':
      unit.knownLeader = true;
      unit.leaderSettingsSeen = true;
      break;
    case 'leader-settings-changed':
      unit.leaderSettingsSeen = true;
      break;
    default:
  }
}

function rememberRelation({ state }: Controller, unit: UnitState, hook: RelationHook): void {
  const memory = unit.relations[hook.relation];
  if (!memory) return;
  switch (hook.kind) {
    case 'relation-created':
      memory.created = true;
      break;
    case 'relation-joined':
      memory.members[hook.remoteUnit ?? ''] = hook.version ?? 0;
      memory.changedPending = hook.remoteUnit ?? '';
      break;
    case 'relation-changed':
      if (hook.remoteUnit === undefined) memory.applications[hook.remoteApplication] = hook.version ?? 0;
      else memory.members[hook.remoteUnit] = hook.version ?? 0;
      if (memory.changedPending === hook.remoteUnit) delete memory.changedPending;
      break;
    case 'relation-departed':
      delete memory.members[hook.remoteUnit ?? ''];
      break;
    default: {
      delete unit.relations[hook.relation];
      const relation = state.relations[hook.relation];
      if (relation) leaveScope(state, relation, unit.name);
    }
  }
}

function rememberSecret({ state }: Controller, unit: UnitState, hook: SecretHook): void {
  const { changed, expired, obsolete } = unit.secrets;
  if (hook.kind === 'secret-changed') changed[hook.secret] = hook.revision;
  if (hook.kind === 'secret-expired') expired[hook.secret] = [...(expired[hook.secret] ?? []), hook.revision];
  if (hook.kind === 'secret-remove') obsolete[hook.secret] = [...(obsolete[hook.secret] ?? []), hook.revision];
  const secret = state.secrets[hook.secret];
  if (hook.kind === 'secret-rotate' && secret) secret.rotateDue = false;
}
