import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  bootstrapped,
  discard,
  eventually,
  installed,
  joined,
  joinWith,
  k8sd,
  metadata,
  newMachines,
  ready,
  snapd,
  snapdChange,
  tokenFor,
} from './ask.ts';
import { at } from './json.ts';
import { isReady } from './kubernetes/nodes.ts';
import { type K8sMachines, openMachines } from './machines.ts';
import type { NodeMachine } from './node/machine.ts';
import { paths } from './node/paths.ts';

const error = (reply: { readonly body: unknown }): string => String(at(reply.body, 'error'));
const named = (machines: K8sMachines, name: string) =>
  machines
    .cluster('0')
    ?.nodes()
    .find((node) => node.metadata.name === name);

async function clientOf(machine: NodeMachine): Promise<CoreV1Api> {
  const config = new KubeConfig();
  config.loadFromString(await machine.files.need(`${paths.kubernetes}/admin.conf`));
  return config.makeApiClient(CoreV1Api);
}

describe('a folder of machines', () => {
  let directory: string;
  let hostname: string;
  let address: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'km-'));
    const machines = await openMachines({ directory });
    const node = await bootstrapped(machines, '0');
    const worker = await joined(machines, node, '1', { worker: true });
    await snapdChange(worker, '/v2/apps', { action: 'stop', names: ['k8s.kubelet'], disable: true });
    await (await clientOf(node)).createNamespacedConfigMap({
      namespace: 'default',
      body: { metadata: { name: 'kept' }, data: { a: '1' } },
    });
    hostname = node.hostname;
    address = node.address;
    expect(machines.failures).toEqual([]);
    await machines.save();
    await machines.close();
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  it('goes on where it was, in a copy as in the original, one after the other', async () => {
    for (const copy of [await mkdtemp(join(tmpdir(), 'km-')), await mkdtemp(join(tmpdir(), 'km-'))]) {
      await cp(directory, copy, { recursive: true, verbatimSymlinks: true });
      const machines = await openMachines({ directory: copy });
      const node = machines.machine('0');
      expect([node.hostname, node.address, node.root]).toEqual([hostname, address, join(copy, '0')]);
      expect(await machines.provision('0')).toBe(node);
      await ready(node);
      expect(
        (await (await clientOf(node)).readNamespacedConfigMap({ namespace: 'default', name: 'kept' })).data,
      ).toEqual({ a: '1' });
      expect((await snapd(node, 'GET', '/v2/snaps/k8s')).status).toBe(200);
      expect(metadata(await k8sd(node, 'GET', '/1.0/k8sd/node'), 'status', 'name')).toBe(hostname);
      expect(machines.service('1', 'kubelet')).toMatchObject({ active: false, enabled: false });
      expect(machines.service('1', 'containerd').active).toBe(true);
      const third = await joined(machines, node, '2', { worker: true });
      await eventually(() => isReady(named(machines, third.hostname)));
      expect(machines.failures).toEqual([]);
      await machines.close();
      await rm(copy, { recursive: true, force: true });
    }
  });

  it('is refused while another one has its addresses', async () => {
    const copy = await mkdtemp(join(tmpdir(), 'km-'));
    await cp(directory, copy, { recursive: true, verbatimSymlinks: true });
    const machines = await openMachines({ directory });
    await expect(openMachines({ directory: copy })).rejects.toThrow('are in use by another provider');
    await machines.close();
    await rm(copy, { recursive: true, force: true });
  });

  it('whose path is too long for a socket is refused with the reason', async () => {
    const long = join(directory, 'x'.repeat(80));
    const machines = await openMachines({ directory: long });
    await expect(machines.provision('0')).rejects.toThrow("a Unix socket's path may have 107");
    await machines.close();
  });
});

describe('power', () => {
  let machines: Awaited<ReturnType<typeof newMachines>>;
  let node: NodeMachine;
  let worker: NodeMachine;
  beforeAll(async () => {
    machines = await newMachines({ argumentsCheck: 150 });
    node = await bootstrapped(machines, '0');
    worker = await joined(machines, node, '1', { worker: true });
    await eventually(() => isReady(named(machines, worker.hostname)));
  });
  afterAll(async () => {
    expect(machines.failures).toEqual([]);
    await discard(machines);
  });

  it('that goes and comes back brings the services back, after a while', async () => {
    await worker.reboot();
    expect(worker.services.isActive('kubelet')).toBe(true);
    await ready(worker);
    await node.reboot();
    await ready(node);
    expect((await (await clientOf(node)).listNode()).items).toHaveLength(2);
    expect(await node.files.exists(`${paths.pki}/apiserver.crt`)).toBe(true);
  });

  it('that goes for good leaves a silent node', async () => {
    await eventually(() => isReady(named(machines, worker.hostname)));
    await worker.terminate();
    await eventually(() => !isReady(named(machines, worker.hostname)));
    const status = at(named(machines, worker.hostname), 'status', 'conditions') as unknown[];
    expect(status.find((entry) => at(entry, 'type') === 'Ready')).toMatchObject({
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
    });
    await expect(snapd(worker, 'GET', '/v2/snaps/k8s')).rejects.toThrow();
    await expect(worker.reboot()).rejects.toThrow('gone');
  });

  it('apart, k8sd restarts a service whose arguments were changed', async () => {
    const path = `${paths.args}/kube-scheduler`;
    await node.files.write(path, `${await node.files.need(path)}--v="4"\n`);
    await eventually(() => node.services.running('kube-scheduler')?.['--v'] === '4');
    // etcd is not among those that it looks at.
    const etcd = `${paths.args}/etcd`;
    await node.files.write(etcd, `${await node.files.need(etcd)}--log-level="warn"\n`);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(node.services.running('etcd')).not.toHaveProperty('--log-level');
  });

  it('apart, a kubelet that protects kernel defaults wants the kernel as it is told', async () => {
    const path = `${paths.args}/kubelet`;
    const restart = () => snapdChange(node, '/v2/apps', { action: 'restart', names: ['k8s.kubelet'] });
    await node.files.write(path, `${await node.files.need(path)}--protect-kernel-defaults="true"\n`);
    await restart();
    expect(machines.service('0', 'kubelet')).toMatchObject({
      active: false,
      failure: expect.stringContaining('vm/overcommit_memory'),
    });
    const wanted = { 'vm/overcommit_memory': '1', 'kernel/panic': '10', 'kernel/panic_on_oops': '1' };
    for (const [key, value] of Object.entries(wanted)) await node.files.write(`/proc/sys/${key}`, `${value}\n`);
    await restart();
    expect(machines.service('0', 'kubelet').active).toBe(true);
  });

  it('apart, a service that a test forbids does not start', async () => {
    machines.failService('0', 'kube-scheduler', 'out of memory');
    const restart = () => snapdChange(node, '/v2/apps', { action: 'restart', names: ['k8s.kube-scheduler'] });
    expect((await restart())['status']).toBe('Done');
    expect(machines.service('0', 'kube-scheduler')).toMatchObject({ active: false, failure: 'out of memory' });
    machines.failService('0', 'containerd', 'out of memory');
    const failed = await snapdChange(node, '/v2/apps', { action: 'restart', names: ['k8s.containerd'] });
    expect(failed).toMatchObject({ status: 'Error', err: expect.stringContaining('snap.k8s.containerd.service') });
    machines.failService('0', 'kube-scheduler', undefined);
    machines.failService('0', 'containerd', undefined);
    await restart();
    expect(machines.service('0', 'kube-scheduler').active).toBe(true);
  });
});

describe('a refresh of the snap', () => {
  let machines: Awaited<ReturnType<typeof newMachines>>;
  beforeAll(async () => {
    machines = await newMachines();
  });
  afterAll(async () => {
    expect(machines.failures).toEqual([]);
    await discard(machines);
  });
  const refresh = (machine: NodeMachine, channel: string) =>
    snapdChange(machine, '/v2/snaps/k8s', { action: 'refresh', channel });

  it('keeps the cluster, restarts what ran, and shows in the node', async () => {
    const old = '1.35-classic/stable';
    const node = await bootstrapped(machines, '0', { 'cluster-config': { network: { enabled: true } } }, old);
    const second = await installed(machines, '1', old);
    expect((await joinWith(second, await tokenFor(node, second.hostname, false))).status).toBe(200);
    const version = (machine: NodeMachine) =>
      at(named(machines, machine.hostname), 'status', 'nodeInfo', 'kubeletVersion');
    await eventually(() => version(second) === 'v1.35.5');
    expect((await refresh(node, '1.36-classic/stable'))['status']).toBe('Done');
    await ready(node);
    await eventually(() => version(node) === 'v1.36.4');
    // Its database waits for the other one.
    const waiting = await k8sd(node, 'GET', '/1.0/k8sd/node');
    expect([waiting.status, error(waiting)]).toEqual([
      503,
      'Database is waiting for an upgrade: 1 cluster members have not yet received the update',
    ]);
    expect((await k8sd(second, 'GET', '/1.0/k8sd/node')).status).toBe(200);
    await refresh(second, '1.36-classic/stable');
    await ready(second);
    expect((await k8sd(node, 'GET', '/1.0/k8sd/node')).status).toBe(200);
    await eventually(() => version(second) === 'v1.36.4');
  });

  it('to 1.36 is undone where k8s-dqlite has data', async () => {
    const machine = await installed(machines, 'dqlite', '1.35-classic/stable');
    await machine.files.write(`${paths.dqlite}/db`, 'x');
    const change = await refresh(machine, '1.36-classic/stable');
    expect(change).toMatchObject({ status: 'Error', err: expect.stringContaining('post-refresh') });
    expect((await snapd(machine, 'GET', '/v2/snaps/k8s')).body).toMatchObject({ result: { version: '1.35.5' } });
  });
});

describe('an interrupted client', () => {
  it('of a bootstrap leaves a bootstrapped node', async () => {
    const machines = await newMachines();
    const machine = await installed(machines, '0');
    const client = new AbortController();
    const asked = k8sd(
      machine,
      'POST',
      '/1.0/k8sd/cluster',
      { name: machine.hostname, address: `${machine.address}:6400`, config: {} },
      { signal: client.signal },
    );
    setTimeout(() => client.abort(), 20);
    await expect(asked).rejects.toThrow();
    await eventually(async () => (await k8sd(machine, 'GET', '/1.0/k8sd/node')).status === 200);
    expect(machines.failures).toEqual([]);
    await discard(machines);
  });
});
