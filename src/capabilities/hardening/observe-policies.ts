/** Asks the Kubernetes API for what the controls' rules need, and binds the rules to it. */

import type { Kubernetes } from '../../clients/kubernetes/kubernetes.ts';
import type { EvaluateApiRule, Verdict } from './api-rule.ts';
import type { Control } from './control.ts';
import type { NodeFacts } from './node-facts.ts';
import { ownConfiguration } from './own-configuration.ts';
import { leavesOf } from './reading.ts';

/**
 * For the leader of the control plane. Never rejects for what the API server refuses or does not answer: such controls are
 * `not-evaluated`.
 * @param node name of this unit's Node.
 * @returns undefined when no control asks the API for anything.
 */
export async function observePolicies(
  kubernetes: Kubernetes,
  node: string,
  facts: NodeFacts,
  controls: readonly Control[],
): Promise<EvaluateApiRule | undefined> {
  const leaves = controls.flatMap(({ check }) => leavesOf(check));
  const rules = new Set(leaves.flatMap((check) => (check.type === 'api' ? [check.rule] : [])));
  if (rules.size === 0) return undefined;
  const [{ evaluateApiRule, factsFor }, { observeCluster }] = await Promise.all([
    import('./policies/evaluate.ts'),
    import('./policies/observe/cluster.ts'),
  ]);
  const seen = await observeCluster(kubernetes, factsFor(rules), ownConfiguration(node, facts));
  // An assessment asks for the verdict on the file and on the process of each control; here they are one.
  const known = new Map<string, Verdict>();
  return (rule, parameters) => {
    const key = JSON.stringify([rule, parameters]);
    const verdict = known.get(key) ?? evaluateApiRule(rule, parameters, seen);
    known.set(key, verdict);
    return verdict;
  };
}
