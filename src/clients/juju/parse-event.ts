/**
 * Makes an event of the environment that Juju gives to a dispatch. `JUJU_DISPATCH_PATH` decides, because `JUJU_HOOK_NAME` is
 * empty in actions. What does not fit together is `unknown`: a charm has to end well in events that it has never heard of.
 */

import type { ActionEvent, Event, LifeEventKind, RelationEvent, SecretEvent, StorageEvent } from './event.ts';

const LIFE: ReadonlySet<string> = new Set<LifeEventKind>([
  'install',
  'start',
  'config-changed',
  'upgrade-charm',
  'update-status',
  'leader-elected',
  'leader-settings-changed',
  'stop',
  'remove',
]);

const SECRET: ReadonlySet<string> = new Set<SecretEvent['kind']>([
  'secret-changed',
  'secret-rotate',
  'secret-expired',
  'secret-remove',
]);

const RELATION: ReadonlySet<string> = new Set<RelationEvent['kind']>([
  'relation-created',
  'relation-joined',
  'relation-changed',
  'relation-departed',
  'relation-broken',
]);

const STORAGE = /-(storage-(?:attached|detaching))$/;

/** `juju-exec` sets no dispatch path: its event is unknown, with an empty path. */
export function parseEvent(env: NodeJS.ProcessEnv): Event {
  const path = variable(env, 'JUJU_DISPATCH_PATH') ?? '';
  return eventAt(path, env) ?? { kind: 'unknown', path };
}

/** A variable's value; Juju sets many without a value, which means the same as not setting them. */
export function variable(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const value = env[name];
  return value === '' ? undefined : value;
}

function eventAt(path: string, env: NodeJS.ProcessEnv): Event | undefined {
  if (path.startsWith('actions/')) return actionEvent(path.slice('actions/'.length), env);
  if (!path.startsWith('hooks/')) return undefined;
  const hook = path.slice('hooks/'.length);
  if (isLife(hook)) return { kind: hook };
  if (isSecret(hook)) return secretEvent(hook, env);
  return relationEvent(hook, env) ?? storageEvent(hook, env);
}

function isLife(hook: string): hook is LifeEventKind {
  return LIFE.has(hook);
}

function isSecret(hook: string): hook is SecretEvent['kind'] {
  return SECRET.has(hook);
}

function isRelation(kind: string): kind is RelationEvent['kind'] {
  return RELATION.has(kind);
}

function actionEvent(name: string, env: NodeJS.ProcessEnv): ActionEvent | undefined {
  const task = variable(env, 'JUJU_ACTION_UUID');
  return task === undefined || name === '' ? undefined : { kind: 'action', name, task };
}

function secretEvent(kind: SecretEvent['kind'], env: NodeJS.ProcessEnv): SecretEvent | undefined {
  const uri = variable(env, 'JUJU_SECRET_ID');
  if (uri === undefined) return undefined;
  const label = variable(env, 'JUJU_SECRET_LABEL');
  const revision = variable(env, 'JUJU_SECRET_REVISION');
  return {
    kind,
    uri,
    ...(label !== undefined && { label }),
    ...(revision !== undefined && /^\d+$/.test(revision) && { revision: Number(revision) }),
  };
}

/** The endpoint is taken off the hook's name as Juju gives it, since an endpoint may itself be called `a-relation-b`. */
function relationEvent(hook: string, env: NodeJS.ProcessEnv): RelationEvent | undefined {
  const endpoint = variable(env, 'JUJU_RELATION');
  const relation = variable(env, 'JUJU_RELATION_ID');
  if (endpoint === undefined || relation === undefined || !hook.startsWith(`${endpoint}-`)) return undefined;
  const kind = hook.slice(endpoint.length + 1);
  if (!isRelation(kind)) return undefined;
  const remoteUnit = variable(env, 'JUJU_REMOTE_UNIT');
  const departingUnit = variable(env, 'JUJU_DEPARTING_UNIT');
  return {
    kind,
    endpoint,
    relation,
    remoteApplication: variable(env, 'JUJU_REMOTE_APP') ?? remoteUnit?.split('/')[0] ?? '',
    ...(remoteUnit !== undefined && { remoteUnit }),
    ...(departingUnit !== undefined && { departingUnit }),
  };
}

function storageEvent(hook: string, env: NodeJS.ProcessEnv): StorageEvent | undefined {
  const kind = STORAGE.exec(hook)?.[1];
  const storage = variable(env, 'JUJU_STORAGE_ID');
  if (storage === undefined || (kind !== 'storage-attached' && kind !== 'storage-detaching')) return undefined;
  return { kind, storage };
}
