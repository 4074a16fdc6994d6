/**
 * Guards the leader's decisions on workers' requests against the stand-in's API: what reaches the objects and the databag, for
 * requests as they should be and for those of somebody who has root on one worker.
 */

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { prepareRequests, submitRequests } from '../../../src/capabilities/certificates/refresh-worker.ts';
import type { RequestJournal } from '../../../src/capabilities/certificates/request-journal.ts';
import { formatWish, parseDecision } from '../../../src/capabilities/certificates/wire.ts';
import type { CertificateRequest } from '../../../src/clients/kubernetes/kubernetes.ts';
import type { Clients } from '../../../src/core/clients.ts';
import { bootstrapped, discard, joined, newMachines } from '../../standins/machines/ask.ts';
import { exchange, newNode, RELATION, relate, type TestNode, WORKER_RELATION } from './nodes.ts';
import { makeRequest, sansOf } from './requests.ts';

let machines: Awaited<ReturnType<typeof newMachines>>;
let leader: TestNode;
let good: TestNode;
let taken: TestNode;

beforeAll(async () => {
  // No request is signed while a test looks at it.
  machines = await newMachines({ signing: 60_000, heartbeat: 50 });
  const control = await bootstrapped(machines, '0');
  good = newNode('k8s-worker/0', await joined(machines, control, '1', { worker: true }), { role: 'worker' });
  taken = newNode('k8s-worker/1', await joined(machines, control, '2', { worker: true }), { role: 'worker' });
  leader = newNode('k8s/0', control, {
    role: 'control-plane',
    workers: onRecord(),
    workerAddresses: addresses(),
    reserved: [control.address],
    reservedRanges: [{ range: '10.152.183.0/24', owner: 'the range of services' }],
  });
  relate(leader, [good, taken]);
}, 60_000);

afterEach(async () => {
  for (const { agent } of [good, taken]) agent.relations.get(WORKER_RELATION)?.units.set(agent.unit, {});
  leader.agent.relations.get(RELATION)?.applications.clear();
  exchange(leader, [good, taken]);
  for (const { metadata } of machines.cluster('0')?.certificateSigningRequests() ?? [])
    await leader.dispatch(async ({ kubernetes }) => (await kubernetes())?.deleteCertificateRequest(metadata.name));
});

afterAll(async () => {
  for (const { agent } of [leader, good, taken]) agent.remove();
  await discard(machines);
});

function onRecord(): Map<string, string> {
  return new Map([good, taken].map(({ agent, machine }) => [agent.unit, machine.hostname]));
}

function addresses(): Map<string, readonly string[]> {
  return new Map([good, taken].map(({ agent, machine }) => [agent.unit, [machine.address]]));
}

/** A worker makes and publishes its requests. */
function publish(node: TestNode, extraSans: readonly string[] = []): Promise<RequestJournal> {
  return node.dispatch(async (clients) => {
    const journal = await prepareRequests(clients, node.identity, { expirationSeconds: 86_400, extraSans });
    await submitRequests(clients, journal);
    return journal;
  });
}

/** Writes into a unit's databag, as root on its machine can. */
function write(node: TestNode, entries: Record<string, string>): void {
  const bags = leader.agent.relations.get(RELATION)?.units;
  bags?.set(node.agent.unit, { ...bags.get(node.agent.unit), ...entries });
}

/** The leader's hook; gives what it says to the unit. */
async function decided(node: TestNode, by: TestNode = leader) {
  await by.settle();
  const bag = leader.agent.relations.get(RELATION)?.applications.get('k8s');
  return parseDecision(bag?.[`${node.agent.unit}-certificates`]);
}

async function states(journal: RequestJournal): Promise<readonly (string | undefined)[]> {
  return Promise.all(
    journal.requests.map(({ object }) =>
      leader.dispatch(async ({ kubernetes }) => (await (await kubernetes())?.certificateRequest(object))?.state),
    ),
  );
}

/** An object of a node's own making, with any content. */
async function submit(node: TestNode, request: string, kind: Partial<CertificateRequest> = {}): Promise<string> {
  const name = `made-${Math.random().toString(36).slice(2)}`;
  await node.dispatch(async ({ kubernetes }) =>
    (await kubernetes())?.createCertificateRequest({
      name,
      request,
      signerName: kind.signerName ?? 'k8sd.io/kubelet-serving',
      usages: kind.usages ?? ['digital signature', 'key encipherment', 'server auth'],
      expirationSeconds: 86_400,
      annotations: {},
    }),
  );
  return name;
}

function wishFor(id: string, ...objects: readonly (readonly [name: string, request: string])[]): string {
  const rest = { pair: 'kubelet', signerName: '', usages: [], key: '' } as const;
  return formatWish({ id, requests: objects.map(([object, request]) => ({ object, request, ...rest })) });
}

const serving = (node: TestNode, ...sans: readonly string[]) =>
  makeRequest([{ O: ['system:nodes'] }, { CN: [`system:node:${node.machine.hostname}`] }], {
    names: sansOf(node.machine.hostname, ...sans),
  });

describe('a worker’s requests', () => {
  it('are approved, all of them, and the unit is told; once it has taken them, nothing is left', async () => {
    const journal = await publish(good);
    await good.settle();
    exchange(leader, [good, taken]);
    expect(await decided(good)).toEqual({ id: journal.id, approved: true, reason: '' });
    expect(await states(journal)).toEqual(['approved', 'approved', 'approved']);
    expect(await leader.settle()).toEqual([]);

    good.agent.relations.get(WORKER_RELATION)?.units.set(good.agent.unit, {});
    exchange(leader, [good, taken]);
    expect(await leader.settle()).toEqual(['clear-decision']);
    expect(await decided(good)).toBeUndefined();
    expect(machines.cluster('0')?.certificateSigningRequests()).toEqual([]);
  });

  it('are denied when the operator asked for a name that is not the unit’s', async () => {
    const journal = await publish(good, ['api.example.com']);
    await good.settle();
    exchange(leader, [good, taken]);
    expect(await decided(good)).toEqual({
      id: journal.id,
      approved: false,
      reason: `${journal.requests[0]?.object}: the names api.example.com are not the unit's own`,
    });
    expect(await states(journal)).toEqual(['denied', 'denied', 'denied']);
  });

  it('are denied while the unit has not joined, and left to whoever made them', async () => {
    const journal = await publish(good);
    await good.settle();
    exchange(leader, [good, taken]);
    const stranger = leaderWith({ workers: new Map([[taken.agent.unit, taken.machine.hostname]]) });
    expect((await decided(good, stranger))?.reason).toBe('k8s-worker/0 has no node in the cluster');
    expect(await states(journal)).toEqual(['pending', 'pending', 'pending']);
  });

  it('are denied when two units are on record for one node', async () => {
    const journal = await publish(good);
    await good.settle();
    exchange(leader, [good, taken]);
    const confused = leaderWith({ workers: new Map([...onRecord(), ['other/7', good.machine.hostname]]) });
    expect((await decided(good, confused))?.reason).toBe(
      `k8s-worker/0 and other/7 are both on record for the node ${good.machine.hostname}`,
    );
    expect(await states(journal)).toEqual(['denied', 'denied', 'denied']);
  });

  it('are not decided on while the API server does not answer, and then are', async () => {
    const journal = await publish(good);
    await good.settle();
    exchange(leader, [good, taken]);
    const offline = leader.settle((clients) => ({ ...clients, kubernetes: async () => undefined }));
    await expect(offline).rejects.toMatchObject({ name: 'RefreshFailed', status: { status: 'waiting' } });
    expect((await decided(good))?.approved).toBe(true);
    expect(await states(journal)).toEqual(['approved', 'approved', 'approved']);
  });
});

describe('somebody with root on one worker', () => {
  it('cannot have another’s requests approved or denied', async () => {
    const journal = await publish(good);
    await good.settle();
    exchange(leader, [good, taken]);
    const named = good.agent.relations.get(WORKER_RELATION)?.units.get(good.agent.unit)?.['certificate-requests'] ?? '';
    write(good, { 'certificate-requests': '' });
    write(taken, { 'certificate-requests': named });
    expect(await decided(taken)).toEqual({
      id: journal.id,
      approved: false,
      reason: expect.stringContaining(`it was made by system:node:${good.machine.hostname}, not by`),
    });
    expect(await states(journal)).toEqual(['pending', 'pending', 'pending']);
    write(good, { 'certificate-requests': named });
    expect((await decided(good))?.approved).toBe(true);
  });

  it.each([
    ['another unit', () => good.machine.address],
    ['the control plane', () => leader.machine.address],
    ['nobody here', () => '203.0.113.7'],
  ])('gets no certificate for the address of %s, whatever its databag says', async (_, address) => {
    const request = await serving(taken, address());
    const object = await submit(taken, request);
    const wish = wishFor('x', [object, request]);
    write(taken, { 'ingress-address': address(), 'private-address': address(), 'certificate-requests': wish });
    expect((await decided(taken))?.reason).toBe(
      `${object}: the addresses ${address()} are not the unit's own (on record: ${taken.machine.address}); if they are right: juju run k8s/leader accept-addresses unit=k8s-worker/1 addresses=${taken.machine.address},${address()}`,
    );
  });

  it.each([
    ['another unit', () => good.machine.address, 'k8s-worker/0'],
    ['the control plane', () => leader.machine.address, 'the control plane'],
    ['the API server', () => '10.152.183.1', 'the control plane'],
    ['a service', () => '10.152.183.77', 'the range of services'],
  ])('gets none for the address of %s, even when it is on record for it', async (_, address, owner) => {
    const request = await serving(taken, address());
    const object = await submit(taken, request);
    const fooled = leaderWith({ workerAddresses: new Map([...addresses(), [taken.agent.unit, [address()]]]) });
    write(taken, { 'certificate-requests': wishFor('x', [object, request]) });
    expect((await decided(taken, fooled))?.reason).toBe(`${object}: the address ${address()} belongs to ${owner}, too`);
  });

  it('gets none for an address in a range of the cluster, with the option that has the range', async () => {
    const request = await serving(taken, '192.0.2.15');
    const object = await submit(taken, request);
    const balanced = leaderWith({
      reservedRanges: [{ range: '192.0.2.0/24', owner: 'the load balancer (load-balancer-cidrs has 192.0.2.0/24)' }],
    });
    write(taken, { 'certificate-requests': wishFor('x', [object, request]) });
    expect((await decided(taken, balanced))?.reason).toBe(
      `${object}: the address 192.0.2.15 belongs to the load balancer (load-balancer-cidrs has 192.0.2.0/24), too`,
    );
  });

  it('gets none for the address of a node that is no unit’s', async () => {
    const request = await serving(taken, good.machine.address);
    const object = await submit(taken, request);
    const fooled = leaderWith({
      workers: new Map([[taken.agent.unit, taken.machine.hostname]]),
      workerAddresses: new Map([[taken.agent.unit, [good.machine.address]]]),
    });
    write(taken, { 'certificate-requests': wishFor('x', [object, request]) });
    expect((await decided(taken, fooled))?.reason).toContain(`belongs to node ${good.machine.hostname}, too`);
  });

  it('keeps no other from renewing: not by its databag, not by what its kubelet reports', async () => {
    const journal = await publish(good);
    await good.settle();
    exchange(leader, [good, taken]);
    write(taken, { 'private-address': good.machine.address });
    const claim = { type: 'InternalIP', address: good.machine.address };
    const claimed = (clients: Clients): Clients => ({
      ...clients,
      async kubernetes() {
        const api = await clients.kubernetes();
        const nodes = async () =>
          ((await api?.nodes()) ?? []).map((node) =>
            node.name === taken.machine.hostname ? { ...node, addresses: [...node.addresses, claim] } : node,
          );
        return api && { ...api, nodes };
      },
    });
    await leader.settle(claimed);
    expect(await decided(good)).toEqual({ id: journal.id, approved: true, reason: '' });
  });

  it('is looked at only when its addresses are on record', async () => {
    const journal = await publish(good);
    await good.settle();
    exchange(leader, [good, taken]);
    expect(await decided(good, leaderWith({ workerAddresses: new Map() }))).toBeUndefined();
    expect((await decided(good))?.id).toBe(journal.id);
  });

  it('has one bad request among good ones: none is approved', async () => {
    const journal = await publish(taken);
    const request = await serving(taken, 'kubernetes');
    const object = await submit(taken, request);
    const rest = journal.requests.map((made) => [made.object, made.request] as const);
    write(taken, { 'certificate-requests': wishFor(journal.id, ...rest, [object, request]) });
    expect((await decided(taken))?.approved).toBe(false);
    expect(await states(journal)).toEqual(['denied', 'denied', 'denied']);
    expect((await taken.settle()).at(0)).toBe('announce-requests');
  });

  it('who holds only the node’s credentials puts an object under a published name: it is not what the unit has made', async () => {
    const published = await serving(good);
    const stolen = await serving(good, good.machine.address);
    const object = await submit(good, stolen);
    write(good, { 'certificate-requests': wishFor('x', [object, published]) });
    expect((await decided(good))?.reason).toBe(`${object}: it is not the request that the unit says it has made`);
  });

  it('cannot bring the leader to fail: not by names, not by garbage, not by what is gone or denied already', async () => {
    const request = await serving(taken);
    for (const text of ['{', '[]', JSON.stringify({ id: 'x', requests: { '..': 'a'.repeat(64) } })]) {
      write(taken, { 'certificate-requests': text });
      expect(await decided(taken)).toBeUndefined();
    }
    write(taken, { 'certificate-requests': wishFor('gone', ['never-made', request]) });
    expect((await decided(taken))?.reason).toBe('never-made: it does not exist');
    const object = await submit(taken, request);
    await leader.dispatch(async ({ kubernetes }) =>
      (await kubernetes())?.deny(object, { reason: 'ByHand', message: 'no' }),
    );
    write(taken, { 'certificate-requests': wishFor('denied', [object, request]) });
    expect((await decided(taken))?.reason).toBe(`${object}: it is denied already`);
  });

  it('changes what it wishes under an id that was decided: it is not looked at again', async () => {
    const request = await serving(taken);
    const object = await submit(taken, request);
    write(taken, { 'certificate-requests': wishFor('x', [object, request]) });
    expect((await decided(taken))?.approved).toBe(true);
    const evil = await serving(taken, 'kubernetes');
    const second = await submit(taken, evil);
    write(taken, { 'certificate-requests': wishFor('x', [second, evil]) });
    expect(await leader.settle()).toEqual([]);
    expect(
      await leader.dispatch(async ({ kubernetes }) => (await (await kubernetes())?.certificateRequest(second))?.state),
    ).toBe('pending');
  });

  it('writes whatever it likes into a reason: one line of bounded length comes of it', async () => {
    const name = `x\nunit-k8s-0: ERROR nothing\u001b[2J${'y'.repeat(2_000)}`;
    const request = await makeRequest([{ CN: [name] }]);
    const object = await submit(taken, request, {
      signerName: 'k8sd.io/kube-proxy-client',
      usages: ['digital signature', 'key encipherment', 'client auth'],
    });
    write(taken, { 'certificate-requests': wishFor('x', [object, request]) });
    const { reason } = (await decided(taken)) ?? {};
    expect(reason).toContain('its subject is CN=x unit-k8s-0: ERROR nothing');
    expect(reason).toMatch(/^[\P{Cc}]{1,1000}$/u);
  });

  it('says that it had another’s id: what is left of the other’s requests is not swept away', async () => {
    const journal = await publish(good);
    await good.settle();
    write(taken, { 'certificate-requests': wishFor(journal.id, ['never-made', 'of no use']) });
    expect((await decided(taken))?.id).toBe(journal.id);
    write(taken, { 'certificate-requests': '' });
    expect(await leader.settle()).toContain('clear-decision');
    expect(await states(journal)).toEqual(['pending', 'pending', 'pending']);
  });
});

/** The leader, with something else on record. */
function leaderWith(identity: Partial<TestNode['identity']>): TestNode {
  return newNode(leader.agent, leader.machine, { ...leader.identity, ...identity });
}
