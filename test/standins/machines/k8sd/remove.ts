/** `POST k8sd/cluster/remove`: takes a node out of the cluster. */

import { at } from '../json.ts';
import { typeOf } from '../kubernetes/resources.ts';
import type { NodeMachine } from '../node/machine.ts';
import { paths } from '../node/paths.ts';
import { wipe } from '../node/setup.ts';
import type { ClusterState } from '../state.ts';
import { decodeBody, flag, text } from './decode.ts';
import { K8sdRefusal, type Reply } from './envelope.ts';
import { clusterOf } from './readiness.ts';
import type { Call } from './routes.ts';
import { removeShape } from './shapes.ts';
import { unreachable } from './tokens.ts';

const KEEP_NODE = 'k8sd/v1alpha/lifecycle/skip-cleanup-kubernetes-node-on-remove';
const KEEP_SERVICES = 'k8sd/v1alpha/lifecycle/skip-stop-services-on-remove';

export async function removeNode({ machine, exchange }: Call): Promise<Reply> {
  const request = decodeBody(exchange.body, removeShape);
  const name = text(request, 'name');
  const force = flag(request, 'force');
  const cluster = clusterOf(machine);
  const step = async (what: string, action: () => Promise<void>): Promise<void> => {
    try {
      await action();
    } catch (error) {
      // With force, failures are logged and the next step follows.
      if (!force) throw new K8sdRefusal(500, `failed to ${what}: ${(error as Error).message}`);
    }
  };
  const member = cluster.members.find((candidate) => candidate.name === name);
  await step('remove k8s node', () => deleteNode(machine, cluster, name));
  if (member === undefined && !force) {
    if (!wasWorker(machine, cluster, name))
      throw new K8sdRefusal(404, `cluster member ${JSON.stringify(name)} not found`);
    return { metadata: {} };
  }
  let after: (() => void) | undefined;
  await step('remove cluster member', async () => {
    after = await expel(machine, cluster, name, force);
  });
  return { metadata: {}, ...(after === undefined ? {} : { afterSent: after }) };
}

async function deleteNode(machine: NodeMachine, cluster: ClusterState, name: string): Promise<void> {
  if (at(cluster.config, 'annotations', KEEP_NODE) !== undefined) return;
  const api = machine.site.api(cluster.id);
  if (!api.reachable()) throw new Error(unreachable(machine.address, cluster));
  // A Node that is not there counts as removed.
  const objects = machine.site.objects(cluster.id);
  if ((await objects.find(typeOf('nodes'), '', name)) !== undefined) await objects.delete(typeOf('nodes'), '', name);
}

function wasWorker(machine: NodeMachine, cluster: ClusterState, name: string): boolean {
  if (cluster.kubernetes.deletedNodes[name] !== undefined) return true;
  return [...machine.site.machines.values()].some(
    ({ state: { k8sd } }) => k8sd.member?.cluster === cluster.id && k8sd.member.name === name,
  );
}

/** Removes a control plane from etcd and from k8sd's cluster; what is to follow the answer comes back. */
export async function expel(
  machine: NodeMachine,
  cluster: ClusterState,
  name: string,
  force: boolean,
): Promise<(() => void) | undefined> {
  const member = cluster.members.find((candidate) => candidate.name === name);
  if (member === undefined) throw new Error(`cluster member ${JSON.stringify(name)} not found`);
  if (cluster.joining !== undefined && cluster.joining !== member.machine)
    throw new Error('cluster is unhealthy or another node is currently joining the cluster');
  if (cluster.members.length === 1) throw new Error('cannot leave a cluster with 1 members');
  const leaving = machine.site.machines.get(member.machine);
  const answers = leaving !== undefined && !leaving.state.gone && leaving.k8sd.answersWebhook;
  if (!answers && !force)
    throw new Error(
      `failed to run pre-remove hook on ${JSON.stringify(name)}: dial tcp ${member.address}: connect: connection refused`,
    );
  const staying = machine.site.machines.get(cluster.members.find((one) => one !== member)?.machine ?? '');
  if (cluster.datastoreType === 'etcd' && staying !== undefined) await machine.site.etcd?.remove(staying, name);
  cluster.etcdMembers = cluster.etcdMembers.filter((id) => id !== member.machine);
  cluster.members = cluster.members.filter((candidate) => candidate !== member);
  if (!answers || leaving === undefined) return undefined;
  const leave = (): Promise<void> => clearNode(leaving, cluster);
  if (leaving === machine) {
    // It answers before it goes.
    return () => {
      machine.timers.after(0, async () => {
        await leave();
        machine.k8sd.reexec();
      });
    };
  }
  await leaving.k8sd.exclusive(leave);
  leaving.k8sd.reexec();
  return undefined;
}

async function clearNode(leaving: NodeMachine, cluster: ClusterState): Promise<void> {
  if (at(cluster.config, 'annotations', KEEP_SERVICES) === undefined) await wipe(leaving);
  delete leaving.state.k8sd.member;
  await leaving.k8sd.closePort();
  await leaving.files.remove(`${paths.state}/cluster.crt`);
  await leaving.files.remove(`${paths.state}/cluster.key`);
}
