/** Tools for relations and databags. */

import { applicationOf, isJuju4, isLeader, UNIT_NAME } from '../controller.ts';
import { isRelationHook } from '../hook.ts';
import type { HookContext } from '../hook-context.ts';
import { isPeer, ownEndpoint, relationId, remoteApplication } from '../relations.ts';
import type { RelationState, Settings } from '../state.ts';
import { misuse, refusal } from './failure.ts';
import { readSettings } from './key-values.ts';
import { RELATION_FLAG, requiredRelation } from './relation-flag.ts';
import type { HookTool } from './tool.ts';
import { refuseMore } from './tool.ts';

const APPLICATION_NAME = /^[a-z][a-z0-9]*(-[a-z0-9]*[a-z][a-z0-9]*)*$/;

const relationIds: HookTool = {
  usage: '[options] <name>',
  flags: {},
  format: 'smart',
  run({ flags }, context) {
    refuseMore(flags.positionals, 1);
    const { hook, unit } = context;
    const endpoint = flags.positionals[0] ?? (hook && isRelationHook(hook) ? hook.endpoint : undefined);
    if (endpoint === undefined) throw misuse('no endpoint name specified');
    const ids = [...context.relations.values()]
      .filter((relation) => ownEndpoint(relation, unit.application).name === endpoint)
      .filter((relation) => !(hook?.kind === 'relation-broken' && hook.relation === relation.id))
      .map((relation) => relationId(relation, unit.application));
    return { value: ids.sort() };
  },
};

const relationList: HookTool = {
  usage: '[options]',
  flags: { ...RELATION_FLAG, app: 'boolean' },
  format: 'smart',
  run({ flags }, context) {
    const relation = requiredRelation(flags, context);
    refuseMore(flags.positionals, 0);
    if (flags.boolean('app')) return { value: remoteApplication(relation, context.unit.application) };
    return { value: context.members.get(relation.id) ?? [] };
  },
};

const relationGet: HookTool = {
  usage: '[options] <key> <unit id>',
  flags: { ...RELATION_FLAG, app: 'boolean' },
  format: 'smart',
  run({ flags }, context) {
    const relation = requiredRelation(flags, context);
    const [key = '-', target] = flags.positionals;
    refuseMore(flags.positionals, 2);
    const entity = readTarget(context, flags.boolean('app'), target);
    const settings = entity.includes('/')
      ? unitSettings(context, relation, entity)
      : applicationSettings(context, relation, entity);
    return { value: key === '-' ? settings : (settings[key] ?? null) };
  },
};

/** Unit or application whose databag is meant. */
function readTarget(context: HookContext, application: boolean, given: string | undefined): string {
  const hook = context.hook && isRelationHook(context.hook) ? context.hook : undefined;
  if (given === undefined) {
    if (!application && hook?.remoteUnit) return hook.remoteUnit;
    if (hook) return hook.remoteApplication;
    throw misuse('no unit or application specified');
  }
  if (application) return UNIT_NAME.test(given) ? applicationOf(given) : given;
  if (UNIT_NAME.test(given)) return given;
  if (APPLICATION_NAME.test(given)) throw misuse(`expected unit name, got application name ${JSON.stringify(given)}`);
  throw misuse(`invalid unit name ${JSON.stringify(given)}`);
}

function unitSettings(context: HookContext, relation: RelationState, unit: string): Settings {
  const read = (): Settings => {
    const settings = relation.units[unit]?.settings;
    if (settings) return settings;
    throw refusal(
      isJuju4(context.controller.state)
        ? 'relation unit not found'
        : `cannot read settings for unit "${unit}" in relation "${relationKey(relation)}": unit "${unit}": settings not found`,
    );
  };
  if (unit !== context.unit.name) return context.caches.settings(relation.id, unit, read);
  return withPending(context, `${relation.id}/${unit}`, read, context.pending.unitSettings.get(relation.id));
}

function applicationSettings(context: HookContext, relation: RelationState, application: string): Settings {
  const { controller, unit } = context;
  const read = (): Settings => relation.applications[application]?.settings ?? {};
  if (!relation.endpoints.some((endpoint) => endpoint.application === application)) {
    throw refusal(`application "${application}" not found`);
  }
  if (application !== unit.application) return context.caches.settings(relation.id, application, read);
  if (isLeader(controller.state, unit)) {
    return withPending(
      context,
      `${relation.id}/${application}`,
      read,
      context.pending.applicationSettings.get(relation.id),
    );
  }
  if (!isPeer(relation)) throw refusal('permission denied');
  return context.caches.settings(relation.id, application, read);
}

/** Our own side: as it was at the first look in this hook, with what this hook has written. */
function withPending(
  context: HookContext,
  cacheKey: string,
  read: () => Settings,
  pending: ReadonlyMap<string, string> | undefined,
): Settings {
  const settings = context.ownSettings.get(cacheKey) ?? structuredClone(read());
  context.ownSettings.set(cacheKey, settings);
  const merged = { ...settings };
  for (const [key, value] of pending ?? []) {
    if (value === '') delete merged[key];
    else merged[key] = value;
  }
  return merged;
}

function relationKey(relation: RelationState): string {
  return relation.endpoints.map(({ application, name }) => `${application}:${name}`).join(' ');
}

const relationSet: HookTool = {
  usage: '[options] key=value [key=value ...]',
  flags: { ...RELATION_FLAG, app: 'boolean', file: 'text', format: 'text' },
  run(call, context) {
    const { flags } = call;
    const relation = requiredRelation(flags, context);
    const settings = readSettings(call, flags.positionals);
    const application = flags.boolean('app');
    if (application && !isLeader(context.controller.state, context.unit))
      throw refusal('cannot write relation settings');
    const pending = application ? context.pending.applicationSettings : context.pending.unitSettings;
    const changes = pending.get(relation.id) ?? new Map<string, string>();
    pending.set(relation.id, changes);
    for (const [key, value] of settings) changes.set(key, value);
    return undefined;
  },
};

const relationModelGet: HookTool = {
  usage: '[options]',
  flags: RELATION_FLAG,
  format: 'smart',
  run({ flags }, context) {
    requiredRelation(flags, context);
    refuseMore(flags.positionals, 0);
    return { value: { uuid: context.controller.state.modelUuid } };
  },
};

export const RELATION_TOOLS: Readonly<Record<string, HookTool>> = {
  'relation-ids': relationIds,
  'relation-list': relationList,
  'relation-get': relationGet,
  'relation-set': relationSet,
  'relation-model-get': relationModelGet,
};
