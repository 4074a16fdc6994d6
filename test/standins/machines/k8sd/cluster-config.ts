/** `GET` and `PUT k8sd/cluster/config`: the merged configuration, of which much is fixed after bootstrap. */

import { at, clone, isObject } from '../json.ts';
import { readArguments, writeArguments } from '../node/arguments.ts';
import type { NodeMachine } from '../node/machine.ts';
import { paths } from '../node/paths.ts';
import { externalEtcdArguments } from '../node/setup.ts';
import type { ClusterState } from '../state.ts';
import { validateClusterConfig } from './cluster-defaults.ts';
import { decodeBody, map, text, texts } from './decode.ts';
import { K8sdRefusal, type Reply } from './envelope.ts';
import { reconcileFeatures } from './features.ts';
import { clusterOf } from './readiness.ts';
import type { Call } from './routes.ts';
import { setClusterConfigShape } from './shapes.ts';

export function getClusterConfig({ machine }: Call): Reply {
  const cluster = clusterOf(machine);
  const pem = (field: string): Record<string, string> => {
    const value = cluster.pems[`datastore-${field}`];
    return value === undefined ? {} : { [field]: value };
  };
  return {
    metadata: {
      status: cluster.config,
      datastore: {
        type: cluster.datastoreType,
        ...(cluster.datastoreServers.length > 0 ? { servers: cluster.datastoreServers } : {}),
        ...pem('ca-crt'),
        ...pem('client-crt'),
        ...pem('client-key'),
      },
      'pod-cidr': cluster.podCidr,
      'service-cidr': cluster.serviceCidr,
    },
  };
}

export async function setClusterConfig({ machine, exchange }: Call): Promise<Reply> {
  const request = decodeBody(exchange.body, setClusterConfigShape(machine.minor));
  const cluster = clusterOf(machine);
  const config = merge(cluster.config, map(request, 'config'));
  const datastore = map(request, 'datastore');
  requireDatastore(cluster, datastore);
  requireUnchanged(cluster.config, config);
  try {
    validateClusterConfig(config, cluster);
  } catch (error) {
    throw new K8sdRefusal(
      500,
      `database transaction to update cluster configuration failed: updated cluster configuration is not valid: ${(error as Error).message}`,
    );
  }
  cluster.config = config;
  if (Object.keys(datastore).length > 0) await changeDatastore(machine, cluster, datastore);
  reconcileFeatures(machine, cluster);
  return { metadata: {} };
}

/** Given fields go over present ones; an annotation of `-` is taken away. */
function merge(
  present: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const result = clone({ ...present });
  for (const [section, values] of Object.entries(given)) {
    if (section === 'annotations') result[section] = mergeAnnotations(result[section], values);
    else if (isObject(values)) result[section] = { ...(isObject(result[section]) ? result[section] : {}), ...values };
    else result[section] = values;
  }
  return result;
}

function mergeAnnotations(present: unknown, given: unknown): Record<string, unknown> {
  const all = { ...(isObject(present) ? present : {}), ...(isObject(given) ? given : {}) };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== '-'));
}

function requireUnchanged(before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>): void {
  const fixed: readonly (readonly [string, string])[] = [
    ['dns', 'service-ip'],
    ['local-storage', 'local-path'],
    ['local-storage', 'reclaim-policy'],
  ];
  for (const [feature, field] of fixed) {
    const stays = at(before, feature, 'enabled') === true && at(after, feature, 'enabled') === true;
    const old = at(before, feature, field);
    if (stays && old !== '' && old !== at(after, feature, field)) {
      throw new K8sdRefusal(
        500,
        `database transaction to update cluster configuration failed: failed to update cluster configuration: prevented update of ${feature}.${field}: value cannot change`,
      );
    }
  }
}

function requireDatastore(cluster: ClusterState, datastore: Readonly<Record<string, unknown>>): void {
  if (Object.keys(datastore).length === 0) return;
  if (text(datastore, 'type') !== 'external') {
    throw new K8sdRefusal(
      400,
      `failed to parse datastore config: unsupported datastore type ${JSON.stringify(text(datastore, 'type'))}: only "external" can be set`,
    );
  }
  if (cluster.datastoreType !== 'external') {
    throw new K8sdRefusal(
      500,
      'database transaction to update cluster configuration failed: failed to update cluster configuration: prevented update of datastore type: value cannot change',
    );
  }
}

/** Each control plane's controller brings the new credentials to its files and its API server. */
async function changeDatastore(
  machine: NodeMachine,
  cluster: ClusterState,
  datastore: Readonly<Record<string, unknown>>,
): Promise<void> {
  if (texts(datastore, 'servers').length > 0) cluster.datastoreServers = texts(datastore, 'servers');
  for (const field of ['ca-crt', 'client-crt', 'client-key']) {
    if (text(datastore, field) !== '') cluster.pems[`datastore-${field}`] = text(datastore, field);
  }
  machine.site.timers.after(machine.site.delays.features, async () => {
    for (const member of cluster.members) {
      const node = machine.site.machines.get(member.machine);
      if (node !== undefined && !node.state.gone) await bringDatastore(node, cluster);
    }
  });
}

async function bringDatastore(node: NodeMachine, cluster: ClusterState): Promise<void> {
  await node.files.write(`${paths.etcdPki}/ca.crt`, cluster.pems['datastore-ca-crt'] ?? '');
  await node.files.write(`${paths.etcdPki}/client.crt`, cluster.pems['datastore-client-crt'] ?? '');
  await node.files.write(`${paths.etcdPki}/client.key`, cluster.pems['datastore-client-key'] ?? '');
  const present = readArguments(await node.files.need(`${paths.args}/kube-apiserver`));
  await node.files.write(
    `${paths.args}/kube-apiserver`,
    writeArguments({ ...present, ...externalEtcdArguments(cluster) }),
  );
  if (node.services.isActive('kube-apiserver')) await node.services.restart('kube-apiserver');
}
