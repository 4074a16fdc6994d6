/** The action `pre-upgrade-check`: whether the cluster, or on a worker its node, is fit for an upgrade of the charm or the snap. */

import { GRANT } from '../../cluster/index.ts';
import { refuseUnknown } from '../../core/parameters.ts';
import { KubernetesError } from '../../kubernetes/errors.ts';
import { standingReports } from '../current.ts';
import type { Doors } from '../doors.ts';
import type { Role } from '../role.ts';
import { quorumWarning } from '../size.ts';
import { look } from '../view.ts';

export async function preUpgradeCheck(doors: Doors, role: Role): Promise<void> {
  const { juju } = doors;
  refuseUnknown(await juju.actions.parameters(), []);
  const view = await look(doors, role);
  const { cluster, changes } = view;
  if (cluster.node === undefined) throw new Error('this unit is in no cluster');
  const quorum = quorumWarning(view);
  const objections = [
    ...(await standingReports(doors, view)).flatMap(({ status, message }) => (status === 'active' ? [] : [message])),
    ...changes.map(({ inPlan, description }) => `a change is outstanding: ${inPlan?.line ?? description}`),
    ...(role === 'control-plane' ? await unreadyNodes(doors) : []),
    ...(cluster.role === 'control-plane' && cluster.peers.shared[GRANT]
      ? ['a change is being rolled out over the control-plane nodes']
      : []),
  ];
  if (objections.length > 0) throw new Error(`not fit for an upgrade: ${[...new Set(objections)].join('; ')}`);
  await juju.actions.setResults({
    result: 'fit for an upgrade',
    version: cluster.snap?.version ?? '',
    ...(quorum === undefined ? {} : { warnings: `${quorum}, or expect the API to be down while each is upgraded` }),
  });
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
