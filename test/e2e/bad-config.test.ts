/**
 * Options that cannot be what an operator meant: the unit says which option, what is wrong with it and what would be right, and
 * touches nothing; corrected, all goes on.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deployCluster, openCluster, resetOptions, settleActive, type TestCluster } from './cluster.ts';
import { fingerprints, machineOf } from './nodes.ts';
import { expectNoSecretsToldIn } from './secrecy.ts';

type Options = Readonly<Record<string, string | number | boolean>>;

const SHELL = 'a value with one of " ` $ \\, which the service\'s start script would interpret; take it out';

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await openCluster();
  await deployCluster(cluster, { controlPlanes: 1, workers: 1 });
}, 120_000);

afterAll(() => cluster.close());

/** Everything that a wrong option could have touched. */
async function everything(unit: string) {
  const { model, machines } = cluster;
  const view = machines.cluster(machineOf(cluster, unit).id);
  return structuredClone({
    files: await fingerprints(cluster, unit),
    services: machines.serviceEvents.length,
    config: view?.state.config,
    labels: view?.nodes().map(({ metadata }) => metadata.labels),
    peers: model.applicationBag('k8s', 'cluster'),
    workers: model.applicationBag('k8s', 'k8s-cluster'),
    bag: model.unit(unit).bag('cluster'),
    state: model.unit(unit).state,
  });
}

async function refused(unit: string, options: Options): Promise<string> {
  const { model } = cluster;
  const [application = ''] = unit.split('/');
  const before = await everything(unit);
  await model.configure(application, options);
  await model.settle({ timeoutMs: 60_000 });
  const { status, message } = model.unit(unit).workload;
  expect(status).toBe('blocked');
  expect(await everything(unit)).toEqual(before);
  return message;
}

/** Reset takes no dispatch of its own to look at: the next row changes other options in the same one. */
async function corrected(unit: string, options: Options): Promise<void> {
  await cluster.model.configure(unit.split('/')[0] ?? '', {}, { reset: Object.keys(options) });
}

describe('a wrong option of a control plane', { timeout: 60_000 }, () => {
  it.each<[string, Options, string]>([
    [
      'a channel',
      { 'snap-channel': '1.36-classic/stable; reboot' },
      'snap-channel is "1.36-classic/stable; reboot", of which the risk "stable; reboot" is none of stable, candidate, beta, edge; set 1.36-classic/stable',
    ],
    [
      'a channel that goes back',
      { 'snap-channel': '1.34-classic/stable' },
      'snap-channel goes back from 1.36; set 1.36 or 1.37',
    ],
    ['a choice', { 'bootstrap-datastore': 'dqlite' }, 'bootstrap-datastore must be managed-etcd or etcd'],
    [
      'a range',
      { 'bootstrap-pod-cidr': '10.1.0.0/33' },
      'bootstrap-pod-cidr has "10.1.0.0/33", which is not a CIDR such as 10.1.0.0/16',
    ],
    ['a list of key=value', { 'node-labels': 'zone' }, 'node-labels has "zone" without a value; write key=value'],
    [
      'a taint',
      { 'bootstrap-node-taints': 'a=b:Never' },
      'bootstrap-node-taints has "a=b:Never", which is not a taint such as key=value:NoSchedule (effects: NoSchedule, PreferNoSchedule, NoExecute)',
    ],
    [
      'JSON',
      { 'containerd-custom-registries': '[{"url": "ftp://registry.example.com", "password": "hunter2-hunter2"}]' },
      'containerd-custom-registries item 1 has no url that begins with http:// or https://',
    ],
    ['an address', { 'dns-service-ip': '10.152.183.999' }, 'dns-service-ip must be an IP address, or empty'],
    [
      'a number out of its bounds',
      { 'load-balancer-bgp-peer-port': 70_000 },
      'load-balancer-bgp-peer-port must be a whole number from 1 to 65535',
    ],
    [
      'one that contradicts another',
      { 'ingress-enabled': true, 'network-enabled': false },
      'ingress-enabled needs network-enabled to be true',
    ],
    [
      'a name for a certificate',
      { 'kube-apiserver-extra-sans': 'api.example.com https://api' },
      'kube-apiserver-extra-sans has "https://api", which is neither a DNS name nor an IP address',
    ],
    [
      'commands for the shell that starts the services',
      {
        'kube-apiserver-extra-args': 'v=$(touch$IFS/tmp/owned)',
        'kube-controller-manager-extra-args': 'v=`id`',
        'kube-scheduler-extra-args': 'v=2";id;"',
        'datastore-extra-args': 'name=\\',
      },
      `kube-apiserver-extra-args gives --v ${SHELL}; 3 more: juju run k8s/0 plan`,
    ],
    [
      'an argument that the charm gives itself',
      { 'kube-controller-manager-extra-args': 'cluster-name=mine' },
      'kube-controller-manager-extra-args must not have --cluster-name, which is set by the charm',
    ],
    [
      'an argument twice',
      { 'kubelet-extra-args': 'max-pods=1 --max-pods=2' },
      'kubelet-extra-args has --max-pods twice; the snap can give a flag once only; where it takes a list, separate the values by commas',
    ],
  ])('%s', async (_, options, message) => {
    expect(await refused('k8s/0', options)).toContain(message);
    expect(cluster.model.status().applications['k8s']?.status).toMatchObject({ status: 'blocked' });
    await corrected('k8s/0', options);
  });

  it('is all that stood in the way', async () => {
    await settleActive(cluster.model, 40_000);
  });
});

describe('a wrong option of a worker', { timeout: 60_000 }, () => {
  it.each<[string, Options, string]>([
    ['a channel', { 'snap-channel': 'latest' }, 'snap-channel is "latest", which has no risk; set latest/stable'],
    ['a label', { 'node-labels': 'a=1 a=2' }, 'node-labels has a twice; give each key once'],
    [
      'commands for the shell that starts the services',
      { 'kubelet-extra-args': 'v=$HOME', 'kube-proxy-extra-args': 'v="' },
      `kube-proxy-extra-args gives --v ${SHELL}; 1 more: juju run k8s-worker/0 plan`,
    ],
  ])('%s', async (_, options, message) => {
    expect(await refused('k8s-worker/0', options)).toBe(message);
    await corrected('k8s-worker/0', options);
  });

  it('is all that stood in the way', async () => {
    await settleActive(cluster.model, 40_000);
  });
});

describe('wrong options from the start', { timeout: 120_000 }, () => {
  it('keep a unit from installing anything, until they are corrected', async () => {
    const { model } = cluster;
    const { archives } = cluster;
    const config = { 'bootstrap-pod-cidr': '10.152.0.0/16', 'dns-cluster-domain': 'cluster local' };
    await model.deploy(archives.k8s, { application: 'second', config });
    await model.settle({ timeoutMs: 60_000 });
    expect(model.unit('second/0').workload).toMatchObject({
      status: 'blocked',
      message:
        'bootstrap-service-cidr shares addresses with bootstrap-pod-cidr; give ranges that do not overlap; dns-cluster-domain must be a DNS domain such as cluster.local',
    });
    expect(machineOf(cluster, 'second/0').state.snapd.snap).toBeUndefined();
    await model.configure('second', { 'bootstrap-pod-cidr': '10.8.0.0/16', 'dns-cluster-domain': 'second.example' });
    await settleActive(model, 60_000);
    expect(cluster.machines.cluster(machineOf(cluster, 'second/0').id)?.state.podCidr).toBe('10.8.0.0/16');
  });

  it('that only the services know to be wrong are pointed at, and bootstrap goes on when they are corrected', async () => {
    const { model } = cluster;
    const { archives } = cluster;
    const config = { 'kube-apiserver-extra-args': 'no-such-flag=1' };
    await model.deploy(archives.k8s, { application: 'third', config });
    await model.settle({ timeoutMs: 100_000 });
    expect(model.unit('third/0').workload.message).toMatch(
      /^Bootstrap failed: .*kube-apiserver.*; if it fails again, look at kube-apiserver-extra-args and at journalctl -u 'snap\.k8s\.\*'$/,
    );
    await resetOptions(model, 'third', Object.keys(config));
    await settleActive(model, 60_000);
  });
});

describe('all of it', () => {
  it('told no secret', async () => {
    await expectNoSecretsToldIn(cluster, ['hunter2-hunter2']);
  });

  it('gave the stand-ins no trouble of their own', () => {
    expect(cluster.machines.failures).toEqual([]);
  });
});
