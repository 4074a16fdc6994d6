import { X509Certificate } from 'node:crypto';
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
  snapdChange,
  startedOver,
  tokenFor,
} from './ask.ts';
import { at } from './json.ts';
import { isReady } from './kubernetes/nodes.ts';
import { readArguments } from './node/arguments.ts';
import { readKubeconfig } from './node/kubeconfig.ts';
import type { NodeMachine } from './node/machine.ts';
import { paths } from './node/paths.ts';

let machines: Awaited<ReturnType<typeof newMachines>>;
let first: NodeMachine;
beforeAll(async () => {
  machines = await newMachines();
  first = await bootstrapped(machines, '0');
});
afterAll(async () => {
  expect(machines.failures).toEqual([]);
  await discard(machines);
});

const TOKENS = '/1.0/k8sd/cluster/tokens';
const error = (reply: { readonly body: unknown }): string => String(at(reply.body, 'error'));
const decoded = (token: string) => JSON.parse(Buffer.from(token, 'base64').toString()) as Record<string, unknown>;
const nodeNamed = (name: string) =>
  machines
    .cluster('0')
    ?.nodes()
    .find((node) => node.metadata.name === name);
const readyNode = (name: string) => eventually(() => isReady(nodeNamed(name)));
const remove = (from: NodeMachine, name: string, force = false) =>
  k8sd(from, 'POST', '/1.0/k8sd/cluster/remove', { name, force });
const members = async (machine: NodeMachine) =>
  (metadata(await k8sd(machine, 'GET', '/core/1.0/cluster')) as { name: string }[]).map((member) => member.name);

describe('join tokens', () => {
  it('of a control plane are given again until they are used, and can be deleted', async () => {
    const token = await tokenFor(first, 'later', false);
    expect(await tokenFor(first, 'later', false)).toBe(token);
    expect(Object.keys(decoded(token)).sort()).toEqual(['fingerprint', 'join_addresses', 'secret']);
    expect(decoded(token)['join_addresses']).toEqual([`${first.address}:6400`]);
    expect(metadata(await k8sd(first, 'GET', '/core/control/tokens'))).toMatchObject([{ name: 'later', token }]);
    expect((await k8sd(first, 'DELETE', '/core/1.0/tokens/later')).status).toBe(200);
    expect((await k8sd(first, 'DELETE', '/core/1.0/tokens/later')).status).toBe(404);
    expect(await tokenFor(first, 'later', false)).not.toBe(token);
  });

  it('of a worker are new each time, and say what they are', async () => {
    const token = await tokenFor(first, 'later', true);
    expect(await tokenFor(first, 'later', true)).not.toBe(token);
    expect(decoded(token)).toMatchObject({ secret: expect.stringMatching(/^worker::[0-9a-f]{40}$/), _: 'm!!' });
  });

  it('are refused for a name that a node has, and for no name', async () => {
    await eventually(() => nodeNamed(first.hostname));
    const taken = await k8sd(first, 'POST', TOKENS, { name: first.hostname, worker: true });
    expect([taken.status, error(taken)]).toEqual([500, 'a node with this name is already part of the cluster']);
    expect((await k8sd(first, 'POST', TOKENS, { name: '' })).status).toBe(400);
    expect((await k8sd(first, 'POST', TOKENS, { name: 'x', worker: true, ttl: '24h' })).status).toBe(400);
    expect((await k8sd(first, 'POST', TOKENS)).status).toBe(400);
  });

  it('live in nanoseconds, and a join with a dead one fails and wipes', async () => {
    const late = await installed(machines, 'late');
    const hour = 3600 * 1e9;
    const reply = await k8sd(first, 'POST', TOKENS, { name: late.hostname, worker: false, ttl: hour });
    const worker = await k8sd(first, 'POST', TOKENS, { name: late.hostname, worker: true, ttl: hour });
    machines.clockOffsetMs = 2 * 3600 * 1000;
    const asControlPlane = await joinWith(late, String(metadata(reply, 'token')));
    expect([asControlPlane.status, error(asControlPlane)]).toEqual([
      500,
      expect.stringContaining('failed to join k8sd cluster as control plane: '),
    ]);
    await startedOver(late);
    const asWorker = await joinWith(late, String(metadata(worker, 'token')));
    expect([asWorker.status, error(asWorker)]).toEqual([
      500,
      expect.stringContaining('failed to join k8sd cluster as worker: '),
    ]);
    machines.clockOffsetMs = 0;
    await startedOver(late);
  });

  it('are refused when they are garbage, for another name, or with a configuration of the other kind', async () => {
    const late = await installed(machines, 'picky');
    expect((await joinWith(late, 'garbage')).status).toBe(500);
    const worker = await tokenFor(first, late.hostname, true);
    const wrongKind = await joinWith(late, worker, late.hostname, { 'extra-sans': ['x'] });
    expect([wrongKind.status, error(wrongKind)]).toEqual([400, expect.stringContaining('unknown field "extra-sans"')]);
    expect((await k8sd(late, 'GET', '/core/1.0/ready')).status).toBe(200);
    const wrongName = await joinWith(late, worker, 'another-name');
    expect([wrongName.status, error(wrongName)]).toEqual([500, expect.stringContaining('invalid token')]);
    await startedOver(late);
  });
});

describe('a second control plane', () => {
  it('joins with the shared certificates and keys, and its own', async () => {
    const second = await joined(machines, first, '1', {
      worker: false,
      // In this text numbers count as strings: it is read as YAML.
      config: { 'extra-node-kubelet-args': { '--max-pods': 50 } },
    });
    await readyNode(second.hostname);
    const same = [
      'ca.crt',
      'ca.key',
      'client-ca.key',
      'serviceaccount.key',
      'apiserver-kubelet-client.crt',
      'apiserver-etcd-client.crt',
    ];
    for (const file of same) {
      expect(await second.files.need(`${paths.pki}/${file}`)).toBe(await first.files.need(`${paths.pki}/${file}`));
    }
    for (const file of ['apiserver.crt', 'kubelet.crt', 'front-proxy-client.crt', 'etcd/server.crt']) {
      expect(await second.files.need(`${paths.pki}/${file}`)).not.toBe(await first.files.need(`${paths.pki}/${file}`));
    }
    expect(readArguments(await second.files.need(`${paths.args}/kubelet`))['--max-pods']).toBe('50');
    expect(readArguments(await second.files.need(`${paths.args}/etcd`))['--initial-cluster-state']).toBe('existing');
    expect(await members(second)).toEqual([first.hostname, second.hostname]);
    // Tuning is a matter of bootstrap and workers.
    expect(await second.files.list(paths.sysctl)).toEqual([]);
    expect(nodeNamed(second.hostname)?.metadata.labels).toMatchObject({
      'node-role.kubernetes.io/control-plane': '',
      'node-role.kubernetes.io/worker': '',
      'k8sd.io/role': 'control-plane',
    });
  });

  it('uses its token up, and one that fails does so too', async () => {
    const third = await installed(machines, '2');
    const token = await tokenFor(first, third.hostname, false);
    machines.failNext('2', 'join', { text: 'learner is not in sync' });
    expect(error(await joinWith(third, token))).toContain('learner is not in sync');
    await startedOver(third);
    expect(await third.files.exists(paths.args)).toBe(false);
    expect((await joinWith(third, token)).status).toBe(500);
    await startedOver(third);
    const fresh = await tokenFor(first, third.hostname, false);
    expect(fresh).not.toBe(token);
    expect((await joinWith(third, fresh)).status).toBe(200);
  });

  it('cannot join while another one does', async () => {
    const [one, other] = await Promise.all([installed(machines, '3'), installed(machines, '4')]);
    const tokens = [await tokenFor(first, one.hostname, false), await tokenFor(first, other.hostname, false)];
    const replies = await Promise.all(
      [one, other].map(async (machine, index) => {
        const reply = await joinWith(machine, tokens[index] ?? '');
        if (reply.status !== 200) await startedOver(machine);
        return reply;
      }),
    );
    expect(replies.map((reply) => reply.status).sort()).toEqual([200, 500]);
    expect(error(replies.find((reply) => reply.status === 500) ?? { body: undefined })).toContain(
      'cluster is unhealthy or another node is currently joining the cluster',
    );
    const winner = replies[0]?.status === 200 ? one : other;
    expect((await remove(first, winner.hostname)).status).toBe(200);
  });

  it('of another patch version is thrown out at the end, and leaves its Node behind', async () => {
    const odd = await installed(machines, 'odd', '1.36-classic/edge');
    const reply = await joinWith(odd, await tokenFor(first, odd.hostname, false));
    expect([reply.status, error(reply)]).toEqual([
      500,
      expect.stringContaining('the joining node has a different patch version than cluster nodes'),
    ]);
    await startedOver(odd);
    // A Node of another version that nobody removed would stand in the way of every later join.
    expect(nodeNamed(odd.hostname)).toBeDefined();
    expect((await remove(first, odd.hostname, true)).status).toBe(200);
    expect(nodeNamed(odd.hostname)).toBeUndefined();
    expect(await members(first)).not.toContain(odd.hostname);
    await snapdChange(odd, '/v2/snaps/k8s', { action: 'refresh', channel: '1.36-classic/stable' });
    await ready(odd);
  });
});

describe('a worker', () => {
  let worker: NodeMachine;
  beforeAll(async () => {
    worker = await joined(machines, first, '9', {
      worker: true,
      config: { 'extra-node-kubelet-args': { '--register-with-taints': 'dedicated=gpu:NoSchedule' } },
    });
  });

  it('becomes a Ready node with the labels and taints of its own', async () => {
    await readyNode(worker.hostname);
    const node = nodeNamed(worker.hostname);
    expect(node?.metadata.labels).toMatchObject({ 'node-role.kubernetes.io/worker': '', 'k8sd.io/role': 'worker' });
    expect(node?.metadata.labels).not.toHaveProperty('node-role.kubernetes.io/control-plane');
    expect(at(node, 'spec', 'taints')).toEqual([{ key: 'dedicated', value: 'gpu', effect: 'NoSchedule' }]);
    expect(at(node, 'status', 'nodeInfo', 'kubeletVersion')).toBe('v1.36.4');
    expect(at(node, 'status', 'addresses')).toContainEqual({ type: 'InternalIP', address: worker.address });
  });

  it('is told apart by a file, by its status, and by what it refuses', async () => {
    expect(await worker.files.read(paths.workerLock)).toBe('');
    expect(metadata(await k8sd(worker, 'GET', '/1.0/k8sd/node'))).toEqual({
      status: { name: worker.hostname, address: worker.address, 'cluster-role': 'worker' },
      taints: ['dedicated=gpu:NoSchedule'],
    });
    for (const path of ['/1.0/k8sd/cluster', '/1.0/k8sd/cluster/config', '/1.0/k8sd/kubeconfig']) {
      const refused = await k8sd(worker, 'GET', path, {});
      expect([refused.status, error(refused)]).toEqual([403, 'this action is restricted on workers']);
    }
    expect(await members(worker)).toEqual([worker.hostname]);
    expect(await members(first)).not.toContain(worker.hostname);
    const status = metadata(await k8sd(first, 'GET', '/1.0/k8sd/cluster'), 'status', 'members') as unknown[];
    expect(status.map((member) => at(member, 'name'))).not.toContain(worker.hostname);
  });

  it('has the few files of a worker, with certificates for ten years', async () => {
    expect(await worker.files.list(paths.pki)).toEqual([
      'ca.crt',
      'client-ca.crt',
      'etcd',
      'kubelet.crt',
      'kubelet.key',
    ]);
    expect(await worker.files.list(paths.kubernetes)).toEqual(['kubelet.conf', 'pki', 'proxy.conf']);
    const serving = new X509Certificate(await worker.files.need(`${paths.pki}/kubelet.crt`));
    expect(serving.validToDate.getUTCFullYear()).toBe(serving.validFromDate.getUTCFullYear() + 10);
    expect(serving.checkHost(worker.hostname)).toBe(worker.hostname);
    expect(serving.checkIP(worker.address)).toBe(worker.address);
    const kubelet = readKubeconfig(await worker.files.need(`${paths.kubernetes}/kubelet.conf`));
    expect(new X509Certificate(kubelet.certificate).subject).toBe(`O=system:nodes\nCN=system:node:${worker.hostname}`);
    expect(kubelet.server).toBe(`https://${worker.address}:6443`);
    expect(await worker.files.list(paths.sysctl)).toEqual(['1-k8s.conf']);
    expect(await worker.files.list(paths.args)).toEqual([
      'conf.d',
      'containerd',
      'k8s-apiserver-proxy',
      'k8sd',
      'kube-proxy',
      'kubelet',
    ]);
  });

  it('cannot use its token a second time', async () => {
    const other = await installed(machines, '10');
    const token = await tokenFor(first, '', true);
    expect((await joinWith(other, token, 'nameless-token')).status).toBe(200);
    expect(metadata(await k8sd(other, 'GET', '/1.0/k8sd/node'), 'status', 'name')).toBe('nameless-token');
    // A name that is not the host's costs a flag.
    expect(readArguments(await other.files.need(`${paths.args}/kubelet`))['--hostname-override']).toBe(
      'nameless-token',
    );
    const third = await installed(machines, '11');
    expect(error(await joinWith(third, token))).toContain('invalid token');
    await startedOver(third);
  });

  it('comes back when only its Node is removed, and stays away when its services are stopped', async () => {
    expect((await remove(first, worker.hostname)).status).toBe(200);
    expect(nodeNamed(worker.hostname)).toBeUndefined();
    await readyNode(worker.hostname);
    await snapdChange(worker, '/v2/apps', { action: 'stop', names: ['k8s.kubelet'], disable: true });
    const condition = () =>
      (at(nodeNamed(worker.hostname), 'status', 'conditions') as unknown[]).find(
        (entry) => at(entry, 'type') === 'Ready',
      );
    await eventually(() => at(condition(), 'status') === 'Unknown');
    await remove(first, worker.hostname);
    await new Promise((resolve) => setTimeout(resolve, machines.delays.reRegister + 3 * machines.delays.heartbeat));
    expect(nodeNamed(worker.hostname)).toBeUndefined();
  });
});

describe('removal of a control plane', () => {
  it('wipes the node that leaves, and its daemon starts over', async () => {
    const second = machines.machine('1');
    expect((await remove(first, second.hostname)).status).toBe(200);
    await startedOver(second);
    expect(error(await k8sd(second, 'GET', '/1.0/k8sd/node'))).toBe('Database is not yet initialized');
    expect(await second.files.exists(paths.args)).toBe(false);
    expect(await second.files.exists(`${paths.pki}/ca.crt`)).toBe(false);
    expect(await second.files.exists(`${paths.kubernetes}/admin.conf`)).toBe(false);
    expect(machines.service('1', 'kubelet')).toMatchObject({ active: false, enabled: false });
    expect(nodeNamed(second.hostname)).toBeUndefined();
    const again = await joinWith(second, await tokenFor(first, second.hostname, false));
    expect(again.status).toBe(200);
    await readyNode(second.hostname);
  });

  it('can be asked of the node itself', async () => {
    const second = machines.machine('1');
    expect((await remove(second, second.hostname)).status).toBe(200);
    await startedOver(second);
    expect(await members(first)).not.toContain(second.hostname);
  });

  it('of an unknown name is an error, unless forced', async () => {
    expect((await remove(first, 'nobody')).status).toBe(404);
    expect((await remove(first, 'nobody', true)).status).toBe(200);
  });

  it('needs force for one without power; then etcd goes on without it', async () => {
    const third = machines.machine('2');
    await machines.cutPower('2');
    // Two members, one of them dead: no quorum, and no API.
    const status = await k8sd(first, 'GET', '/1.0/k8sd/cluster');
    expect(status.status).toBe(500);
    expect((await remove(first, third.hostname)).status).toBe(500);
    expect((await remove(first, third.hostname, true)).status).toBe(200);
    expect((await k8sd(first, 'GET', '/1.0/k8sd/cluster')).status).toBe(200);
    expect(await members(first)).toEqual([first.hostname]);
    // Its Node could not be deleted while there was no API.
    expect((await remove(first, third.hostname, true)).status).toBe(200);
    expect(nodeNamed(third.hostname)).toBeUndefined();
  });

  it('of the last one is refused', async () => {
    expect((await remove(first, first.hostname)).status).toBe(500);
  });
});
