/** Whether the cluster has a number of control-plane nodes that can lose one. */

import type { UnitStatus } from '../../clients/juju/status.ts';
import { takeCensus } from './census.ts';
import type { ClusterFacts } from './facts.ts';

/** etcd needs more than half of its members: of two, both. @returns undefined where one node may be down. */
export function quorumWarning(facts: ClusterFacts): string | undefined {
  if (facts.role !== 'control-plane' || facts.leaving || facts.node === undefined) return undefined;
  const { application } = facts.identity;
  const { controlPlanes } = takeCensus(facts);
  if (facts.options.datastore !== 'managed-etcd' || controlPlanes !== 2) return undefined;
  return `2 control-plane nodes: etcd has no quorum while one of them is down; add one (juju add-unit ${application})`;
}

/** Reported by one unit for all. */
export function quorumReports(facts: ClusterFacts): readonly UnitStatus[] {
  const warning = facts.role === 'control-plane' && facts.leader ? quorumWarning(facts) : undefined;
  return warning === undefined ? [] : [{ status: 'active', message: warning }];
}
