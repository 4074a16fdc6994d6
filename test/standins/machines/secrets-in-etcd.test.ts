/**
 * What API servers do with Secrets that they cannot read, with tokens of lists that are past, and with Secrets that something refuses to write: on
 * the stand-ins in `npm test`, and the same on the real etcd and kube-apiserver in `npm run test:real`.
 */

import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type EtcdArguments, readStoredSecrets } from '../../../src/clients/etcd/stored-secrets.ts';
import type { Host } from '../../../src/clients/host/host.ts';
import { openHost } from '../../../src/clients/host/open-host.ts';
import type { Kubernetes } from '../../../src/clients/kubernetes/kubernetes.ts';
import { openKubernetes } from '../../../src/clients/kubernetes/open-kubernetes.ts';
import { openControlPlane } from '../../real/control-plane.ts';
import { PROGRAMS_FOLDER } from '../../real/programs.ts';
import { bootstrapped, discard, newMachines, usualConfig } from './ask.ts';
import type { ClusterView, NodeMachine } from './machines.ts';

const REAL = process.env[PROGRAMS_FOLDER] !== undefined;
const FILE = '/var/snap/k8s/common/etc/encryption/enc.yaml';
const ARGUMENTS = '/var/snap/k8s/common/args/kube-apiserver';
const API = 'kube-apiserver';
const keys = [0, 1, 2].map(() => randomBytes(32).toString('base64'));
const LOOK = { patienceMs: 30_000 };

let machine: NodeMachine;
let view: ClusterView | undefined;
let host: Host;
let kubernetes: Kubernetes;
let close: () => Promise<void>;

beforeAll(async () => {
  if (REAL) {
    const controlPlane = await openControlPlane({ programs: ['etcd', API] });
    ({ machine, close } = controlPlane);
  } else {
    const machines = await newMachines({ encryptionReload: 200, heartbeat: 1_000_000 });
    machine = await bootstrapped(machines, '0', usualConfig);
    view = machines.cluster('0');
    close = () => discard(machines);
  }
  host = openHost(machine.root);
  kubernetes = await openKubernetes(await machine.files.need('/etc/kubernetes/admin.conf'), { timeoutMs: 30_000 });
  await machine.files.write(FILE, configuration(1));
  // Real programs know nothing of a machine's root.
  const file = REAL ? machine.files.real(FILE) : FILE;
  await machine.files.write(
    ARGUMENTS,
    `${await machine.files.need(ARGUMENTS)}--encryption-provider-config="${file}"\n--encryption-provider-config-automatic-reload="true"\n`,
  );
  await restart();
  await ready();
  for (let index = 0; index < 6; index += 1) await create(`s${index}`);
}, 240_000);

afterAll(() => close());

function configuration(...numbers: readonly number[]): string {
  const entries = numbers.flatMap((number) => [
    `            - name: key${number}`,
    `              secret: ${keys[number]}`,
  ]);
  return [
    'apiVersion: apiserver.config.k8s.io/v1',
    'kind: EncryptionConfiguration',
    'resources:',
    '  - resources: [secrets]',
    '    providers:',
    '      - aesgcm:',
    '          keys:',
    ...entries,
    '',
  ].join('\n');
}

async function use(...numbers: readonly number[]): Promise<void> {
  await machine.files.write(FILE, configuration(...numbers));
  await restart();
}

async function restart(): Promise<void> {
  await machine.services.restart(API);
}

async function ready(): Promise<void> {
  await vi.waitFor(async () => expect(await kubernetes.ready()).toBe(true), { timeout: 200_000, interval: 200 });
}

/** It answers, and is not ready: a real one is given the time in which it would be. */
async function answersUnready(): Promise<void> {
  await expect
    .poll(() => kubernetes.metrics(['process_start_time_seconds']).catch(() => []), { timeout: 60_000, interval: 200 })
    .toHaveLength(1);
  if (REAL) await new Promise((resolve) => setTimeout(resolve, 10_000));
  expect(await kubernetes.ready()).toBe(false);
}

function flags(): EtcdArguments {
  return machine.services.running(API) ?? {};
}

async function create(name: string): Promise<void> {
  await ask('POST', '/api/v1/namespaces/default/secrets', { metadata: { name }, stringData: { of: name } });
}

/** As somebody else with the administrator's certificate. */
async function ask(method: string, path: string, body: unknown): Promise<{ status: number; text: string }> {
  const { request } = await import('node:https');
  const { readKubeconfig } = await import('./node/kubeconfig.ts');
  const { certificate: cert, key } = readKubeconfig(await machine.files.need('/etc/kubernetes/admin.conf'));
  const payload = body === undefined ? '' : JSON.stringify(body);
  const headers = {
    'Content-Type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
    'Content-Length': Buffer.byteLength(payload),
  };
  return new Promise((resolve, reject) => {
    const options = { host: machine.address, port: 6443, path, method, cert, key, headers };
    const asking = request({ ...options, agent: false, rejectUnauthorized: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    asking.on('error', reject);
    asking.end(payload);
  });
}

/** Whatever is done behind the API server's back, in etcd itself. */
async function etcd(what: 'put' | 'deleterange' | 'compaction', name: string, value?: Buffer): Promise<void> {
  if (view !== undefined) {
    const { secrets } = view.state.kubernetes;
    if (what === 'compaction') view.api.store.compact();
    else if (value === undefined) delete secrets[`/secrets/default/${name}`];
    else secrets[`/secrets/default/${name}`] = value.toString('base64');
    return;
  }
  const key = Buffer.from(`/registry/secrets/default/${name}`).toString('base64');
  const found = (await post('/v3/kv/range', { key })) as { header: { revision: string } };
  const { revision } = found.header;
  if (what === 'compaction') await post('/v3/kv/compaction', { revision, physical: true });
  else await post(`/v3/kv/${what}`, { key, ...(value === undefined ? {} : { value: value.toString('base64') }) });
}

async function post(path: string, body: unknown): Promise<unknown> {
  const read = (flag: string) => machine.files.need((flags()[flag] ?? '').replace(machine.root, ''));
  const [authority, certificate, key] = await Promise.all(
    ['--etcd-cafile', '--etcd-certfile', '--etcd-keyfile'].map(read),
  );
  const answer = await host.postJson({
    url: `https://${machine.address}:2379${path}`,
    authority: authority ?? '',
    certificate: certificate ?? '',
    key: key ?? '',
    body,
    timeoutMs: 10_000,
  });
  if (answer === undefined) throw new Error(`etcd does not answer ${path}`);
  return answer;
}

async function namesOf(after?: string): Promise<readonly string[]> {
  const { secrets } = await kubernetes.secretPage({ limit: 500, after });
  return secrets.filter(({ namespace }) => namespace === 'default').map(({ name }) => name);
}

async function under(): Promise<Readonly<Record<string, number>>> {
  const stored = await readStoredSecrets(host, flags(), LOOK);
  if (typeof stored === 'string') throw new Error(stored);
  return stored.under;
}

describe(`Secrets in ${REAL ? 'the real etcd' : 'the stand-in’s etcd'}`, { timeout: 400_000 }, () => {
  it('are listed in pages of metadata, and told one by one', async () => {
    const first = await kubernetes.secretPage({ limit: 2, after: undefined });
    expect(first.secrets.map(({ name }) => name)).toEqual(['s0', 's1']);
    expect(await namesOf(first.next)).toEqual(['s2', 's3', 's4', 's5']);
    expect(await kubernetes.storedSecret({ namespace: 'default', name: 's1' })).toEqual(first.secrets[1]);
    expect(await kubernetes.storedSecret({ namespace: 'default', name: 'none' })).toBeUndefined();
  });

  it('go on being listed where a token is of a state that is past', async () => {
    await create('t');
    await etcd('compaction', 's0');
    const token = { v: 'meta.k8s.io/v1', rv: 1, start: 'default/s1\0' };
    const path = `/api/v1/secrets?limit=2&continue=${Buffer.from(JSON.stringify(token)).toString('base64url')}`;
    const refusal = await ask('GET', path, undefined);
    expect([refusal.status, JSON.parse(refusal.text)]).toMatchObject([
      410,
      { reason: 'Expired', metadata: { continue: expect.any(String) } },
    ]);
    expect(await namesOf(Buffer.from(JSON.stringify(token)).toString('base64url'))).toEqual([
      's2',
      's3',
      's4',
      's5',
      't',
    ]);
  });

  it('that no key opens are named by the list alone, and can be neither read, changed nor deleted', async () => {
    expect(await under()).toEqual({ 'aesgcm:1': 7 });
    const value = Buffer.concat([Buffer.from('k8s:enc:aesgcm:v1:key9:'), randomBytes(60)]);
    await etcd('put', 'lost', value);
    const why = 'Internal error occurred: no matching key was found for the provided AES transformer';
    for (const method of ['GET', 'PATCH', 'DELETE']) {
      const { status, text } = await ask(method, '/api/v1/namespaces/default/secrets/lost', {});
      expect([method, status, (JSON.parse(text) as { message: string }).message]).toEqual([method, 500, why]);
    }
    await expect(namesOf()).rejects.toMatchObject({
      status: 500,
      message:
        'Internal error occurred: unable to transform key "/registry/secrets/default/lost": no matching key was found for the provided AES transformer',
    });
    const stored = await readStoredSecrets(host, flags(), LOOK);
    expect(stored).toMatchObject({
      under: { 'aesgcm:1': 7, 'aesgcm:9': 1 },
      names: { 'aesgcm:9': [{ namespace: 'default', name: 'lost' }] },
      total: 8,
    });
  });

  it('keep an API server that starts from becoming ready, though it answers', async () => {
    await restart();
    await answersUnready();
    expect((await ask('GET', '/api/v1/namespaces/default/secrets/s1', undefined)).status).toBe(200);
    await etcd('deleterange', 'lost');
    await restart();
    await ready();
    expect(await namesOf()).toEqual(['s0', 's1', 's2', 's3', 's4', 's5', 't']);
  });

  it('of an earlier key are read again with that key besides, and come to the key in use', async () => {
    await use(2);
    await answersUnready();
    // Without a restart: it looks at its file once a minute, and at what it could not read again and again.
    await machine.files.write(FILE, configuration(2, 1));
    await ready();
    const { secrets } = await kubernetes.secretPage({ limit: 500, after: undefined });
    for (const secret of secrets) await kubernetes.rewriteSecret(secret);
    expect(await under()).toEqual({ 'aesgcm:2': 7 });
    await use(2);
    await ready();
  });

  it.runIf(REAL)('that a policy refuses are refused by name, in words that say why', async () => {
    const group = '/apis/admissionregistration.k8s.io/v1';
    const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['UPDATE'], resources: ['secrets'] };
    await ask('POST', `${group}/validatingadmissionpolicies`, {
      metadata: { name: 'owners' },
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: { resourceRules: [rule] },
        validations: [{ expression: "object.metadata.name != 's3'", message: 'an owner is required' }],
      },
    });
    await ask('POST', `${group}/validatingadmissionpolicybindings`, {
      metadata: { name: 'owners' },
      spec: { policyName: 'owners', validationActions: ['Deny'] },
    });
    const secret = await kubernetes.storedSecret({ namespace: 'default', name: 's3' });
    const refused = () =>
      kubernetes.rewriteSecret(secret ?? { namespace: '', name: '', uid: '', resourceVersion: '' }).then(
        () => undefined,
        (error: unknown) => error,
      );
    await expect.poll(refused, { timeout: 30_000 }).toMatchObject({
      message: expect.stringContaining('an owner is required'),
    });
    expect([403, 422]).toContain(((await refused()) as { status: number }).status);
  });
});
