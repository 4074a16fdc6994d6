/**
 * Labels of the node. What we gave it is remembered, so that a settled unit need not ask Kubernetes whether they are there; where
 * the node is read anyway, they are compared with what it really has.
 */

import type { State } from '../../clients/juju/juju.ts';
import type { Change } from './change.ts';
import type { ClusterFacts, NodeFacts } from './facts.ts';
import { isLabelValue, type KeyValues, REMOVED } from './key-values.ts';
import { recall, remember } from './memory.ts';
import type { NodeOptions } from './options.ts';

/** What is planned waits for the Node: a kubelet that does not run registers none, and that is reported by itself. */
export function planLabels(facts: NodeFacts, role: ClusterFacts['role'], options: NodeOptions): readonly Change[] {
  if (facts.registered === false) return [];
  const { remembered, wanted, set, gone } = difference(facts, role, options);
  if (set.length + gone.length === 0) return [];
  const labels = Object.fromEntries([
    ...set.map(([key, value]) => [key, value === REMOVED ? null : value] as const),
    ...gone.filter((key) => remembered[key] !== REMOVED).map((key) => [key, null] as const),
  ]);
  return [{ kind: 'label-node', node: facts.node?.name ?? facts.nodeName, labels, remember: wanted }];
}

/** Whether there is something to plan, apart from whether the Node is there. */
export function labelsPending(
  facts: Pick<NodeFacts, 'identity' | 'memory'>,
  role: ClusterFacts['role'],
  options: NodeOptions,
): boolean {
  const { set, gone } = difference(facts, role, options);
  return set.length + gone.length > 0;
}

/** What is wanted against what the node was given. */
function difference(
  { identity, memory: { labels: remembered } }: Pick<NodeFacts, 'identity' | 'memory'>,
  role: ClusterFacts['role'],
  options: NodeOptions,
) {
  const wanted: KeyValues = { ...charmLabels(identity.application, role), ...options.labels };
  const set = Object.entries(wanted).filter(([key, value]) => remembered[key] !== value);
  const gone = Object.keys(remembered).filter((key) => !Object.hasOwn(wanted, key));
  return { remembered, wanted, set, gone };
}

/** Labels that we gave the node and that somebody has changed or taken off since. */
export function strayLabels({ labels: remembered }: NodeFacts['memory'], present: KeyValues): readonly string[] {
  return Object.entries(remembered).flatMap(([key, value]) => ((present[key] ?? REMOVED) === value ? [] : [key]));
}

/** By which the nodes of an application are found; the existing charms give them, too. */
function charmLabels(application: string, role: ClusterFacts['role']): KeyValues {
  return {
    ...(isLabelValue(application) ? { 'juju-application': application } : {}),
    'juju-charm': role === 'worker' ? 'k8s-worker' : 'k8s',
  };
}

/** After this the next plan gives them to the node again. */
export async function forgetLabels(state: State, keys: readonly string[]): Promise<void> {
  const { labels } = await recall(state);
  rememberLabels(state, Object.fromEntries(Object.entries(labels).filter(([key]) => !keys.includes(key))));
}

export function rememberLabels(state: State, labels: KeyValues): void {
  remember(state, 'labels', Object.keys(labels).length === 0 ? undefined : JSON.stringify(labels));
}
