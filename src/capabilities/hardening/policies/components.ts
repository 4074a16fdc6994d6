/** Which pods are components of the cluster. */
import type { PodFacts, WorkloadFacts } from './facts.ts';
import { SYSTEM_NAMESPACES } from './product.ts';

/** By their labels `k8s-app`, `app.kubernetes.io/name` or `app.kubernetes.io/part-of`: what the snap and its charms run there. */
const COMPONENTS: ReadonlySet<string> = new Set([
  'cilium',
  'cilium-agent',
  'cilium-envoy',
  'cilium-operator',
  'coredns',
  'hubble-relay',
  'metallb',
  'metrics-server',
  'rawfile-csi',
]);

/** A pod in a namespace of the system that one of the snap's releases runs, or that is known by its label. */
export function isComponent(pod: PodFacts, workloads: readonly WorkloadFacts[]): boolean {
  if (!SYSTEM_NAMESPACES.includes(pod.namespace)) return false;
  return pod.apps.some((app) => COMPONENTS.has(app)) || ofProduct(workloads).has(`${pod.namespace} ${pod.controller}`);
}

/** Rules ask for each of thousands of pods, of one and the same list. */
const products = new WeakMap<readonly WorkloadFacts[], ReadonlySet<string>>();

function ofProduct(workloads: readonly WorkloadFacts[]): ReadonlySet<string> {
  const known = products.get(workloads);
  if (known !== undefined) return known;
  const found = new Set(
    workloads
      .filter((workload) => workload.ofProduct)
      .map(({ namespace, kind, name }) => `${namespace} ${kind} ${name}`),
  );
  products.set(workloads, found);
  return found;
}
