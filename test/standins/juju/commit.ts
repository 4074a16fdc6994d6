/**
 * The one commit at the end of a hook that exited 0: all of what it asked for, or, when the controller refuses a part of it,
 * nothing, and the hook has failed after all.
 */

import { isJuju4, isLeader } from './controller.ts';
import type { HookContext, PendingSecretUpdate } from './hook-context.ts';
import { isPeer, mergeSettings } from './relations.ts';
import { addRevision, grantAccess, latestRevision, newRevision, removeRevisions } from './secrets.ts';
import type { ModelState, RelationState, SecretState } from './state.ts';

/** `max-charm-state-size`, by default. Checked by 3.6 only. */
const LARGEST_STATE = 2 * 1024 * 1024;
const LARGEST_DATABAG = 16 * 1024 * 1024;

/** Applies what is pending. Returns what the controller has against it, and then nothing has changed. */
export function commitHook(context: HookContext): string | undefined {
  const problem = refusedBy(context);
  if (problem !== undefined) return problem;
  commitRelations(context);
  commitState(context);
  commitPorts(context);
  commitSecrets(context);
  context.controller.changed();
  return undefined;
}

function refusedBy(context: HookContext): string | undefined {
  return (
    leadershipLost(context) ??
    tooMuchState(context) ??
    tooLargeDatabag(context) ??
    takenLabel(context) ??
    grantToPeer(context)
  );
}

function leadershipLost(context: HookContext): string | undefined {
  const { controller, pending, unit } = context;
  const asLeader = pending.applicationSettings.size > 0;
  const leader = isLeader(controller.state, unit);
  return asLeader && !leader ? `"${unit.name}" is not leader of "${unit.application}"` : undefined;
}

function tooMuchState({ controller, pending, unit }: HookContext): string | undefined {
  if (pending.state.size === 0 || !controller.state.jujuVersion.startsWith('3.')) return undefined;
  const merged = new Map<string, string | undefined>([...Object.entries(unit.state), ...pending.state]);
  let size = 0;
  for (const [key, value] of merged)
    size += value === undefined ? 0 : Buffer.byteLength(key) + Buffer.byteLength(value);
  return size > LARGEST_STATE ? `max allowed size (${LARGEST_STATE}) exceeded: quota limit exceeded` : undefined;
}

function tooLargeDatabag({ pending }: HookContext): string | undefined {
  for (const changes of [...pending.unitSettings.values(), ...pending.applicationSettings.values()]) {
    let size = 0;
    for (const [key, value] of changes) size += Buffer.byteLength(key) + Buffer.byteLength(value);
    if (size > LARGEST_DATABAG) return 'relation settings exceed maximum size';
  }
  return undefined;
}

/** Labels are unique for their owner. */
function takenLabel({ controller: { state }, pending }: HookContext): string | undefined {
  const labelled = [
    ...[...pending.secretCreates.values()].map(({ id, owner, label }) => ({ id, owner, label })),
    ...[...pending.secretUpdates].map(([id, { label }]) => ({ id, owner: state.secrets[id]?.owner, label })),
  ];
  for (const { id, owner, label } of labelled) {
    if (!label) continue;
    const taken = Object.values(state.secrets).some(
      (other) =>
        other.id !== id && other.label === label && other.owner.kind === owner?.kind && other.owner.name === owner.name,
    );
    if (taken) return `secret with label "${label}" already exists`;
  }
  return undefined;
}

/** The tool takes the grant on both lines; the controller of 4.0 refuses it, and with it all of the hook. */
function grantToPeer({ controller: { state }, pending }: HookContext): string | undefined {
  if (!isJuju4(state)) return undefined;
  const relations = [...pending.secretGrants.values()].flatMap((grants) => [...grants.keys()]);
  const toPeer = relations.some((id) => {
    const relation = state.relations[id];
    return relation !== undefined && isPeer(relation);
  });
  return toPeer
    ? 'granting secrets access: granting access to a secret over a peer relation is not supported'
    : undefined;
}

function commitRelations({ controller: { state }, pending, unit }: HookContext): void {
  for (const [id, changes] of pending.unitSettings) {
    const member = state.relations[id]?.units[unit.name];
    if (member && mergeSettings(member.settings, changes)) member.version += 1;
  }
  for (const [id, changes] of pending.applicationSettings) {
    const relation = state.relations[id];
    if (relation) setApplicationSettings(relation, unit.application, changes);
  }
}

export function setApplicationSettings(
  relation: RelationState,
  application: string,
  changes: ReadonlyMap<string, string>,
): void {
  const bag = relation.applications[application] ?? { settings: {}, version: 0 };
  relation.applications[application] = bag;
  if (mergeSettings(bag.settings, changes)) bag.version += 1;
}

function commitState({ pending, unit }: HookContext): void {
  for (const [key, value] of pending.state) {
    if (value === undefined) delete unit.state[key];
    else unit.state[key] = value;
  }
}

function commitPorts({ pending, unit }: HookContext): void {
  for (const { open, range, endpoint } of pending.ports) {
    const others = unit.ports.filter((port) => port.range !== range || (endpoint !== '' && port.endpoint !== endpoint));
    unit.ports = open
      ? [...unit.ports.filter((port) => port.range !== range || port.endpoint !== endpoint), { range, endpoint }]
      : others;
  }
}

function commitSecrets({ controller: { state }, pending, unit }: HookContext): void {
  for (const { id, owner, content, label, description, rotate, expire } of pending.secretCreates.values()) {
    state.secrets[id] = {
      id,
      owner,
      label: label ?? '',
      description: description ?? '',
      rotate: rotate ?? 'never',
      rotateDue: false,
      latest: 1,
      revisions: { 1: newRevision(content, expire) },
      grants: [],
      consumers: {},
    };
  }
  for (const [id, update] of pending.secretUpdates) withSecret(state, id, (secret) => updateSecret(secret, update));
  for (const [id, revisions] of pending.secretDeletes) {
    withSecret(state, id, (secret) => removeRevisions(state, secret, revisions === 'all' ? 'all' : [...revisions]));
  }
  for (const [id, grants] of pending.secretGrants) {
    withSecret(state, id, (secret) =>
      grants.forEach((subject, relation) => void grantAccess(secret, subject, relation)),
    );
  }
  for (const [id, revokes] of pending.secretRevokes) {
    withSecret(state, id, (secret) => {
      for (const { subject, relation } of revokes) {
        secret.grants = secret.grants.filter(
          (grant) => grant.subject !== subject || (relation !== undefined && grant.relation !== relation),
        );
      }
    });
  }
  for (const id of pending.secretTrackLatest) {
    withSecret(state, id, (secret) => {
      secret.consumers[unit.name] = { current: secret.latest, label: secret.consumers[unit.name]?.label ?? '' };
      unit.secrets.changed[id] = secret.latest;
    });
  }
}

function withSecret(state: ModelState, id: string, change: (secret: SecretState) => void): void {
  const secret = state.secrets[id];
  if (secret) change(secret);
}

function updateSecret(secret: SecretState, { content, label, description, rotate, expire }: PendingSecretUpdate): void {
  if (label !== undefined) secret.label = label;
  if (description !== undefined) secret.description = description;
  if (rotate !== undefined) secret.rotate = rotate;
  if (content) addRevision(secret, content, expire);
  if (expire !== undefined) latestRevision(secret).expire = expire;
}
