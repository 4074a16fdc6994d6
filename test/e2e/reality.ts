/**
 * What really is, read from the machines and the databags and not from statuses: nodes of Kubernetes, members of k8sd and of
 * etcd, services that run, what is left on a machine whose unit has gone.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Model } from '../standins/juju/model.ts';
import type { NodeMachine } from '../standins/machines/machines.ts';
import { controlPlaneServices, workerServices } from '../standins/machines/node/services.ts';
import { type TestCluster, withoutQuorumNote } from './cluster.ts';
import { machineOf } from './nodes.ts';

export function unitsOf(model: Model, application: string): readonly string[] {
  return Object.keys(model.state.units).filter((unit) => model.unit(unit).application === application);
}

/** Names of the nodes that Kubernetes has, as any control plane tells it, with whether each is ready. */
export function kubernetesNodes({ machines }: TestCluster, controlPlane: NodeMachine): Record<string, string> {
  const nodes = machines.cluster(controlPlane.id)?.nodes() ?? [];
  return Object.fromEntries(nodes.map((node) => [node.metadata.name, readiness(node['status'])]));
}

function readiness(status: unknown): string {
  const { conditions } = status as { conditions: readonly { type: string; status: string }[] };
  return conditions.find(({ type }) => type === 'Ready')?.status === 'True' ? 'ready' : 'not ready';
}

/** Services of the snap that run on a machine; k8sd itself does on each. */
export function runningServices(machine: NodeMachine): readonly string[] {
  return Object.entries(machine.state.services)
    .filter(([name, { active }]) => active && name !== 'k8sd')
    .map(([name]) => name)
    .sort();
}

export interface Expected {
  readonly workerApplications?: readonly string[];
  /** Up to 1.35 it runs beside the cluster's own network, too. Default false. */
  readonly kubeProxy?: boolean;
}

/**
 * Every unit of these applications is a ready node of one cluster with the services of its role, k8sd and etcd have the control
 * planes and nobody else, the databags say so, no token lies about, everybody is active and the leader counts right.
 */
export function expectWholeCluster(
  cluster: TestCluster,
  { workerApplications = ['k8s-worker'], kubeProxy = false }: Expected = {},
): void {
  const { model, machines } = cluster;
  const controlPlanes = unitsOf(model, 'k8s');
  const workers = workerApplications.flatMap((application) => unitsOf(model, application));
  const first = machineOf(cluster, controlPlanes[0] ?? '');
  const view = machines.cluster(first.id);
  const names = (units: readonly string[]) => units.map((unit) => machineOf(cluster, unit).hostname).sort();

  const ready = Object.fromEntries(names([...controlPlanes, ...workers]).map((name) => [name, 'ready']));
  expect(kubernetesNodes(cluster, first)).toEqual(ready);
  expect(view?.state.members.map(({ name }) => name).sort()).toEqual(names(controlPlanes));
  expect([...(view?.state.etcdMembers ?? [])].sort()).toEqual(
    controlPlanes.map((unit) => machineOf(cluster, unit).id).sort(),
  );
  const of = (services: readonly string[]) => services.filter((service) => kubeProxy || service !== 'kube-proxy');
  for (const unit of controlPlanes) expectNode(cluster, unit, view?.id, of(controlPlaneServices));
  for (const unit of workers) expectNode(cluster, unit, view?.id, of(workerServices));

  expect(recordedUnits(model, 'cluster')).toEqual(joinedAs(cluster, controlPlanes));
  for (const application of workerApplications)
    if (unitsOf(model, application).length > 0)
      expect(recordedUnits(model, { endpoint: 'k8s-cluster', remote: application })).toEqual({
        ...joinedAs(cluster, unitsOf(model, application)),
        ...withAddresses(cluster, unitsOf(model, application)),
      });
  // Tokens are gone with their use; the key of Secrets stays.
  expect(model.secrets().map(({ label }) => label)).toEqual(['encryption-at-rest']);

  const statuses = [...controlPlanes, ...workers].map((unit) => [
    unit,
    withoutQuorumNote(model.unit(unit).workload.message),
  ]);
  expect(statuses).toEqual(statuses.map(([unit]) => [unit, 'Ready']));
  expect(model.status().applications['k8s']?.status).toMatchObject({
    status: 'active',
    message: `${plural(controlPlanes.length, 'control-plane node')}, ${plural(workers.length, 'worker')}`,
  });
  expect(machines.failures).toEqual([]);
}

function expectNode(cluster: TestCluster, unit: string, id: string | undefined, services: readonly string[]): void {
  const machine = machineOf(cluster, unit);
  expect({ unit, cluster: machine.state.k8sd.member?.cluster, services: runningServices(machine) }).toEqual({
    unit,
    cluster: id,
    services: [...services].sort(),
  });
}

type Where = 'cluster' | { readonly endpoint: string; readonly remote: string };

/** What the leader has on record of units, and of tokens. */
function recordedUnits(model: Model, where: Where): Record<string, string> {
  const bag = model.applicationBag('k8s', typeof where === 'string' ? where : relationWith(model, where));
  return Object.fromEntries(Object.entries(bag).filter(([key]) => key.includes('/')));
}

function relationWith(model: Model, { endpoint, remote }: Exclude<Where, string>): string {
  const found = Object.values(model.state.relations).find(
    ({ endpoints }) =>
      endpoints.some(({ name }) => name === endpoint) && endpoints.some(({ application }) => application === remote),
  );
  return `${endpoint}:${found?.id}`;
}

function joinedAs(cluster: TestCluster, units: readonly string[]): Record<string, string> {
  return Object.fromEntries(units.map((unit) => [unit, `joined-${machineOf(cluster, unit).hostname}`]));
}

/** Addresses that workers' certificates may have: those of their machines. */
function withAddresses(cluster: TestCluster, units: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    units.map((unit) => [
      `${unit}-addresses`,
      JSON.stringify([cluster.model.unit(unit).bag('cluster')['ingress-address']]),
    ]),
  );
}

/** What opens a cluster, or tells of one, outside of the snap's folders. */
const CREDENTIALS = [
  'etc/kubernetes/pki',
  ...['admin', 'controller', 'kubelet', 'proxy', 'scheduler'].map((name) => `etc/kubernetes/${name}.conf`),
  'var/lib/k8s-charm',
  'var/log/kubernetes/audit.log',
];

/**
 * Nothing of the snap is left: it is not installed, nothing of it runs or would at the next boot, it is in no cluster. No key, no kubeconfig
 * and nothing that the charm has written lies about.
 */
export function expectCleanMachine({ state, root }: NodeMachine): void {
  expect(CREDENTIALS.filter((path) => existsSync(join(root, path)))).toEqual([]);
  expect({ id: state.id, snap: state.snapd.snap, services: state.services, member: state.k8sd.member }).toEqual({
    id: state.id,
    snap: undefined,
    services: {},
    member: undefined,
  });
}

function plural(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
