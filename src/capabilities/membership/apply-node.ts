/** Cluster configuration, node labels and registry files. */

import { BadRequest, Immutable, K8sdError } from '../../clients/k8sd/errors.ts';
import { KubernetesError } from '../../clients/kubernetes/errors.ts';
import { ChangeFailed } from '../../core/change-failed.ts';
import type { Clients } from '../../core/clients.ts';
import type { Change } from './change.ts';
import { type ClusterFacts, snapMinor } from './facts.ts';
import { rememberLabels } from './labels.ts';
import { remember } from './memory.ts';

type ConfigureCluster = Extract<Change, { kind: 'configure-cluster' }>;
type LabelNode = Extract<Change, { kind: 'label-node' }>;
type WriteRegistries = Extract<Change, { kind: 'write-registries' }>;

const CONFIGURE = { timeoutMs: 120_000 };

export async function configureCluster(
  clients: Clients,
  facts: ClusterFacts,
  { config, datastore }: ConfigureCluster,
): Promise<void> {
  try {
    await clients
      .k8sd(snapMinor(facts.snap))
      .setClusterConfig({ config, ...(datastore ? { datastore } : {}) }, CONFIGURE);
  } catch (error) {
    if (!(error instanceof K8sdError)) throw error;
    const lasting = error instanceof BadRequest || error instanceof Immutable || /not valid/.test(error.message);
    const options = [...Object.keys(config), ...(datastore ? ['the etcd relation'] : [])].join(', ');
    throw new ChangeFailed(
      lasting ? 'blocked' : 'waiting',
      `The cluster does not take the options of ${options}: ${error.message}`,
    );
  }
}

export async function labelNode(clients: Clients, { node, labels, remember: remembered }: LabelNode): Promise<void> {
  const kubernetes = await clients.kubernetes();
  if (kubernetes === undefined) throw new ChangeFailed('waiting', 'Waiting for a kubeconfig to label the node');
  try {
    await kubernetes.labelNode(node, labels);
  } catch (error) {
    if (!(error instanceof KubernetesError)) throw error;
    const refused = error.reason === 'Forbidden' || error.reason === 'Invalid';
    throw new ChangeFailed(refused ? 'blocked' : 'waiting', `node-labels cannot be set on ${node}: ${error.message}`);
  }
  rememberLabels(clients.juju.state, remembered);
}

export async function writeRegistries({ host, juju }: Clients, change: WriteRegistries): Promise<void> {
  for (const { path, content } of change.write) await host.files.write(path, content, { mode: 0o600 });
  for (const path of change.remove) await host.files.remove(path);
  remember(juju.state, 'registries', change.remember.length === 0 ? undefined : JSON.stringify(change.remember));
}
