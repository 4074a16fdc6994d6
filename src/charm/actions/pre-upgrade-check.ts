/** The action `pre-upgrade-check`: whether the cluster is fit for an upgrade of the charm or the snap. */

import { GRANT, observeHealth } from '../../cluster/index.ts';
import { KubernetesError } from '../../kubernetes/errors.ts';
import type { Doors } from '../doors.ts';
import type { Role } from '../role.ts';
import { look } from '../view.ts';
import { refuseUnknown } from './parameters.ts';

export async function preUpgradeCheck(doors: Doors, role: Role): Promise<void> {
  const { juju } = doors;
  refuseUnknown(await juju.actions.parameters(), []);
  const { cluster, changes, reports } = await look(doors, role);
  if (cluster.role !== 'control-plane' || cluster.node === undefined) throw new Error('this unit is in no cluster');
  const objections = [
    ...reports.flatMap(({ status, message }) => (status === 'active' ? [] : [message])),
    ...changes.map(({ description }) => `a change is outstanding: ${description}`),
    ...(await observeHealth(doors, cluster)).reports.map(({ message }) => message),
    ...(await unreadyNodes(doors)),
    ...(cluster.peers.shared[GRANT] ? ['a change is being rolled out over the control planes'] : []),
  ];
  if (objections.length > 0) throw new Error(`not fit for an upgrade: ${[...new Set(objections)].join('; ')}`);
  await juju.actions.setResults({ result: 'fit for an upgrade', version: cluster.snap?.version ?? '' });
}

async function unreadyNodes(doors: Doors): Promise<readonly string[]> {
  const nodes = await (await doors.kubernetes())?.nodes().catch(tellUnreachable);
  if (nodes === undefined) return ['there is no kubeconfig'];
  if (typeof nodes === 'string') return [nodes];
  const versions = new Set(nodes.map(({ kubeletVersion }) => kubeletVersion));
  const stray = versions.size > 1 ? [`nodes run different versions: ${[...versions].sort().join(', ')}`] : [];
  return [...nodes.filter(({ ready }) => !ready).map(({ name }) => `node ${name} is not ready`), ...stray];
}

function tellUnreachable(error: unknown): string {
  if (error instanceof KubernetesError) return `the nodes cannot be asked for: ${error.message}`;
  throw error;
}
