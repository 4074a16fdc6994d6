/** A cluster of the stand-in as k8sd makes one, to be looked at over HTTPS, and objects that do not belong into a careful one. */

import type { ApiFacts, FactName, OwnConfiguration } from '../../../../src/capabilities/hardening/policies/facts.ts';
import { observeCluster } from '../../../../src/capabilities/hardening/policies/observe/cluster.ts';
import { RULES } from '../../../../src/capabilities/hardening/policies/rules.ts';
import { openKubernetes } from '../../../../src/clients/kubernetes/open-kubernetes.ts';
import { bootstrapped, discard, eventually, newMachines } from '../../../standins/machines/ask.ts';
import { customTypes } from '../../../standins/machines/kubernetes/custom-resources.ts';
import { typeOf } from '../../../standins/machines/kubernetes/resources.ts';
import type { Draft, Store } from '../../../standins/machines/kubernetes/store.ts';
import type { NodeMachine } from '../../../standins/machines/machines.ts';

export interface WatchedCluster {
  readonly machine: NodeMachine;
  readonly store: Store;
  /** Adds an object of a kind, also of one that a definition in the store brings. */
  add(resource: string, object: Draft): void;
  /** All facts, or some, over the real protocol. */
  look(own?: Partial<OwnConfiguration>, wanted?: Iterable<FactName>): Promise<ApiFacts>;
  /** Is told of each request to the API server, before it and after it; undefined ends that. */
  observe(told: ((what: string, phase: 'before' | 'after') => void) | undefined): void;
  close(): Promise<void>;
}

export const PLAIN_CONFIGURATION: OwnConfiguration = {
  node: 'nowhere',
  podSecurity: { active: true, enforce: 'privileged', exemptNamespaces: [], documentedExemptions: [] },
  admissionPlugins: ['NodeRestriction'],
  seccompDefault: false,
  kms: false,
};

export const ALL_FACTS: ReadonlySet<FactName> = new Set(Object.values(RULES).flatMap(({ needs }) => needs));

/** With all features that are on by default, and everything that they bring. */
export async function watchedCluster(): Promise<WatchedCluster> {
  const machines = await newMachines({ features: 10 });
  const on = { enabled: true };
  const features = { network: on, dns: on, 'metrics-server': on, 'local-storage': on, 'load-balancer': on };
  const machine = await bootstrapped(machines, '0', { 'cluster-config': features });
  const view = machines.cluster('0');
  if (view === undefined) throw new Error('there is no cluster');
  const { store } = view.api;
  await eventually(() => store.find(typeOf('pods'), 'metallb-system', 'metallb-speaker-0'));
  await eventually(() => store.list(typeOf('nodes')).length === 1);
  const kubeconfig = await machine.files.need('/etc/kubernetes/admin.conf');
  return {
    machine,
    store,
    add(resource, object) {
      const custom = customTypes(store).find((type) => type.resource === resource);
      const { namespace } = object.metadata;
      if (namespace !== undefined && store.find(typeOf('namespaces'), '', namespace) === undefined)
        store.create(typeOf('namespaces'), { metadata: { name: namespace } });
      store.create(custom ?? typeOf(resource), object);
    },
    async look(own = {}, wanted = ALL_FACTS) {
      const kubernetes = await openKubernetes(kubeconfig, { timeoutMs: 20_000 });
      return observeCluster(kubernetes, new Set(wanted), { ...PLAIN_CONFIGURATION, ...own });
    },
    observe(told) {
      machine.observer = told;
    },
    async close() {
      const { failures } = machines;
      await discard(machines);
      if (failures.length > 0) throw new Error('the stand-in failed', { cause: failures[0] });
    },
  };
}

/** A container that wants nothing that a benchmark would mind. */
export const carefulContainer = {
  name: 'app',
  image: 'registry.example.com:5000/app:1.0',
  securityContext: {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  },
};

export const carefulPod = {
  serviceAccountName: 'app',
  automountServiceAccountToken: false,
  securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
  containers: [carefulContainer],
};

export function pod(namespace: string, name: string, spec: object = {}, metadata: object = {}): Draft {
  return {
    metadata: { namespace, name, ...metadata },
    spec: { ...carefulPod, ...spec },
    status: { phase: 'Running' },
  };
}

/** A pod of one container that says more, or otherwise, than the careful one. */
export function podWith(namespace: string, name: string, container: object, spec: object = {}): Draft {
  return pod(namespace, name, { ...spec, containers: [{ ...carefulContainer, ...container }] });
}

export function binding(name: string, role: string, subjects: readonly object[], metadata: object = {}): Draft {
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role };
  return { metadata: { name, ...metadata }, roleRef, subjects };
}

export function role(name: string, rules: readonly object[], metadata: object = {}): Draft {
  return { metadata: { name, ...metadata }, rules };
}

export const account = (namespace: string, name: string) => ({ kind: 'ServiceAccount', namespace, name });
export const group = (name: string) => ({ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name });
export const user = (name: string) => ({ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name });
