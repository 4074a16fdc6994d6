/** A cluster with authorities that the operator brings in a secret: from its beginning to renewed certificates. */

import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packedArchives } from '../archives.ts';
import { newOwnAuthorities, type OwnAuthorities } from '../certificates/given/authorities.ts';
import { openCluster, settleActive, type TestCluster } from './cluster.ts';
import { machineOf, served } from './nodes.ts';
import { CONTROL_PLANE_LEAVES, complaintsOfOpenssl, WORKER_LEAVES } from './openssl.ts';
import { expectNoSecretsToldIn } from './secrecy.ts';

let cluster: TestCluster;
let own: OwnAuthorities;
let uri: string;

beforeAll(async () => {
  cluster = await openCluster();
  const [archives, authorities] = await Promise.all([packedArchives(), newOwnAuthorities()]);
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

const message = (): string => {
  const { status, message: text } = cluster.model.unit('k8s/0').workload;
  return `${status}: ${text}`;
};
const settle = (until: () => boolean): Promise<void> =>
  cluster.model.settle({ timeoutMs: 120_000, until, updateStatusEveryMs: 2_000 });

async function expectSound(): Promise<void> {
  const complaints = [
    ...(await complaintsOfOpenssl(cluster, 'k8s/0', CONTROL_PLANE_LEAVES)),
    ...(await complaintsOfOpenssl(cluster, 'k8s-worker/0', WORKER_LEAVES)),
  ];
  expect(complaints).toEqual([]);
  const authority = new X509Certificate(own.content['ca-crt'] ?? '');
  const wire = [
    await served(cluster, 'k8s/0', 6443),
    await served(cluster, 'k8s/0', 10250),
    await served(cluster, 'k8s-worker/0', 10250),
  ];
  expect(wire.map((certificate) => certificate.verify(authority.publicKey))).toEqual([true, true, true]);
}

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
    expect(machineOf(cluster, 'k8s/0').state.k8sd.member).toBeUndefined();
  });

  it('makes the cluster as soon as the secret is mended, and every certificate verifies', async () => {
    cluster.model.updateSecret(uri, own.content);
    await settleActive(cluster.model);
    await expectSound();
    await expectNoSecretsToldIn(cluster);
  });

  it('renews what k8sd issues', async () => {
    const before = (await served(cluster, 'k8s/0', 6443)).serialNumber;
    const outcome = await cluster.model.run('k8s/0', 'refresh-certs', { 'expires-in': '40d' });
    expect(outcome.results).toMatchObject({ status: 'refreshed' });
    await settleActive(cluster.model);
    expect((await served(cluster, 'k8s/0', 6443)).serialNumber).not.toBe(before);
    await expectSound();
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
