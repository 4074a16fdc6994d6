/** Every option of both charms, changed on a running cluster: what it says is what the machines and the cluster then have. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { at } from '../standins/machines/json.ts';
import { typeOf } from '../standins/machines/kubernetes/resources.ts';
import { openCluster, resetOptions, settleActive, type TestCluster, USUALLY_JUJU_4 } from './cluster.ts';
import { argumentsOf, argumentText, machineOf, runningArguments } from './nodes.ts';
import { expectNoSecretsToldIn } from './secrecy.ts';

const CA = '-----BEGIN CERTIFICATE-----\nMAo=\n-----END CERTIFICATE-----\n';
const PASSWORD = 'correct-horse-battery-staple';

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await openCluster(USUALLY_JUJU_4);
  const { model } = cluster;
  const { archives } = cluster;
  await model.deploy(archives.k8s, {
    application: 'k8s',
    config: {
      'bootstrap-node-taints': 'dedicated=control:NoSchedule',
      'kube-apiserver-extra-args': 'audit-log-maxage=5',
      'node-labels': 'zone=a',
      'dns-cluster-domain': 'cluster.example',
    },
  });
  await model.deploy(archives.worker, {
    application: 'k8s-worker',
    config: { 'bootstrap-node-taints': 'gpu=yes:NoExecute', 'kubelet-extra-args': 'max-pods=99' },
  });
  await model.integrate('k8s:k8s-cluster', 'k8s-worker:cluster');
  await settleActive(model, 40_000);
}, 120_000);

afterAll(() => cluster.close());

/** The cluster's configuration as k8sd has it. */
function configuration(): Record<string, unknown> {
  return clusterView().state.config;
}

function clusterView() {
  const view = cluster.machines.cluster(machineOf(cluster, 'k8s/0').id);
  if (view === undefined) throw new Error('there is no cluster');
  return view;
}

function labelsOf(unit: string): unknown {
  const node = clusterView()
    .nodes()
    .find(({ metadata }) => metadata.name === machineOf(cluster, unit).hostname);
  return node?.metadata.labels;
}

async function configure(application: string, values: Record<string, string | number | boolean>): Promise<void> {
  await cluster.model.configure(application, values);
  await settleActive(cluster.model, 40_000);
}

async function reset(application: string, ...options: readonly string[]): Promise<void> {
  await resetOptions(cluster.model, application, options);
  await settleActive(cluster.model, 40_000);
}

async function statusOf(unit: string): Promise<{ status: string; message: string }> {
  await cluster.model.settle({ timeoutMs: 60_000 });
  const { status, message } = cluster.model.unit(unit).workload;
  return { status, message };
}

describe('what is given before the deployment', () => {
  it('stands on the nodes from the start', async () => {
    expect(clusterView().state.controlPlaneTaints).toEqual(['dedicated=control:NoSchedule']);
    expect(configuration()['dns']).toMatchObject({ enabled: true, 'cluster-domain': 'cluster.example' });
    expect(labelsOf('k8s/0')).toMatchObject({ zone: 'a' });
    expect(runningArguments(cluster, 'k8s/0', 'kube-apiserver')).toMatchObject({ '--audit-log-maxage': '5' });
    expect(runningArguments(cluster, 'k8s-worker/0', 'kubelet')).toMatchObject({
      '--max-pods': '99',
      '--register-with-taints': 'gpu=yes:NoExecute',
    });
  });
});

describe('arguments of all services', { timeout: 120_000 }, () => {
  const OF_CONTROL_PLANE: readonly (readonly [string, string, string, string])[] = [
    ['kube-apiserver-extra-args', 'kube-apiserver', '--request-timeout', '90s'],
    ['kube-controller-manager-extra-args', 'kube-controller-manager', '--terminated-pod-gc-threshold', '100'],
    ['kube-scheduler-extra-args', 'kube-scheduler', '--kube-api-qps', '60'],
    ['kube-proxy-extra-args', 'kube-proxy', '--healthz-bind-address', '127.0.0.1:10999'],
    ['kubelet-extra-args', 'kubelet', '--max-pods', '200'],
    ['datastore-extra-args', 'etcd', '--quota-backend-bytes', '8589934592'],
  ];
  const OF_WORKER: readonly (readonly [string, string, string, string])[] = [
    ['kube-proxy-extra-args', 'kube-proxy', '--healthz-bind-address', '127.0.0.1:10998'],
    ['kubelet-extra-args', 'kubelet', '--max-pods', '55'],
  ];
  const TABLES = { 'k8s/0': OF_CONTROL_PLANE, 'k8s-worker/0': OF_WORKER };

  it('are taken on and, taken back, leave what stood there before', async () => {
    const { model } = cluster;
    const texts = () =>
      Promise.all(
        Object.entries(TABLES).flatMap(([unit, table]) =>
          table.map(([, service]) => argumentText(cluster, unit, service)),
        ),
      );
    // What came with the bootstrap and the join is taken out: nothing stood there before it.
    await resetOptions(model, 'k8s-worker', ['kubelet-extra-args']);
    await reset('k8s', 'kube-apiserver-extra-args');
    expect(runningArguments(cluster, 'k8s/0', 'kube-apiserver')).not.toHaveProperty('--audit-log-maxage');
    expect(runningArguments(cluster, 'k8s-worker/0', 'kubelet')).not.toHaveProperty('--max-pods');
    const before = await texts();

    for (const [unit, table] of Object.entries(TABLES))
      await model.configure(
        unit.split('/')[0] ?? '',
        Object.fromEntries(table.map(([option, , flag, value]) => [option, `${flag.slice(2)}=${value}`])),
      );
    await settleActive(model, 40_000);
    for (const [unit, table] of Object.entries(TABLES))
      for (const [, service, flag, value] of table) {
        expect(await argumentsOf(cluster, unit, service)).toMatchObject({ [flag]: value });
        // Beside Cilium kube-proxy does not run, and is not started for this.
        const running = runningArguments(cluster, unit, service);
        if (service === 'kube-proxy') expect(running).toBeUndefined();
        else expect(running).toMatchObject({ [flag]: value });
      }

    for (const [unit, table] of Object.entries(TABLES))
      await resetOptions(
        model,
        unit.split('/')[0] ?? '',
        table.map(([option]) => option),
      );
    await settleActive(model, 40_000);
    expect(await texts()).toEqual(before);
  });
});

describe('options of the cluster', { timeout: 120_000 }, () => {
  it('are what k8sd has afterwards, and go back to what it had before', async () => {
    const before = structuredClone(configuration());
    const changed = {
      'cluster-annotations': 'k8sd/v1alpha1/cilium/devices=eth0 example.com/a=1',
      'dns-upstream-nameservers': '192.0.2.53 192.0.2.54',
      'gateway-enabled': true,
      'ingress-enabled': true,
      'ingress-default-tls-secret': 'default-tls',
      'ingress-enable-proxy-protocol': true,
      'load-balancer-enabled': true,
      'load-balancer-cidrs': '192.0.2.0/28 192.0.2.100-192.0.2.110',
      'load-balancer-l2-mode': true,
      'load-balancer-l2-interfaces': 'eth0 eth1',
      'load-balancer-bgp-mode': true,
      'load-balancer-bgp-local-asn': 64_600,
      'load-balancer-bgp-peer-address': '192.0.2.1/32',
      'load-balancer-bgp-peer-port': 1790,
      'load-balancer-bgp-peer-asn': 64_700,
      'local-storage-enabled': false,
      'metrics-server-enabled': false,
    };
    await configure('k8s', changed);
    expect(configuration()).toMatchObject({
      annotations: { 'k8sd/v1alpha1/cilium/devices': 'eth0', 'example.com/a': '1' },
      dns: { 'upstream-nameservers': ['192.0.2.53', '192.0.2.54'] },
      gateway: { enabled: true },
      ingress: { enabled: true, 'default-tls-secret': 'default-tls', 'enable-proxy-protocol': true },
      'load-balancer': {
        enabled: true,
        cidrs: ['192.0.2.0/28', '192.0.2.100-192.0.2.110'],
        'l2-mode': true,
        'l2-interfaces': ['eth0', 'eth1'],
        'bgp-mode': true,
        'bgp-local-asn': 64_600,
        'bgp-peer-address': '192.0.2.1/32',
        'bgp-peer-port': 1790,
        'bgp-peer-asn': 64_700,
      },
      'local-storage': { enabled: false },
      'metrics-server': { enabled: false },
    });

    // While local storage is off its path may change, and is used when it is on again.
    await configure('k8s', {
      'local-storage-enabled': true,
      'local-storage-local-path': '/srv/volumes',
      'local-storage-reclaim-policy': 'Retain',
    });
    expect(configuration()['local-storage']).toMatchObject({
      enabled: true,
      'local-path': '/srv/volumes',
      'reclaim-policy': 'Retain',
    });
    await configure('k8s', { 'local-storage-enabled': false });
    await reset('k8s', ...Object.keys(changed), 'local-storage-local-path', 'local-storage-reclaim-policy');
    expect(configuration()).toEqual({ ...before, annotations: {} });
  });

  it('take kube-proxy in when the network of the snap goes, and out when it comes back', async () => {
    // The operator's own network, without which a node is not ready.
    for (const unit of ['k8s/0', 'k8s-worker/0'])
      await machineOf(cluster, unit).files.write('/etc/cni/net.d/10-own.conflist', '{}');
    await configure('k8s', { 'network-enabled': false });
    expect(configuration()['network']).toEqual({ enabled: false, 'kube-proxy-enabled': true });
    await expect.poll(() => machineOf(cluster, 'k8s/0').services.isActive('kube-proxy')).toBe(true);
    await configure('k8s', { 'kube-proxy-enabled': 'false' });
    expect(configuration()['network']).toEqual({ enabled: false, 'kube-proxy-enabled': false });
    await reset('k8s', 'network-enabled', 'kube-proxy-enabled');
    expect(configuration()['network']).toEqual({ enabled: true, 'kube-proxy-enabled': false });
  });

  it.each([
    [
      'bootstrap-pod-cidr',
      '10.9.0.0/16',
      'bootstrap-pod-cidr cannot change after bootstrap; set it back to 10.1.0.0/16',
    ],
    [
      'bootstrap-service-cidr',
      '10.99.0.0/24',
      'bootstrap-service-cidr cannot change after bootstrap; set it back to 10.152.183.0/24',
    ],
    ['bootstrap-datastore', 'etcd', 'bootstrap-datastore cannot change after bootstrap; set it back to managed-etcd'],
    [
      'dns-service-ip',
      '10.152.183.99',
      'dns-service-ip cannot change while dns-enabled is true; set it back to 10.152.183.10',
    ],
    [
      'local-storage-local-path',
      '/srv/other',
      'local-storage-local-path cannot change while local-storage-enabled is true; set it back to /var/snap/k8s/common/rawfile-storage',
    ],
    [
      'local-storage-reclaim-policy',
      'Retain',
      'local-storage-reclaim-policy cannot change while local-storage-enabled is true; set it back to Delete',
    ],
  ])('%s is fixed, which its change is told', async (option, value, message) => {
    const { model } = cluster;
    const before = structuredClone(clusterView().state.config);
    await model.configure('k8s', { [option]: value });
    expect(await statusOf('k8s/0')).toEqual({ status: 'blocked', message });
    expect(clusterView().state.config).toEqual(before);
    await reset('k8s', option);
  });
});

describe('options of the nodes', { timeout: 120_000 }, () => {
  it('label them, and take labels off again', async () => {
    await cluster.model.configure('k8s-worker', { 'node-labels': 'disk=ssd' });
    await configure('k8s', { 'node-labels': 'zone=b rack=7' });
    expect(labelsOf('k8s/0')).toMatchObject({ zone: 'b', rack: '7' });
    expect(labelsOf('k8s-worker/0')).toMatchObject({ disk: 'ssd' });
    await resetOptions(cluster.model, 'k8s-worker', ['node-labels']);
    await reset('k8s', 'node-labels');
    for (const unit of ['k8s/0', 'k8s-worker/0'])
      expect(Object.keys(labelsOf(unit) as object)).not.toEqual(
        expect.arrayContaining([expect.stringMatching(/^(zone|rack|disk)$/)]),
      );
  });

  it('a label that a worker may not give itself is told, and no other node has it', async () => {
    const { model } = cluster;
    await model.configure('k8s-worker', { 'node-labels': 'node-restriction.kubernetes.io/team=red' });
    const { status, message } = await statusOf('k8s-worker/0');
    expect(status).toBe('blocked');
    expect(message).toMatch(/^node-labels cannot be set on .*node-restriction.kubernetes.io\/team/);
    await reset('k8s-worker', 'node-labels');
  });

  it('give containerd its registries on all nodes, and take them away', async () => {
    const { model } = cluster;
    await model.integrate('k8s:containerd', 'k8s-worker:containerd');
    const folder = '/etc/containerd/hosts.d/registry.example.com:5000';
    const registry = {
      url: 'https://registry.example.com:5000',
      username: 'robot',
      password: PASSWORD,
      ca_file: Buffer.from(CA).toString('base64'),
    };
    await configure('k8s', { 'containerd-custom-registries': JSON.stringify([registry]) });
    for (const unit of ['k8s/0', 'k8s-worker/0']) {
      const { files } = machineOf(cluster, unit);
      const toml = await files.need(`${folder}/hosts.toml`);
      expect(toml).toContain(`Basic ${Buffer.from(`robot:${PASSWORD}`).toString('base64')}`);
      expect(await files.read(`${folder}/ca.crt`)).toBe(CA);
    }
    await reset('k8s', 'containerd-custom-registries');
    for (const unit of ['k8s/0', 'k8s-worker/0']) expect(await machineOf(cluster, unit).files.list(folder)).toEqual([]);
  });

  it('name the namespaces whose pods the leader waits for', async () => {
    const { model } = cluster;
    const { store } = clusterView().api;
    const pod = (ready: boolean) => ({
      metadata: { name: 'web-0', namespace: 'default' },
      spec: { containers: [{ name: 'web', image: 'web' }] },
      status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
    });
    store.create(typeOf('pods'), pod(false));
    model.updateStatus();
    expect(await statusOf('k8s/0')).toMatchObject({ status: 'active' });
    await model.configure('k8s', { 'unready-pod-namespaces': 'default' });
    expect(await statusOf('k8s/0')).toEqual({ status: 'waiting', message: 'Unready Pods: default/web-0' });
    store.delete(typeOf('pods'), 'default', 'web-0');
    await settleActive(model, 40_000);
    await reset('k8s', 'unready-pod-namespaces');
  });
});

describe('all of it', () => {
  it('told no secret', async () => {
    await expectNoSecretsToldIn(cluster, [PASSWORD, Buffer.from(`robot:${PASSWORD}`).toString('base64')]);
  });

  it('gave the stand-ins no trouble of their own', () => {
    expect(cluster.machines.failures).toEqual([]);
    expect(at(cluster.model.status(), 'applications', 'k8s', 'status', 'status')).toBe('active');
  });
});
