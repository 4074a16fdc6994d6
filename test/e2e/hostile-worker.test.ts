/**
 * A worker whose machine somebody has taken over, and another charm on the same endpoint: what they say of themselves takes nothing from
 * others, and the leader names them. And what is left when nodes go.
 */

import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Model } from '../standins/juju/model.ts';
import { typeOf } from '../standins/machines/kubernetes/resources.ts';
import {
  allActive,
  deployCluster,
  openCluster,
  settleActive,
  settleUntil,
  type TestCluster,
  toldBy,
  USUALLY_JUJU_4,
} from './cluster.ts';
import { machineOf } from './nodes.ts';
import { expectCleanMachine, expectWholeCluster, kubernetesNodes } from './reality.ts';

const EVIL = 'k8s-worker/0';
const VICTIM = 'k8s-worker/1';
/** Of nobody here (RFC 5737). */
const ELSEWHERE = '203.0.113.7';

let cluster: TestCluster;
let model: Model;

beforeAll(async () => {
  cluster = await openCluster({ dispatch: 'process', ...USUALLY_JUJU_4 });
  model = cluster.model;
  await deployCluster(cluster, { controlPlanes: 1, workers: 2 });
}, 240_000);

afterAll(() => cluster.close());

const names = () => Object.keys(kubernetesNodes(cluster, machineOf(cluster, 'k8s/0'))).sort();
const rest = () => model.settle({ timeoutMs: 90_000 });

/** As root on the unit's machine writes into its databag, over what Juju has put there. */
function put(unit: string, entries: Record<string, string>): void {
  const relation = Object.values(model.state.relations).find(
    ({ endpoints, units }) => endpoints.length === 2 && units[unit] !== undefined,
  );
  const member = relation?.units[unit];
  if (member === undefined) throw new Error(`${unit} has no relation`);
  Object.assign(member.settings, entries);
  member.version += 1;
  // Wakes the agents, who hear of it.
  model.updateStatus();
}

async function addressesOf(unit: string): Promise<readonly string[]> {
  const pem = await machineOf(cluster, unit).files.need('/etc/kubernetes/pki/kubelet.crt');
  const names = new X509Certificate(pem).subjectAltName ?? '';
  return [...names.matchAll(/IP Address:([^,]+)/g)].map(([, address = '']) => address);
}

describe('somebody on the endpoint of workers', { timeout: 240_000 }, () => {
  it('who names a node that is not theirs has it neither removed nor given to them', async () => {
    const view = cluster.machines.cluster(machineOf(cluster, 'k8s/0').id);
    const node = { metadata: { name: 'by-hand', labels: {} }, spec: {}, status: { conditions: [], addresses: [] } };
    view?.api.store.create(typeOf('nodes'), node);
    const before = names();
    const thief = model.addRemoteApplication('thief', {
      endpoints: { cluster: { interface: 'k8s-cluster', role: 'requirer' } },
    });
    await model.integrate('k8s:k8s-cluster', 'thief:cluster');
    const relation = Object.values(model.state.relations).at(-1)?.id ?? 0;
    thief.setUnitBag('cluster', 'thief/0', { 'node-name': 'by-hand', version: '1.36.4' });
    await rest();
    expect(toldBy(model, 'k8s/0')).toMatch(/^blocked: .*a node by-hand exists that was not made for thief\/0/);
    const named = machineOf(cluster, VICTIM).hostname;
    for (const said of [{ 'node-name': named }, { 'node-name': named, joined: clusterName() }]) {
      thief.setUnitBag('cluster', 'thief/0', said);
      await rest();
      expect(toldBy(model, 'k8s/0')).toContain(`thief/0 has the node name ${named} of ${VICTIM}`);
    }
    expect(Object.keys(model.applicationBag('k8s', relation)).filter((key) => key.includes('/'))).toEqual([]);
    expect(names()).toEqual(before);
    thief.removeUnit('thief/0');
    await settleActive(model);
    expect(names()).toEqual(before);
    view?.api.store.delete(typeOf('nodes'), '', 'by-hand');
    await model.removeRelation('k8s:k8s-cluster', 'thief:cluster');
    await settleActive(model);
  });

  it('who says an address that is not on record gets no certificate for it; an operator may say otherwise', async () => {
    put(EVIL, { 'private-address': ELSEWHERE });
    await rest();
    expect(toldBy(model, 'k8s/0')).toContain(
      `${EVIL} says that its address is ${ELSEWHERE}; on record is ${machineOf(cluster, EVIL).address}. If that is right: juju run k8s/leader accept-addresses unit=${EVIL}`,
    );
    await model.run(EVIL, 'refresh-certs', { 'extra-sans': ELSEWHERE });
    await rest();
    expect(toldBy(model, EVIL)).toContain(`the addresses ${ELSEWHERE} are not the unit's own`);
    expect(await addressesOf(EVIL)).not.toContain(ELSEWHERE);

    const accept = (parameters: Record<string, string>) => model.run('k8s/0', 'accept-addresses', parameters);
    const own = machineOf(cluster, EVIL).address;
    for (const [parameters, message] of [
      [
        { unit: 'k8s-worker/9' },
        `unit must be a worker that is in the cluster, or has a token for it: ${EVIL}, ${VICTIM}`,
      ],
      [{ unit: EVIL, addresses: 'x' }, 'addresses has "x", which is no IP address'],
      [{ unit: EVIL, addresses: machineOf(cluster, VICTIM).address }, `belongs to ${VICTIM}`],
      [{ unit: EVIL, addresses: machineOf(cluster, 'k8s/0').address }, 'belongs to k8s/0'],
      [{ unit: EVIL, addresses: '10.152.183.1' }, 'nothing was changed'],
    ] as const)
      expect(await accept(parameters)).toMatchObject({ status: 'failed', message: expect.stringContaining(message) });
    expect(await accept({ unit: EVIL })).toMatchObject({
      status: 'completed',
      results: { unit: EVIL, addresses: `${own} ${ELSEWHERE}`, before: own },
    });
    await model.run(EVIL, 'refresh-certs', { 'extra-sans': ELSEWHERE });
    await settleActive(model);
    expect(await addressesOf(EVIL)).toContain(ELSEWHERE);

    put(EVIL, { 'private-address': own });
    await accept({ unit: EVIL, addresses: own });
    await settleActive(model);
  });

  it('who says the address of another keeps that one from nothing', async () => {
    const { address } = machineOf(cluster, VICTIM);
    put(EVIL, { 'private-address': address });
    await rest();
    expect(toldBy(model, 'k8s/0')).toContain(`${EVIL} says that its address is ${address}, which belongs to ${VICTIM}`);
    const before = await machineOf(cluster, VICTIM).files.need('/etc/kubernetes/pki/kubelet.crt');
    await model.run(VICTIM, 'refresh-certs');
    await settleUntil(model, (now) => now.unit(VICTIM).workload.message === 'Ready');
    expect(await machineOf(cluster, VICTIM).files.need('/etc/kubernetes/pki/kubelet.crt')).not.toBe(before);
    put(EVIL, { 'private-address': machineOf(cluster, EVIL).address });
    await settleActive(model);
    expect(toldBy(model, 'k8s/0')).toBe('active: Ready');
  });
});

describe('when the control plane goes', { timeout: 240_000 }, () => {
  it('no key is left, and its workers are told of before a new cluster is made, which they then join', async () => {
    const machine = machineOf(cluster, 'k8s/0');
    await model.run('k8s/0', 'assess');
    await model.removeUnit('k8s/0');
    await model.settle({ timeoutMs: 120_000, until: (now) => now.state.units['k8s/0'] === undefined });
    expectCleanMachine(machine);
    await model.addUnit('k8s');
    await settleUntil(model, (now) => now.unit('k8s/1').workload.status === 'blocked');
    expect(toldBy(model, 'k8s/1')).toContain(
      `A new cluster waits: ${EVIL}, ${VICTIM} belong to one whose control planes are gone, with what ran there; juju remove-relation k8s:k8s-cluster k8s-worker, and integrate again`,
    );
    await model.removeRelation('k8s:k8s-cluster', 'k8s-worker:cluster');
    await settleUntil(model, (now) => now.unit('k8s/1').workload.status === 'active');
    expect(model.status().applications['k8s']?.status.message).toContain('1 control-plane node, 0 workers');
    await model.integrate('k8s:k8s-cluster', 'k8s-worker:cluster');
    await settleUntil(model, allActive);
    expectWholeCluster(cluster);
  });
});

function clusterName(): string {
  return model.unit('k8s/0').bag('cluster')['joined'] ?? '';
}
