/** The action `pre-upgrade-check`: whether the cluster, or on a worker its node, is fit for an upgrade of the charm or the snap. */

import { KubernetesError } from '../../clients/kubernetes/errors.ts';
import type { Charm } from '../../core/capability.ts';
import type { Clients } from '../../core/clients.ts';
import { refuseUnknown } from '../../core/parameters.ts';
import type { Role } from '../../core/role.ts';
import type { EngineAction } from '../engine-action.ts';
import { GRANT } from '../gate/lock.ts';
import { isWorkerAtWork } from '../gate/worker-lock.ts';
import { takeSnapshot } from '../snapshot.ts';
import { standingReports } from '../standing-reports.ts';

export const preUpgradeCheck: EngineAction = { looks: true, run };

async function run(clients: Clients, role: Role, charm: Charm): Promise<void> {
  const { juju } = clients;
  refuseUnknown(await juju.actions.parameters(), []);
  const snapshot = await takeSnapshot(clients, role, charm);
  const { node, changes } = snapshot;
  if (node.member === undefined) throw new Error('this unit is in no cluster');
  const objections = [
    ...(await standingReports(clients, charm, snapshot)).flatMap(({ status, message }) =>
      status === 'active' ? [] : [message],
    ),
    ...changes.map(({ inPlan, description }) => `a change is outstanding: ${inPlan?.line ?? description}`),
    ...(role === 'control-plane' ? await unreadyNodes(clients) : []),
    ...(node.peers?.shared[GRANT] ? ['a change is being rolled out over the control-plane nodes'] : []),
    ...(node.workers.some(isWorkerAtWork) ? ['a change is being rolled out over the workers'] : []),
  ];
  if (objections.length > 0) throw new Error(`not fit for an upgrade: ${[...new Set(objections)].join('; ')}`);
  const { quorumWarning } = node;
  const warnings = `${quorumWarning}, or expect the API to be down while each is upgraded`;
  await juju.actions.setResults({
    result: 'fit for an upgrade',
    version: node.snap?.version ?? '',
    ...(quorumWarning === undefined ? {} : { warnings }),
  });
}

async function unreadyNodes(clients: Clients): Promise<readonly string[]> {
  const nodes = await (await clients.kubernetes())?.nodes().catch(tellUnreachable);
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
