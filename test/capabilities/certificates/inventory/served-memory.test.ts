/** Guards that a service which serves what does not lie in its file is told of in the status, and that a settled dispatch asks no port. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileOf } from '../../../../src/capabilities/certificates/names.ts';
import { observeCertificates } from '../../../../src/capabilities/certificates/observe.ts';
import { planCertificates } from '../../../../src/capabilities/certificates/plan.ts';
import type { Clients } from '../../../../src/core/clients.ts';
import { bootstrapped, discard, joined, newMachines } from '../../../standins/machines/ask.ts';
import { issueSelfSigned } from '../../../standins/machines/pki/issue.ts';
import { newNode, type TestNode } from '../nodes.ts';

const MINUTE_MS = 60_000;

let machines: Awaited<ReturnType<typeof newMachines>>;
let leader: TestNode;
let worker: TestNode;

beforeAll(async () => {
  machines = await newMachines();
  const control = await bootstrapped(machines, '0');
  leader = newNode('k8s/0', control, { role: 'control-plane' });
  worker = newNode('k8s-worker/0', await joined(machines, control, '1', { worker: true }), { role: 'worker' });
}, 60_000);
afterAll(async () => {
  for (const { agent } of [leader, worker]) agent.remove();
  await discard(machines);
});

interface Look {
  readonly asked: readonly number[];
  readonly told: readonly string[];
}

/** One dispatch: which ports were asked for a certificate, and what the status says of it. */
async function look(node: TestNode, kind: 'update-status' | 'config-changed', minutes = 0): Promise<Look> {
  const asked: number[] = [];
  const spoil = (clients: Clients): Clients => ({
    ...clients,
    juju: Object.assign(Object.create(clients.juju) as Clients['juju'], { event: { kind } }),
    host: {
      ...clients.host,
      now: () => new Date(Date.now() + minutes * MINUTE_MS),
      servedCertificate(address, port, timeoutMs) {
        asked.push(port);
        return clients.host.servedCertificate(address, port, timeoutMs);
      },
    },
  });
  const body = async (clients: Clients) => planCertificates(await observeCertificates(clients, node.identity)).reports;
  const reports = await node.dispatch(body, spoil);
  return { asked: asked.toSorted(), told: reports.map(({ status, message }) => `${status}: ${message}`) };
}

/** Another certificate in the file than the one that is served; gives what puts the former one back. */
async function exchangeFile({ machine, identity }: TestNode, name: string): Promise<() => Promise<void>> {
  const { path } = name.startsWith('etcd')
    ? { path: '/etc/kubernetes/pki/etcd/server.crt' }
    : fileOf(identity.role, name);
  const before = await machine.files.need(path);
  const key = await machine.files.need(path.replace('.crt', '.key'));
  const validity = { notBefore: new Date(), notAfter: new Date(Date.now() + 365 * 86_400_000) };
  await machine.files.write(path, await issueSelfSigned('other', key, [machine.address], validity), 0o600);
  return () => machine.files.write(path, before, 0o600);
}

describe('what is served', { timeout: 60_000 }, () => {
  it('is looked at once, after that only when an hour has gone', async () => {
    expect(await look(leader, 'config-changed')).toEqual({ asked: [10250, 2379, 6443], told: [] });
    for (const kind of ['config-changed', 'update-status'] as const)
      expect(await look(leader, kind, 59)).toEqual({ asked: [], told: [] });
    expect((await look(leader, 'config-changed', 61)).asked).toEqual([]);
    expect((await look(leader, 'update-status', 61)).asked).toEqual([10250, 2379, 6443]);
    expect((await look(worker, 'update-status')).asked).toEqual([10250]);
  });

  it('is told of at once when a file has changed, until it is served', async () => {
    const back = await Promise.all(['apiserver', 'kubelet', 'etcd/server'].map((name) => exchangeFile(leader, name)));
    const warning =
      'active: kube-apiserver, kubelet, etcd serve other certificates than in the file: apiserver, kubelet, etcd/server; certs-status tells what to do';
    for (const _ of ['when it has changed', 'as long as it lasts'])
      expect(await look(leader, 'config-changed')).toEqual({ asked: [10250, 2379, 6443], told: [warning] });
    for (const undo of back) await undo();
    expect(await look(leader, 'config-changed')).toEqual({ asked: [10250, 2379, 6443], told: [] });
    expect((await look(leader, 'config-changed')).asked).toEqual([]);
    const undo = await exchangeFile(worker, 'kubelet');
    expect((await look(worker, 'config-changed')).told).toEqual([
      'active: kubelet serves another certificate than in the file: kubelet; certs-status tells what to do',
    ]);
    await worker.machine.services.restart('kubelet');
    expect((await look(worker, 'config-changed')).told).toEqual([]);
    await undo();
    await worker.machine.services.restart('kubelet');
  });

  it('is no reason to say anything while it does not answer', async () => {
    await worker.machine.services.stop('kubelet');
    const undo = await exchangeFile(worker, 'kubelet');
    expect(await look(worker, 'config-changed')).toEqual({ asked: [10250], told: [] });
    await undo();
    await worker.machine.services.start('kubelet');
  });
});
