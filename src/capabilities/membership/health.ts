/** How the node and the cluster are, beyond what there is to change: what keeps a settled unit from being active. */

import { SnapdError } from '../../clients/host/errors.ts';
import type { UnitStatus } from '../../clients/juju/status.ts';
import { K8sdError } from '../../clients/k8sd/errors.ts';
import { KubernetesError } from '../../clients/kubernetes/errors.ts';
import type { Kubernetes, Node } from '../../clients/kubernetes/kubernetes.ts';
import type { Clients } from '../../core/clients.ts';
import { causeIn } from '../../core/log-cause.ts';
import type { Report } from '../../core/report.ts';
import { optionOf, SERVICES, type Service } from '../../core/services.ts';
import { isLost, leadOf } from './controller-lead.ts';
import { type ClusterFacts, type ControlPlaneFacts, snapMinor } from './facts.ts';
import { strayLabels } from './labels.ts';
import { waiting } from './plan-node.ts';

const QUICK = { timeoutMs: 15_000 };
const MOST_NAMES = 5;
/** Lines of a log that are looked at for a cause; the usage that some commands print is not as long. */
const LINES = 200;
const LONGEST_UNREADY_MS = 15 * 60_000;
const LONGEST_SILENCE_MS = 15 * 60_000;
const LONGEST_DOWN_MS = 5 * 60_000;

export interface Health {
  /** Empty when all is well. */
  readonly reports: readonly Report[];
  /** Labels that we gave the node and that it has no longer as we gave them. */
  readonly strayLabels: readonly string[];
}

export async function observeHealth(clients: Clients, facts: ClusterFacts): Promise<Health> {
  if (facts.node === undefined) return { reports: [], strayLabels: [] };
  try {
    const kubernetes = await clients.kubernetes();
    if (kubernetes === undefined) return only(waiting('Waiting for a kubeconfig'));
    // Options that are refused say nothing of what the cluster should have.
    const leads = facts.role === 'control-plane' && facts.leader && facts.problems.length === 0;
    const leader = leads ? facts : undefined;
    const [node, services, controllers, features, pods] = await Promise.all([
      kubernetes.node(facts.node.name),
      serviceHealth(clients, facts),
      leader ? controllerHealth(clients, kubernetes, leader) : [],
      leader ? featureHealth(clients, leader) : [],
      leader ? podHealth(kubernetes, leader.options.unreadyPodNamespaces) : [],
    ]);
    return {
      reports: [
        ...(await nodeHealth(clients, facts, facts.node.name, node)),
        ...services,
        ...controllers,
        ...features,
        ...pods,
      ],
      strayLabels: node === undefined ? [] : strayLabels(facts.memory, node.labels),
    };
  } catch (error) {
    if (error instanceof KubernetesError) return only(await silentApi(clients, facts, error));
    if (error instanceof K8sdError) return only(waiting(`Waiting to verify features: ${error.message}`));
    throw error;
  }
}

function only(report: Report): Health {
  return { reports: [report], strayLabels: [] };
}

async function silentApi(clients: Clients, facts: ClusterFacts, { message }: KubernetesError): Promise<Report> {
  const own = facts.role === 'control-plane' ? await trouble(clients, 'kube-apiserver') : undefined;
  const text = own === undefined ? message : `${behind('kube-apiserver', facts)}kube-apiserver is not running${own}`;
  const way =
    facts.role === 'worker'
      ? 'look at the status of the control plane'
      : 'see snap logs k8s.kube-apiserver on the machine';
  return {
    ...waiting(`Waiting for API Server: ${text}`),
    lasts: { key: 'api-server', atMostMs: LONGEST_SILENCE_MS, way },
  };
}

/** A node that has never been there waits for kubelet alone, and kubelet that does not run for an operator. */
async function nodeHealth(
  clients: Clients,
  facts: ClusterFacts,
  name: string,
  node: Node | undefined,
): Promise<readonly Report[]> {
  if (node?.ready) return [];
  const kubelet = await trouble(clients, 'kubelet');
  const log = 'see snap logs k8s.kubelet on the machine';
  const why = kubelet === undefined ? '' : `: kubelet is not running${kubelet}`;
  if (node === undefined && kubelet !== undefined)
    return [{ status: 'blocked', message: `${behind('kubelet', facts)}kubelet is not running${kubelet}; ${log}` }];
  const text = node === undefined ? `Node ${name} is not in the cluster` : `Node ${name} is not ready${why}`;
  return [{ ...waiting(text), lasts: { key: `node ${name}`, atMostMs: LONGEST_UNREADY_MS, way: log } }];
}

/** What an API server and a node can do without for a while: nobody else would notice that it is down. kubelet is told of with the node. */
async function serviceHealth(clients: Clients, facts: ClusterFacts): Promise<readonly Report[]> {
  const down = (await servicesOf(clients)).filter(
    ({ name, active, enabled }) => enabled && !active && name !== 'kubelet',
  );
  return Promise.all(
    down.map(async ({ name }) => {
      const service = SERVICES.find((one) => one === name);
      const cause = service === undefined ? '' : ((await trouble(clients, service)) ?? '');
      const options = service === undefined ? '' : behind(service, facts);
      return {
        ...waiting(`${options}${name} is not running${cause}`),
        lasts: { key: `service ${name}`, atMostMs: LONGEST_DOWN_MS, way: `see snap logs k8s.${name} on the machine` },
      };
    }),
  );
}

/** A controller manager that ends whenever it leads is up most of the time; that nobody leads is what tells of it. */
async function controllerHealth(
  { host }: Clients,
  kubernetes: Kubernetes,
  { arguments: files }: ControlPlaneFacts,
): Promise<readonly Report[]> {
  const service = 'kube-controller-manager';
  const lead = leadOf(service, files[service]?.text ?? '');
  if (lead === undefined) return [];
  const { namespace, name } = lead;
  if (!isLost(lead, await kubernetes.leaseState({ namespace, name }), host.now())) return [];
  const way = `see snap logs k8s.${service} on the control-plane nodes`;
  return [{ ...waiting(`No ${service} leads`), lasts: { key: 'lead', atMostMs: LONGEST_DOWN_MS, way } }];
}

async function servicesOf({ host }: Clients) {
  try {
    return await host.snapd.services('k8s');
  } catch (error) {
    if (error instanceof SnapdError) return [];
    throw error;
  }
}

/** @returns undefined when the service runs, else the cause as its log tells it, after a colon. */
async function trouble({ host }: Clients, service: Service): Promise<string | undefined> {
  try {
    const found = (await host.snapd.services('k8s')).find(({ name }) => name === service);
    if (found === undefined || found.active) return undefined;
    const cause = causeIn(await host.snapd.log('k8s', service, LINES));
    return cause === undefined ? '' : `: ${cause}`;
  } catch (error) {
    if (error instanceof SnapdError) return undefined;
    throw error;
  }
}

/** The options that give the service arguments, of which one may be the cause. */
function behind(service: Service, { options: { arguments: given }, hardened }: ClusterFacts): string {
  const own = Object.keys(given[service] ?? {}).length > 0 ? [optionOf(service)] : [];
  const askers = Object.values(hardened.services[service]?.askers ?? {}).flatMap((text) => text.split(', '));
  // What an operator has written is likelier than what the charm knows.
  const options = own.length > 0 ? own : [...new Set(askers)].filter((option) => option !== 'tls-min-version');
  return options.length === 0 ? '' : `${options.join(', ')}: `;
}

async function featureHealth(clients: Clients, { snap, options }: ControlPlaneFacts): Promise<readonly UnitStatus[]> {
  const { features } = await clients.k8sd(snapMinor(snap)).clusterStatus(QUICK);
  const wanted = options.features as Readonly<Record<string, { readonly enabled?: boolean } | undefined>>;
  return Object.entries(features)
    .filter(([name, status]) => wanted[name]?.enabled && !status.enabled)
    .map(([name]) => waiting(`Feature '${name}' is not ready`));
}

async function podHealth(kubernetes: Kubernetes, namespaces: readonly string[]): Promise<readonly UnitStatus[]> {
  const found = await Promise.all(
    namespaces.map(async (namespace) => ({ namespace, unready: await kubernetes.unreadyPods(namespace) })),
  );
  const large = found.filter(({ unready }) => !unready.whole).map(({ namespace }) => namespace);
  const unseen: readonly UnitStatus[] = large.map((namespace) => ({
    status: 'blocked',
    message: `Pods in ${namespace} take more than 512 MiB, and not all were looked at: find out who makes them (kubectl get pods -n ${namespace})`,
  }));
  const total = found.reduce((sum, { unready }) => sum + unready.total, 0);
  if (total === 0) return unseen;
  const names = found
    .flatMap(({ namespace, unready }) => unready.names.map((name) => `${namespace}/${name}`))
    .slice(0, MOST_NAMES);
  const more = total > names.length ? ` and ${total - names.length} more` : '';
  return [...unseen, waiting(`Unready Pods: ${names.join(', ')}${more}`)];
}
