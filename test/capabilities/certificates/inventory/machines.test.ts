/** Guards the inventory of stand-in machines that are in a cluster: every certificate is found, and what is served is compared. */

import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { examine } from '../../../../src/capabilities/certificates/inventory/examined.ts';
import { type Finding, findingsOf } from '../../../../src/capabilities/certificates/inventory/findings.ts';
import { inventoryPlaces } from '../../../../src/capabilities/certificates/inventory/places.ts';
import { readInventory } from '../../../../src/capabilities/certificates/inventory/read-inventory.ts';
import { isRead } from '../../../../src/capabilities/certificates/inventory/record.ts';
import { lookAtServed, type Served } from '../../../../src/capabilities/certificates/inventory/served.ts';
import { openHost } from '../../../../src/clients/host/open-host.ts';
import { apiServerSans } from '../../../../src/core/api-server-names.ts';
import type { Role } from '../../../../src/core/role.ts';
import { bootstrapped, discard, joined, newMachines } from '../../../standins/machines/ask.ts';
import type { NodeMachine } from '../../../standins/machines/machines.ts';
import { issueSelfSigned } from '../../../standins/machines/pki/issue.ts';

const PKI = '/etc/kubernetes/pki';

let machines: Awaited<ReturnType<typeof newMachines>>;
let first: NodeMachine;
let second: NodeMachine;
let worker: NodeMachine;

beforeAll(async () => {
  machines = await newMachines();
  first = await bootstrapped(machines, '0');
  second = await joined(machines, first, '1', { worker: false });
  worker = await joined(machines, first, '2', { worker: true });
}, 120_000);
afterAll(() => discard(machines));

it('of control planes and workers finds every certificate there is, and nothing wrong with them', async () => {
  for (const [machine, role] of [
    [first, 'control-plane'],
    [second, 'control-plane'],
    [worker, 'worker'],
  ] as const) {
    const { inventory, served, findings } = await lookAt(machine, role);
    const external = inventoryPlaces(role).filter(({ name }) => name !== 'etcd/client');
    expect(inventory.filter(isRead).map(({ place }) => place.name)).toEqual(external.map(({ name }) => name));
    const ports = role === 'worker' ? ['kubelet'] : ['apiserver', 'kubelet', 'etcd/server', 'k8sd/cluster'];
    expect(Object.fromEntries(served)).toEqual(Object.fromEntries(ports.map((name) => [name, 'same'])));
    // A node that joins later gets as many years as the authorities have, which began earlier.
    expect(findings.filter(({ code }) => code !== 'outlives-authority')).toEqual([]);
  }
});

it('sees that a service serves what does not lie in its file any more', async () => {
  const path = `${PKI}/etcd/server.crt`;
  const before = await first.files.need(path);
  const key = await first.files.need(`${PKI}/etcd/server.key`);
  const days = (count: number) => new Date(Date.now() + count * 86_400_000);
  const validity = { notBefore: days(-700), notAfter: days(90) };
  await first.files.write(path, await issueSelfSigned('kube-etcd', key, [first.address], validity));
  const { served, findings } = await lookAt(first, 'control-plane');
  await first.files.write(path, before);
  expect(served.get('etcd/server')).toBe('other');
  expect(findings.filter(({ severity }) => severity !== 'note').map(({ code, remedy }) => [code, remedy])).toEqual([
    ['chain', 'k8sd makes it only when a node joins: add a unit, wait until it is active, then remove this one'],
    [
      'not-renewable',
      'k8sd makes it only when a node joins: add a unit, wait until it is active, then remove this one',
    ],
    ['served-differs', 'etcd has not read it yet: restart it with snap restart k8s.etcd, one control plane at a time'],
  ]);
});

it('waits neither for a port that is closed nor for one that says nothing, and calls neither a finding', async () => {
  await worker.services.stop('kubelet');
  expect((await lookAt(worker, 'worker')).served.get('kubelet')).toBe('no answer');
  const mute = await listen(worker.address, 10250);
  const started = performance.now();
  const { served, findings } = await lookAt(worker, 'worker');
  expect(performance.now() - started).toBeLessThan(10_000);
  await new Promise((done) => mute.close(done));
  expect(served.get('kubelet')).toBe('no answer');
  expect(findings).toEqual([]);
  await worker.services.start('kubelet');
});

async function lookAt(machine: NodeMachine, role: Role) {
  const host = openHost(machine.root);
  const inventory = await readInventory(host.files, role);
  const served: ReadonlyMap<string, Served> = await lookAtServed(host, inventory.filter(isRead), machine.address);
  const { all } = apiServerSans({
    addresses: [machine.address],
    extraSans: [],
    clusterDomain: 'cluster.local',
    serviceCidr: '10.152.183.0/24',
  });
  const findings: readonly Finding[] = findingsOf(examine(inventory, role), {
    role,
    served,
    now: host.now(),
    warnSeconds: 30 * 86_400,
    requiredSans: {
      apiserver: all,
      kubelet: [machine.hostname, machine.address],
      'etcd/server': [machine.address],
      'etcd/peer': [machine.address],
    },
    managers: {},
  });
  return { inventory, served, findings };
}

/** Takes connections and never says a word. */
function listen(address: string, port: number): Promise<Server> {
  const server = createServer((socket) => void socket.on('error', () => undefined).resume());
  return new Promise((listening) => server.listen(port, address, () => listening(server)));
}
