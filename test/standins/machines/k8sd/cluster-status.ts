/** `GET k8sd/cluster`. */

import { at } from '../json.ts';
import { isReady } from '../kubernetes/nodes.ts';
import { typeOf } from '../kubernetes/resources.ts';
import type { NodeMachine } from '../node/machine.ts';
import type { ClusterState } from '../state.ts';
import { K8sdRefusal, type Reply } from './envelope.ts';
import { features, isEnabled } from './features.ts';
import { databaseProblem } from './readiness.ts';
import type { Call } from './routes.ts';
import { unreachable } from './tokens.ts';

export async function clusterStatus({ machine }: Call): Promise<Reply> {
  const member = machine.state.k8sd.member;
  if (member === undefined) throw new K8sdRefusal(503, 'daemon not yet initialized');
  const problem = databaseProblem(machine);
  if (problem !== undefined) throw new K8sdRefusal(503, problem);
  const cluster = machine.site.cluster(member.cluster);
  const api = machine.site.api(cluster.id);
  if (!api.answers(machine))
    throw new K8sdRefusal(500, `failed to check if cluster has ready nodes: ${unreachable(machine.address, cluster)}`);
  const ready =
    (await machine.site.objects(cluster.id).list(typeOf('nodes'))).some(isReady) && (await dnsReady(machine, cluster));
  return {
    metadata: {
      status: {
        // False is left out.
        ...(ready ? { ready } : {}),
        members: cluster.members.map(({ name, address }) => ({
          name,
          address,
          'cluster-role': 'control-plane',
          'datastore-role': 'voter',
        })),
        config: cluster.config,
        datastore: {
          type: cluster.datastoreType,
          ...(cluster.datastoreServers.length > 0 ? { servers: cluster.datastoreServers } : {}),
        },
        ...Object.fromEntries(Object.keys(features).map((name) => [name, featureStatus(cluster, name)])),
      },
    },
  };
}

function featureStatus(cluster: ClusterState, name: string): unknown {
  const feature = cluster.features[name];
  return {
    enabled: feature?.enabled ?? false,
    message: feature?.message ?? '',
    version: feature?.version ?? '',
    'updated-at': feature?.updatedAt ?? '0001-01-01T00:00:00Z',
  };
}

/** The kubelet that runs here has been told the address that the DNS service has. */
async function dnsReady(machine: NodeMachine, cluster: ClusterState): Promise<boolean> {
  if (!isEnabled(cluster, 'dns')) return true;
  const service = await machine.site.objects(cluster.id).find(typeOf('services'), 'kube-system', 'coredns');
  const address = at(service, 'spec', 'clusterIP');
  return address !== undefined && machine.services.running('kubelet')?.['--cluster-dns'] === address;
}
