/** A cluster whose API servers and kubelets serve what a CA charm has issued: from its beginning to the next certificate. */

import type { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { packCaCharm } from '../standins/juju/ca-charm/pack.ts';
import {
  openCluster,
  reportsOf,
  settleActive,
  settleUntil,
  type TestCluster,
  toldBy,
  USUALLY_JUJU_4,
} from './cluster.ts';
import { fingerprints, machineOf, served } from './nodes.ts';
import { restartsSince } from './restarts.ts';
import { expectNoSecretsToldIn } from './secrecy.ts';
import { allServed, expectSound, serialsOf } from './sound.ts';

const FIRST = ['k8s/0', 'k8s-worker/0'];
const CONTROL_PLANES = ['k8s/0', 'k8s/1', 'k8s/2'];
const UNITS = [...CONTROL_PLANES, 'k8s-worker/0', 'k8s-worker/1'];

/** Over in five minutes; and since it is the twentieth part of a life that is left then, to be renewed after one. */
const SHORT = { 'certificate-validity': '300s', age: '4500s' };
const LONG = { 'certificate-validity': '24h', age: '0s' };
const HOUR_MS = 3_600_000;

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await openCluster(USUALLY_JUJU_4);
  const { model } = cluster;
  const { archives } = cluster;
  const config = { 'bootstrap-certificates': 'external', 'kube-apiserver-extra-sans': 'api.example' };
  await model.deploy(archives.k8s, { application: 'k8s', units: 1, config });
  await model.deploy(archives.worker, { application: 'k8s-worker', units: 1 });
  await model.deploy(await packCaCharm(cluster.directory), { application: 'ca', config: { ...LONG, mode: 'vault' } });
  await model.integrate('k8s:k8s-cluster', 'k8s-worker:cluster');
  await model.settle({ timeoutMs: 60_000 });
}, 120_000);

afterAll(async () => {
  await cluster?.close();
});

const message = (unit: string): string => toldBy(cluster.model, unit);
const settle = (until: () => boolean): Promise<void> => settleUntil(cluster.model, until);
const serials = async (units: readonly string[]) => serialsOf(await allServed(cluster, units));

/** When it is renewed without anybody saying so: at the end of the twentieth part before the last of its life. */
function dueAt({ validFromDate, validToDate }: X509Certificate): number {
  return validFromDate.getTime() + 0.95 * (validToDate.getTime() - validFromDate.getTime());
}

/** Whether it ends within the hour. */
const isShort = (end: Date): boolean => end.getTime() < Date.now() + HOUR_MS;

describe('bootstrap-certificates=external', { timeout: 240_000 }, () => {
  it('makes nothing with a provider that leaves out addresses, and says what to do', async () => {
    expect(message('k8s/0')).toMatch(/^blocked: Integrate certificates with a CA charm/);
    await cluster.model.integrate('k8s:certificates', 'ca');
    await settle(() => /without|refuses/.test(message('k8s/0')));
    // Both at once are too long for a status: it says the first, and where the other is.
    expect(message('k8s/0')).toMatch(
      /^blocked: ca has issued apiserver without .*pki_allow_ip_sans=true; 1 more: juju run k8s\/0 plan$/,
    );
    const reports = await reportsOf(cluster.model, 'k8s/0');
    expect(reports).toMatch(/^blocked: ca has issued apiserver without .*pki_allow_ip_sans=true$/m);
    expect(reports).toMatch(/^blocked: ca refuses to issue kubelet.*names of nodes/m);
    expect(machineOf(cluster, 'k8s/0').state.k8sd.member).toBeUndefined();
  });

  it('makes a cluster that serves what the provider has issued, and signs the rest', async () => {
    const { model } = cluster;
    await model.removeRelation('k8s:certificates', 'ca');
    await model.configure('ca', { mode: 'self-signed' });
    await settle(() => message('k8s/0').startsWith('blocked: Integrate'));
    await model.integrate('k8s:certificates', 'ca');
    // With its defaults the CA charm changes its CA within the year, and the cluster cannot follow.
    await settle(() => message('k8s/0').includes('a cluster cannot change its CAs'));
    expect(message('k8s/0')).toMatch(/^blocked: ca: the CA certificate "ca.example" for ca ends .*, in 364 days/);
    expect(message('k8s/0')).toContain('juju config ca root-ca-validity=7300d');
    expect(machineOf(cluster, 'k8s/0').state.k8sd.member).toBeUndefined();
    await model.configure('ca', { 'root-ca-validity': '7300d' });
    await settle(() => message('k8s-worker/0').startsWith('blocked: Integrate'));
    expect(machineOf(cluster, 'k8s-worker/0').state.k8sd.member).toBeUndefined();
    await model.integrate('k8s-worker:certificates', 'ca');
    await settleActive(model);
    await expectSound(cluster, FIRST);
    const api = await served(cluster, 'k8s/0', 6443);
    expect(api.issuer.split('\n')[0]).toBe('CN=ca.example');
    for (const name of ['api.example', 'kubernetes.default.svc.cluster.local']) expect(api.checkHost(name)).toBe(name);
    for (const address of ['10.152.183.1', machineOf(cluster, 'k8s/0').address])
      expect(api.checkIP(address)).toBe(address);
  });

  it('leaves everything as it is while nothing is due', async () => {
    const before = await fingerprints(cluster, 'k8s/0');
    cluster.model.updateStatus();
    await cluster.model.settle({ timeoutMs: 60_000 });
    expect(await fingerprints(cluster, 'k8s/0')).toEqual(before);
  });

  it('refreshes by action what k8sd issues, and sends for the rest to the provider', async () => {
    const { model } = cluster;
    const before = await serials(FIRST);
    const refused = await model.run('k8s/0', 'refresh-certs', { certificates: 'apiserver' });
    expect(refused.message).toMatch(/^apiserver: issued by the CA charm on the endpoint certificates/);
    const outcome = await model.run('k8s/0', 'refresh-certs', { 'expires-in': '40d' });
    expect(Object.keys(outcome.results)).not.toContain('expires.apiserver');
    expect(outcome.results).toMatchObject({ status: 'refreshed' });
    const stood = await fingerprints(cluster, 'k8s-worker/0');
    expect((await model.run('k8s-worker/0', 'refresh-certs')).results).toMatchObject({ status: 'requested' });
    await settleActive(model);
    const stands = await fingerprints(cluster, 'k8s-worker/0');
    const changed = Object.keys(stands).filter((path) => stands[path] !== stood[path]);
    expect(changed.toSorted()).toEqual(['kubelet.conf', 'proxy.conf'].map((file) => `/etc/kubernetes/${file}`));
    expect(await serials(FIRST)).toEqual(before);
    await expectSound(cluster, FIRST);
  });

  it('grows by units that serve certificates of their own', async () => {
    const { model } = cluster;
    await model.addUnit('k8s', 2);
    await model.addUnit('k8s-worker', 1);
    await settleActive(model);
    await expectSound(cluster, UNITS);
    const { address } = machineOf(cluster, 'k8s/2');
    expect((await served(cluster, 'k8s/2', 6443)).checkIP(address)).toBe(address);
    await expectNoSecretsToldIn(cluster);
  });

  it('asks for other certificates when a name is added, or the time has come, and puts them into service in turn', async () => {
    const { model } = cluster;
    const before = await serials(UNITS);
    const others = await fingerprints(cluster, 'k8s/1');
    const restarts = restartsSince(cluster);
    const known = model.log().length;
    await model.configure('ca', SHORT);
    await model.settle({ timeoutMs: 60_000 });
    await model.configure('k8s', { 'kube-apiserver-extra-sans': 'api.example lb.example' });
    for (const { id, label } of model.secrets())
      if (label.startsWith('tls-certificate/certificates/unit/kubelet/')) model.expireSecret(id);
    const kept = () => {
      // A dispatch may say several things in one line of the log.
      const said = model
        .log()
        .slice(known)
        .map((line) => line.message);
      return said.join('\n').split('keep the certificate').length - 1;
    };
    await vi.waitUntil(() => kept() >= Object.keys(before).length, { timeout: 120_000, interval: 50 });
    // What is issued from now on lasts.
    await model.configure('ca', LONG);
    await settleActive(model);
    const after = await serials(UNITS);
    expect(Object.keys(before).filter((what) => after[what] === before[what])).toEqual([]);
    expect(restarts.most()).toBe(1);
    for (const unit of CONTROL_PLANES)
      expect((await served(cluster, unit, 6443)).checkHost('lb.example')).toBe('lb.example');
    const now = await fingerprints(cluster, 'k8s/1');
    const changed = Object.keys(now).filter((path) => now[path] !== others[path]);
    expect(changed.toSorted()).toEqual(['apiserver.crt', 'kubelet.crt'].map((file) => `/etc/kubernetes/pki/${file}`));
  });

  it('has certificates that are over in minutes renewed before they are, without two API servers down at once', async () => {
    const { model } = cluster;
    const short = Object.values(await allServed(cluster, UNITS)).filter(({ validToDate }) => isShort(validToDate));
    // On a machine that is very busy some are renewed by now.
    expect(short.length).toBeGreaterThan(0);
    const restarts = restartsSince(cluster);
    await vi.waitUntil(() => Date.now() > Math.max(...short.map(dueAt)), { timeout: 120_000, interval: 200 });
    const renewed = async () => {
      model.updateStatus();
      await model.settle({ timeoutMs: 60_000 });
      return !Object.values(await allServed(cluster, UNITS)).some(({ validToDate }) => isShort(validToDate));
    };
    await vi.waitUntil(renewed, { timeout: 120_000, interval: 200 });
    expect(Math.min(...short.map(({ validToDate }) => validToDate.getTime()))).toBeGreaterThan(Date.now());
    expect(restarts.most()).toBeLessThanOrEqual(1);
    await settleActive(model);
    await expectSound(cluster, UNITS);
  });

  it('keeps what is in service when the provider has another authority, or has gone, and says so', async () => {
    const { model } = cluster;
    const before = await serials(UNITS);
    await model.run('ca/0', 'rotate-ca');
    const own = ({ owner, label }: { owner: { name: string }; label: string }) =>
      FIRST.includes(owner.name) && label.startsWith('tls-certificate/');
    for (const { id } of model.secrets().filter(own)) model.expireSecret(id);
    // Of whichever unit the first certificate of the other CA is, all say it, with the time that they have left.
    await settle(() => UNITS.every((unit) => message(unit).includes('ca signs with another CA now ("ca.example")')));
    for (const unit of UNITS)
      expect(message(unit)).toMatch(/^blocked: .*have the first CA sign.*; what is in service stays, until .* days\)/);
    expect(await serials(UNITS)).toEqual(before);
    await model.addUnit('k8s-worker', 1);
    await settle(() => message('k8s-worker/2').includes('this unit cannot join'));
    await model.removeRelation('k8s:certificates', 'ca');
    await settle(() => CONTROL_PLANES.every((unit) => message(unit).includes('Integrate certificates')));
    expect(await serials(UNITS)).toEqual(before);
    await expectNoSecretsToldIn(cluster);
  });
});
