/**
 * What one running hook or action sees and has asked for. Reads come from here; writes that Juju defers wait here until the
 * process has ended well, and are forgotten when it has not.
 */

import type { Controller } from './controller.ts';
import { type Hook, isRelationHook } from './hook.ts';
import type { RelationCaches } from './relation-cache.ts';
import { isInScope, relationsOf } from './relations.ts';
import type { ConfigValue, RelationState, SecretState, Settings, TaskState, UnitState } from './state.ts';

export interface PendingSecretUpdate {
  content?: Settings;
  label?: string;
  description?: string;
  rotate?: string;
  expire?: string;
}

export interface PendingSecretCreate extends PendingSecretUpdate {
  id: string;
  owner: SecretState['owner'];
  content: Settings;
}

export interface PendingRevoke {
  subject: string | undefined;
  relation: number | undefined;
}

export interface PendingChanges {
  /** By relation id, then key; an empty value deletes. */
  readonly unitSettings: Map<number, Map<string, string>>;
  readonly applicationSettings: Map<number, Map<string, string>>;
  /** Undefined deletes. */
  readonly state: Map<string, string | undefined>;
  readonly ports: { open: boolean; range: string; endpoint: string }[];
  readonly secretCreates: Map<string, PendingSecretCreate>;
  readonly secretUpdates: Map<string, PendingSecretUpdate>;
  readonly secretDeletes: Map<string, Set<number> | 'all'>;
  /** By secret, then relation: a second grant for the same relation replaces the first. */
  readonly secretGrants: Map<string, Map<number, string>>;
  readonly secretRevokes: Map<string, PendingRevoke[]>;
  readonly secretTrackLatest: Set<string>;
}

export type RebootRequest = 'after' | 'now';

export interface HookContext {
  readonly controller: Controller;
  readonly unit: UnitState;
  /** Absent while an action runs. */
  readonly hook: Hook | undefined;
  readonly task: TaskState | undefined;
  readonly id: string;
  readonly pending: PendingChanges;
  /** Relations by id: what was there when the hook began. */
  readonly relations: ReadonlyMap<number, RelationState>;
  /** Joined remote units by relation id: as of when the hook began. */
  readonly members: ReadonlyMap<number, readonly string[]>;
  readonly caches: RelationCaches;
  /** Own-side settings by `relation/entity`, as first read in this hook. */
  readonly ownSettings: Map<string, Settings>;
  /** Own state, as first read in this hook. */
  config: Readonly<Record<string, ConfigValue | undefined>> | undefined;
  action: { failed: boolean; message: string; results: Record<string, unknown> };
  reboot: RebootRequest | undefined;
  statusSet: boolean;
  /** Ends the process of this hook at once. */
  kill: () => void;
}

export function newHookContext(
  controller: Controller,
  unit: UnitState,
  caches: RelationCaches,
  id: string,
  what: { hook?: Hook; task?: TaskState },
): HookContext {
  const relations = relationsOf(controller.state, unit.application).filter(
    (relation) => unit.relations[relation.id] !== undefined && isInScope(relation, unit.name),
  );
  const members = new Map(relations.map((relation) => [relation.id, membersInHook(unit, relation, what.hook)]));
  caches.begin(members, what.hook);
  return {
    controller,
    unit,
    hook: what.hook,
    task: what.task,
    id,
    pending: newPendingChanges(),
    relations: new Map(relations.map((relation) => [relation.id, relation])),
    members,
    caches,
    ownSettings: new Map(),
    config: undefined,
    action: { failed: false, message: '', results: {} },
    reboot: undefined,
    statusSet: false,
    kill: () => undefined,
  };
}

/** Units whose `joined` has been, with the one that this hook is about, without the one that departs. */
function membersInHook(unit: UnitState, relation: RelationState, hook: Hook | undefined): readonly string[] {
  const members = new Set(Object.keys(unit.relations[relation.id]?.members ?? {}));
  if (hook && isRelationHook(hook) && hook.relation === relation.id && hook.remoteUnit) {
    if (hook.kind === 'relation-departed') members.delete(hook.remoteUnit);
    else members.add(hook.remoteUnit);
  }
  return [...members].sort();
}

function newPendingChanges(): PendingChanges {
  return {
    unitSettings: new Map(),
    applicationSettings: new Map(),
    state: new Map(),
    ports: [],
    secretCreates: new Map(),
    secretUpdates: new Map(),
    secretDeletes: new Map(),
    secretGrants: new Map(),
    secretRevokes: new Map(),
    secretTrackLatest: new Set(),
  };
}
