import { execFile } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { request as tlsRequest } from 'node:https';
import { createServer } from 'node:net';
import { connect } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ask,
  bootstrapped,
  discard,
  eventually,
  installed,
  k8sd,
  metadata,
  newMachines,
  startedOver,
  usualConfig,
} from './ask.ts';
import { at } from './json.ts';
import { readArguments } from './node/arguments.ts';
import { readKubeconfig } from './node/kubeconfig.ts';
import type { NodeMachine } from './node/machine.ts';
import { paths } from './node/paths.ts';
import { issueAuthority } from './pki/issue.ts';
import { openKeyPool } from './pki/keys.ts';

const AUDIT_POLICY = 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]\n';

let machines: Awaited<ReturnType<typeof newMachines>>;
let node: NodeMachine;
beforeAll(async () => {
  machines = await newMachines();
  node = await bootstrapped(machines, '0', {
    ...usualConfig,
    'extra-sans': ['api.example.com', '10.9.8.7'],
    'extra-node-config-files': { 'audit.yaml': AUDIT_POLICY },
    'extra-node-kube-apiserver-args': {
      '--audit-policy-file': '/var/snap/k8s/common/args/conf.d/audit.yaml',
      '--profiling': null,
      '--request-timeout': '200s',
    },
    'control-plane-taints': [],
  });
});
afterAll(async () => {
  expect(machines.failures).toEqual([]);
  await discard(machines);
});

const error = (reply: { readonly body: unknown }): string => String(at(reply.body, 'error'));
const pem = (name: string) => node.files.need(`${paths.pki}/${name}`);
const certificate = async (name: string) => new X509Certificate(await pem(name));
const BOOTSTRAP = '/1.0/k8sd/cluster';
const request = (machine: NodeMachine, config: unknown = {}) => ({
  name: machine.hostname,
  address: `${machine.address}:6400`,
  config,
});

describe('k8sd on a machine that is in no cluster', () => {
  let fresh: NodeMachine;
  beforeAll(async () => {
    fresh = await installed(machines, 'fresh');
  });

  it('answers in its envelope, with the texts that clients branch on', async () => {
    const status = await k8sd(fresh, 'GET', '/1.0/k8sd/node');
    expect([status.status, status.body]).toEqual([
      503,
      {
        type: 'error',
        status: '',
        status_code: 0,
        operation: '',
        error_code: 503,
        error: 'Database is not yet initialized',
        metadata: null,
      },
    ]);
    expect(error(await k8sd(fresh, 'GET', BOOTSTRAP))).toBe('daemon not yet initialized');
    expect((await k8sd(fresh, 'GET', '/core/1.0')).body).toMatchObject({
      type: 'sync',
      status: 'Success',
      status_code: 200,
      operation: '',
      error_code: 0,
      error: '',
      metadata: { ready: false },
    });
    expect((await k8sd(fresh, 'GET', '/')).body).toMatchObject({ metadata: ['/1.0'] });
  });

  it('answers 404 for what does not exist and 501 for what exists with another method', async () => {
    expect((await k8sd(fresh, 'GET', '/1.0/k8sd/nothing')).status).toBe(404);
    expect((await k8sd(fresh, 'PATCH', '/1.0/k8sd/node', {})).status).toBe(501);
  });

  it('refuses what it cannot decode, and leaves the machine as it was', async () => {
    const post = (body?: unknown) => k8sd(fresh, 'POST', BOOTSTRAP, body);
    const cases: readonly (readonly [unknown, string])[] = [
      [undefined, 'EOF'],
      ['{', 'failed to parse request'],
      [{ ...request(fresh), extra: 1 }, 'unknown field "extra"'],
      [request(fresh, { 'cluster-config': { network: { Enabled: true } } }), 'unknown field "Enabled"'],
      [request(fresh, { 'extra-node-kubelet-args': { '--max-pods': 5 } }), 'cannot unmarshal number'],
      [request(fresh, { 'secure-port': '6443' }), 'cannot unmarshal string'],
      [request(fresh, { 'disable-rbac': 'true' }), 'cannot unmarshal string'],
      [{ ...request(fresh), name: 'not_a_name' }, 'invalid hostname'],
      [{ ...request(fresh), name: 'node.' }, 'invalid hostname'],
      [{ ...request(fresh), address: fresh.address }, 'failed to parse address'],
      [{ ...request(fresh), address: '10.1.2.3:6400' }, 'not assigned to any local interface'],
    ];
    for (const [body, words] of cases) {
      const reply = await post(body);
      expect([reply.status, error(reply)]).toEqual([400, expect.stringContaining(words)]);
    }
    expect(await fresh.files.exists(paths.pki)).toBe(false);
    expect((await k8sd(fresh, 'GET', '/core/1.0/ready')).status).toBe(200);
  });

  it('refuses configurations that do not hold, each time wiping the machine and starting over', async () => {
    const cases: readonly (readonly [unknown, string])[] = [
      [{ 'pod-cidr': '10.152.0.0/16' }, 'overlaps'],
      [{ 'pod-cidr': 'nonsense' }, 'invalid pod CIDR'],
      [{ 'service-cidr': 'fd00::/64' }, 'at least /108'],
      [{ 'datastore-type': 'sqlite' }, 'unknown datastore type'],
      [{ 'datastore-type': 'k8s-dqlite' }, 'unknown datastore type'],
      [{ 'datastore-type': 'external' }, 'no datastore servers'],
      [{ 'datastore-ca-crt': 'pem' }, 'needs datastore-type'],
      [{ 'cluster-config': { gateway: { enabled: true } } }, 'gateway requires network'],
      [{ 'cluster-config': { network: { enabled: true, 'kube-proxy-enabled': true } } }, 'must be false'],
      [{ 'cluster-config': { 'local-storage': { 'reclaim-policy': 'Recycle' } } }, 'reclaim-policy'],
      [{ 'cluster-config': { 'load-balancer': { cidrs: ['10.0.0.0/99'] } } }, 'invalid CIDR'],
      [{ 'cluster-config': { dns: { 'service-ip': 'x' } } }, 'valid IP'],
      [{ 'cluster-config': { 'cloud-provider': 'aws' } }, 'cloud-provider'],
      [{ 'ca-key': 'pem' }, 'key is set but the certificate is not'],
      [{ 'extra-node-config-files': { '../escape': 'x' } }, 'must not contain any slashes'],
    ];
    for (const [config, words] of cases) {
      const reply = await k8sd(fresh, 'POST', BOOTSTRAP, request(fresh, config));
      expect([reply.status, error(reply)]).toEqual([400, expect.stringContaining(words)]);
      expect(error(reply)).toContain('failed to bootstrap new cluster: ');
      await startedOver(fresh);
    }
    expect(await fresh.files.exists(paths.args)).toBe(false);
    expect(await fresh.files.exists(`${paths.pki}/ca.crt`)).toBe(false);
    expect(error(await k8sd(fresh, 'GET', '/1.0/k8sd/node'))).toBe('Database is not yet initialized');
  });

  it('refuses a machine with a containerd of its own, or a taken port', async () => {
    await fresh.files.directory(paths.containerdRun);
    const first = await k8sd(fresh, 'POST', BOOTSTRAP, request(fresh));
    expect(error(first)).toContain("The path '/run/containerd' required for the containerd socket already exists");
    await startedOver(fresh);
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(10_257, fresh.address, resolve));
    const second = await k8sd(fresh, 'POST', BOOTSTRAP, request(fresh));
    expect(error(second)).toContain('port 10257 (kube-controller-manager) is already in use');
    await new Promise((resolve) => squatter.close(resolve));
    await startedOver(fresh);
  });

  it('fails half way when a test says so, and works the next time', async () => {
    machines.failNext('fresh', 'bootstrap', { text: 'etcd did not come up' });
    const reply = await k8sd(fresh, 'POST', BOOTSTRAP, request(fresh));
    expect([reply.status, error(reply)]).toEqual([400, expect.stringContaining('etcd did not come up')]);
    await startedOver(fresh);
    machines.failNext('fresh', 'bootstrap', { status: 503, text: 'Database is still starting' });
    expect((await k8sd(fresh, 'POST', BOOTSTRAP, request(fresh))).status).toBe(503);
    expect((await k8sd(fresh, 'POST', BOOTSTRAP, request(fresh))).status).toBe(200);
    expect((await k8sd(fresh, 'GET', '/1.0/k8sd/node')).status).toBe(200);
  });

  it('takes a chain for an authority that it is to issue with; kube-controller-manager ends with it', async () => {
    const machine = await installed(machines, 'chain');
    const ends = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 86_400_000) };
    const [ca, root] = await Promise.all(
      ['ca', 'root'].map(async (name) => issueAuthority(name, await openKeyPool(180).draw(), ends)),
    );
    const config = { 'ca-crt': `${ca?.certificate}${root?.certificate}`, 'ca-key': ca?.key };
    expect((await k8sd(machine, 'POST', BOOTSTRAP, request(machine, config))).status).toBe(200);
    expect(machine.services.isActive('kube-apiserver')).toBe(true);
    // It ends each time that it leads, and systemd starts it again.
    await eventually(() => machine.services.state('kube-controller-manager').failure);
    expect(machine.services.state('kube-controller-manager').failure).toContain('expected 1 certificate, found 2');
  });

  it('fails when the API server does not come up with its arguments', async () => {
    const machine = await installed(machines, 'bad-args');
    const config = { 'extra-node-kube-apiserver-args': { '--no-such-flag': '1' } };
    const reply = await k8sd(machine, 'POST', BOOTSTRAP, request(machine, config));
    expect(error(reply)).toContain('kube-apiserver');
    expect(machines.cluster('bad-args')).toBeUndefined();
    expect(machines.service('bad-args', 'etcd').active).toBe(false);
  });
});

describe('a bootstrapped control plane', () => {
  it('is refused a second bootstrap, and a join', async () => {
    const again = await k8sd(node, 'POST', BOOTSTRAP, request(node));
    expect([again.status, error(again)]).toEqual([400, 'cluster is already bootstrapped']);
    const join = { name: node.hostname, address: `${node.address}:6400`, token: 'x', config: '' };
    const joined = await k8sd(node, 'POST', '/1.0/k8sd/cluster/join', join);
    expect([joined.status, error(joined)]).toEqual([521, `node "${node.hostname}" is part of the cluster`]);
  });

  it('reports its node, with one empty taint when there is none', async () => {
    expect(metadata(await k8sd(node, 'GET', '/1.0/k8sd/node'))).toEqual({
      status: {
        name: node.hostname,
        address: `${node.address}:6400`,
        'cluster-role': 'control-plane',
        'datastore-role': 'voter',
      },
      taints: [''],
    });
  });

  it('becomes ready some time after, and leaves `ready` out before', async () => {
    await eventually(async () => metadata(await k8sd(node, 'GET', BOOTSTRAP), 'status', 'ready') === true);
    const bare = await bootstrapped(machines, 'no-network', {});
    const status = metadata(await k8sd(bare, 'GET', BOOTSTRAP), 'status');
    expect(status).not.toHaveProperty('ready');
    expect(at(status, 'members')).toHaveLength(1);
    expect(at(status, 'config', 'network')).toEqual({ enabled: false, 'kube-proxy-enabled': true });
    await eventually(() => at(machines.cluster('no-network')?.nodes()[0], 'metadata', 'name') !== undefined);
    const conditions = at(machines.cluster('no-network')?.nodes()[0], 'status', 'conditions') as unknown[];
    expect(conditions.find((condition) => at(condition, 'type') === 'Ready')).toMatchObject({
      status: 'False',
      message: expect.stringContaining('cni plugin not initialized'),
    });
  });

  it('has three CAs and etcd’s, each of its own name, for twenty years', async () => {
    const names = {
      'ca.crt': 'kubernetes-ca',
      'client-ca.crt': 'kubernetes-ca-client',
      'front-proxy-ca.crt': 'front-proxy-ca',
      'etcd/ca.crt': 'etcd-ca',
    };
    for (const [file, name] of Object.entries(names)) {
      const authority = await certificate(file);
      expect([authority.subject, authority.ca, authority.verify(authority.publicKey)]).toEqual([
        `CN=${name}`,
        true,
        true,
      ]);
      expect(authority.validToDate.getUTCFullYear()).toBe(authority.validFromDate.getUTCFullYear() + 20);
    }
    expect(await node.files.exists(`${paths.etcdPki}/ca.key`)).toBe(false);
  });

  it.each([
    ['apiserver', 'ca', 'CN=kube-apiserver'],
    ['kubelet', 'ca', 'O=system:nodes\nCN=system:node:%'],
    ['apiserver-kubelet-client', 'client-ca', 'O=system:masters\nCN=apiserver-kubelet-client'],
    ['front-proxy-client', 'front-proxy-ca', 'CN=front-proxy-client'],
    ['apiserver-etcd-client', 'etcd/ca', 'CN=kube-apiserver-etcd-client'],
    ['etcd/server', 'etcd/ca', 'CN=kube-etcd'],
    ['etcd/peer', 'etcd/ca', 'CN=kube-etcd-peer'],
  ])('%s is issued by %s, with its key, for both usages', async (name, issuer, subject) => {
    const leaf = await certificate(`${name}.crt`);
    const key = await pem(`${name}.key`);
    expect(leaf.subject).toBe(subject.replace('%', node.hostname));
    expect(leaf.verify((await certificate(`${issuer}.crt`)).publicKey)).toBe(true);
    expect(leaf.checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect(key).toMatch(/^-----BEGIN RSA PRIVATE KEY-----/);
    expect(createPrivateKey(key).asymmetricKeyDetails?.modulusLength).toBe(2048);
    expect([...(leaf.keyUsage as unknown as string[])].sort()).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
    expect(leaf.ca).toBe(false);
    expect((await stat(node.files.real(`${paths.pki}/${name}.crt`))).mode & 0o777).toBe(0o600);
  });

  it('names in the API server’s certificate what k8sd names, the extra ones, and not the host', async () => {
    const names = (await certificate('apiserver.crt')).subjectAltName?.split(', ').sort();
    expect(names).toEqual(
      [
        ...['api.example.com', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'].map(
          (name) => `DNS:${name}`,
        ),
        ...['kubernetes.default.svc.cluster', 'kubernetes.default.svc.cluster.local'].map((name) => `DNS:${name}`),
        ...['10.9.8.7', '10.152.183.1', '127.0.0.1', '0:0:0:0:0:0:0:1', node.address].map((ip) => `IP Address:${ip}`),
      ].sort(),
    );
    expect((await certificate('kubelet.crt')).checkHost(node.hostname)).toBe(node.hostname);
    expect((await certificate('etcd/server.crt')).checkIP(node.address)).toBe(node.address);
  });

  it('satisfies openssl as well', async () => {
    const run = promisify(execFile);
    const openssl = await run('openssl', ['version']).catch(() => undefined);
    if (openssl === undefined) return;
    const verify = (ca: string, leaf: string, purpose: string) =>
      run('openssl', [
        'verify',
        '-x509_strict',
        '-purpose',
        purpose,
        '-CAfile',
        node.files.real(`${paths.pki}/${ca}`),
        node.files.real(`${paths.pki}/${leaf}`),
      ]);
    expect((await verify('ca.crt', 'apiserver.crt', 'sslserver')).stdout).toContain('OK');
    expect((await verify('client-ca.crt', 'apiserver-kubelet-client.crt', 'sslclient')).stdout).toContain('OK');
    await expect(verify('client-ca.crt', 'apiserver.crt', 'sslserver')).rejects.toThrow();
  });

  it.each([
    ['admin.conf', 'O=system:masters\nCN=kubernetes-admin'],
    ['controller.conf', 'CN=system:kube-controller-manager'],
    ['scheduler.conf', 'CN=system:kube-scheduler'],
    ['proxy.conf', 'CN=system:kube-proxy'],
    ['kubelet.conf', 'O=system:nodes\nCN=system:node:%'],
  ])('%s holds a client of the client CA', async (file, subject) => {
    const config = readKubeconfig(await node.files.need(`${paths.kubernetes}/${file}`));
    expect(config.server).toBe(`https://${node.address}:6443`);
    expect(config.authority).toBe(await pem('ca.crt'));
    const leaf = new X509Certificate(config.certificate);
    expect(leaf.subject).toBe(subject.replace('%', node.hostname));
    expect(leaf.verify((await certificate('client-ca.crt')).publicKey)).toBe(true);
    expect((await stat(node.files.real(`${paths.kubernetes}/${file}`))).mode & 0o777).toBe(0o600);
  });

  it('has sorted argument files with the given ones over the defaults', async () => {
    const text = await node.files.need(`${paths.args}/kube-apiserver`);
    const lines = text.trim().split('\n');
    expect(lines).toEqual([...lines].sort());
    expect(lines.every((line) => /^--[a-z-]+="[^"]*"$/.test(line))).toBe(true);
    const values = readArguments(text);
    expect(values).toMatchObject({
      '--anonymous-auth': 'false',
      '--enable-admission-plugins': 'NodeRestriction',
      '--request-timeout': '200s',
      '--service-cluster-ip-range': '10.152.183.0/24',
      '--etcd-servers': 'https://127.0.0.1:2379',
    });
    expect(values).not.toHaveProperty('--profiling');
    expect((await stat(node.files.real(`${paths.args}/kube-apiserver`))).mode & 0o777).toBe(0o600);
    expect((await stat(node.files.real(`${paths.configFiles}/audit.yaml`))).mode & 0o777).toBe(0o400);
    const kubelet = readArguments(await node.files.need(`${paths.args}/kubelet`));
    expect(kubelet).toMatchObject({ '--register-with-taints': '', '--node-ip': node.address });
    expect(kubelet).not.toHaveProperty('--hostname-override');
    expect(readArguments(await node.files.need(`${paths.args}/containerd`))['--config']).toBe(paths.containerdConfig);
  });

  it('tells the kubelet the address of DNS once that has one', async () => {
    await eventually(() => machines.cluster('0')?.state.features['dns']?.enabled);
    const kubelet = await eventually(() => machine0().services.running('kubelet')?.['--cluster-dns']);
    expect(kubelet).toBe('10.152.183.10');
  });

  it('has raised limits in a file of its own', async () => {
    expect(await node.files.list(paths.sysctl)).toEqual(['1-k8s.conf']);
  });

  it('serves the API, the kubelet, etcd and k8sd on its address', async () => {
    for (const [port, file] of [
      [6443, 'apiserver.crt'],
      [10250, 'kubelet.crt'],
      [2379, 'etcd/server.crt'],
    ] as const) {
      const served = await eventually(() => servedCertificate(node.address, port));
      expect(served.fingerprint256).toBe((await certificate(file)).fingerprint256);
    }
    const cluster = new X509Certificate(await node.files.need(`${paths.state}/cluster.crt`));
    expect((await servedCertificate(node.address, 6400)).fingerprint256).toBe(cluster.fingerprint256);
  });

  it('gives a kubeconfig to a request that has a body, and 400 to one that has none', async () => {
    const none = await k8sd(node, 'GET', '/1.0/k8sd/kubeconfig');
    expect([none.status, error(none)]).toEqual([400, expect.stringContaining('EOF')]);
    const given = await k8sd(node, 'GET', '/1.0/k8sd/kubeconfig', { server: 'api.example.com:443' });
    expect(readKubeconfig(String(metadata(given, 'kubeconfig'))).server).toBe('https://api.example.com:443');
    const plain = await k8sd(node, 'GET', '/1.0/k8sd/kubeconfig', {});
    expect(readKubeconfig(String(metadata(plain, 'kubeconfig'))).server).toBe(`https://${node.address}:6443`);
  });
});

describe('the configuration of a cluster', () => {
  const put = (body: unknown) => k8sd(node, 'PUT', '/1.0/k8sd/cluster/config', body);
  const get = async () => metadata(await k8sd(node, 'GET', '/1.0/k8sd/cluster/config'));

  it('is read whole and changed in part, features following later', async () => {
    expect(await get()).toMatchObject({
      status: { dns: { 'cluster-domain': 'cluster.local' } },
      datastore: { type: 'etcd' },
      'pod-cidr': '10.1.0.0/16',
      'service-cidr': '10.152.183.0/24',
    });
    expect((await put({ config: { gateway: { enabled: true }, annotations: { a: '1', b: '2' } } })).status).toBe(200);
    expect(at(await get(), 'status', 'network', 'enabled')).toBe(true);
    expect(metadata(await k8sd(node, 'GET', BOOTSTRAP), 'status', 'gateway', 'enabled')).toBe(false);
    await eventually(async () => metadata(await k8sd(node, 'GET', BOOTSTRAP), 'status', 'gateway', 'enabled') === true);
    await put({ config: { annotations: { a: '-' } } });
    expect(at(await get(), 'status', 'annotations')).toEqual({ b: '2' });
  });

  it('refuses what cannot change with 500, and what it cannot read with 400', async () => {
    const moved = await put({ config: { dns: { 'service-ip': '10.152.183.99' } } });
    expect([moved.status, error(moved)]).toEqual([
      500,
      expect.stringContaining('prevented update of dns.service-ip: value cannot change'),
    ]);
    const wrong = await put({ config: { network: { 'kube-proxy-enabled': true } } });
    expect([wrong.status, error(wrong)]).toEqual([
      500,
      expect.stringContaining('updated cluster configuration is not valid'),
    ]);
    expect((await put({ config: { netwrok: {} } })).status).toBe(400);
    expect((await put({ datastore: { type: 'etcd' } })).status).toBe(400);
    expect((await put({ datastore: { type: 'external', servers: ['https://x'] } })).status).toBe(500);
    expect(at(await get(), 'status', 'dns', 'service-ip')).toBe('10.152.183.10');
  });
});

describe('tokens of users', () => {
  const path = '/1.0/kubernetes/auth/tokens';
  const identity = { username: 'alice', groups: ['b', 'a'] };

  it('are the same for the same identity, and others for other groups', async () => {
    const first = metadata(await k8sd(node, 'POST', path, identity), 'token');
    expect(first).toMatch(/^token::[0-9a-f]{40}$/);
    expect(metadata(await k8sd(node, 'POST', path, { ...identity, groups: ['a', 'b'] }), 'token')).toBe(first);
    expect(metadata(await k8sd(node, 'POST', path, { ...identity, groups: ['a'] }), 'token')).not.toBe(first);
    for (const wrong of [{ username: '' }, { username: 'x', groups: ['a', 'a'] }, { username: 'x', groups: [''] }]) {
      expect((await k8sd(node, 'POST', path, wrong)).status).toBe(500);
    }
    const revoked = await k8sd(node, 'DELETE', path, { token: first });
    expect([revoked.status, metadata(revoked)]).toEqual([200, null]);
    expect((await k8sd(node, 'DELETE', path, { token: first })).status).toBe(200);
    expect((await k8sd(node, 'DELETE', path, { token: '' })).status).toBe(500);
  });

  it('are looked up by a webhook that answers without the envelope', async () => {
    const token = String(metadata(await k8sd(node, 'POST', path, identity), 'token'));
    const review = (body: unknown) => k8sd(node, 'POST', '/1.0/kubernetes/auth/webhook', body);
    const asked = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token, audiences: ['x'] } };
    expect((await review(asked)).body).toMatchObject({
      kind: 'TokenReview',
      status: { authenticated: true, user: { username: 'alice', uid: 'alice', groups: ['a', 'b'] }, audiences: ['x'] },
    });
    const unknown = await review({ ...asked, spec: { token: 'token::no' } });
    expect([unknown.status, at(unknown.body, 'status', 'error')]).toEqual([401, 'invalid token']);
    expect((await review('{')).status).toBe(400);
  });
});

describe('port 6400', () => {
  const post = async (path: string, headers: Readonly<Record<string, string>> = {}) => {
    const ca = await node.files.need(`${paths.state}/cluster.crt`);
    return new Promise<number>((resolve, reject) => {
      const options = {
        host: node.address,
        port: 6400,
        path,
        method: 'POST',
        ca,
        servername: '',
        agent: false,
        headers,
      };
      const outgoing = tlsRequest({ ...options, checkServerIdentity: () => undefined }, (incoming) => {
        incoming.resume();
        resolve(incoming.statusCode ?? 0);
      });
      outgoing.on('error', reject);
      outgoing.end('{}');
    });
  };

  it('serves strangers with what guards itself, and refuses them the rest', async () => {
    expect(await post('/1.0/k8sd/worker/info', { 'worker-name': 'x', 'worker-token': 'worker::no' })).toBe(401);
    expect(await post('/1.0/kubernetes/auth/webhook')).toBe(400);
    expect(await post('/1.0/x/capi/generate-join-token')).toBe(401);
    expect(await post('/1.0/k8sd/cluster/tokens')).toBe(403);
    expect(await post('/1.0/k8sd/cluster/remove')).toBe(403);
  });
});

describe('releases', () => {
  it('1.32 has neither certs-status nor update, and knows no kube-proxy-enabled', async () => {
    const old = await installed(machines, 'old', '1.32-classic/stable');
    const refused = await k8sd(
      old,
      'POST',
      BOOTSTRAP,
      request(old, { 'cluster-config': { network: { 'kube-proxy-enabled': false } } }),
    );
    expect([refused.status, error(refused)]).toEqual([
      400,
      expect.stringContaining('unknown field "kube-proxy-enabled"'),
    ]);
    expect((await k8sd(old, 'POST', BOOTSTRAP, request(old))).status).toBe(200);
    expect((await k8sd(old, 'GET', '/1.0/k8sd/certs-status')).status).toBe(404);
    expect((await k8sd(old, 'POST', '/1.0/k8sd/refresh-certs/update', {})).status).toBe(404);
    expect((await k8sd(old, 'POST', '/1.0/k8sd/refresh-certs/plan', { certificates: [] })).status).toBe(400);
    expect(await old.files.exists(paths.configurations)).toBe(false);
  });
});

describe('a k8sd that misbehaves', () => {
  it('starting, broken, garbled or silent, as a test says', async () => {
    const socket = node.files.real(paths.controlSocket);
    machines.setK8sd('0', 'starting');
    expect(error(await ask(socket, 'GET', '/1.0/k8sd/node'))).toBe('Database is still starting');
    machines.setK8sd('0', 'error');
    expect((await ask(socket, 'GET', '/1.0/k8sd/node')).status).toBe(500);
    machines.setK8sd('0', 'garbage');
    expect((await ask(socket, 'GET', '/1.0/k8sd/node')).body).toBeUndefined();
    machines.setK8sd('0', 'silent');
    const asked = ask(socket, 'GET', '/1.0/k8sd/node', undefined, { signal: AbortSignal.timeout(100) });
    await expect(asked).rejects.toThrow();
    machines.setK8sd('0', 'normal');
    expect((await ask(socket, 'GET', '/1.0/k8sd/node')).status).toBe(200);
  });
});

function machine0(): NodeMachine {
  return machines.machine('0');
}

function servedCertificate(host: string, port: number): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, rejectUnauthorized: false }, () => {
      const served = socket.getPeerX509Certificate();
      socket.destroy();
      if (served === undefined) reject(new Error('no certificate'));
      else resolve(served);
    });
    socket.on('error', reject);
  });
}
