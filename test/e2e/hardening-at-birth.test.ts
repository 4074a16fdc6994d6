/** Nodes that come into being with a mode on: hardened from the first start of their services, and what they are without it is known. */

import { stat } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allActive, openCluster, resetOptions, type TestCluster, USUALLY_JUJU_4 } from './cluster.ts';
import { argumentsOf, machineOf, runningArguments } from './nodes.ts';

const OLD = { 'snap-channel': '1.35-classic/stable' };
const NODES = ['k8s/0', 'k8s-worker/0'];

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await openCluster(USUALLY_JUJU_4);
  const modes = { 'cis-mode': true, 'stig-mode': true };
  const { archives } = cluster;
  const { model } = cluster;
  await model.deploy(archives.k8s, { application: 'k8s', units: 1, config: { ...modes, ...OLD } });
  await model.deploy(archives.worker, { application: 'k8s-worker', units: 1, config: OLD });
  await model.integrate('k8s:k8s-cluster', 'k8s-worker:cluster');
  await settled();
}, 300_000);

afterAll(() => cluster.close());

describe('a cluster that is deployed with both modes', { timeout: 240_000 }, () => {
  it('starts each service once, with all that is asked for', () => {
    const { model, machines } = cluster;
    const downs = machines.serviceEvents.filter(({ what }) => what === 'down');
    // k8sd itself restarts the first kubelet, when the cluster has a DNS service.
    expect(downs.map(({ machine, service }) => `${machine} ${service}`)).toEqual(['0 kubelet']);
    expect(model.log().filter(({ message }) => message.includes('and restart it'))).toEqual([]);
    for (const unit of ['k8s/0']) {
      expect(runningArguments(cluster, unit, 'kube-apiserver')).toMatchObject({
        '--audit-log-path': '/var/log/kubernetes/audit.log',
        '--tls-min-version': 'VersionTLS13',
        '--enable-admission-plugins': 'NodeRestriction,DenyServiceExternalIPs,EventRateLimit,AlwaysPullImages',
      });
      expect(runningArguments(cluster, unit, 'kube-controller-manager')).toMatchObject({
        '--bind-address': '127.0.0.1',
      });
      expect(runningArguments(cluster, unit, 'etcd')).toMatchObject({ '--tls-min-version': 'TLS1.3' });
    }
    for (const unit of NODES)
      expect(runningArguments(cluster, unit, 'kubelet')).toMatchObject({
        '--protect-kernel-defaults': 'true',
        '--seccomp-default': 'true',
      });
  });

  it('is kept so through a refresh of the snap, with which snapd makes files of units anew', async () => {
    const { model } = cluster;
    await resetOptions(model, 'k8s', ['snap-channel']);
    await resetOptions(model, 'k8s-worker', ['snap-channel']);
    await settled();
    for (const unit of NODES) {
      const machine = machineOf(cluster, unit);
      expect(machine.state.snapd.snap?.version).toMatch(/^1\.36\./);
      const { mode } = await stat(machine.files.real('/etc/systemd/system/snap.k8s.kubelet.service'));
      expect((mode & 0o777).toString(8)).toBe('600');
      expect(runningArguments(cluster, unit, 'kubelet')).toMatchObject({ '--protect-kernel-defaults': 'true' });
    }
  });

  it('is an ordinary one when they are turned off, and its workers follow unless they say otherwise', async () => {
    const { model } = cluster;
    await model.configure('k8s-worker', { 'stig-mode': true, 'cis-mode': false });
    await model.configure('k8s', { 'cis-mode': false, 'stig-mode': false });
    await settled();
    const api = await argumentsOf(cluster, 'k8s/0', 'kube-apiserver');
    expect(api).toMatchObject({ '--enable-admission-plugins': 'NodeRestriction', '--tls-min-version': 'VersionTLS13' });
    expect(Object.keys(api).filter((flag) => /audit|admission-control|extend-token/.test(flag))).toEqual([]);
    expect(await argumentsOf(cluster, 'k8s/0', 'kubelet')).not.toHaveProperty('--protect-kernel-defaults');
    expect(await machineOf(cluster, 'k8s/0').files.read('/proc/sys/kernel/panic')).toBe('0\n');
    const own = await argumentsOf(cluster, 'k8s-worker/0', 'kubelet');
    expect(own).toMatchObject({ '--protect-kernel-defaults': 'true', '--streaming-connection-idle-timeout': '5m' });
    expect(own).not.toHaveProperty('--seccomp-default');
    expect(cluster.machines.failures).toEqual([]);
  });
});

function settled(): Promise<void> {
  return cluster.model.settle({ timeoutMs: 120_000, until: allActive, updateStatusEveryMs: 15_000 });
}
