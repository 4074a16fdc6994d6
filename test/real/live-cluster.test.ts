/**
 * A cluster of the packed charms whose etcd, API server, controller manager and scheduler are the real programs: from the deployment over
 * a mode and a new encryption key to new certificates, as an operator does it.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { storedUnder } from '../../src/clients/etcd/stored-secrets.ts';
import { deployCluster, openCluster, settleActive, type TestCluster } from '../e2e/cluster.ts';
import { argumentText, machineOf, runningArguments, served } from '../e2e/nodes.ts';
import { settleOn } from '../e2e/stored-secrets.ts';
import { typeOf } from '../standins/machines/kubernetes/resources.ts';
import { realApi } from './api.ts';
import { realPrograms } from './on-machine.ts';
import { etcdMembers, storedIn } from './probes.ts';

const PROGRAMS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const;
const CONTROL_PLANE = 'k8s/0';
const UNITS = [CONTROL_PLANE, 'k8s-worker/0'];
const real = realPrograms(PROGRAMS);

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await openCluster({ delays: { heartbeat: 1_000 }, real: { programs: real.programs, realApi } });
}, 60_000);
afterAll(() => cluster?.close());

function process(program: (typeof PROGRAMS)[number]) {
  const running = real.running(machineOf(cluster, CONTROL_PLANE), program);
  if (running === undefined) throw new Error(`${program} was never started`);
  return running;
}

async function argumentFiles(): Promise<Readonly<Record<string, string>>> {
  const texts = PROGRAMS.map(
    async (program) => [program, await argumentText(cluster, CONTROL_PLANE, program)] as const,
  );
  return Object.fromEntries(await Promise.all(texts));
}

/** Under what each Secret lies in etcd. */
async function storedCiphers(): Promise<readonly string[]> {
  const stored = await storedIn(machineOf(cluster, CONTROL_PLANE), '/registry/secrets/');
  return [...new Set([...stored.values()].map(storedUnder))];
}

describe('a cluster of real components', { timeout: 300_000 }, () => {
  it('is made and joined', async () => {
    await deployCluster(cluster, { controlPlanes: 1, workers: 1 }, { 'encryption-at-rest': 'aescbc' });
    const nodes = await realApi.objects(() => [machineOf(cluster, CONTROL_PLANE)]).list(typeOf('nodes'));
    expect(nodes.map(({ metadata }) => metadata.name)).toEqual(UNITS.map((unit) => machineOf(cluster, unit).hostname));
  });

  it('takes cis-mode on, and gives its arguments back byte for byte', async () => {
    const { model } = cluster;
    const before = await argumentFiles();
    const started = PROGRAMS.map((program) => process(program).pid);
    await model.configure('k8s', { 'cis-mode': true });
    await settleActive(model);
    expect(model.unit(CONTROL_PLANE).workload.message).toMatch(/^Ready; CIS .*\d+\/\d+$/);
    expect(process('kube-apiserver').words.join(' ')).toMatch(
      /--audit-policy-file=.*EventRateLimit|EventRateLimit.*--audit-policy-file=/,
    );
    expect(runningArguments(cluster, CONTROL_PLANE, 'kube-apiserver')).toHaveProperty('--audit-log-path');
    expect(PROGRAMS.map((program) => process(program).pid === started[PROGRAMS.indexOf(program)])).toEqual([
      true,
      false,
      false,
      false,
    ]);
    await model.configure('k8s', {}, { reset: ['cis-mode'] });
    await settleActive(model);
    expect(model.unit(CONTROL_PLANE).workload.message).toBe('Ready');
    expect(await argumentFiles()).toEqual(before);
  });

  it('moves its Secrets to another key without a restart', async () => {
    const { model } = cluster;
    const ask = await realApi.asking(machineOf(cluster, CONTROL_PLANE), 'admin.conf');
    for (let number = 0; number < 50; number += 1)
      await ask('POST', '/api/v1/namespaces/default/secrets', {
        metadata: { name: `secret-${number}` },
        stringData: { a: 'b' },
      });
    expect(await storedCiphers()).toEqual(['aescbc:1']);
    const { pid } = process('kube-apiserver');
    const outcome = await model.run(CONTROL_PLANE, 'rotate-encryption-key');
    expect(outcome).toMatchObject({ status: 'completed', results: { key: '2' } });
    // The API server looks at its configuration once a minute, and has to have seen each step.
    await settleOn(cluster, 'aescbc:2', 280_000);
    expect(await storedCiphers()).toEqual(['aescbc:2']);
    expect(process('kube-apiserver').pid).toBe(pid);
  });

  it('serves new certificates', async () => {
    const { model } = cluster;
    const serials = () => Promise.all([served(cluster, CONTROL_PLANE, 6443), served(cluster, UNITS[1] ?? '', 10250)]);
    const before = await serials();
    for (const unit of UNITS)
      expect(await model.run(unit, 'refresh-certs', { 'expires-in': '90d' })).toMatchObject({ status: 'completed' });
    await settleActive(model);
    const after = await serials();
    after.forEach((certificate, index) => {
      expect(certificate.serialNumber).not.toBe(before[index]?.serialNumber);
    });
  });

  it('grows by a control plane', async () => {
    const { model } = cluster;
    await model.addUnit('k8s');
    await settleActive(model);
    const first = machineOf(cluster, CONTROL_PLANE);
    const second = machineOf(cluster, 'k8s/1');
    expect([...(await etcdMembers(first)).keys()].sort()).toEqual([first.hostname, second.hostname].sort());
    // What one has written, the other reads.
    const ask = await realApi.asking(second, 'admin.conf');
    expect(await ask('GET', '/api/v1/namespaces/default/secrets/secret-7')).toMatchObject({ data: { a: 'Yg==' } });
  });

  it('needed no help', () => {
    expect(cluster.machines.failures).toEqual([]);
  });
});
