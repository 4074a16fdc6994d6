import { X509Certificate } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bootstrapped, discard, eventually, joined, k8sd, metadata, newMachines, type Reply } from './ask.ts';
import { at } from './json.ts';
import type { User } from './kubernetes/authenticate.ts';
import { isReady } from './kubernetes/nodes.ts';
import { readKubeconfig } from './node/kubeconfig.ts';
import type { NodeMachine } from './node/machine.ts';
import { paths } from './node/paths.ts';
import { parseSigningRequest } from './pki/issue.ts';

const DAY = 86_400;
const CSRS = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const admin: User = { username: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] };
const suffixes = ['worker-kube-proxy-client', 'worker-kubelet-client', 'worker-kubelet-serving'];

let machines: Awaited<ReturnType<typeof newMachines>>;
let controlPlane: NodeMachine;
let worker: NodeMachine;
let renamed: NodeMachine;
let seed = 0;
beforeAll(async () => {
  machines = await newMachines({ signing: 100 });
  controlPlane = await bootstrapped(machines, '0');
  worker = await joined(machines, controlPlane, '1', { worker: true });
  renamed = await joined(machines, controlPlane, '2', { worker: true, name: 'another-name' });
});
afterEach(async () => {
  for (const { metadata: meta } of machines.cluster('0')?.certificateSigningRequests() ?? [])
    await kube('DELETE', `${CSRS}/${meta.name}`);
});
afterAll(async () => {
  expect(machines.failures).toEqual([]);
  await discard(machines);
});

function kube(method: string, path: string, body?: unknown): Promise<unknown> {
  const cluster = machines.cluster('0');
  if (cluster === undefined) throw new Error('no cluster');
  return cluster.api.ask(admin, method, path, body);
}

const error = (reply: { readonly body: unknown }): string => String(at(reply.body, 'error'));
const pem = (name: string) => worker.files.need(`${paths.pki}/${name}`);
const config = async (name: string) =>
  new X509Certificate(readKubeconfig(await worker.files.need(`${paths.kubernetes}/${name}`)).certificate);

function run(machine: NodeMachine, body: Record<string, unknown>, signal?: AbortSignal): Promise<Reply> {
  const request = { certificates: [], 'expiration-seconds': DAY, ...body };
  return k8sd(machine, 'POST', '/1.0/k8sd/refresh-certs/run', request, signal === undefined ? {} : { signal });
}

/** Requests of a seed, once there are so many. */
const requests = (of: number | bigint, wanted = 3) =>
  eventually(() => {
    const all = machines.cluster('0')?.certificateSigningRequests() ?? [];
    const present = all.filter((request) => request.metadata.name.startsWith(`k8sd-${of}-`));
    return present.length >= wanted ? present : undefined;
  });

async function decide(name: string, type: 'Approved' | 'Denied'): Promise<void> {
  const present = (await kube('GET', `${CSRS}/${name}`)) as Record<string, unknown>;
  const condition = { type, status: 'True', reason: 'Tested', message: 'by a test' };
  await kube('PUT', `${CSRS}/${name}/approval`, { ...present, status: { conditions: [condition] } });
}

describe('a refresh on a worker', () => {
  it('plans requests by the names of the certificates', async () => {
    const reply = await k8sd(worker, 'POST', '/1.0/k8sd/refresh-certs/plan', { certificates: [] });
    const planned = String(metadata(reply, 'seconds'));
    expect(metadata(reply, 'certificate-signing-requests')).toEqual([
      `k8sd-${planned}-worker-kubelet-serving`,
      `k8sd-${planned}-worker-kubelet-client`,
      `k8sd-${planned}-worker-kube-proxy-client`,
    ]);
    const wrong = await run(worker, { certificates: ['apiserver'], seed: 1 });
    expect([wrong.status, error(wrong)]).toEqual([400, 'invalid certificates for worker node: apiserver']);
  });

  it('blocks until its three requests are approved and issued', async () => {
    const mine = ++seed;
    let answered = false;
    const before = await pem('kubelet.crt');
    const asked = run(worker, { seed: mine, 'extra-sans': ['worker.example.com'] }).finally(() => {
      answered = true;
    });
    const made = await requests(mine);
    expect(made.map((request) => request.metadata.name)).toEqual(suffixes.map((suffix) => `k8sd-${mine}-${suffix}`));
    const serving = made.find((request) => request.metadata.name.endsWith('serving'));
    expect(serving?.['spec']).toMatchObject({
      signerName: 'k8sd.io/kubelet-serving',
      usages: ['digital signature', 'key encipherment', 'server auth'],
      expirationSeconds: DAY,
      username: `system:node:${worker.hostname}`,
      groups: ['system:nodes', 'system:authenticated'],
    });
    expect(serving?.metadata.annotations).toMatchObject({
      'k8sd.io/node': worker.hostname,
      'k8sd.io/signature': expect.any(String),
    });
    const parsed = await parseSigningRequest(Buffer.from(String(at(serving, 'spec', 'request')), 'base64').toString());
    expect(parsed.subject).toEqual({ commonName: `system:node:${worker.hostname}`, organizations: ['system:nodes'] });
    // The request's own names, but not the loopback that the certificate of the join had.
    expect([...parsed.sans].sort()).toEqual([worker.address, worker.hostname, 'worker.example.com'].sort());
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(answered).toBe(false);
    for (const suffix of suffixes) await decide(`k8sd-${mine}-${suffix}`, 'Approved');
    const reply = await asked;
    expect(reply.status).toBe(200);
    const after = new X509Certificate(await pem('kubelet.crt'));
    expect(metadata(reply, 'expiration-seconds')).toBe(after.validToDate.getTime() / 1000);
    expect(await pem('kubelet.crt')).not.toBe(before);
    expect(after.verify(new X509Certificate(await pem('ca.crt')).publicKey)).toBe(true);
    expect(after.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    // The signer writes who asked, with all groups that the API server saw.
    const kubelet = await config('kubelet.conf');
    expect(kubelet.subject).toBe(`O=system:nodes + O=system:authenticated\nCN=system:node:${worker.hostname}`);
    expect(kubelet.verify(new X509Certificate(await pem('client-ca.crt')).publicKey)).toBe(true);
    expect((await config('proxy.conf')).subject).toBe('CN=system:kube-proxy');
    // From 1.36 on, with Cilium, the restart starts the kube-proxy that was stopped and disabled.
    await eventually(() => machines.service('1', 'kube-proxy').active);
    await eventually(() =>
      isReady(
        machines
          .cluster('0')
          ?.nodes()
          .find((node) => node.metadata.name === worker.hostname),
      ),
    );
  });

  it('fails when one of them is denied, and changes nothing', async () => {
    const mine = ++seed;
    const before = await pem('kubelet.crt');
    const asked = run(worker, { seed: mine });
    await requests(mine);
    await decide(`k8sd-${mine}-worker-kubelet-client`, 'Denied');
    const reply = await asked;
    expect([reply.status, error(reply)]).toEqual([500, expect.stringContaining('was denied: Tested: by a test')]);
    expect(await pem('kubelet.crt')).toBe(before);
  });

  it('leaves its requests when the client goes, so that the same seed is taken', async () => {
    const mine = ++seed;
    const client = new AbortController();
    const asked = run(worker, { seed: mine }, client.signal);
    await requests(mine);
    client.abort();
    await expect(asked).rejects.toThrow();
    expect(await requests(mine)).toHaveLength(3);
    const again = await run(worker, { seed: mine });
    expect([again.status, error(again)]).toEqual([500, expect.stringContaining('already exists')]);
  });

  it('does not take less than ten minutes, nor a seed beyond a number as anything but itself', async () => {
    const short = await run(worker, { seed: ++seed, 'expiration-seconds': 300 });
    expect([short.status, error(short)]).toEqual([500, expect.stringContaining('600 seconds')]);
    const client = new AbortController();
    const large = 9_223_372_036_854_775_807n;
    const asked = run(worker, { seed: large }, client.signal);
    expect(await requests(large)).toHaveLength(3);
    client.abort();
    await expect(asked).rejects.toThrow();
  });

  it('of one certificate breaks the others', async () => {
    const kept = {
      crt: await pem('kubelet.crt'),
      key: await pem('kubelet.key'),
      conf: await worker.files.need(`${paths.kubernetes}/kubelet.conf`),
    };
    const mine = ++seed;
    const asked = run(worker, { seed: mine, certificates: ['proxy.conf'] });
    await requests(mine, 1);
    await decide(`k8sd-${mine}-worker-kube-proxy-client`, 'Approved');
    expect((await asked).status).toBe(500);
    expect(await worker.files.exists(`${paths.pki}/kubelet.crt`)).toBe(false);
    expect(readKubeconfig(await worker.files.need(`${paths.kubernetes}/kubelet.conf`)).certificate).toBe('');
    await worker.files.write(`${paths.pki}/kubelet.crt`, kept.crt);
    await worker.files.write(`${paths.pki}/kubelet.key`, kept.key);
    await worker.files.write(`${paths.kubernetes}/kubelet.conf`, kept.conf);
  });

  it('can have its requests approved through the CAPI endpoint', async () => {
    const mine = ++seed;
    const approve = (token: string) =>
      k8sd(
        controlPlane,
        'POST',
        '/1.0/x/capi/refresh-certs/approve',
        { seed: mine },
        { headers: { 'capi-auth-token': token } },
      );
    expect((await approve('guessed')).status).toBe(401);
    await k8sd(controlPlane, 'POST', '/1.0/x/capi/set-auth-token', { token: 'secret' });
    const asked = run(worker, { seed: mine });
    expect((await approve('secret')).status).toBe(200);
    expect((await asked).status).toBe(200);
    const [request] = await requests(mine);
    expect(at(request, 'status', 'conditions')).toMatchObject([{ type: 'Approved', reason: 'ApprovedByCK8sCAPI' }]);
  });

  it('reports its own certificates as external, and no authority', async () => {
    const status = metadata(await k8sd(worker, 'GET', '/1.0/k8sd/certs-status')) as Record<string, unknown[]>;
    expect(status['certificates']).toMatchObject(
      ['kubelet', 'kubelet.conf', 'proxy.conf'].map((name) => ({ name, 'externally-managed': true })),
    );
    expect(status['certificate-authorities']).toEqual([]);
  });

  it('takes three whole pairs from outside, and looks at none of them', async () => {
    const update = (body: unknown) => k8sd(worker, 'POST', '/1.0/k8sd/refresh-certs/update', body);
    const kubelet = readKubeconfig(await worker.files.need(`${paths.kubernetes}/kubelet.conf`));
    const proxy = readKubeconfig(await worker.files.need(`${paths.kubernetes}/proxy.conf`));
    const pairs = {
      'kubelet-crt': await pem('kubelet.crt'),
      'kubelet-key': await pem('kubelet.key'),
      'kubelet-client-crt': kubelet.certificate,
      'kubelet-client-key': kubelet.key,
      'kube-proxy-client-crt': proxy.certificate,
    };
    const half = await update(pairs);
    expect([half.status, error(half)]).toEqual([
      500,
      expect.stringContaining('kube-proxy client certificate not specified'),
    ]);
    expect((await update({ ...pairs, 'kube-proxy-client-key': proxy.key })).status).toBe(200);
  });
});

describe('automatic approval', () => {
  const annotate = (value: string) =>
    k8sd(controlPlane, 'PUT', '/1.0/k8sd/cluster/config', {
      config: { annotations: { 'k8sd.io/x': '1', 'k8sd/v1alpha1/csrsigning/auto-approve': value } },
    });

  it('lets a worker refresh itself, but denies one whose name is not its host’s', async () => {
    await annotate('true');
    expect((await run(worker, { seed: ++seed })).status).toBe(200);
    const reply = await run(renamed, { seed: ++seed });
    expect([reply.status, error(reply)]).toEqual([500, expect.stringContaining('K8sdDeny')]);
    await annotate('-');
  });
});
