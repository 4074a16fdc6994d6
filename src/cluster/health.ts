/** How the node and the cluster are, beyond what there is to change: what keeps a settled unit from being active. */

import type { UnitStatus } from '../juju/status.ts';
import { K8sdError } from '../k8sd/errors.ts';
import { KubernetesError } from '../kubernetes/errors.ts';
import type { Kubernetes, Node } from '../kubernetes/kubernetes.ts';
import type { Doors } from './doors.ts';
import { type ClusterFacts, type ControlPlaneFacts, snapMinor } from './facts.ts';
import { strayLabels } from './labels.ts';
import { waiting } from './plan-node.ts';

const QUICK = { timeoutMs: 15_000 };
const MOST_NAMES = 5;

export interface Health {
  /** Empty when all is well. */
  readonly reports: readonly UnitStatus[];
  /** Labels that we gave the node and that it has no longer as we gave them. */
  readonly strayLabels: readonly string[];
}

export async function observeHealth(doors: Doors, facts: ClusterFacts): Promise<Health> {
  if (facts.node === undefined) return { reports: [], strayLabels: [] };
  try {
    const kubernetes = await doors.kubernetes();
    if (kubernetes === undefined) return only(waiting('Waiting for a kubeconfig'));
    // Options that are refused say nothing of what the cluster should have.
    const leads = facts.role === 'control-plane' && facts.leader && facts.problems.length === 0;
    const leader = leads ? facts : undefined;
    const [node, features, pods] = await Promise.all([
      kubernetes.node(facts.node.name),
      leader ? featureHealth(doors, leader) : [],
      leader ? podHealth(kubernetes, leader.options.unreadyPodNamespaces) : [],
    ]);
    return {
      reports: [...nodeHealth(facts.node.name, node), ...features, ...pods],
      strayLabels: node === undefined ? [] : strayLabels(facts.memory, node.labels),
    };
  } catch (error) {
    if (error instanceof KubernetesError) return only(waiting(`Waiting for API Server: ${error.message}`));
    if (error instanceof K8sdError) return only(waiting(`Waiting to verify features: ${error.message}`));
    throw error;
  }
}

function only(report: UnitStatus): Health {
  return { reports: [report], strayLabels: [] };
}

function nodeHealth(name: string, node: Node | undefined): readonly UnitStatus[] {
  if (node === undefined) return [waiting(`Node ${name} is not in the cluster`)];
  return node.ready ? [] : [waiting(`Node ${name} is not ready`)];
}

async function featureHealth(doors: Doors, { snap, options }: ControlPlaneFacts): Promise<readonly UnitStatus[]> {
  const { features } = await doors.k8sd(snapMinor(snap)).clusterStatus(QUICK);
  const wanted = options.features as Readonly<Record<string, { readonly enabled?: boolean } | undefined>>;
  return Object.entries(features)
    .filter(([name, status]) => wanted[name]?.enabled && !status.enabled)
    .map(([name]) => waiting(`Feature '${name}' is not ready`));
}

async function podHealth(kubernetes: Kubernetes, namespaces: readonly string[]): Promise<readonly UnitStatus[]> {
  const found = await Promise.all(
    namespaces.map(async (namespace) => ({ namespace, unready: await kubernetes.unreadyPods(namespace) })),
  );
  const total = found.reduce((sum, { unready }) => sum + unready.total, 0);
  if (total === 0) return [];
  const names = found
    .flatMap(({ namespace, unready }) => unready.names.map((name) => `${namespace}/${name}`))
    .slice(0, MOST_NAMES);
  const more = total > names.length ? ` and ${total - names.length} more` : '';
  return [waiting(`Unready Pods: ${names.join(', ')}${more}`)];
}
