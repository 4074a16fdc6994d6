import { randomUUID, X509Certificate } from 'node:crypto';
import { request } from 'node:https';
import {
  ApiException,
  CertificatesV1Api,
  CoordinationV1Api,
  CoreV1Api,
  KubeConfig,
  PatchStrategy,
  RbacAuthorizationV1Api,
  setHeaderOptions,
  Watch,
} from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  bootstrapped,
  discard,
  eventually,
  joined,
  k8sd,
  metadata,
  newMachines,
  snapdChange,
  usualConfig,
} from './ask.ts';
import { at } from './json.ts';
import { readKubeconfig, writeKubeconfig } from './node/kubeconfig.ts';
import type { NodeMachine } from './node/machine.ts';
import { paths } from './node/paths.ts';
import { issueLeaf, makeSigningRequest, publicKeyOf } from './pki/issue.ts';
import { openKeyPool } from './pki/keys.ts';
import { onReal } from './which.ts';

let machines: Awaited<ReturnType<typeof newMachines>>;
let node: NodeMachine;
let worker: NodeMachine;
let kubeconfig: KubeConfig;
let core: CoreV1Api;
const keys = openKeyPool(120);
beforeAll(async () => {
  machines = await newMachines({ signing: 100, tokenCache: 200 });
  node = await bootstrapped(machines, '0', {
    ...usualConfig,
    'extra-node-kube-apiserver-args': { '--authentication-token-webhook-cache-ttl': '1s' },
    'extra-node-kube-controller-manager-args': {
      '--cluster-signing-cert-file': null,
      '--cluster-signing-key-file': null,
      '--cluster-signing-kube-apiserver-client-cert-file': `${paths.pki}/client-ca.crt`,
      '--cluster-signing-kube-apiserver-client-key-file': `${paths.pki}/client-ca.key`,
    },
  });
  worker = await joined(machines, node, '1', { worker: true });
  kubeconfig = await load(node, 'admin.conf');
  core = kubeconfig.makeApiClient(CoreV1Api);
  await eventually(async () => (await core.listNode()).items.length === 2);
}, 120_000);
afterAll(async () => {
  expect(machines.failures).toEqual([]);
  await discard(machines);
});

async function load(machine: NodeMachine, file: string): Promise<KubeConfig> {
  const config = new KubeConfig();
  config.loadFromString(await machine.files.need(`${paths.kubernetes}/${file}`));
  return config;
}

/** A kubeconfig with a token instead of a certificate. */
function withToken(token: string): KubeConfig {
  const config = new KubeConfig();
  const cluster = kubeconfig.getCurrentCluster();
  if (cluster === null) throw new Error('no cluster');
  config.loadFromOptions({
    clusters: [cluster],
    users: [{ name: 'u', token }],
    contexts: [{ name: 'c', cluster: cluster.name, user: 'u' }],
    currentContext: 'c',
  });
  return config;
}

/** What the API server says no with. */
async function refusal(asked: Promise<unknown>): Promise<{ code: number; reason: string; message: string }> {
  try {
    await asked;
  } catch (error) {
    if (!(error instanceof ApiException)) throw error;
    const body: unknown = typeof error.body === 'string' ? JSON.parse(error.body) : error.body;
    return { code: error.code, reason: String(at(body, 'reason')), message: String(at(body, 'message')) };
  }
  throw new Error('it was not refused');
}

interface RawOptions {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly cert?: string;
  readonly key?: string;
}

async function raw(path: string, options: RawOptions = {}): Promise<{ status: number; body: string }> {
  const ca = await node.files.need(`${paths.pki}/ca.crt`);
  return new Promise((resolve, reject) => {
    const { method = 'GET', headers = {}, body, cert, key } = options;
    const credentials = { ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) };
    const outgoing = request(
      { host: node.address, port: 6443, path, method, headers, ca, agent: false, ...credentials },
      (incoming) => {
        let text = '';
        incoming.on('data', (chunk) => {
          text += String(chunk);
        });
        incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, body: text }));
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

async function admin(): Promise<{ cert: string; key: string }> {
  const { certificate, key } = readKubeconfig(await node.files.need(`${paths.kubernetes}/admin.conf`));
  return { cert: certificate, key };
}

describe('who may ask', () => {
  it('is nobody without credentials, on health checks neither', async () => {
    for (const path of ['/readyz', '/livez', '/healthz', '/version', '/api/v1/nodes']) {
      const reply = await raw(path);
      expect([reply.status, JSON.parse(reply.body)]).toEqual([
        401,
        {
          kind: 'Status',
          apiVersion: 'v1',
          metadata: {},
          status: 'Failure',
          message: 'Unauthorized',
          reason: 'Unauthorized',
          code: 401,
        },
      ]);
    }
    expect((await raw('/readyz', await admin())).body).toBe('ok');
    expect(JSON.parse((await raw('/version', await admin())).body)).toMatchObject({
      gitVersion: expect.stringMatching(/^v1\.36\.\d+$/),
      minor: '36',
    });
  });

  it('is not the holder of an expired certificate, of one for servers, or of one from another CA', async () => {
    const authority = async (name: string) => ({
      certificate: await node.files.need(`${paths.pki}/${name}.crt`),
      key: await node.files.need(`${paths.pki}/${name}.key`),
    });
    const leaf = async (issuer: string, life: number, usages: readonly ('clientAuth' | 'serverAuth')[]) => {
      const key = await keys.draw();
      const validity = { notBefore: new Date(Date.now() - 10_000), notAfter: new Date(Date.now() + life) };
      const subject = { commonName: 'mallory', organizations: ['system:masters'] };
      return {
        cert: await issueLeaf({
          subject,
          publicKey: publicKeyOf(key),
          issuer: await authority(issuer),
          usages,
          validity,
        }),
        key,
      };
    };
    expect((await raw('/readyz', await leaf('client-ca', 60_000, ['clientAuth']))).status).toBe(200);
    expect((await raw('/readyz', await leaf('client-ca', -5000, ['clientAuth']))).status).toBe(401);
    expect((await raw('/readyz', await leaf('client-ca', 60_000, ['serverAuth']))).status).toBe(401);
    expect((await raw('/readyz', await leaf('ca', 60_000, ['clientAuth']))).status).toBe(401);
  });

  it('is a token’s user until it is revoked and the API server has forgotten it', async () => {
    const identity = { username: 'alice', groups: ['readers'] };
    const token = String(metadata(await k8sd(node, 'POST', '/1.0/kubernetes/auth/tokens', identity), 'token'));
    const alice = withToken(token).makeApiClient(CoreV1Api);
    expect(await refusal(alice.listNode())).toMatchObject({
      code: 403,
      reason: 'Forbidden',
      message: 'nodes is forbidden: User "alice" cannot list resource "nodes" in API group "" at the cluster scope',
    });
    await k8sd(node, 'DELETE', '/1.0/kubernetes/auth/tokens', { token });
    expect((await refusal(alice.listNode())).code).toBe(403);
    // The webhook's answer for as long as the flag says, and what was found of the token for ten seconds.
    await eventually(async () => (await refusal(alice.listNode())).code === 401, 20_000);
    expect((await refusal(withToken('token::nobody').makeApiClient(CoreV1Api).listNode())).code).toBe(401);
  });
});

describe('roles', () => {
  it('let a user do what they say, where they say it, and nothing else', async () => {
    const rbac = kubeconfig.makeApiClient(RbacAuthorizationV1Api);
    const token = String(
      metadata(await k8sd(node, 'POST', '/1.0/kubernetes/auth/tokens', { username: 'bob', groups: [] }), 'token'),
    );
    const bob = withToken(token).makeApiClient(CoreV1Api);
    await core.createNamespace({ body: { metadata: { name: 'team' } } });
    await rbac.createNamespacedRole({
      namespace: 'team',
      body: {
        metadata: { name: 'reader' },
        rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list'] }],
      },
    });
    expect((await refusal(bob.listNamespacedConfigMap({ namespace: 'team' }))).code).toBe(403);
    await rbac.createNamespacedRoleBinding({
      namespace: 'team',
      body: {
        metadata: { name: 'reader' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
        subjects: [{ kind: 'User', name: 'bob' }],
      },
    });
    const names = async () =>
      (await bob.listNamespacedConfigMap({ namespace: 'team' })).items.map(({ metadata: found }) => found?.name);
    await eventually(async () => (await names()).join() === 'kube-root-ca.crt');
    expect((await refusal(bob.listNamespacedConfigMap({ namespace: 'default' }))).code).toBe(403);
    expect(
      (await refusal(bob.createNamespacedConfigMap({ namespace: 'team', body: { metadata: { name: 'x' } } }))).message,
    ).toBe(
      'configmaps is forbidden: User "bob" cannot create resource "configmaps" in API group "" in the namespace "team"',
    );
    expect((await refusal(bob.listSecretForAllNamespaces())).code).toBe(403);
    const wrong = rbac.createClusterRoleBinding({
      body: { metadata: { name: 'x' }, roleRef: { apiGroup: '', kind: 'Role', name: 'x' }, subjects: [] },
    });
    expect(await refusal(wrong)).toMatchObject({ code: 422, reason: 'Invalid' });
  });

  it('cannot be changed in what a binding refers to', async () => {
    const rbac = kubeconfig.makeApiClient(RbacAuthorizationV1Api);
    const name = 'reader';
    const binding = await rbac.readNamespacedRoleBinding({ namespace: 'team', name });
    binding.roleRef.name = 'another';
    const refused = await refusal(rbac.replaceNamespacedRoleBinding({ namespace: 'team', name, body: binding }));
    expect([refused.code, refused.message]).toEqual([422, expect.stringContaining('cannot change roleRef')]);
  });
});

describe('a node’s own credentials', () => {
  let kubelet: CoreV1Api;
  let requests: CertificatesV1Api;
  beforeAll(async () => {
    const config = await load(worker, 'kubelet.conf');
    kubelet = config.makeApiClient(CoreV1Api);
    requests = config.makeApiClient(CertificatesV1Api);
  });
  const label = (name: string, labels: Record<string, string | null>) =>
    kubelet.patchNode(
      { name, body: { metadata: { labels } } },
      setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
    );

  it.skipIf(onReal)('reach the API through the worker’s proxy, and are seen as calls of the worker', async () => {
    const calls: string[] = [];
    worker.observer = (what, phase) => {
      if (phase === 'before') calls.push(what);
    };
    const own = await kubelet.readNode({ name: worker.hostname });
    worker.observer = undefined;
    expect(own.status?.nodeInfo?.kubeletVersion).toBe('v1.36.4');
    expect(calls).toEqual([`kubernetes GET /api/v1/nodes/${worker.hostname}`]);
  });

  it('change its own labels, except those that Kubernetes keeps for itself', async () => {
    await label(worker.hostname, { rack: 'r1', 'k8sd.io/zone': 'a' });
    expect((await core.readNode({ name: worker.hostname })).metadata?.labels).toMatchObject({ rack: 'r1' });
    await label(worker.hostname, { rack: null });
    expect((await core.readNode({ name: worker.hostname })).metadata?.labels).not.toHaveProperty('rack');
    for (const name of ['node-role.kubernetes.io/control-plane', 'node-restriction.kubernetes.io/team', 'x.k8s.io/y']) {
      expect(await refusal(label(worker.hostname, { [name]: '' }))).toMatchObject({
        code: 403,
        message: expect.stringContaining(`is not allowed to modify labels: ${name}`),
      });
    }
    expect((await refusal(label(node.hostname, { rack: 'r1' }))).code).toBe(403);
  });

  it('read nothing of others', async () => {
    expect((await refusal(kubelet.listNode())).code).toBe(403);
    expect((await refusal(kubelet.readNode({ name: node.hostname }))).code).toBe(403);
    expect((await refusal(kubelet.listNamespacedSecret({ namespace: 'kube-system' }))).code).toBe(403);
    expect((await kubelet.listNode({ fieldSelector: `metadata.name=${worker.hostname}` })).items).toHaveLength(1);
  });

  it('make signing requests, and approve none', async () => {
    const pem = await makeSigningRequest({ commonName: 'x' }, await keys.draw(), []);
    const made = await requests.createCertificateSigningRequest({
      body: {
        metadata: { name: 'from-kubelet' },
        spec: {
          request: Buffer.from(pem).toString('base64'),
          signerName: 'k8sd.io/kubelet-client',
          usages: ['client auth'],
          username: 'forged',
          groups: ['system:masters'],
        },
      },
    });
    expect([made.spec.username, made.spec.groups]).toEqual([
      `system:node:${worker.hostname}`,
      ['system:nodes', 'system:authenticated'],
    ]);
    const approved = { ...made, status: { conditions: [{ type: 'Approved', status: 'True' }] } };
    expect(
      (await refusal(requests.replaceCertificateSigningRequestApproval({ name: 'from-kubelet', body: approved }))).code,
    ).toBe(403);
  });
});

describe('certificate signing requests', () => {
  let requests: CertificatesV1Api;
  let pem: string;
  beforeAll(async () => {
    requests = kubeconfig.makeApiClient(CertificatesV1Api);
    pem = await makeSigningRequest({ commonName: 'carol', organizations: ['team'] }, await keys.draw(), []);
  });
  const create = (name: string, spec: Record<string, unknown> = {}) =>
    requests.createCertificateSigningRequest({
      body: {
        metadata: { name },
        spec: {
          request: Buffer.from(pem).toString('base64'),
          signerName: 'kubernetes.io/kube-apiserver-client',
          usages: ['client auth'],
          ...spec,
        },
      },
    });
  const decide = async (name: string, type: string, status = 'True') => {
    const body = await requests.readCertificateSigningRequest({ name });
    body.status = { conditions: [...(body.status?.conditions ?? []), { type, status, reason: 'Test' }] };
    return requests.replaceCertificateSigningRequestApproval({ name, body });
  };

  it('are refused when they do not hold', async () => {
    const garbage = Buffer.from('-----BEGIN CERTIFICATE-----\n').toString('base64');
    const cases: readonly (readonly [Record<string, unknown>, string])[] = [
      [{ request: garbage }, 'spec.request: Invalid value'],
      [{ usages: [] }, 'spec.usages: Required value'],
      [{ usages: ['client auth', 'client auth'] }, 'spec.usages[1]: Duplicate value'],
      [{ usages: ['everything'] }, 'spec.usages[0]: Unsupported value'],
      [{ signerName: 'no-domain' }, 'spec.signerName: Invalid value'],
      [{ expirationSeconds: 599 }, 'may not specify a duration less than 600 seconds'],
    ];
    for (const [spec, words] of cases) {
      const refused = await refusal(create('wrong', spec));
      expect([refused.code, refused.reason, refused.message]).toEqual([422, 'Invalid', expect.stringContaining(words)]);
    }
    expect((await refusal(create('two/parts'))).code).toBe(422);
    const masters = await makeSigningRequest(
      { commonName: 'x', organizations: ['system:masters'] },
      await keys.draw(),
      [],
    );
    expect((await refusal(create('masters', { request: Buffer.from(masters).toString('base64') }))).code).toBe(403);
  });

  it('exist once, and are decided once', async () => {
    await create('once');
    expect(await refusal(create('once'))).toMatchObject({
      code: 409,
      reason: 'AlreadyExists',
      message: 'certificatesigningrequests.certificates.k8s.io "once" already exists',
    });
    expect((await refusal(decide('once', 'Approved', 'False'))).code).toBe(422);
    await decide('once', 'Denied');
    expect((await refusal(decide('once', 'Approved'))).message).toContain('mutually exclusive');
    const present = await requests.readCertificateSigningRequest({ name: 'once' });
    present.status = { conditions: [] };
    expect(
      (await refusal(requests.replaceCertificateSigningRequestApproval({ name: 'once', body: present }))).message,
    ).toContain('updates may not remove a condition of type "Denied"');
    await requests.deleteCertificateSigningRequest({ name: 'once' });
    expect((await refusal(requests.readCertificateSigningRequest({ name: 'once' }))).code).toBe(404);
  });

  it('of users are signed by the controller manager, with the CA that it was given', async () => {
    await create('carol', { expirationSeconds: 3600 });
    await decide('carol', 'Approved');
    const issued = await eventually(
      async () => (await requests.readCertificateSigningRequest({ name: 'carol' })).status?.certificate,
    );
    const certificate = new X509Certificate(Buffer.from(issued, 'base64').toString());
    expect(certificate.subject).toBe('O=team\nCN=carol');
    expect(certificate.verify(new X509Certificate(await node.files.need(`${paths.pki}/client-ca.crt`)).publicKey)).toBe(
      true,
    );
    expect(certificate.validToDate.getTime() - Date.now()).toBeLessThan(3_601_000);
  });
});

describe('objects', () => {
  it('are found, made once, replaced only in their present version, and deleted', async () => {
    const place = { namespace: 'default', name: 'settings' };
    expect(await refusal(core.readNamespacedConfigMap(place))).toMatchObject({
      code: 404,
      reason: 'NotFound',
      message: 'configmaps "settings" not found',
    });
    const body = { metadata: { name: 'settings' }, data: { a: '1' } };
    const made = await core.createNamespacedConfigMap({ namespace: 'default', body });
    expect(made.metadata?.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect((await refusal(core.createNamespacedConfigMap({ namespace: 'default', body }))).code).toBe(409);
    expect((await refusal(core.createNamespacedConfigMap({ namespace: 'nowhere', body }))).message).toBe(
      'namespaces "nowhere" not found',
    );
    const changed = await core.replaceNamespacedConfigMap({ ...place, body: { ...made, data: { a: '2' } } });
    expect(changed.metadata?.resourceVersion).not.toBe(made.metadata?.resourceVersion);
    expect(
      await refusal(core.replaceNamespacedConfigMap({ ...place, body: { ...made, data: { a: '3' } } })),
    ).toMatchObject({
      code: 409,
      reason: 'Conflict',
      message: expect.stringContaining('the object has been modified'),
    });
    await core.deleteNamespacedConfigMap(place);
    expect((await refusal(core.deleteNamespacedConfigMap(place))).code).toBe(404);
  });

  it('are patched as each kind of patch says', async () => {
    const place = { namespace: 'default', name: 'patched' };
    await core.createNamespacedConfigMap({
      namespace: 'default',
      body: { metadata: { name: 'patched' }, data: { a: '1', b: '2' } },
    });
    const patch = (strategy: string, body: unknown) =>
      core.patchNamespacedConfigMap({ ...place, body }, setHeaderOptions('Content-Type', strategy));
    expect((await patch(PatchStrategy.MergePatch, { data: { a: null, c: '3' } })).data).toEqual({ b: '2', c: '3' });
    expect((await patch(PatchStrategy.StrategicMergePatch, { data: { b: null } })).data).toEqual({ c: '3' });
    const steps = [
      { op: 'test', path: '/data/c', value: '3' },
      { op: 'add', path: '/metadata/annotations', value: { 'd/e': '3' } },
      { op: 'add', path: '/metadata/annotations/d~1e', value: '4' },
    ];
    expect(await patch(PatchStrategy.JsonPatch, steps)).toMatchObject({
      data: { c: '3' },
      metadata: { annotations: { 'd/e': '4' } },
    });
    expect((await refusal(patch(PatchStrategy.JsonPatch, [{ op: 'test', path: '/data/c', value: 'no' }]))).code).toBe(
      422,
    );
    expect(
      (await refusal(patch(PatchStrategy.MergePatch, { metadata: { resourceVersion: '1' }, data: {} }))).code,
    ).toBe(409);
    const wrong = await raw('/api/v1/namespaces/default/configmaps/patched', {
      ...(await admin()),
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect(wrong.status).toBe(415);
  });

  it('are listed by label, field and page', async () => {
    for (const [index, tier] of ['web', 'web', 'data'].entries()) {
      await core.createNamespacedConfigMap({
        namespace: 'default',
        body: { metadata: { name: `page-${index}`, labels: { tier } } },
      });
    }
    const names = async (options: Parameters<CoreV1Api['listNamespacedConfigMap']>[0]) =>
      (await core.listNamespacedConfigMap(options)).items.map((item) => item.metadata?.name);
    expect(await names({ namespace: 'default', labelSelector: 'tier=web' })).toEqual(['page-0', 'page-1']);
    expect(await names({ namespace: 'default', labelSelector: 'tier in (data),tier' })).toEqual(['page-2']);
    expect(await names({ namespace: 'default', labelSelector: 'tier,tier!=web' })).toEqual(['page-2']);
    expect(await names({ namespace: 'default', fieldSelector: 'metadata.name=page-1' })).toEqual(['page-1']);
    const first = await core.listNamespacedConfigMap({ namespace: 'default', labelSelector: 'tier', limit: 2 });
    // Of a list by a selector nobody counts the rest.
    expect([first.items.length, first.metadata?.remainingItemCount]).toEqual([2, undefined]);
    const all = await core.listNamespacedConfigMap({ namespace: 'default' });
    const some = await core.listNamespacedConfigMap({ namespace: 'default', limit: 2 });
    expect(some.metadata?.remainingItemCount).toBe(all.items.length - 2);
    expect(
      await names({
        namespace: 'default',
        labelSelector: 'tier',
        limit: 2,
        _continue: first.metadata?._continue ?? '',
      }),
    ).toEqual(['page-2']);
    expect((await refusal(core.listNamespacedConfigMap({ namespace: 'default', _continue: 'x' }))).code).toBe(400);
    expect(
      (await refusal(core.listNamespacedConfigMap({ namespace: 'default', fieldSelector: 'data.a=1' }))).code,
    ).toBe(400);
  });

  it('tell their changes to who watches', async () => {
    const seen: string[] = [];
    const watch = new Watch(kubeconfig);
    const stop = await watch.watch(
      '/api/v1/namespaces/default/configmaps',
      { labelSelector: 'watched' },
      (phase, object) => {
        seen.push(`${phase} ${String(at(object, 'metadata', 'name'))}`);
      },
      () => {},
    );
    await core.createNamespacedConfigMap({
      namespace: 'default',
      body: { metadata: { name: 'seen', labels: { watched: '' } } },
    });
    await core.deleteNamespacedConfigMap({ namespace: 'default', name: 'seen' });
    await eventually(() => seen.length === 2);
    expect(seen).toEqual(['ADDED seen', 'DELETED seen']);
    stop.abort();
  });

  it('of secrets take plain text, and keep base64', async () => {
    const made = await core.createNamespacedSecret({
      namespace: 'default',
      body: { metadata: { generateName: 's-' }, stringData: { key: 'value' } },
    });
    expect(made).toMatchObject({ type: 'Opaque', data: { key: Buffer.from('value').toString('base64') } });
    expect(made.metadata?.name).toMatch(/^s-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    expect(
      (
        await refusal(
          core.createNamespacedSecret({ namespace: 'default', body: { metadata: { name: 'x' }, data: { a: '%%' } } }),
        )
      ).code,
    ).toBe(400);
  });

  it.each([
    ['a b', 'a valid config key must consist of alphanumeric characters'],
    ['..', "must not be '..'"],
    ['..x', "must not start with '..'"],
    ['x'.repeat(254), 'must be no more than 253'],
  ])('of config maps and secrets have no key %j, which would be no file', async (key, problem) => {
    const body = { metadata: { name: 'keys' }, data: { [key]: 'eA==' } };
    for (const [kind, asked] of [
      ['ConfigMap', () => core.createNamespacedConfigMap({ namespace: 'default', body })],
      ['Secret', () => core.createNamespacedSecret({ namespace: 'default', body })],
    ] as const) {
      const { code, message } = await refusal(asked());
      expect(code).toBe(422);
      expect(message).toContain(`${kind} "keys" is invalid: data[${key}]: Invalid value: "${key}": ${problem}`);
    }
  });

  it('of leases ask for the version that is replaced', async () => {
    const leases = kubeconfig.makeApiClient(CoordinationV1Api);
    const made = await leases.createNamespacedLease({
      namespace: 'default',
      body: { metadata: { name: 'lock' }, spec: { holderIdentity: 'a' } },
    });
    const { resourceVersion: _version, ...rest } = made.metadata ?? {};
    const blind = leases.replaceNamespacedLease({
      namespace: 'default',
      name: 'lock',
      body: { ...made, metadata: rest },
    });
    expect((await refusal(blind)).code).toBe(422);
  });

  it('of service accounts give tokens that the API server knows', async () => {
    await core.createNamespacedServiceAccount({ namespace: 'default', body: { metadata: { name: 'robot' } } });
    const ask = (expirationSeconds: number) =>
      core.createNamespacedServiceAccountToken({
        namespace: 'default',
        name: 'robot',
        body: { spec: { audiences: [], expirationSeconds } },
      });
    const { status } = await ask(600);
    const robot = withToken(status?.token ?? '').makeApiClient(CoreV1Api);
    expect((await refusal(robot.listNode())).message).toContain('User "system:serviceaccount:default:robot"');
    expect((await refusal(ask(60))).code).toBe(422);
    await core.deleteNamespacedServiceAccount({ namespace: 'default', name: 'robot' });
    // A real API server keeps what it has found of a token for ten seconds.
    await eventually(async () => (await refusal(robot.listNode())).code === 401, 20_000);
  });

  it('refuses methods, media types and kinds that do not fit', async () => {
    const credentials = await admin();
    const ask = (path: string, options: RawOptions) => raw(path, { ...credentials, ...options });
    expect((await ask('/api/v1/nodes', { method: 'PUT', body: '{}' })).status).toBe(405);
    expect((await ask('/api/v1/nodes', { headers: { accept: 'image/png' } })).status).toBe(406);
    expect(
      (await ask('/api/v1/namespaces', { method: 'POST', body: '<a/>', headers: { 'content-type': 'text/xml' } }))
        .status,
    ).toBe(415);
    expect((await ask('/api/v1/namespaces', { method: 'POST', body: '{"kind":"Pod"}' })).status).toBe(400);
    expect((await ask('/api/v1/unicorns', {})).status).toBe(404);
    expect((await ask('/apis/batch/v1/namespaces/default/jobs/x', {})).status).toBe(404);
    expect(JSON.parse((await ask('/api/v1', {})).body)).toMatchObject({ kind: 'APIResourceList' });
  });

  it('of a fresh cluster are there: namespaces, system pods, the nodes', async () => {
    const namespaces = (await core.listNamespace()).items.map((item) => item.metadata?.name);
    expect(namespaces).toEqual(expect.arrayContaining(['default', 'kube-node-lease', 'kube-public', 'kube-system']));
    const pods = (await core.listNamespacedPod({ namespace: 'kube-system' })).items;
    const names = pods.map((pod) => pod.metadata?.name?.replace(/-[^-]+$/, '') ?? '');
    for (const name of ['cilium', 'coredns']) expect(names.some((found) => found.startsWith(name))).toBe(true);
    expect(pods.every((pod) => pod.status?.phase === 'Running')).toBe(true);
  });
});

describe('an API server', () => {
  it('is gone while its service is stopped', async () => {
    const act = (action: string) => snapdChange(node, '/v2/apps', { action, names: ['k8s.kube-apiserver'] });
    await act('stop');
    await expect(raw('/readyz')).rejects.toThrow('ECONNREFUSED');
    await act('start');
    await eventually(async () => (await raw('/readyz', await admin())).status === 200, 20_000);
  });

  it('is not ready without etcd', async () => {
    const act = (action: string) => snapdChange(node, '/v2/apps', { action, names: ['k8s.etcd'] });
    await act('stop');
    // A real one goes by what it has seen of etcd a moment ago.
    await eventually(async () => {
      const { status, body } = await raw('/readyz', await admin());
      return status === 500 && body.includes('[-]etcd');
    }, 20_000);
    // A real one lets such a request wait for as long as it may.
    if (!onReal) expect((await refusal(core.listNode())).code).toBe(500);
    await act('start');
    await eventually(async () => (await core.listNode()).items.length === 2, 20_000);
  });

  it('does not start with a flag that points nowhere', async () => {
    const path = `${paths.args}/kube-apiserver`;
    const kept = await node.files.need(path);
    await node.files.write(path, `${kept}--audit-policy-file="/no/such/policy"\n`);
    await snapdChange(node, '/v2/apps', { action: 'restart', names: ['k8s.kube-apiserver'] });
    await eventually(() => machines.service('0', 'kube-apiserver').failure?.includes('/no/such/policy'), 10_000);
    expect(machines.service('0', 'kube-apiserver').active).toBe(false);
    await node.files.write(path, kept);
    await snapdChange(node, '/v2/apps', { action: 'restart', names: ['k8s.kube-apiserver'] });
    expect(machines.service('0', 'kube-apiserver').active).toBe(true);
  });
});

it('kubeconfigs read back as they were written', () => {
  const config = { server: 'https://127.0.0.1:6443', authority: `ca ${randomUUID()}`, certificate: 'crt', key: 'key' };
  expect(readKubeconfig(writeKubeconfig(config))).toEqual(config);
});
