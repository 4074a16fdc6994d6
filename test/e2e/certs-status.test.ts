/** What operators learn of their certificates: from `certs-status` in its forms, and from the status before any of them runs out. */

import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { deployCluster, openCluster, resetOptions, settleActive, type TestCluster, USUALLY_JUJU_4 } from './cluster.ts';
import { machineOf } from './nodes.ts';
import { shortenLives } from './short-lives.ts';

type Row = Readonly<Record<string, unknown>>;

const DAY_MS = 86_400_000;

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await openCluster(USUALLY_JUJU_4);
  await deployCluster(cluster, { controlPlanes: 1, workers: 1 });
}, 180_000);
afterAll(() => cluster.close());

describe('certs-status', { timeout: 60_000 }, () => {
  it.each(['k8s/0', 'k8s-worker/0'])('of %s says the same in every form', async (unit) => {
    const json = await certsStatus(unit, 'json');
    const rows = JSON.parse(json.certificates) as readonly Row[];
    const yaml = await certsStatus(unit, 'yaml');
    expect(parse(yaml.certificates)).toEqual(rows);
    // A list that is empty would be a text in a YAML of Juju's.
    expect(yaml.findings).toBeUndefined();
    const table = await certsStatus(unit, 'table');
    const lines = table.certificates.split('\n');
    expect(lines.slice(1).map((line) => line.split(/\s+/)[0])).toEqual(rows.map(({ name }) => name));
    const tooWide = [...lines, ...table.findings.split('\n')].filter((line) => line.length > 120);
    expect(tooWide).toEqual([]);
    expect(json.findings).toBe('[]');
    expect(table.findings).toBe('none');
    expect(table.summary).toBe(`${rows.length} certificates, 0 expired, 0 expiring, 0 errors, 0 warnings`);
  });

  it('tells all of a certificate', async () => {
    const rows = JSON.parse((await certsStatus('k8s/0', 'json')).certificates) as readonly Row[];
    const machine = machineOf(cluster, 'k8s/0');
    const file = new X509Certificate(await machine.files.need('/etc/kubernetes/pki/apiserver.crt'));
    expect(rows.find(({ name }) => name === 'apiserver')).toEqual({
      name: 'apiserver',
      path: '/etc/kubernetes/pki/apiserver.crt',
      kind: 'leaf',
      subject: 'CN=kube-apiserver',
      sans: expect.arrayContaining([machine.address, '10.152.183.1', 'kubernetes.default.svc.cluster.local']),
      'sans-left-out': 0,
      issuer: 'CN=kubernetes-ca',
      'signed-by': 'ca',
      serial: file.serialNumber,
      key: 'RSA 2048',
      'signature-algorithm': 'sha256WithRSAEncryption',
      usages: ['clientAuth', 'serverAuth'],
      'valid-from': file.validFromDate.toISOString(),
      expires: file.validToDate.toISOString(),
      days: Math.floor((file.validToDate.getTime() - Date.now()) / DAY_MS),
      fingerprint: file.fingerprint256,
      'managed-by': 'snap',
      renewal: 'refresh',
      services: ['kube-apiserver'],
      served: 'same',
      problem: null,
    });
    const signers = Object.fromEntries(rows.map(({ name, 'signed-by': by }) => [name, by]));
    expect(signers).toMatchObject({
      'etcd/peer': 'etcd/ca',
      'admin.conf': 'client-ca',
      ca: 'self',
      'k8sd/server': 'self',
    });
  });

  it('tells of a broken file and of a wrong key, and what to do', async () => {
    const { files } = machineOf(cluster, 'k8s-worker/0');
    const kubelet = '/etc/kubernetes/pki/kubelet';
    const [certificate, proxy] = [await files.need(`${kubelet}.crt`), await files.need('/etc/kubernetes/proxy.conf')];
    await files.write(`${kubelet}.crt`, certificate.slice(0, 300));
    await files.write('/etc/kubernetes/proxy.conf', proxy.replace(/client-key-data: .*/, 'client-key-data: ZGVhZA=='));
    const { findings, summary } = await certsStatus('k8s-worker/0', 'table');
    await files.write(`${kubelet}.crt`, certificate);
    await files.write('/etc/kubernetes/proxy.conf', proxy);
    expect(findings.split('\n')).toEqual([
      'error: kubelet: holds no PEM that Go can read: it is cut off or damaged, or something is in the line of its BEGIN or END',
      '  run refresh-certs on this unit',
      'error: proxy.conf: has a private key beside it that cannot be read',
      '  put the key that belongs to it into /etc/kubernetes/proxy.conf, or run refresh-certs on this unit',
    ]);
    expect(summary).toContain('2 errors');
  });

  it('refuses a form that it does not have', async () => {
    const { status, message } = await cluster.model
      .run('k8s/0', 'certs-status', { format: 'xml' })
      .catch((error: Error) => ({
        status: 'refused',
        message: error.message,
      }));
    expect(status).not.toBe('completed');
    expect(message).toMatch(/format|xml/);
  });
});

describe('a cluster whose certificates end in 20 days', { timeout: 120_000 }, () => {
  const message = (unit: string) => cluster.model.unit(unit).workload.message;
  const bothReady = async () => {
    const until = () => ['k8s/0', 'k8s-worker/0'].every((unit) => message(unit) === 'Ready');
    await cluster.model.settle({ timeoutMs: 60_000, until, updateStatusEveryMs: 2_000 });
  };

  it('is told of in the status of each unit, until they are renewed', async () => {
    const { model } = cluster;
    for (const application of ['k8s', 'k8s-worker'])
      await model.configure(application, { 'certificate-renew-before': '' });
    await settleActive(model);
    for (const unit of ['k8s/0', 'k8s-worker/0']) await shortenLives(cluster, unit, 20.5 * 86_400);
    model.updateStatus();
    await settleActive(model);
    expect(message('k8s/0')).toBe(
      'Ready; certificates expire in 20 days: apiserver, apiserver-kubelet-client, front-proxy-client, kubelet, admin.conf and 4 more',
    );
    expect(message('k8s-worker/0')).toBe('Ready; certificates expire in 20 days: kubelet, kubelet.conf, proxy.conf');
    const { findings, summary } = await certsStatus('k8s-worker/0', 'table');
    expect(summary).toContain('3 expiring');
    expect(findings).toMatch(
      /^warning: kubelet, kubelet\.conf, proxy\.conf: expires in 20 days, 2\d{3}-\d\d-\d\d\n {2}run refresh-certs on this unit$/,
    );
    await model.run('k8s/0', 'refresh-certs');
    await model.run('k8s-worker/0', 'refresh-certs');
    await bothReady();
    expect(await daysOf('k8s/0', 'apiserver')).toBeGreaterThan(363);
  });

  it('is not told of while that is how long they were made to live', async () => {
    const { model } = cluster;
    for (const unit of ['k8s/0', 'k8s-worker/0']) await model.run(unit, 'refresh-certs', { 'expires-in': '20d' });
    await bothReady();
    for (const unit of ['k8s/0', 'k8s-worker/0']) {
      expect(await daysOf(unit, 'kubelet')).toBeLessThan(21);
      expect((await certsStatus(unit, 'table')).findings).toBe('none');
    }
  });

  it('blocks with the option where one makes no sense, and touches nothing', async () => {
    const { model } = cluster;
    await model.configure('k8s', { 'certificate-validity': 'forever', 'certificate-renew-before': '30d' });
    await model.configure('k8s-worker', { 'certificate-renew-before': '200d' });
    await model.settle({ timeoutMs: 60_000 });
    expect(model.unit('k8s/0').workload).toMatchObject({
      status: 'blocked',
      message: 'certificate-validity must be a number and one of y, mo, d, h, m, such as 1y, 30d or 12h',
    });
    expect(model.unit('k8s-worker/0').workload).toMatchObject({
      status: 'blocked',
      message: expect.stringContaining('certificate-renew-before must be at most half of certificate-validity'),
    });
    // What lies in the files is told all the same.
    const status = await model.run('k8s/0', 'certs-status', { format: 'json' });
    expect(status.results).toMatchObject({ unchecked: expect.stringContaining('certificate-validity') });
    await resetOptions(model, 'k8s', ['certificate-validity']);
    await resetOptions(model, 'k8s-worker', ['certificate-renew-before']);
    await settleActive(model);
  });
});

async function certsStatus(unit: string, format: string) {
  const { status, message, results } = await cluster.model.run(unit, 'certs-status', { format });
  expect({ status, message }).toEqual({ status: 'completed', message: '' });
  return results as { readonly certificates: string; readonly findings: string; readonly summary: string };
}

async function daysOf(unit: string, certificate: string): Promise<number> {
  const rows = JSON.parse((await certsStatus(unit, 'json')).certificates) as readonly Row[];
  return Number(rows.find(({ name }) => name === certificate)?.['days']);
}
