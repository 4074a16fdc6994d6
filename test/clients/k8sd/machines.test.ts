/** Guards the k8sd door against stand-in nodes that form a cluster, renew certificates and misbehave as k8sd does. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openHost } from '../../../src/clients/host/open-host.ts';
import {
  AlreadyBootstrapped,
  AlreadyJoined,
  BadRequest,
  ControlPlaneOnly,
  Immutable,
  K8sdError,
  K8sdUnavailable,
  NodeExists,
  NotSupported,
} from '../../../src/clients/k8sd/errors.ts';
import type { K8sd } from '../../../src/clients/k8sd/k8sd.ts';
import { openK8sd } from '../../../src/clients/k8sd/open-k8sd.ts';
import { openKubernetes } from '../../../src/clients/kubernetes/open-kubernetes.ts';
import { type K8sMachines, type NodeMachine, openMachines } from '../../standins/machines/machines.ts';

const options = { timeoutMs: 30_000 };
const socket = 'var/snap/k8s/common/var/lib/k8sd/state/control.socket';

let directory: string;
let machines: K8sMachines;
beforeAll(async () => {
  directory = await mkdtemp('/tmp/km-');
  machines = await openMachines({ directory, delays: { signing: 50 } });
});
afterAll(async () => {
  await machines.close();
  await rm(directory, { recursive: true });
});

interface Unit {
  readonly machine: NodeMachine;
  readonly k8sd: K8sd;
  readonly name: string;
}

async function newUnit(id: string, minor = 36): Promise<Unit> {
  const machine = await machines.provision(id);
  const { snapd } = openHost(machine.root);
  await snapd.install('k8s', { channel: `1.${minor}-classic/stable`, classic: true }, options);
  const k8sd = openK8sd({ socketPath: join(machine.root, socket), minor });
  await k8sd.waitUntilReady(options);
  return { machine, k8sd, name: machine.hostname };
}

async function newCluster(id: string, minor = 36): Promise<Unit> {
  const unit = await newUnit(id, minor);
  const address = `${unit.machine.address}:6400`;
  await unit.k8sd.bootstrap(
    { name: unit.name, address, config: { 'cluster-config': { dns: { enabled: false } } } },
    options,
  );
  return unit;
}

async function joined(to: Unit, id: string, worker: boolean): Promise<Unit> {
  const unit = await newUnit(id);
  const token = await to.k8sd.joinToken({ name: unit.name, worker }, options);
  const address = `${unit.machine.address}:6400`;
  await unit.k8sd.join({ name: unit.name, address, token, config: {} }, options);
  return unit;
}

const kubernetes = async ({ machine }: Unit) => {
  const admin = await openHost(machine.root).files.read('/etc/kubernetes/admin.conf');
  return openKubernetes(admin ?? '', options);
};

describe('a cluster', () => {
  let first: Unit;
  let second: Unit;
  let worker: Unit;

  it('begins with a bootstrap', async () => {
    first = await newUnit('0');
    expect(await first.k8sd.node(options)).toBeUndefined();
    await first.k8sd.bootstrap(
      {
        name: first.name,
        address: `${first.machine.address}:6400`,
        config: {
          'pod-cidr': '10.9.0.0/16',
          'cluster-config': { network: { enabled: true, 'kube-proxy-enabled': false } },
        },
      },
      options,
    );
    expect(await first.k8sd.node(options)).toEqual({
      name: first.name,
      address: `${first.machine.address}:6400`,
      role: 'control-plane',
      taints: [],
    });
    expect(await first.k8sd.clusterConfig(options)).toMatchObject({
      podCidr: '10.9.0.0/16',
      config: { network: { enabled: true, 'kube-proxy-enabled': false } },
    });
  });

  it('begins once', async () => {
    const again = { name: first.name, address: `${first.machine.address}:6400`, config: {} };
    await expect(first.k8sd.bootstrap(again, options)).rejects.toBeInstanceOf(AlreadyBootstrapped);
  });

  it('grows by a control plane, whose token is the same while it is unused and can be deleted', async () => {
    const token = await first.k8sd.joinToken({ name: 'never-there', worker: false }, options);
    expect(await first.k8sd.joinToken({ name: 'never-there', worker: false }, options)).toBe(token);
    await first.k8sd.deleteJoinToken('never-there', options);
    await first.k8sd.deleteJoinToken('never-there', options);
    expect(await first.k8sd.joinToken({ name: 'never-there', worker: false }, options)).not.toBe(token);
    await first.k8sd.deleteJoinToken('never-there', options);

    second = await joined(first, '1', false);
    expect((await first.k8sd.members(options)).map(({ name }) => name).toSorted()).toEqual(
      [first.name, second.name].toSorted(),
    );
  });

  it('is joined once', async () => {
    const join = { name: second.name, address: `${second.machine.address}:6400`, token: 'e30=', config: {} };
    await expect(second.k8sd.join(join, options)).rejects.toBeInstanceOf(AlreadyJoined);
    await expect(first.k8sd.joinToken({ name: second.name, worker: false }, options)).rejects.toBeInstanceOf(
      NodeExists,
    );
  });

  it('grows by a worker, which is no member and may not be asked everything', async () => {
    worker = await joined(first, '2', true);
    expect(await worker.k8sd.node(options)).toMatchObject({
      address: worker.machine.address,
      role: 'worker',
      taints: [],
    });
    const status = await first.k8sd.clusterStatus(options);
    expect(status.members.map(({ name }) => name).toSorted()).toEqual([first.name, second.name].toSorted());
    expect(status.ready).toBe(true);
    await expect(worker.k8sd.clusterStatus(options)).rejects.toBeInstanceOf(ControlPlaneOnly);
    await expect(worker.k8sd.joinToken({ name: 'x', worker: true }, options)).rejects.toBeInstanceOf(ControlPlaneOnly);
  });

  it('takes a change of its configuration, and keeps what must not change', async () => {
    await first.k8sd.setClusterConfig(
      { config: { 'metrics-server': { enabled: false }, annotations: { a: 'b' } } },
      options,
    );
    const { config } = await second.k8sd.clusterConfig(options);
    expect(config['metrics-server']?.enabled).toBe(false);
    expect(config.annotations).toMatchObject({ a: 'b' });
    await first.k8sd.setClusterConfig({ config: { annotations: { a: '-' } } }, options);
    expect((await first.k8sd.clusterConfig(options)).config.annotations ?? {}).not.toHaveProperty('a');
    await expect(
      first.k8sd.setClusterConfig({ datastore: { type: 'external', servers: ['https://x:2379'] } }, options),
    ).rejects.toBeInstanceOf(Immutable);
  });

  it('gives credentials', async () => {
    expect(await first.k8sd.kubeconfig('', options)).toContain(`https://${first.machine.address}:6443`);
    expect(await first.k8sd.kubeconfig('example.com', options)).toContain('https://example.com');
    const token = await first.k8sd.createAuthToken({ username: 'u', groups: ['b', 'a'] }, options);
    expect(await first.k8sd.createAuthToken({ username: 'u', groups: ['a', 'b'] }, options)).toBe(token);
    await first.k8sd.revokeAuthToken(token, options);
    await first.k8sd.revokeAuthToken(token, options);
    expect(await first.k8sd.createAuthToken({ username: 'u', groups: ['a', 'b'] }, options)).not.toBe(token);
  });

  it('renews a control plane’s certificates, and the new one is served after the answer', async () => {
    const host = openHost(first.machine.root);
    const served = async () =>
      Buffer.from((await host.servedCertificate(first.machine.address, 6443, 5000))?.certificate ?? []).toString('hex');
    const before = await served();
    expect(before).not.toBe('');
    const begun = Math.floor(Date.now() / 1000);
    const ends = await first.k8sd.refreshCertificates(
      { certificates: [], expirationSeconds: 3600, extraSans: ['api.example.com'], seed: 1 },
      options,
    );
    expect(ends - begun).toBeGreaterThan(3500);
    expect(ends - begun).toBeLessThan(3700);
    await expect.poll(served, { timeout: 20_000 }).toSatisfy((now: string) => now !== '' && now !== before);
    const status = await first.k8sd.certificatesStatus(options);
    const apiserver = status.certificates.find(({ name }) => name === 'apiserver');
    expect(Math.floor(Date.parse(apiserver?.expires ?? '') / 1000)).toBe(ends);
    expect(status.authorities).toHaveLength(3);
    expect((await first.k8sd.planRefresh([], options)).certificateSigningRequests).toEqual([]);
  });

  it('refuses certificates that do not exist', async () => {
    const request = { certificates: ['nonsense'], expirationSeconds: 3600, extraSans: [], seed: 2 };
    await expect(first.k8sd.refreshCertificates(request, options)).rejects.toBeInstanceOf(BadRequest);
  });

  it('renews a worker’s certificates once a control plane approves, and says so when it denies', async () => {
    const api = await kubernetes(second);
    const plan = await worker.k8sd.planRefresh([], options);
    expect(plan.seed).toMatch(/^\d{1,19}$/);
    expect(plan.certificateSigningRequests).toContain(`k8sd-${plan.seed}-worker-kubelet-serving`);

    const names = (seed: number) =>
      ['kubelet-serving', 'kubelet-client', 'kube-proxy-client'].map((kind) => `k8sd-${seed}-worker-${kind}`);
    const made = (name: string) =>
      expect
        .poll(() => api.certificateRequest(name), { timeout: 20_000 })
        .toMatchObject({ state: 'pending', username: `system:node:${worker.name}` });
    const run = (seed: number) =>
      worker.k8sd.refreshCertificates({ certificates: [], expirationSeconds: 3600, extraSans: [], seed }, options);
    const decision = { reason: 'Test', message: 'decided by a test' };

    const refused = run(72).catch((error: unknown) => error);
    await made(names(72)[0] ?? '');
    await api.deny(names(72)[0] ?? '', decision);
    expect(await refused).toMatchObject({
      name: 'K8sdError',
      status: 500,
      message: expect.stringContaining('decided by a test'),
    });
    // A seed is good for one attempt: its requests exist.
    await expect(run(72)).rejects.toThrow(/already exists|AlreadyExists/);

    const renewing = run(71);
    for (const name of names(71)) {
      await made(name);
      await api.approve(name, decision);
    }
    expect(await renewing).toBeGreaterThan(Date.now() / 1000);
    expect(await api.certificateRequest(names(71)[0] ?? '')).toMatchObject({
      state: 'approved',
      certificate: expect.stringContaining('BEGIN CERTIFICATE'),
    });
    for (const name of [...names(71), ...names(72)]) await api.deleteCertificateRequest(name);
    for (const name of [...names(71), ...names(72)]) expect(await api.certificateRequest(name)).toBeUndefined();
  });

  it('shrinks', async () => {
    await first.k8sd.removeNode({ name: worker.name, force: false }, options);
    await first.k8sd.removeNode({ name: second.name, force: false }, options);
    expect((await first.k8sd.members(options)).map(({ name }) => name)).toEqual([first.name]);
    await expect(first.k8sd.removeNode({ name: 'never-there', force: false }, options)).rejects.toBeInstanceOf(
      K8sdError,
    );
    await second.k8sd.waitUntilReady(options);
    expect(await second.k8sd.node(options)).toBeUndefined();
  });
});

describe('k8sd’s moods', () => {
  it('a bootstrap that fails says why; the socket goes and comes back, and it can be tried again', async () => {
    const { machine, k8sd, name } = await newUnit('10');
    // Long enough to be seen: until the daemon has gone, it still takes a request, and drops it.
    machines.delays.k8sdGap = 500;
    machines.failNext('10', 'bootstrap', { text: 'kube-apiserver did not start' });
    const request = { name, address: `${machine.address}:6400`, config: {} };
    await expect(k8sd.bootstrap(request, options)).rejects.toMatchObject({
      name: 'K8sdError',
      status: 400,
      message: expect.stringContaining('kube-apiserver did not start'),
    });
    await expect.poll(() => k8sd.ready({ timeoutMs: 1000 }), { interval: 10, timeout: 10_000 }).toBe(false);
    await k8sd.bootstrap(request, options);
    expect(await k8sd.node(options)).toMatchObject({ role: 'control-plane' });
  });

  it('starting, garbage, silence and errors are told apart', async () => {
    const { machine, k8sd } = await newCluster('11');
    machines.setK8sd('11', 'starting');
    expect(await k8sd.ready({ timeoutMs: 1000 })).toBe(false);
    await expect(k8sd.node({ timeoutMs: 400 })).rejects.toBeInstanceOf(K8sdUnavailable);
    machines.setK8sd('11', 'garbage');
    await expect(k8sd.node({ timeoutMs: 1000 })).rejects.toThrow(
      'GET /1.0/k8sd/node: HTTP 200 with an answer that is not JSON',
    );
    machines.setK8sd('11', 'silent');
    await expect(k8sd.node({ timeoutMs: 400 })).rejects.toThrow('did not answer within 400 ms');
    machines.setK8sd('11', 'error');
    await expect(k8sd.node({ timeoutMs: 1000 })).rejects.toMatchObject({ name: 'K8sdError', status: 500 });
    machines.setK8sd('11', 'starting');
    setTimeout(() => machines.setK8sd('11', 'normal'), 300);
    expect(await k8sd.node(options)).toMatchObject({ role: 'control-plane' });
    await machine.reboot();
    await k8sd.waitUntilReady(options);
    expect(await k8sd.node(options)).toMatchObject({ role: 'control-plane' });
  });
});

describe('older releases', () => {
  it.each([32, 33, 34, 35])('1.%i takes all that it is sent', async (minor) => {
    const { k8sd, machine } = await newCluster(`old${minor}`, minor);
    expect(await k8sd.node(options)).toMatchObject({ role: 'control-plane' });
    await k8sd.setClusterConfig({ config: { 'metrics-server': { enabled: false } } }, options);
    await k8sd.planRefresh([], options);
    const all = { certificates: [], expirationSeconds: 3600, extraSans: [], seed: 1 };
    expect(await k8sd.refreshCertificates(all, options)).toBeGreaterThan(Date.now() / 1000);
    if (minor < 33) await expect(k8sd.certificatesStatus(options)).rejects.toBeInstanceOf(NotSupported);
    else expect((await k8sd.certificatesStatus(options)).certificates.length).toBeGreaterThan(8);
    expect(await openHost(machine.root).accepts(machine.address, 6443, 5000)).toBe(true);
  });
});
