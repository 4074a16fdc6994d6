/** Guards the Kubernetes client against an API server, the stand-in and the real one: its certificates, its authorizer, its versions of objects. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openHost } from '../../../src/clients/host/open-host.ts';
import { openK8sd } from '../../../src/clients/k8sd/open-k8sd.ts';
import type { Kubernetes } from '../../../src/clients/kubernetes/kubernetes.ts';
import { openKubernetes } from '../../../src/clients/kubernetes/open-kubernetes.ts';
import { type K8sMachines, type NodeMachine, openMachines } from '../../standins/machines/machines.ts';
import { components } from '../../standins/machines/which.ts';
import { signingRequest } from './authority.ts';

const options = { timeoutMs: 30_000 };

let directory: string;
let machines: K8sMachines;
let controlPlane: NodeMachine;
let worker: NodeMachine;

beforeAll(async () => {
  directory = await mkdtemp('/tmp/kk-');
  machines = await openMachines({ directory, ...(await components()) });
  controlPlane = await installed('0');
  worker = await installed('1');
  const { hostname: name, address } = controlPlane;
  // Without a network no node becomes ready.
  const config = { 'cluster-config': { network: { enabled: true } } };
  await k8sd(controlPlane).bootstrap({ name, address: `${address}:6400`, config }, options);
  const token = await k8sd(controlPlane).joinToken({ name: worker.hostname, worker: true }, options);
  await k8sd(worker).join({ name: worker.hostname, address: `${worker.address}:6400`, token, config: {} }, options);
}, 120_000);
afterAll(async () => {
  await machines.close();
  await rm(directory, { recursive: true });
});

function k8sd(machine: NodeMachine) {
  const socketPath = join(machine.root, 'var/snap/k8s/common/var/lib/k8sd/state/control.socket');
  return openK8sd({ socketPath, minor: 36 });
}

async function installed(id: string): Promise<NodeMachine> {
  const machine = await machines.provision(id);
  const source = { channel: '1.36-classic/stable', classic: true };
  await openHost(machine.root).snapd.install('k8s', source, options);
  await k8sd(machine).waitUntilReady(options);
  return machine;
}

async function as(machine: NodeMachine, kubeconfig: string): Promise<Kubernetes> {
  const text = await openHost(machine.root).files.read(`/etc/kubernetes/${kubeconfig}`);
  return openKubernetes(text ?? '', { timeoutMs: 10_000 });
}

it('the administrator sees nodes become ready, with their addresses and versions', async () => {
  const api = await as(controlPlane, 'admin.conf');
  expect(await api.ready()).toBe(true);
  await expect
    .poll(async () => (await api.nodes()).map(({ name, ready }) => [name, ready]), { timeout: 20_000 })
    .toEqual([
      [controlPlane.hostname, true],
      [worker.hostname, true],
    ]);
  expect(await api.node(worker.hostname)).toMatchObject({
    kubeletVersion: 'v1.36.4',
    addresses: expect.arrayContaining([{ type: 'InternalIP', address: worker.address }]),
  });
  expect(await api.node('never-there')).toBeUndefined();
});

it('labels are set and removed, the others stay', async () => {
  const api = await as(controlPlane, 'admin.conf');
  const before = (await api.node(worker.hostname))?.labels;
  await api.labelNode(worker.hostname, { 'example.com/one': '1', 'example.com/two': '2' });
  await api.labelNode(worker.hostname, { 'example.com/one': null });
  expect((await api.node(worker.hostname))?.labels).toEqual({ ...before, 'example.com/two': '2' });
  await expect(api.labelNode('never-there', { a: 'b' })).rejects.toMatchObject({ status: 404, reason: 'NotFound' });
});

it('a kubelet may read its own node and is refused another’s business', async () => {
  const api = await as(worker, 'kubelet.conf');
  expect((await api.node(worker.hostname))?.name).toBe(worker.hostname);
  await expect(api.labelNode(controlPlane.hostname, { a: 'b' })).rejects.toMatchObject({
    status: 403,
    reason: 'Forbidden',
  });
});

it('a request of a kubelet is found by the administrator, decided on and deleted', async () => {
  const [kubelet, admin] = await Promise.all([as(worker, 'kubelet.conf'), as(controlPlane, 'admin.conf')]);
  const subject = `CN=system:node:${worker.hostname}, O=system:nodes`;
  const wanted = {
    name: 'door-test',
    signerName: 'k8sd.io/kubelet-client',
    request: await signingRequest(subject),
    usages: ['digital signature', 'key encipherment', 'client auth'],
    expirationSeconds: 3600,
    annotations: { 'k8sd.io/node': worker.hostname },
  };
  await kubelet.createCertificateRequest(wanted);
  await kubelet.createCertificateRequest(wanted);
  const other = { ...wanted, request: await signingRequest(subject) };
  await expect(kubelet.createCertificateRequest(other)).rejects.toMatchObject({ reason: 'AlreadyExists' });

  expect(await admin.certificateRequest('door-test')).toMatchObject({
    ...wanted,
    state: 'pending',
    username: `system:node:${worker.hostname}`,
    groups: expect.arrayContaining(['system:nodes']),
  });
  const decision = { reason: 'Test', message: 'no' };
  await expect(kubelet.approve('door-test', decision)).rejects.toMatchObject({ reason: 'Forbidden' });
  await Promise.all([admin.deny('door-test', decision), admin.deny('door-test', decision)]);
  expect(await admin.certificateRequest('door-test')).toMatchObject({ state: 'denied', ...decision });
  await expect(admin.approve('door-test', decision)).rejects.toMatchObject({ reason: 'Conflict' });
  await admin.deleteCertificateRequest('door-test');
  await admin.deleteCertificateRequest('door-test');
  expect(await admin.certificateRequest('door-test')).toBeUndefined();
});

describe('a lease', () => {
  const lease = { namespace: 'kube-system', name: 'door-test' };
  const claim = (holder: string, now = new Date(), seconds = 600) => ({ ...lease, holder, now, seconds });

  it('is one’s who asks for it, until it is given back; only its holder can do that', async () => {
    const api = await as(controlPlane, 'admin.conf');
    const now = new Date();
    expect(await api.takeLease(claim('one', now))).toBeUndefined();
    expect(await api.takeLease(claim('two', now))).toEqual({ holder: 'one', until: new Date(now.getTime() + 600_000) });
    await api.giveBackLease({ ...lease, holder: 'two' });
    expect(await api.takeLease(claim('two', now))).toMatchObject({ holder: 'one' });
    await api.giveBackLease({ ...lease, holder: 'one' });
    await api.giveBackLease({ ...lease, holder: 'one' });
    expect(await api.takeLease(claim('two', now))).toBeUndefined();
    await api.giveBackLease({ ...lease, holder: 'two' });
  });

  it('is one’s of many who ask at once', async () => {
    const api = await as(controlPlane, 'admin.conf');
    const names = ['a', 'b', 'c', 'd', 'e'];
    const answers = await Promise.all(names.map((holder) => api.takeLease(claim(holder))));
    const winner = names[answers.indexOf(undefined)];
    expect(answers.filter((answer) => answer === undefined)).toHaveLength(1);
    expect(new Set(answers.flatMap((answer) => answer?.holder ?? []))).toEqual(new Set([winner]));
    await api.giveBackLease({ ...lease, holder: winner ?? '' });
  });

  it('is its holder’s still when it asks again, and anybody’s when its time is over', async () => {
    const api = await as(controlPlane, 'admin.conf');
    const long = new Date(Date.now() - 601_000);
    expect(await api.takeLease(claim('one', long))).toBeUndefined();
    expect(await api.takeLease(claim('one', new Date(long.getTime() + 1_000)))).toBeUndefined();
    expect(await api.takeLease(claim('two', new Date(long.getTime() + 600_000)))).toMatchObject({ holder: 'one' });
    const many = await Promise.all(['two', 'three', 'four'].map((holder) => api.takeLease(claim(holder))));
    expect(many.filter((answer) => answer === undefined)).toHaveLength(1);
    // Whoever had it before has lost it, and cannot give it back for the one who has it now.
    await api.giveBackLease({ ...lease, holder: 'one' });
    expect(await api.takeLease(claim('one'))).toMatchObject({ holder: expect.stringMatching(/two|three|four/) });
    for (const holder of ['two', 'three', 'four']) await api.giveBackLease({ ...lease, holder });
  });

  it('is nothing that a node may take', async () => {
    const api = await as(worker, 'kubelet.conf');
    await expect(api.takeLease(claim('one'))).rejects.toMatchObject({ reason: 'Forbidden' });
  });
});

it('pods of a namespace that are not ready are counted', async () => {
  const pods = await (await as(controlPlane, 'admin.conf')).unreadyPods('kube-system');
  expect(pods.total).toBeGreaterThanOrEqual(pods.names.length);
});

it('an API server that is down is not ready, and comes back', async () => {
  const api = await as(controlPlane, 'admin.conf');
  const { snapd } = openHost(controlPlane.root);
  await snapd.stop('k8s', ['kube-apiserver'], { disable: false }, options);
  expect(await api.ready()).toBe(false);
  await expect(api.nodes()).rejects.toMatchObject({ status: 0, reason: 'Unreachable' });
  await snapd.start('k8s', ['kube-apiserver'], { enable: false }, options);
  await expect.poll(() => api.ready(), { timeout: 20_000 }).toBe(true);
});
