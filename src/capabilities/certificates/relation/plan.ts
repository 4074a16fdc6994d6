/** What to do next about certificates from a provider: pure. */

import type { UnitStatus } from '../../../clients/juju/status.ts';
import type { RelationChange } from './change.ts';
import { decide } from './decide.ts';
import type { OwnRequest, RelationFacts } from './facts.ts';
import { sameMemory } from './memory.ts';
import { memoryWithout, nextMemory, recollect } from './next-memory.ts';
import { reportsOf, withoutProvider } from './reports.ts';
import type { Standing } from './standing.ts';
import { withdrawal } from './withdraw.ts';

export interface RelationPlan {
  readonly changes: readonly RelationChange[];
  /** By wish. */
  readonly standing: ReadonlyMap<string, Standing>;
  readonly reports: readonly UnitStatus[];
}

export function planRelation(facts: RelationFacts): RelationPlan {
  if (facts.settled)
    return {
      changes: [],
      standing: recollect(facts.memory, facts.settled),
      reports: facts.settled.reports,
    };
  if (facts.relation === undefined || facts.tooMany) return planWithout(facts);
  const found = facts.wishes.map((each) => decide(facts, each));
  const kept = new Set(found.flatMap(({ request, spared = [] }) => [...(request ? [request] : []), ...spared]));
  const renewed = new Set(found.flatMap(({ replaced }) => replaced ?? []));
  const stale = facts.requests.filter((request) => !kept.has(request) && !renewed.has(request));
  const changes = [
    ...stale.map((request) => withdrawal(facts, request, kept)),
    ...found.flatMap((each) => each.changes),
  ];
  const spent = spentMarks(facts, [...renewed, ...stale]);
  if (spent.length > 0) changes.push({ kind: 'forget-run-out', digests: spent });
  const standing = new Map(found.map(({ wish, standing: each }) => [wish.id, each]));
  const reports = reportsOf(facts.relation.application, facts.wishes, standing);
  const memory = nextMemory(facts, found, changes.length === 0 ? { standing, reports } : undefined);
  if (!sameMemory(memory, facts.memory)) changes.push({ kind: 'remember', memory });
  return { changes, standing, reports };
}

/** Nobody to ask: what is in service stays there, and what was kept for the former provider goes. */
function planWithout(facts: RelationFacts): RelationPlan {
  const { memory, wishes } = facts;
  const over = !facts.tooMany && (facts.broken || memory.relation !== undefined);
  const next = memoryWithout(memory, new Set(wishes.map(({ wish }) => wish.id)), over);
  const changes: RelationChange[] = over && memory.ended !== true ? [{ kind: 'forget-relation' }] : [];
  if (facts.runOut.size > 0) changes.push({ kind: 'forget-run-out', digests: [...facts.runOut] });
  if (!facts.tooMany && !sameMemory(next, memory)) changes.push({ kind: 'remember', memory: next });
  return {
    changes,
    standing: new Map(wishes.map(({ wish }) => [wish.id, { state: 'unsent' }])),
    reports: withoutProvider(facts, wishes),
  };
}

/** Marks of requests that are not there any more, or stay as they are; those of withdrawn ones go with them. */
function spentMarks({ runOut }: RelationFacts, withdrawn: readonly OwnRequest[]): readonly string[] {
  return [...runOut].filter((digest) => !withdrawn.some(({ content }) => content?.digest === digest));
}
