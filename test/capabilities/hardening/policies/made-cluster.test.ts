/**
 * Guards that nothing is held against a cluster as k8sd makes one that its operator has not done: with the objects that Kubernetes and the
 * features of the snap bring. On the stand-ins, and the same on the real components.
 */

import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiFacts } from '../../../../src/capabilities/hardening/policies/facts.ts';
import { observeCluster } from '../../../../src/capabilities/hardening/policies/observe/cluster.ts';
import { openKubernetes } from '../../../../src/clients/kubernetes/open-kubernetes.ts';
import { bootstrapped, discard, eventually, newMachines } from '../../../standins/machines/ask.ts';
import { ALL_FACTS, PLAIN_CONFIGURATION } from './cluster.ts';
import { type ApiControl, apiControls, verdictOf } from './controls.ts';

const OWN = ['kube-system', 'kube-public', 'metallb-system'];

let machines: Awaited<ReturnType<typeof newMachines>>;
let controls: readonly ApiControl[];
let fresh: ApiFacts;
let strict: ApiFacts;

beforeAll(async () => {
  controls = await apiControls();
  machines = await newMachines({ features: 10 });
  const on = { enabled: true };
  const features = { network: on, dns: on, 'metrics-server': on, 'local-storage': on, 'load-balancer': on };
  const machine = await bootstrapped(machines, '0', { 'cluster-config': features });
  const kubeconfig = await machine.files.need('/etc/kubernetes/admin.conf');
  const kubernetes = await openKubernetes(kubeconfig, { timeoutMs: 20_000 });
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  const core = config.makeApiClient(CoreV1Api);
  const last = ['cilium', 'coredns', 'metrics-server', 'metallb-speaker'];
  await eventually(async () => {
    const { items } = await core.listPodForAllNamespaces();
    const names = items.map(({ metadata }) => metadata?.name ?? '');
    const running = items.every(({ status }) => status?.phase === 'Running');
    return running && last.every((name) => names.some((found) => found.startsWith(name)));
  }, 60_000);
  const look = (own: object = {}) => observeCluster(kubernetes, ALL_FACTS, { ...PLAIN_CONFIGURATION, ...own });
  fresh = await look();
  const podSecurity = { active: true, enforce: 'restricted', exemptNamespaces: OWN, documentedExemptions: OWN };
  strict = await look({ podSecurity });
}, 120_000);
afterAll(async () => {
  expect(machines.failures).toEqual([]);
  await discard(machines);
});

describe('a cluster as k8sd makes one', () => {
  // No list proves these, or there is nothing yet to judge by.
  const manual = [
    'users-service-account-tokens',
    'secrets-external-storage',
    'image-provenance',
    'namespaces-for-workloads',
    'V-274883',
  ];
  const states = (facts: ApiFacts) =>
    Object.fromEntries(controls.map(({ id }) => [id, verdictOf(controls, id, facts).state]));

  it('fails where nobody has set anything for the default namespace and its account, and passes the rest', () => {
    expect(states(fresh)).toEqual({
      ...Object.fromEntries(controls.map(({ id }) => [id, 'pass'])),
      ...Object.fromEntries(manual.map((id) => [id, 'manual'])),
      ...Object.fromEntries(controls.filter(({ rule }) => rule === 'pods-not-admitted').map(({ id }) => [id, 'fail'])),
      'default-service-accounts': 'fail',
      'pod-security-policy': 'fail',
      'pods-windows-host-process': 'not-applicable',
      'network-policies': 'fail',
    });
  });

  it('passes what Pod Security is about once the API server enforces a level', () => {
    const before = states(fresh);
    const after = states(strict);
    const changed = Object.keys(after).filter((id) => after[id] !== before[id]);
    expect(changed.every((id) => /^pods?-/.test(id) && after[id] === 'pass')).toBe(true);
    expect(changed).toHaveLength(controls.filter(({ rule }) => /^pod(s-not|-policy)/.test(rule)).length - 1);
  });
});
