/**
 * A cluster of which the operator keeps the keys of the authorities: each unit's certificates come in a secret, or from a CA charm that has
 * the authority. From a bootstrap that waits for them to certificates that are exchanged.
 */

import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KeptAuthorities, type LeafWish, newKeptAuthorities } from '../capabilities/certificates/given/kept.ts';
import { packCaCharm } from '../standins/juju/ca-charm/pack.ts';
import {
  NO_QUORUM,
  openCluster,
  reportsOf,
  resetOptions,
  settleActive,
  settleUntil,
  type TestCluster,
  toldBy,
  withoutQuorumNote,
} from './cluster.ts';
import { fingerprints, machineOf, served } from './nodes.ts';
import { CONTROL_PLANE_LEAVES, complaintsOfOpenssl, WORKER_LEAVES } from './openssl.ts';
import { expectNoSecretsToldIn } from './secrecy.ts';

const NEXT_DAYS = 40;
const DAY_MS = 86_400_000;
const CA_DAYS = 7300;

let cluster: TestCluster;
let own: KeptAuthorities;
let uri: string;
let workersUri: string;
let content: Record<string, string> = {};
let workersContent: Record<string, string> = {};

beforeAll(async () => {
  cluster = await openCluster();
  const { archives } = cluster;
  const authorities = await newKeptAuthorities();
  own = authorities;
  const { model } = cluster;
  for (const [name, pem] of Object.entries(own.kept)) content[`${name}-crt`] = pem;
  uri = model.addSecret(content);
  const config = {
    'bootstrap-certificates': 'provided',
    'ca-certificates': uri,
  };
  await model.deploy(archives.k8s, { application: 'k8s', units: 1, config });
  await model.deploy(archives.worker, { application: 'k8s-worker', units: 1 });
  model.grantSecret(uri, 'k8s');
  await model.integrate('k8s:k8s-cluster', 'k8s-worker:cluster');
  await model.settle({
    timeoutMs: 60_000,
    until: () => message('k8s/0').includes('missing'),
    updateStatusEveryMs: 2_000,
  });
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
const wish = (unit: string): LeafWish => {
  const { hostname, address } = machineOf(cluster, unit);
  return { unit, nodeName: hostname, address };
};
/** Adds to what the secret of the control planes holds. */
function bring(more: Readonly<Record<string, string>>): void {
  content = { ...content, ...more };
  cluster.model.updateSecret(uri, content);
}
function bringToWorkers(more: Readonly<Record<string, string>>): void {
  workersContent = { ...workersContent, ...more };
  cluster.model.updateSecret(workersUri, workersContent);
}

/** A CA charm, which makes a CA of its own. */
async function deployCa({ model, directory }: TestCluster): Promise<void> {
  await model.deploy(await packCaCharm(directory), {
    application: 'ca',
    config: { 'ca-common-name': 'own ca', 'root-ca-validity': `${CA_DAYS}d` },
  });
  await model.settle({ timeoutMs: 60_000, until: () => caSecret(model) !== undefined });
}

/** It has the CA from now on of which the cluster has no key. */
function giveCaTheKey({ model }: TestCluster): void {
  const { certificate = '', key = '' } = own.authorities['ca'] ?? {};
  model.updateSecret(`secret:${caSecret(model) ?? ''}`, {
    'ca-certificate': certificate,
    'private-key': key,
    // Otherwise it takes the CA for one of another configuration, and makes a new one.
    validity: String(CA_DAYS * DAY_MS),
  });
}

function caSecret(model: TestCluster['model']): string | undefined {
  return model.secrets().find(({ label }) => label === 'authority')?.id;
}

async function expectSound(controlPlanes: readonly string[], workers: readonly string[]): Promise<void> {
  const complaints = await Promise.all([
    ...controlPlanes.map((unit) => complaintsOfOpenssl(cluster, unit, CONTROL_PLANE_LEAVES)),
    ...workers.map((unit) => complaintsOfOpenssl(cluster, unit, WORKER_LEAVES)),
  ]);
  expect(complaints.flat()).toEqual([]);
  const authority = new X509Certificate(own.kept['ca'] ?? '');
  for (const unit of [...controlPlanes, ...workers])
    for (const port of unit.startsWith('k8s-worker') ? [10250] : [6443, 10250])
      expect((await served(cluster, unit, port)).verify(authority.publicKey)).toBe(true);
}

describe('authorities without their keys', { timeout: 240_000 }, () => {
  it('make nothing without the certificates of the first unit, and the keys and names that are missing are told', async () => {
    expect(message('k8s/0')).toMatch(
      /^blocked: ca-certificates: k8s-0-apiserver-crt and -key, k8s-0-kubelet-crt and -key, .* are missing, which k8sd cannot issue without ca-key and /,
    );
    const { message: told } = await cluster.model.run('k8s/0', 'certs-status');
    const { hostname, address } = machineOf(cluster, 'k8s/0');
    expect(told).toContain(`kubelet for ${hostname}, ${address}; front-proxy-client as CN=front-proxy-client`);
    expect(told).toContain(`kubelet-client as O=system:nodes, CN=system:node:${hostname}`);
    await cluster.model.configure('k8s', { 'bootstrap-service-cidr': 'auto' });
    await settle(() => message('k8s/0').includes('service-cidr'));
    expect(message('k8s/0')).toBe(
      "blocked: bootstrap-service-cidr must name the range while ca-key is missing in ca-certificates: the API server's certificate holds its first address",
    );
    await resetOptions(cluster.model, 'k8s', ['bootstrap-service-cidr']);
    const other = await own.bring({ ...wish('k8s/0'), nodeName: 'node-9' }, 'bootstrap');
    bring(other);
    await settle(() => message('k8s/0').includes('k8s-0-kubelet-crt has no DNS name'));
    expect(machineOf(cluster, 'k8s/0').state.k8sd.member).toBeUndefined();
  });

  it('make a cluster with them; a unit that joins waits for its own', async () => {
    const { model } = cluster;
    bring(await own.bring(wish('k8s/0'), 'bootstrap'));
    await settle(() => message('k8s/0').startsWith('active'));
    await settle(() => message('k8s-worker/0').startsWith('blocked'));
    expect(message('k8s-worker/0')).toMatch(
      /^blocked: ca-certificates is not set; .*; ca-certificates: k8s-worker-0-kubelet-crt and -key, k8s-worker-0-kubelet-client-crt and -key, k8s-worker-0-kube-proxy-client-crt and -key are missing/,
    );
    workersContent = { ...(await own.bring(wish('k8s-worker/0'), 'worker')) };
    workersUri = model.addSecret(workersContent);
    await model.configure('k8s-worker', { 'ca-certificates': workersUri });
    // What a secret lacks that cannot be read, nobody knows: no keys are called missing.
    await settle(() => message('k8s-worker/0').includes('not granted'));
    expect(message('k8s-worker/0')).toBe(
      `blocked: ca-certificates: the secret is not there or not granted; juju grant-secret ${workersUri} k8s-worker`,
    );
    model.grantSecret(workersUri, 'k8s-worker');
    await model.addUnit('k8s', 1);
    await settle(() => message('k8s/1').includes('missing') && message('k8s-worker/0').startsWith('active'));
    expect(message('k8s/1')).toMatch(/^blocked: ca-certificates: k8s-1-apiserver-crt and -key, .* are missing/);
    expect(message('k8s/1')).not.toContain('apiserver-kubelet-client');
    bring(await own.bring(wish('k8s/1'), 'control-plane'));
    await settleActive(model);
    expect(['k8s/0', 'k8s/1', 'k8s-worker/0'].map(message).map(withoutQuorumNote)).toEqual(
      Array(3).fill('active: Ready'),
    );
    await expectSound(['k8s/0', 'k8s/1'], ['k8s-worker/0']);
    await expectNoSecretsToldIn(cluster);
  });

  it('take what the secret holds next into service, one control plane at a time, and nothing else', async () => {
    const { model } = cluster;
    const units = ['k8s/0', 'k8s/1', 'k8s-worker/0'];
    const before = await Promise.all(units.map((unit) => fingerprints(cluster, unit)));
    let most = 0;
    const timer = setInterval(() => {
      const down = ['k8s/0', 'k8s/1'].filter((unit) => !machineOf(cluster, unit).services.isActive('kube-apiserver'));
      most = Math.max(most, down.length);
    }, 20);
    const next = (unit: string, ...names: readonly string[]) =>
      Promise.all(names.map((name) => own.issue(name, { ...wish(unit), days: NEXT_DAYS })));
    const brought = [
      ...(await next('k8s/0', 'apiserver', 'admin-client')),
      ...(await next('k8s/1', 'apiserver', 'admin-client')),
    ];
    bring(Object.assign({}, ...brought));
    bringToWorkers(Object.assign({}, ...(await next('k8s-worker/0', 'kubelet', 'kube-proxy-client'))));
    const done = () =>
      model.log().filter(({ message: line }) => line.includes('put what ca-certificates holds')).length >= 3;
    await settle(done);
    await settleActive(model);
    clearInterval(timer);
    expect(most).toBe(1);
    const after = await Promise.all(units.map((unit) => fingerprints(cluster, unit)));
    const changed = after.map((files, index) =>
      Object.keys(files)
        .filter((path) => files[path] !== before[index]?.[path])
        .map((path) => path.replace('/etc/kubernetes/', '')),
    );
    const pair = (name: string) => [`pki/${name}.crt`, `pki/${name}.key`];
    expect(changed.map((paths) => paths.toSorted())).toEqual([
      ['admin.conf', ...pair('apiserver')],
      ['admin.conf', ...pair('apiserver')],
      [...pair('kubelet'), 'proxy.conf'],
    ]);
    await expectSound(['k8s/0', 'k8s/1'], ['k8s-worker/0']);
  });

  it('refuse what does not fit, and go on with what they have', async () => {
    const { model } = cluster;
    const before = await fingerprints(cluster, 'k8s/1');
    const bad = await own.issue('kubelet', { ...wish('k8s/1'), nodeName: 'node-9' });
    const good = content;
    bring(bad);
    await settle(() => message('k8s/1').startsWith('blocked'));
    expect(message('k8s/1')).toMatch(
      /^blocked: ca-certificates: k8s-1-kubelet-crt has no DNS name .*; what was given before stays in service$/,
    );
    await model.configure('k8s', { 'kube-apiserver-extra-sans': 'api.example' });
    await settle(() => message('k8s/0').includes('api.example'));
    const lacking =
      "blocked: The API server's certificate lacks api.example; put one that has all names into the secret of ca-certificates, as k8s-0-apiserver-crt";
    // The leader of two control planes has a note beside it, for which there is no room in the status.
    expect(message('k8s/0').replace(/; 1 more: juju run k8s\/0 plan$/, '')).toBe(lacking);
    const reports = (await reportsOf(model, 'k8s/0')).split('\n');
    expect(reports.filter((line) => line !== `active: ${NO_QUORUM}`)).toEqual([lacking]);
    await model.configure('k8s', { 'kube-apiserver-extra-sans': '' });
    bring(good);
    model.updateSecret(workersUri, { ...workersContent, 'k8s-worker-0-kublet-crt': 'no certificate at all' });
    await settle(() => message('k8s-worker/0').startsWith('blocked'));
    expect(message('k8s-worker/0')).toMatch(
      /^blocked: ca-certificates: k8s-worker-0-kublet-crt cannot be used; it may hold /,
    );
    model.updateSecret(workersUri, workersContent);
    await settleActive(model);
    expect(await fingerprints(cluster, 'k8s/1')).toEqual(before);
    const refused = await model.run('k8s/1', 'refresh-certs');
    expect(refused.message).toMatch(/^admin\.conf, apiserver, .*: brought by you: put the next one into the secret/);
    const status = await model.run('k8s/1', 'certs-status', { format: 'json' });
    const rows = JSON.parse(String(status.results['certificates'])) as readonly Record<string, unknown>[];
    expect(rows.find(({ name }) => name === 'kubelet')).toMatchObject({
      'managed-by': 'operator',
      renewal: 'operator',
    });
    await expectNoSecretsToldIn(cluster);
  });

  it('take what is served from a CA charm that has the authority, wherever one is integrated', async () => {
    const { model } = cluster;
    await deployCa(cluster);
    giveCaTheKey(cluster);
    const before = (await served(cluster, 'k8s/1', 6443)).serialNumber;
    await model.integrate('k8s:certificates', 'ca');
    await model.integrate('k8s-worker:certificates', 'ca');
    await model.addUnit('k8s-worker', 1);
    await settle(() => message('k8s-worker/1').includes('k8s-worker-1-'));
    expect(message('k8s-worker/1')).not.toContain('k8s-worker-1-kubelet-crt');
    for (const name of ['kubelet-client', 'kube-proxy-client'])
      bringToWorkers(await own.issue(name, wish('k8s-worker/1')));
    await settleActive(model);
    expect((await served(cluster, 'k8s/1', 6443)).serialNumber).not.toBe(before);
    await expectSound(['k8s/0', 'k8s/1'], ['k8s-worker/0', 'k8s-worker/1']);
    const status = await model.run('k8s/1', 'certs-status', { format: 'json' });
    const rows = JSON.parse(String(status.results['certificates'])) as readonly Record<string, unknown>[];
    const managers = Object.fromEntries(rows.map(({ name, 'managed-by': manager }) => [name, manager]));
    expect(managers).toMatchObject({
      apiserver: 'relation',
      kubelet: 'relation',
      'admin.conf': 'operator',
      ca: 'snap',
    });
  });
});

describe('a server authority without its key', { timeout: 240_000 }, () => {
  it('makes a cluster with what a CA charm of that authority issues; k8sd issues the rest', async () => {
    const other = await openCluster();
    try {
      const { model } = other;
      const { archives } = other;
      await deployCa(other);
      const secret = model.addSecret({ 'ca-crt': own.kept['ca'] ?? '' });
      const config = { 'bootstrap-certificates': 'provided', 'ca-certificates': secret };
      await model.deploy(archives.k8s, { application: 'k8s', units: 1, config });
      await model.deploy(archives.worker, { application: 'k8s-worker', units: 1 });
      model.grantSecret(secret, 'k8s');
      for (const application of ['k8s', 'k8s-worker']) await model.integrate(`${application}:certificates`, 'ca');
      await model.integrate('k8s:k8s-cluster', 'k8s-worker:cluster');
      const toldOf = (unit: string) => toldBy(model, unit);
      await settleUntil(model, () => toldOf('k8s/0').startsWith('blocked: ca signs'));
      expect(toldOf('k8s/0')).toBe(
        'blocked: ca signs with another CA than ca-crt in ca-certificates; put the CA certificate of ca there, or integrate certificates with a CA charm that has the key of ca-crt',
      );
      expect(machineOf(other, 'k8s/0').state.k8sd.member).toBeUndefined();
      giveCaTheKey(other);
      await model.run('ca/0', 'revoke');
      await settleActive(model);
      expect([
        ...(await complaintsOfOpenssl(other, 'k8s/0', CONTROL_PLANE_LEAVES)),
        ...(await complaintsOfOpenssl(other, 'k8s-worker/0', WORKER_LEAVES)),
      ]).toEqual([]);
      const authority = new X509Certificate(own.kept['ca'] ?? '');
      expect((await served(other, 'k8s/0', 6443)).verify(authority.publicKey)).toBe(true);
      expect((await served(other, 'k8s-worker/0', 10250)).verify(authority.publicKey)).toBe(true);
      const before = (await served(other, 'k8s/0', 6443)).serialNumber;
      const refreshed = await model.run('k8s/0', 'refresh-certs', { 'expires-in': '40d' });
      expect(refreshed.results).toMatchObject({ status: 'refreshed' });
      expect(Object.keys(refreshed.results)).not.toContain('expires.apiserver');
      await settleActive(model);
      expect((await served(other, 'k8s/0', 6443)).serialNumber).toBe(before);
      await expectNoSecretsToldIn(other);
    } finally {
      await other.close();
    }
  });
});
