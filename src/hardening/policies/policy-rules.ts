/** The rules of some controls, bound to what the API of the cluster said: asked once, and only for what these controls look at. */
import type { Kubernetes } from '../../kubernetes/kubernetes.ts';
import type { EvaluateApiRule } from '../api-rule.ts';
import type { Control } from '../control.ts';
import type { NodeFacts } from '../node-facts.ts';
import { leavesOf } from '../reading.ts';
import { evaluateApiRule, factsFor } from './evaluate.ts';
import { observeCluster } from './observe/cluster.ts';
import { ownConfiguration } from './own-configuration.ts';

/**
 * For the leader of the control plane. Never rejects for what the API server refuses or does not answer: such controls are
 * `not-evaluated`. Nothing is asked where no control asks for it.
 * @param node name of this unit's Node.
 */
export async function policyRules(
  kubernetes: Kubernetes,
  controls: readonly Control[],
  facts: NodeFacts,
  node: string,
): Promise<EvaluateApiRule> {
  const rules = controls
    .flatMap(({ check }) => leavesOf(check))
    .flatMap((one) => (one.type === 'api' ? [one.rule] : []));
  const seen = await observeCluster(kubernetes, factsFor(rules), ownConfiguration(facts, node));
  return (rule, parameters) => evaluateApiRule(rule, parameters, seen);
}
