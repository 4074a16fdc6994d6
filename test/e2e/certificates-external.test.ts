/** A cluster whose API servers and kubelets serve what a CA charm has issued: from its beginning to the next certificate. */

import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packedArchives } from '../archives.ts';
import { packCaCharm } from '../model/ca-charm/pack.ts';
import { openCluster, settleActive, type TestCluster } from './cluster.ts';
import { fingerprints, machineOf, served } from './nodes.ts';
import { CONTROL_PLANE_LEAVES, complaintsOfOpenssl, WORKER_LEAVES } from './openssl.ts';
import { expectNoSecretsToldIn } from './secrecy.ts';

const CONTROL_PLANES = ['k8s/0', 'k8s/1', 'k8s/2'];
const WORKERS = ['k8s-worker/0', 'k8s-worker/1'];
const UNITS = [...CONTROL_PLANES, ...WORKERS];

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await openCluster();
  const { model } = cluster;
  const archives = await packedArchives();
  const config = { 'bootstrap-certificates': 'external', 'kube-apiserver-extra-sans': 'api.example' };
  await model.deploy(archives.k8s, { application: 'k8s', units: 1, config });
  await model.deploy(archives.worker, { application: 'k8s-worker', units: 1 });
  await model.deploy(await packCaCharm(cluster.directory), {
    application: 'ca',
    config: { validity: '24h', mode: 'vault' },
  });
  await model.integrate('k8s:k8s-cluster', 'k8s-worker:cluster');
  await model.settle({ timeoutMs: 60_000 });
}, 120_000);

afterAll(async () => {
  await cluster?.close();
});

const message = (unit: string): string => {
  const { status, message: text } = cluster.model.unit(unit).workload;
  return `${status}: ${text}`;
};
const settle = (until: () => boolean): Promise<void> =>
  cluster.model.settle({ timeoutMs: 120_000, until, updateStatusEveryMs: 2_000 });
const ports = (unit: string): readonly number[] => (unit.startsWith('k8s-worker') ? [10250] : [6443, 10250]);
const certificates = () => cluster.model.secrets().filter(({ label }) => label.startsWith('tls-certificate/'));

async function serialsServed(): Promise<Readonly<Record<string, string>>> {
  const pairs = UNITS.flatMap((unit) => ports(unit).map((port) => [unit, port] as const));
  const found = await Promise.all(
    pairs.map(async ([unit, port]) => [`${unit} ${port}`, (await served(cluster, unit, port)).serialNumber] as const),
  );
  return Object.fromEntries(found);
}

async function expectSound(): Promise<void> {
  const complaints = await Promise.all([
    ...CONTROL_PLANES.map((unit) => complaintsOfOpenssl(cluster, unit, CONTROL_PLANE_LEAVES)),
    ...WORKERS.map((unit) => complaintsOfOpenssl(cluster, unit, WORKER_LEAVES)),
  ]);
  expect(complaints.flat()).toEqual([]);
  const root = new X509Certificate(await machineOf(cluster, 'k8s/0').files.need('/etc/kubernetes/pki/ca.crt'));
  for (const unit of UNITS)
    for (const port of ports(unit)) expect((await served(cluster, unit, port)).verify(root.publicKey)).toBe(true);
}

describe('bootstrap-certificates=external', { timeout: 240_000 }, () => {
  it('makes nothing with a provider that leaves out addresses, and says what to do', async () => {
    expect(message('k8s/0')).toMatch(/^blocked: Integrate certificates with a CA charm/);
    await cluster.model.integrate('k8s:certificates', 'ca');
    await settle(() => /without|refuses/.test(message('k8s/0')));
    expect(message('k8s/0')).toMatch(/ca refuses to issue kubelet.*names of nodes/);
    expect(message('k8s/0')).toMatch(/ca has issued apiserver without .*pki_allow_ip_sans=true/);
    expect(machineOf(cluster, 'k8s/0').state.k8sd.member).toBeUndefined();
  });

  it('makes a cluster that serves what the provider has issued, and signs the rest', async () => {
    const { model } = cluster;
    await model.removeRelation('k8s:certificates', 'ca');
    await model.configure('ca', { mode: 'self-signed' });
    await settle(() => message('k8s/0').startsWith('blocked: Integrate'));
    await model.integrate('k8s:certificates', 'ca');
    await settle(() => message('k8s-worker/0').startsWith('blocked: Integrate'));
    expect(machineOf(cluster, 'k8s-worker/0').state.k8sd.member).toBeUndefined();
    await model.integrate('k8s-worker:certificates', 'ca');
    await model.addUnit('k8s', 2);
    await model.addUnit('k8s-worker', 1);
    await settleActive(model);
    await expectSound();
    const api = await served(cluster, 'k8s/2', 6443);
    expect(api.issuer).toBe('CN=ca.example');
    for (const name of ['api.example', 'kubernetes.default.svc.cluster.local']) expect(api.checkHost(name)).toBe(name);
    for (const address of ['10.152.183.1', machineOf(cluster, 'k8s/2').address])
      expect(api.checkIP(address)).toBe(address);
    await expectNoSecretsToldIn(cluster);
  });

  it('leaves everything as it is while nothing is due', async () => {
    const before = await fingerprints(cluster, 'k8s/0');
    cluster.model.updateStatus();
    await cluster.model.settle({ timeoutMs: 60_000 });
    expect(await fingerprints(cluster, 'k8s/0')).toEqual(before);
  });

  it('puts the next certificates into service on one control plane at a time, and touches no other', async () => {
    const { model } = cluster;
    const before = await serialsServed();
    const others = await fingerprints(cluster, 'k8s/1');
    for (const { id } of certificates()) model.expireSecret(id);
    const done = Object.keys(before);
    let most = 0;
    const stop = watchApiServers((down) => {
      most = Math.max(most, down);
    });
    let now = before;
    await model.settle({
      timeoutMs: 120_000,
      updateStatusEveryMs: 2_000,
      until: () => model.log().filter(({ message: line }) => line.includes('into service (')).length >= UNITS.length,
    });
    await settleActive(model);
    stop();
    now = await serialsServed();
    expect(done.filter((each) => now[each] === before[each])).toEqual([]);
    expect(most).toBeLessThanOrEqual(1);
    await expectSound();
    const after = await fingerprints(cluster, 'k8s/1');
    const changed = Object.keys(after).filter((path) => after[path] !== others[path]);
    expect(changed.toSorted()).toEqual(['apiserver.crt', 'kubelet.crt'].map((file) => `/etc/kubernetes/pki/${file}`));
  });

  it('asks for another certificate when a name is added', async () => {
    const { model } = cluster;
    await model.configure('k8s', { 'kube-apiserver-extra-sans': 'api.example lb.example' });
    await settle(() => model.log().some(({ message: line }) => line.includes('request the certificate apiserver')));
    await settleActive(model);
    for (const unit of CONTROL_PLANES)
      expect((await served(cluster, unit, 6443)).checkHost('lb.example')).toBe('lb.example');
  });

  it('refreshes by action what k8sd issues, and sends for the rest to the provider', async () => {
    const { model } = cluster;
    const before = await serialsServed();
    const refused = await model.run('k8s/1', 'refresh-certs', { certificates: 'apiserver' });
    expect(refused.message).toMatch(/^apiserver: issued by the CA charm on the endpoint certificates/);
    const outcome = await model.run('k8s/1', 'refresh-certs', { 'expires-in': '40d' });
    expect(Object.keys(outcome.results)).not.toContain('expires.apiserver');
    expect(outcome.results).toMatchObject({ status: 'refreshed' });
    const stood = await fingerprints(cluster, 'k8s-worker/0');
    expect((await model.run('k8s-worker/0', 'refresh-certs')).results).toMatchObject({ status: 'requested' });
    await settleActive(model);
    const stands = await fingerprints(cluster, 'k8s-worker/0');
    const changed = Object.keys(stands).filter((path) => stands[path] !== stood[path]);
    expect(changed.toSorted()).toEqual(['kubelet.conf', 'proxy.conf'].map((file) => `/etc/kubernetes/${file}`));
    expect(await serialsServed()).toEqual(before);
    await expectSound();
  });

  it('keeps what is in service when the provider has another authority, or has gone, and says so', async () => {
    const { model } = cluster;
    const before = await serialsServed();
    await model.run('ca/0', 'rotate-ca');
    for (const { id } of certificates()) model.expireSecret(id);
    await settle(() => UNITS.every((unit) => message(unit).includes('k8sd cannot take another authority')));
    expect(message('k8s/0')).toMatch(/^blocked: The CA charm's apiserver-crt is not signed by the authority/);
    expect(await serialsServed()).toEqual(before);
    await model.removeRelation('k8s:certificates', 'ca');
    await settle(() => CONTROL_PLANES.every((unit) => message(unit).includes('Integrate certificates')));
    expect(await serialsServed()).toEqual(before);
    await expectNoSecretsToldIn(cluster);
  });
});

/** Tells, again and again, how many API servers are down. */
function watchApiServers(tell: (down: number) => void): () => void {
  const timer = setInterval(() => {
    const down = CONTROL_PLANES.filter((unit) => !machineOf(cluster, unit).services.isActive('kube-apiserver'));
    tell(down.length);
  }, 20);
  return () => clearInterval(timer);
}
