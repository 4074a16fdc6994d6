/**
 * Nodes that were taken out of the cluster, looked after for a while. The leader hears that a unit goes while that unit may still
 * be about to stop its services, and k8sd takes no more than the Node object of a worker away: a kubelet that runs on registers
 * it anew.
 */

import { readForeign } from '../../core/foreign-json.ts';
import { isNodeName } from '../../core/node-name.ts';
import { fitting, object, text, timestamp, where } from '../../core/shapes.ts';
import type { Change, Entries } from './change.ts';
import type { ControlPlaneFacts } from './facts.ts';
import { allocations, NODE_NAME } from './wire.ts';

/** Key in the application databag of the peer relation, which the next leader reads, too. */
export const DEPARTED = 'departed-nodes';

/** Long enough for a unit whose last hooks fail and are tried again. */
const WATCH_MS = 60 * 60_000;

export interface DepartedNode {
  readonly node: string;
  /** RFC 3339. */
  readonly at: string;
}

/**
 * Nodes on record, without those that a unit has by now: another machine may have got the name. Of workers that is what the leader has
 * recorded: a name that one merely claims would keep a kubelet in the cluster that outlives its unit. So would the record of a unit that
 * has gone itself, which stays as long as its removal fails.
 */
export function departedNodes({ peers, workers, node }: DepartedFacts): readonly DepartedNode[] {
  const controlPlanes = [...peers.units.values()].map((bag) => bag[NODE_NAME]);
  const recorded = [peers, ...workers].flatMap(({ shared, units }) =>
    [...allocations(shared)].flatMap(([unit, allocation]) => (units.has(unit) ? [allocation.node] : [])),
  );
  const taken = new Set([node?.name, ...controlPlanes, ...recorded]);
  return parse(peers.shared[DEPARTED]).filter((departed) => !taken.has(departed.node));
}

type DepartedFacts = Pick<ControlPlaneFacts, 'peers' | 'workers' | 'node'>;

/** Removes those that came back. */
export function planReturned({ returned }: ControlPlaneFacts): readonly Change[] {
  return returned.map((node) => ({ kind: 'remove-returned-node', node }));
}

/** The record with the nodes that go now, and without those that have been gone for long. */
export function departedEntries(facts: ControlPlaneFacts, removals: readonly Change[]): Entries {
  const { returned, now } = facts;
  const recent = departedNodes(facts).filter(
    ({ node, at }) => returned.includes(node) || now.getTime() - Date.parse(at) < WATCH_MS,
  );
  const going = removals.flatMap((change) => (change.kind === 'remove-node' ? [change.node] : []));
  // A removal that failed is planned again in the same dispatch: with another time in it the record would be written for ever.
  const added = going.filter((name) => !recent.some(({ node }) => node === name));
  const record = [...recent, ...added.map((node): DepartedNode => ({ node, at: now.toISOString() }))];
  return { [DEPARTED]: record.length === 0 ? undefined : JSON.stringify(record) };
}

const RECORD = fitting(object({ node: where(text(), isNodeName), at: timestamp }));

/** Nothing, when it is no record of ours. */
function parse(written: string | undefined): readonly DepartedNode[] {
  return readForeign(written, RECORD) ?? [];
}
