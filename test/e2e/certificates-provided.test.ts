/** A cluster with authorities that the operator brings in a secret: from its beginning to renewed certificates. */

import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newOwnAuthorities, type OwnAuthorities } from '../capabilities/certificates/given/authorities.ts';
import { openCluster, settleActive, settleUntil, type TestCluster, toldBy } from './cluster.ts';
import { machineOf } from './nodes.ts';
import { expectNoSecretsToldIn } from './secrecy.ts';
import { allServed, expectAllRenewed, expectSound, refreshAll } from './sound.ts';

let cluster: TestCluster;
let own: OwnAuthorities;
let uri: string;

beforeAll(async () => {
  cluster = await openCluster();
  const [archives, authorities] = await Promise.all([cluster.archives, newOwnAuthorities()]);
  own = authorities;
  const { model } = cluster;
  const config = { 'bootstrap-certificates': 'provided' };
  await model.deploy(archives.k8s, { application: 'k8s', units: 1, config });
  await model.deploy(archives.worker, { application: 'k8s-worker', units: 1 });
  await model.integrate('k8s:k8s-cluster', 'k8s-worker:cluster');
  await model.settle({ timeoutMs: 60_000 });
}, 120_000);

afterAll(async () => {
  await cluster?.close();
});

const CONTROL_PLANES = ['k8s/0', 'k8s/1', 'k8s/2'];
const UNITS = [...CONTROL_PLANES, 'k8s-worker/0', 'k8s-worker/1'];

const message = (): string => toldBy(cluster.model, 'k8s/0');
const settle = (until: () => boolean): Promise<void> => settleUntil(cluster.model, until);

describe('bootstrap-certificates=provided', { timeout: 240_000 }, () => {
  it('says what is missing, one after the other, and makes nothing', async () => {
    const { model } = cluster;
    expect(message()).toMatch(/^blocked: ca-certificates is not set; juju add-secret/);
    uri = model.addSecret({ ...own.content, 'ca-key': own.content['client-ca-key'] ?? '' });
    await model.configure('k8s', { 'ca-certificates': uri });
    await settle(() => message().includes('not granted'));
    expect(message()).toBe(
      `blocked: ca-certificates: the secret is not there or not granted; juju grant-secret ${uri} k8s`,
    );
    model.grantSecret(uri, 'k8s');
    await settle(() => message().includes('ca-key'));
    expect(message()).toBe('blocked: ca-certificates: ca-key is not the key of the certificate beside it');
    const year = 365 * 86_400_000;
    const { content: brief } = await newOwnAuthorities(10 * year, year);
    model.updateSecret(uri, brief);
    await settle(() => message().includes('a cluster cannot change its CAs'));
    expect(message()).toMatch(
      /^blocked: ca-certificates: the certificate "corporate root" in ca-crt ends [0-9-]+, in 364 days, and a cluster cannot change its CAs; bring one that lasts, or juju config k8s bootstrap-ca-minimum-validity=363d$/,
    );
    expect(machineOf(cluster, 'k8s/0').state.k8sd.member).toBeUndefined();
  });

  it('makes the cluster as soon as the secret is mended, and every certificate verifies', async () => {
    const { model } = cluster;
    model.updateSecret(uri, own.content);
    await model.addUnit('k8s', 2);
    await model.addUnit('k8s-worker', 1);
    await settleActive(model);
    await expectSound(cluster, UNITS);
    const authority = new X509Certificate(own.content['ca-crt'] ?? '');
    const wire = Object.values(await allServed(cluster, UNITS));
    expect(wire.map((certificate) => certificate.verify(authority.publicKey))).toEqual(wire.map(() => true));
    await expectNoSecretsToldIn(cluster);
  });

  it("renews what k8sd issues, on all units at an operator's word", async () => {
    await expectAllRenewed(cluster, UNITS, () => refreshAll(cluster, UNITS));
  });

  it('refuses other authorities later, and does without the secret', async () => {
    const { model } = cluster;
    const other = await newOwnAuthorities();
    model.updateSecret(uri, { ...own.content, 'ca-crt': other.content['ca-crt'] ?? '' });
    await settle(() => message().startsWith('blocked'));
    expect(message()).toMatch(/^blocked: ca-certificates: ca-crt cannot change after bootstrap, k8sd takes no other;/);
    await model.configure('k8s', { 'ca-certificates': '' });
    await settleActive(model);
    expect(message()).toBe('active: Ready');
    await expectNoSecretsToldIn(cluster);
  });
});
