/** A cluster whose authorities a CA charm has signed: from its beginning to renewed certificates. */

import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packCaCharm } from '../standins/juju/ca-charm/pack.ts';
import { openCluster, settleActive, settleUntil, type TestCluster, toldBy } from './cluster.ts';
import { machineOf } from './nodes.ts';
import { expectNoSecretsToldIn } from './secrecy.ts';
import { expectAllRenewed, expectSound, refreshAll } from './sound.ts';

const FIRST = ['k8s/0', 'k8s/1'];
const CONTROL_PLANES = [...FIRST, 'k8s/2'];
const UNITS = [...CONTROL_PLANES, 'k8s-worker/0', 'k8s-worker/1'];

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await openCluster();
  const { model } = cluster;
  const { archives } = cluster;
  const config = { 'bootstrap-certificates': 'intermediate-ca' };
  await model.deploy(archives.k8s, { application: 'k8s', units: 2, config });
  await model.deploy(await packCaCharm(cluster.directory), {
    application: 'ca',
    config: { mode: 'vault' },
  });
  await model.settle({ timeoutMs: 60_000 });
}, 120_000);

afterAll(async () => {
  await cluster?.close();
});

const message = (unit: string): string => toldBy(cluster.model, unit);
const leader = (): string =>
  FIRST.find((unit) => cluster.model.status().applications['k8s']?.units[unit]?.leader) ?? 'none';
const settle = (until: () => boolean): Promise<void> => settleUntil(cluster.model, until);
const authority = async (unit: string, name: string): Promise<X509Certificate> =>
  new X509Certificate(await machineOf(cluster, unit).files.need(`/etc/kubernetes/pki/${name}.crt`));
const keysInJuju = () => cluster.model.secrets().filter(({ label }) => label.startsWith('tls-'));
const requests = (): readonly unknown[] =>
  JSON.parse(cluster.model.applicationBag('k8s', 'certificates')['certificate_signing_requests'] ?? '[]') as unknown[];

/** As the kubeconfigs of the node have it: nothing but the authority's own certificate is trusted. */
async function verifiedAs(unit: string, authority: string, partial = true): Promise<true | string> {
  const socket = connect({
    host: machineOf(cluster, unit).address,
    port: 6443,
    ca: authority,
    allowPartialTrustChain: partial,
    rejectUnauthorized: false,
  });
  await once(socket, 'secureConnect');
  const result = socket.authorized || String(socket.authorizationError);
  socket.destroy();
  return result;
}

describe('bootstrap-certificates=intermediate-ca', { timeout: 240_000 }, () => {
  it('makes nothing without a CA charm, nor with one that issues no authorities', async () => {
    expect(message(leader())).toMatch(/^blocked: Integrate certificates with a CA charm/);
    await cluster.model.integrate('k8s:certificates', 'ca');
    await settle(() => message(leader()).startsWith('blocked: ca has answered'));
    expect(message(leader())).toMatch(
      /with an ordinary one: with manual-tls-certificates sign the same requests again as CA certificates .*; self-signed-certificates issues them by itself, vault and lego do not$/,
    );
    expect(machineOf(cluster, leader()).state.k8sd.member).toBeUndefined();
  });

  it('goes on with the same keys under another leader, and makes the cluster when the authorities are there', async () => {
    const { model } = cluster;
    await model.removeRelation('k8s:certificates', 'ca');
    await model.configure('ca', { mode: 'manual' });
    await settle(() => message(leader()).startsWith('blocked: Integrate'));
    await model.integrate('k8s:certificates', 'ca');
    await settle(() => message(leader()).startsWith('waiting: Waiting for ca to issue'));
    // With its defaults the CA charm makes a cluster that ends after 90 days.
    await model.run('ca/0', 'provide-certificate');
    await settle(() => message(leader()).startsWith('blocked: ca: the CA certificate'));
    expect(message(leader())).toMatch(
      /in 89 days, and a cluster cannot change its CAs \(bootstrap-ca-minimum-validity\)/,
    );
    expect(message(leader())).toContain('juju config ca root-ca-validity=7300d certificate-validity=3650d');
    expect(machineOf(cluster, leader()).state.k8sd.member).toBeUndefined();
    await model.removeRelation('k8s:certificates', 'ca');
    await model.configure('ca', { 'root-ca-validity': '7300d', 'certificate-validity': '3650d' });
    await settle(() => message(leader()).startsWith('blocked: Integrate'));
    await model.integrate('k8s:certificates', 'ca');
    // It has issued them before, in the integration that has ended.
    await settle(() => message(leader()).startsWith('waiting: Waiting for ca to renew cluster-ca'));
    const asked = requests();
    expect(asked).toHaveLength(4);
    const successor = FIRST.find((unit) => unit !== leader()) ?? '';
    await model.moveLeadership(successor);
    await settle(() => /^waiting: Waiting for ca to (issue|renew) cluster-ca/.test(message(successor)));
    expect(requests()).toEqual(asked);
    await model.run('ca/0', 'provide-certificate');
    await settleActive(model);
    expect(machineOf(cluster, successor).state.k8sd.member).toBeDefined();
    expect(model.applicationBag('k8s', 'cluster')['bootstrap-certificates']).toBe('intermediate-ca');
  });

  it('signs everything with them: each certificate verifies, and the API server is trusted by its authority alone', async () => {
    const { model } = cluster;
    const { worker } = cluster.archives;
    await model.deploy(worker, { application: 'k8s-worker', units: 2 });
    await model.integrate('k8s:k8s-cluster', 'k8s-worker:cluster');
    await model.addUnit('k8s');
    await settleActive(model);
    await expectSoundChain();
    const names = ['ca', 'client-ca', 'front-proxy-ca', 'etcd/ca'];
    const found = await Promise.all(names.map((name) => authority('k8s/0', name)));
    expect(found.map(({ issuer }) => issuer.split('\n')[0])).toEqual(names.map(() => 'CN=ca.example'));
    expect(new Set(found.map((each) => String(each.publicKey.export({ type: 'spki', format: 'pem' })))).size).toBe(4);
  });

  it('keeps no key in Juju once k8sd has it, and tells none to anybody', async () => {
    await settle(() => keysInJuju().length === 0);
    expect(requests()).toHaveLength(4);
    await expectNoSecretsToldIn(cluster);
  });

  it('hands the authority and its root to other applications, which verify the API server with them in the plainest way', async () => {
    const { model } = cluster;
    const endpoints = { 'receive-ca-cert': { interface: 'certificate_transfer', role: 'requirer' } } as const;
    const client = model.addRemoteApplication('client', { endpoints, units: 1 });
    await model.integrate('k8s:send-ca-cert', 'client:receive-ca-cert');
    client.setApplicationBag('receive-ca-cert', { version: '1' });
    const sent = () => JSON.parse(model.applicationBag('k8s', 'send-ca-cert')['certificates'] ?? '[]') as string[];
    await settle(() => sent().length > 0);
    expect(sent().map((pem) => new X509Certificate(pem).subject.split('\n')[0])).toEqual([
      'CN=kubernetes-ca',
      'CN=ca.example',
    ]);
    for (const unit of CONTROL_PLANES) expect(await verifiedAs(unit, sent().join('\n'), false)).toBe(true);
  });

  it("renews what k8sd issues, on all units at an operator's word", async () => {
    await expectAllRenewed(cluster, UNITS, () => refreshAll(cluster, UNITS));
  });

  it('says that the choice cannot be changed, and needs the CA charm no more', async () => {
    const { model } = cluster;
    await model.configure('k8s', { 'bootstrap-certificates': 'snap-managed' });
    await settle(() => message(leader()).startsWith('blocked'));
    expect(message(leader())).toBe(
      'blocked: bootstrap-certificates cannot change after bootstrap; set it back to intermediate-ca',
    );
    await model.configure('k8s', { 'bootstrap-certificates': 'intermediate-ca' });
    await model.removeRelation('k8s:certificates', 'ca');
    await settleActive(model);
    expect(message(leader())).toBe('active: Ready');
    await expectSoundChain();
  });
});

/** The API server also to a client that has nothing but the intermediate authority. */
async function expectSoundChain(): Promise<void> {
  await expectSound(cluster, UNITS);
  const server = (await authority('k8s/0', 'ca')).toString();
  for (const unit of CONTROL_PLANES) expect(await verifiedAs(unit, server)).toBe(true);
}
