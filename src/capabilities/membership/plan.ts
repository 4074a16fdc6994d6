/** From facts to changes: pure, so that a decision can be tested as a table and shown before it is made. */

import type { ClusterFacts } from './facts.ts';
import { planControlPlane } from './plan-control-plane.ts';
import type { ClusterPlan } from './plan-node.ts';
import { planWorker } from './plan-worker.ts';

export function planCluster(facts: ClusterFacts): ClusterPlan {
  return facts.role === 'control-plane' ? planControlPlane(facts) : planWorker(facts);
}
