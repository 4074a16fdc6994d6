/** Tools for secrets. What they change waits for the end of the hook; what a reader tracks changes at once. */

import { isJuju4, isLeader } from '../controller.ts';
import type { HookContext, PendingSecretCreate, PendingSecretUpdate } from '../hook-context.ts';
import { remoteApplication } from '../relations.ts';
import { applicationSubject, canRead, latestRevision, manages, newSecretId, unitSubject } from '../secrets.ts';
import type { RelationState, SecretState, Settings } from '../state.ts';
import { misuse, refusal } from './failure.ts';
import { struct } from './output.ts';
import { flaggedRelation, RELATION_FLAG, requiredRelation } from './relation-flag.ts';
import { CONTENT_FLAGS, parseSecretUri, readAttributes, readContent, readOwner } from './secret-arguments.ts';
import type { HookTool } from './tool.ts';
import { refuseMore } from './tool.ts';

const NOT_LEADER = 'this unit is not the leader';

const secretAdd: HookTool = {
  usage: '[options] [key[#base64|#file]=value...]',
  flags: CONTENT_FLAGS,
  run(call, context) {
    const { controller, pending, unit } = context;
    const content = readContent(call, call.flags.positionals);
    if (!content) throw misuse('missing secret value or filename');
    const attributes = readAttributes(call.flags);
    const owner = readOwner(call.flags);
    if (Object.keys(content).length === 0) throw refusal('empty secret value not valid');
    if (owner === 'application' && !isLeader(controller.state, unit)) throw refusal(NOT_LEADER);
    const id = newSecretId();
    checkPendingLabel(context, id, attributes.label);
    const name = owner === 'application' ? unit.application : unit.name;
    pending.secretCreates.set(id, { ...attributes, content, id, owner: { kind: owner, name } });
    // A controller of 4.0 names the model, too.
    const { state } = controller;
    return { text: isJuju4(state) ? `secret://${state.modelUuid}/${id}\n` : `secret:${id}\n` };
  },
};

const secretSet: HookTool = {
  usage: '[options] <ID> [key[#base64|#file]=value...]',
  flags: CONTENT_FLAGS,
  run(call, context) {
    const [uri, ...args] = call.flags.positionals;
    if (uri === undefined) throw misuse('missing secret URI');
    const id = parseSecretUri(uri);
    const content = readContent(call, args);
    const changes: PendingSecretUpdate = { ...readAttributes(call.flags), ...(content ? { content } : {}) };
    if (content && Object.keys(content).length === 0) throw refusal('empty secret value not valid');
    managed(context, id);
    checkPendingLabel(context, id, changes.label);
    const { secretCreates, secretDeletes, secretUpdates } = context.pending;
    secretDeletes.delete(id);
    const created = secretCreates.get(id);
    if (created) Object.assign(created, changes);
    else secretUpdates.set(id, { ...secretUpdates.get(id), ...changes });
    return undefined;
  },
};

/** The secret, if this unit may change it: a stored one, or one created in this hook. */
function managed({ controller: { state }, pending, unit }: HookContext, id: string): SecretState | PendingSecretCreate {
  const created = pending.secretCreates.get(id);
  if (created) return created;
  const secret = state.secrets[id];
  if (!secret) throw refusal(`secret "${id}" not found`);
  if (secret.owner.kind === 'application' && secret.owner.name === unit.application && !isLeader(state, unit)) {
    throw refusal(NOT_LEADER);
  }
  if (!manages(state, unit, secret)) throw refusal(`secret "${id}" not found`);
  return secret;
}

function checkPendingLabel({ pending }: HookContext, id: string, label: string | undefined): void {
  if (label === undefined || label === '') return;
  const others = [...pending.secretCreates, ...pending.secretUpdates].filter(([other]) => other !== id);
  if (others.some(([, change]) => change.label === label)) throw refusal(`secret with label "${label}" already exists`);
}

const secretGet: HookTool = {
  usage: '[options] <ID> [key[#base64]]',
  flags: { label: 'text', peek: 'boolean', refresh: 'boolean' },
  format: 'yaml',
  run({ flags }, context) {
    refuseMore(flags.positionals, 2);
    const [uri, key] = flags.positionals;
    const label = flags.text('label') ?? '';
    const [peek, refresh] = [flags.boolean('peek'), flags.boolean('refresh')];
    if (uri === undefined && label === '') throw misuse('require either a secret URI or label');
    if (peek && refresh) throw misuse('specify one of --peek or --refresh but not both');
    const id = uri === undefined ? undefined : parseSecretUri(uri);
    const content =
      pendingContent(context, id, label, { peek, refresh }) ?? storedContent(context, id, label, { peek, refresh });
    return { value: selectValue(content, key) };
  },
};

interface ReadMode {
  readonly peek: boolean;
  readonly refresh: boolean;
}

/** Content that only this hook knows of yet. */
function pendingContent(
  context: HookContext,
  id: string | undefined,
  label: string,
  mode: ReadMode,
): Settings | undefined {
  const { controller, pending, unit } = context;
  for (const created of pending.secretCreates.values()) {
    if (id === undefined ? created.label !== label : created.id !== id) continue;
    if (mode.refresh) pending.secretTrackLatest.add(created.id);
    return created.content;
  }
  if (!mode.peek && !mode.refresh) return undefined;
  for (const [updated, { content, label: newLabel }] of pending.secretUpdates) {
    const stored = controller.state.secrets[updated];
    const named =
      newLabel === label ||
      (stored?.label === label && stored !== undefined && manages(controller.state, unit, stored));
    if (!content || (id === undefined ? !named : updated !== id)) continue;
    if (mode.refresh) pending.secretTrackLatest.add(updated);
    return content;
  }
  return undefined;
}

function storedContent(context: HookContext, id: string | undefined, label: string, mode: ReadMode): Settings {
  const { controller, unit } = context;
  const secret = id === undefined ? secretByLabel(context, label) : controller.state.secrets[id];
  const juju4 = isJuju4(controller.state);
  if (!secret) throw refusal(juju4 ? 'getting latest secret revision: secret not found' : `secret "${id}" not found`);
  if (!canRead(secret, unit.name))
    throw refusal(juju4 ? `"${unit.name}" is not allowed to read this secret` : 'permission denied');
  const consumer = secret.consumers[unit.name];
  const newLabel = id === undefined ? (consumer?.label ?? '') : label || (consumer?.label ?? '');
  if (newLabel !== '' && newLabel !== consumer?.label) checkConsumerLabel(context, secret, newLabel);
  if (mode.peek) return latestRevision(secret).content;
  const tracked = consumer && secret.revisions[consumer.current] ? consumer.current : undefined;
  const current = mode.refresh || tracked === undefined ? secret.latest : tracked;
  secret.consumers[unit.name] = { current, label: newLabel };
  if (consumer?.current !== current) {
    unit.secrets.changed[secret.id] = secret.latest;
    controller.changed();
  }
  return secret.revisions[current]?.content ?? {};
}

/** Own secrets by their owner's label, then any by the label that this unit gave it. */
function secretByLabel({ controller: { state }, unit }: HookContext, label: string): SecretState {
  const secrets = Object.values(state.secrets);
  const owned = secrets.find((secret) => secret.label === label && manages(state, unit, secret));
  const found = owned ?? secrets.find((secret) => secret.consumers[unit.name]?.label === label);
  if (!found)
    throw refusal(
      isJuju4(state) ? `secret URI for consumer label "${label}" not found` : `consumer label "${label}" not found`,
    );
  return found;
}

function checkConsumerLabel({ controller: { state }, unit }: HookContext, secret: SecretState, label: string): void {
  const taken = Object.values(state.secrets).some(
    (other) => other.id !== secret.id && other.consumers[unit.name]?.label === label,
  );
  if (taken) throw refusal(`secret consumer label "${label}" for "unit-${unit.name.replace('/', '-')}" already exists`);
}

function selectValue(content: Settings, key: string | undefined): unknown {
  if (key === undefined) {
    return Object.fromEntries(Object.entries(content).map(([name, value]) => [name, decode(value)]));
  }
  const name = key.replace(/#base64$/, '');
  const value = content[name];
  if (value === undefined) throw refusal(`secret key value ${JSON.stringify(name)} not found`);
  return name === key ? decode(value) : value;
}

function decode(value: string): string {
  return Buffer.from(value, 'base64').toString('utf8');
}

const secretInfoGet: HookTool = {
  usage: '[options] <ID>',
  flags: { label: 'text' },
  format: 'yaml',
  run({ flags }, context) {
    refuseMore(flags.positionals, 1);
    const [uri] = flags.positionals;
    const label = flags.text('label') ?? '';
    if (uri === undefined && label === '') throw misuse('require either a secret URI or label');
    const { state } = context.controller;
    const id = uri === undefined ? undefined : parseSecretUri(uri);
    const created = [...context.pending.secretCreates.values()].find((each) =>
      id === undefined ? each.label === label : each.id === id,
    );
    if (created) return { value: { [created.id]: pendingInfo(created) } };
    const owned = Object.values(state.secrets).filter((secret) => manages(state, context.unit, secret));
    const secret = owned.find((each) => (id === undefined ? each.label === label : each.id === id));
    if (!secret) throw refusal(`secret "${id ?? label}" not found`);
    return { value: { [secret.id]: secretInfo(context, secret) } };
  },
};

function pendingInfo({ description, label, owner, rotate, expire }: PendingSecretCreate): Record<string, unknown> {
  return present(
    { revision: 1, label: label ?? '', owner: owner.kind },
    { description, rotation: rotate, expiry: expire },
  );
}

function secretInfo(context: HookContext, secret: SecretState): Record<string, unknown> {
  const { expire } = latestRevision(secret);
  const access = secret.grants.map(({ subject, relation }) =>
    struct({ target: subject, scope: scopeTag(context, relation), role: 'view' }),
  );
  return present(
    { revision: secret.latest, label: secret.label, owner: secret.owner.kind },
    {
      description: secret.description,
      rotation: secret.rotate === 'never' ? '' : secret.rotate,
      expiry: expire,
      access: access.length === 0 ? undefined : access,
    },
  );
}

function present(always: Record<string, unknown>, sometimes: Record<string, unknown>): Record<string, unknown> {
  const given = Object.entries(sometimes).filter(([, value]) => value !== undefined && value !== '');
  return struct({ ...always, ...Object.fromEntries(given) });
}

function scopeTag({ controller: { state } }: HookContext, id: number | undefined): string {
  if (id === undefined) return 'model';
  const relation = state.relations[id];
  return `relation-${relation?.endpoints.map(({ application, name }) => `${application}.${name}`).join('#') ?? id}`;
}

const secretIds: HookTool = {
  usage: '[options]',
  flags: {},
  format: 'yaml',
  run({ flags }, { controller: { state }, pending, unit }) {
    refuseMore(flags.positionals, 0);
    const stored = Object.values(state.secrets).filter((secret) => manages(state, unit, secret));
    const ids = [...stored.map(({ id }) => id), ...pending.secretCreates.keys()].filter(
      (id) => pending.secretDeletes.get(id) !== 'all',
    );
    return { value: ids.length === 0 ? null : ids.sort() };
  },
};

const secretGrant: HookTool = {
  usage: '[options] <ID>',
  flags: { ...RELATION_FLAG, unit: 'text' },
  run({ flags }, context) {
    const [uri] = flags.positionals;
    if (uri === undefined) throw misuse('missing secret URI');
    refuseMore(flags.positionals, 1);
    const id = parseSecretUri(uri);
    const relation = requiredRelation(flags, context);
    const subject = grantSubject(context, relation, flags.text('unit'));
    const secret = managed(context, id);
    const grants = context.pending.secretGrants.get(id) ?? new Map<number, string>();
    if (isCovered(context, secret, relation, subject, grants.get(relation.id))) return undefined;
    context.pending.secretGrants.set(id, grants.set(relation.id, subject));
    return undefined;
  },
};

function grantSubject(context: HookContext, relation: RelationState, unit: string | undefined): string {
  const remote = remoteApplication(relation, context.unit.application);
  if (unit === undefined) return applicationSubject(remote);
  if (!unit.startsWith(`${remote}/`))
    throw misuse(`cannot specify unit "${unit}" in relation to application "${remote}"`);
  return unitSubject(unit);
}

/** Whether the grant is there already; an application cannot be granted what its units have one by one. */
function isCovered(
  context: HookContext,
  secret: SecretState | PendingSecretCreate,
  relation: RelationState,
  subject: string,
  pending: string | undefined,
): boolean {
  const stored = 'grants' in secret ? secret.grants.filter((grant) => grant.relation === relation.id) : [];
  const subjects = [...stored.map((grant) => grant.subject), ...(pending === undefined ? [] : [pending])];
  const remote = applicationSubject(remoteApplication(relation, context.unit.application));
  if (subjects.includes(remote) || subjects.includes(subject)) return true;
  if (subject === remote && subjects.some((each) => each.startsWith('unit-'))) {
    throw refusal(
      'any unit level grants need to be revoked before granting access to the corresponding application not valid',
    );
  }
  return false;
}

const secretRevoke: HookTool = {
  usage: '[options] <ID>',
  flags: { ...RELATION_FLAG, app: 'text', application: { alias: 'app' }, unit: 'text' },
  run({ flags }, context) {
    const [uri] = flags.positionals;
    if (uri === undefined) throw misuse('missing secret URI');
    refuseMore(flags.positionals, 1);
    const id = parseSecretUri(uri);
    const [application, unit] = [flags.text('app'), flags.text('unit')];
    const relation = flags.text('r') === undefined ? undefined : flaggedRelation(flags, context);
    if (application !== undefined && unit !== undefined) throw misuse('specify only one of application or unit');
    if (relation && application !== undefined) throw misuse('do not specify both relation and app');
    if (!relation && application === undefined && unit === undefined)
      throw misuse('missing relation or application or unit');
    managed(context, id);
    const remote = relation ? remoteApplication(relation, context.unit.application) : application;
    const subject = unit === undefined ? applicationSubject(remote ?? '') : unitSubject(unit);
    const revokes = context.pending.secretRevokes.get(id) ?? [];
    context.pending.secretRevokes.set(id, [...revokes, { subject, relation: relation?.id }]);
    return undefined;
  },
};

const secretRemove: HookTool = {
  usage: '[options] <ID>',
  flags: { revision: 'text' },
  run({ flags }, context) {
    const [uri] = flags.positionals;
    if (uri === undefined) throw misuse('missing secret URI');
    refuseMore(flags.positionals, 1);
    const id = parseSecretUri(uri);
    const given = flags.text('revision');
    if (given !== undefined && !/^[0-9]+$/.test(given)) {
      throw misuse(
        `invalid value ${JSON.stringify(given)} for option --revision: strconv.ParseInt: parsing ${JSON.stringify(given)}: invalid syntax`,
      );
    }
    managed(context, id);
    const { pending } = context;
    // What the same hook did to the secret before is forgotten, even when only an old revision is to go.
    pending.secretUpdates.delete(id);
    pending.secretGrants.delete(id);
    pending.secretRevokes.delete(id);
    if (pending.secretCreates.delete(id)) return undefined;
    const before = pending.secretDeletes.get(id);
    if (given === undefined || before === 'all') pending.secretDeletes.set(id, 'all');
    else pending.secretDeletes.set(id, new Set([...(before ?? []), Number(given)]));
    return undefined;
  },
};

export const SECRET_TOOLS: Readonly<Record<string, HookTool>> = {
  'secret-add': secretAdd,
  'secret-set': secretSet,
  'secret-get': secretGet,
  'secret-info-get': secretInfoGet,
  'secret-ids': secretIds,
  'secret-grant': secretGrant,
  'secret-revoke': secretRevoke,
  'secret-remove': secretRemove,
};
