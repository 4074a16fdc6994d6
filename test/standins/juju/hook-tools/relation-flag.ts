/** `-r 7`, `-r cluster:7`: which relation a tool is about. The part before the colon is not looked at, as in Juju. */

import { isRelationHook } from '../hook.ts';
import type { HookContext } from '../hook-context.ts';
import type { RelationState } from '../state.ts';
import { misuse } from './failure.ts';
import type { FlagTypes, ParsedFlags } from './flags.ts';

export const RELATION_FLAG: FlagTypes = { r: 'text', relation: { alias: 'r' } };

/** The relation of the flag, else that of the hook, else undefined. */
export function flaggedRelation(flags: ParsedFlags, context: HookContext): RelationState | undefined {
  const given = flags.text('r');
  if (given === undefined || given === '') {
    return context.hook && isRelationHook(context.hook) ? context.relations.get(context.hook.relation) : undefined;
  }
  const id = given.slice(given.lastIndexOf(':') + 1);
  const complaint = `invalid value ${JSON.stringify(given)} for option ${flags.typed('r')}`;
  if (!/^[0-9]+$/.test(id)) throw misuse(`${complaint}: invalid relation id`);
  const relation = context.relations.get(Number(id));
  if (!relation) throw misuse(`${complaint}: relation not found`);
  return relation;
}

export function requiredRelation(flags: ParsedFlags, context: HookContext): RelationState {
  const relation = flaggedRelation(flags, context);
  if (!relation) throw misuse('no relation id specified');
  return relation;
}
