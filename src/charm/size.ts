/** Whether the cluster has a number of control-plane nodes that can lose one. */

import { takeCensus } from '../cluster/index.ts';
import type { Report } from '../core/report.ts';
import type { View } from './view.ts';

/** etcd needs more than half of its members: of two, both. @returns undefined where one node may be down. */
export function quorumWarning({ cluster }: View): string | undefined {
  if (cluster.role !== 'control-plane' || cluster.leaving || cluster.node === undefined) return undefined;
  const { application } = cluster.identity;
  const { controlPlanes } = takeCensus(cluster);
  if (cluster.options.datastore !== 'managed-etcd' || controlPlanes !== 2) return undefined;
  return `2 control-plane nodes: etcd has no quorum while one of them is down; add one (juju add-unit ${application})`;
}

/** Told by one for all. */
export function sizeReports(view: View): readonly Report[] {
  const leads = view.cluster.role === 'control-plane' && view.cluster.leader;
  const warning = leads ? quorumWarning(view) : undefined;
  return warning === undefined ? [] : [{ status: 'active', message: warning }];
}
