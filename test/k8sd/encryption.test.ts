/** Guards the stand-in's encryption at rest, which other tests take for the real one's: what lies in etcd, who can read it, what is reloaded. */

import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readStoredSecrets } from '../../src/hardening/index.ts';
import { openHost } from '../../src/host/open-host.ts';
import type { Kubernetes } from '../../src/kubernetes/kubernetes.ts';
import { openKubernetes } from '../../src/kubernetes/open-kubernetes.ts';
import { bootstrapped, discard, eventually, installed, joinWith, newMachines, tokenFor, usualConfig } from './ask.ts';
import type { ClusterView, NodeMachine } from './machines.ts';

const FILE = '/var/snap/k8s/common/etc/encryption/enc.yaml';
const FLAGS = {
  '--encryption-provider-config': FILE,
  '--encryption-provider-config-automatic-reload': 'true',
};
const keys = [0, 1, 2, 3].map(() => randomBytes(32).toString('base64'));

let machines: Awaited<ReturnType<typeof newMachines>>;
let one: NodeMachine;
let two: NodeMachine;
let view: ClusterView;

/** `aesgcm:1 identity`, as a file. */
function configuration(providers: string): string {
  const lines = providers.split(' ').flatMap((text) => {
    const [provider, number] = text.split(':');
    if (number === undefined) return [`      - ${provider}: {}`];
    const key = [`            - name: key${number}`, `              secret: ${keys[Number(number)]}`];
    return [`      - ${provider}:`, '          keys:', ...key];
  });
  return [
    'apiVersion: apiserver.config.k8s.io/v1',
    'kind: EncryptionConfiguration',
    'resources:',
    '  - resources:',
    '      - secrets',
    '    providers:',
    ...lines,
    '',
  ].join('\n');
}

beforeAll(async () => {
  machines = await newMachines({ encryptionReload: 20, heartbeat: 20, restartGap: 10, serviceChange: 5 });
  await (await machines.provision('0')).files.write(FILE, configuration('identity'));
  one = await bootstrapped(machines, '0', { ...usualConfig, 'extra-node-kube-apiserver-args': FLAGS });
  two = await installed(machines, '1');
  await two.files.write(FILE, configuration('identity'));
  const token = await tokenFor(one, two.hostname, false);
  await joinWith(two, token, two.hostname, { 'extra-node-kube-apiserver-args': FLAGS });
  view = machines.cluster('0') as ClusterView;
}, 60_000);

afterAll(() => discard(machines));

async function use(machine: NodeMachine, providers: string): Promise<void> {
  const text = configuration(providers);
  await machine.files.write(FILE, text);
  await eventually(async () => {
    const lines = await (await api(machine)).metrics(['apiserver_encryption_config_controller_last_config_info']);
    return lines.some((line) => line.includes(`hash="sha256:${digest(text)}"`));
  });
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

async function api(machine: NodeMachine): Promise<Kubernetes> {
  return openKubernetes(await machine.files.need('/etc/kubernetes/admin.conf'), { timeoutMs: 5_000 });
}

const admin = { username: 'admin', groups: ['system:masters'] };

function ask(machine: NodeMachine, method: string, path: string, body?: object) {
  const codec = view.api.encryption.get(machine.id)?.codec;
  const request = { user: admin, method, path, query: new URLSearchParams(), contentType: 'application/json' };
  return view.api.handle({ ...request, ...(codec && { codec }), ...(body && { body: JSON.stringify(body) }) });
}

const SECRETS = '/api/v1/namespaces/default/secrets';

function create(machine: NodeMachine, name: string) {
  return ask(machine, 'POST', SECRETS, { metadata: { name }, stringData: { password: `of ${name}` } });
}

async function read(machine: NodeMachine, name: string): Promise<string> {
  const { body } = await ask(machine, 'GET', `${SECRETS}/${name}`);
  return Buffer.from((body as { data: { password: string } }).data.password, 'base64').toString();
}

/** What lies in etcd, up to the key's name. */
function stored(name: string): string {
  const raw = Buffer.from(view.state.kubernetes.secrets[`/secrets/default/${name}`] ?? '', 'base64').toString('latin1');
  return /^k8s:enc:\w+:v1:\w+:/.exec(raw)?.[0] ?? raw.slice(0, 1);
}

describe('Secrets of the stand-in', { timeout: 30_000 }, () => {
  it('lie in etcd as the first provider of the API server that wrote them has it, and are read by whoever has the key', async () => {
    await create(one, 'plain');
    expect(stored('plain')).toBe('{');
    await use(one, 'aesgcm:1 identity');
    await create(one, 'a');
    expect(stored('a')).toBe('k8s:enc:aesgcm:v1:key1:');
    expect([await read(one, 'plain'), await read(one, 'a')]).toEqual(['of plain', 'of a']);
    await expect(read(two, 'a')).rejects.toThrow(
      'Internal error occurred: unable to transform key "/registry/secrets/default/a": identity transformer tried to read encrypted data',
    );
    await use(two, 'identity aesgcm:1');
    expect(await read(two, 'a')).toBe('of a');
    await use(two, 'aescbc:2 aesgcm:1 identity');
    await create(two, 'b');
    expect(stored('b')).toBe('k8s:enc:aescbc:v1:key2:');
    expect(await read(two, 'b')).toBe('of b');
    await expect(read(one, 'b')).rejects.toThrow('identity transformer tried to read encrypted data');
    await use(one, 'aescbc:3 aesgcm:1');
    await expect(read(one, 'b')).rejects.toThrow('no matching prefix found');
    await use(one, 'aesgcm:1 aescbc:2 identity');
  });

  it('are written anew by a request that changes nothing, if another key than the first has read them, and only then', async () => {
    const client = await api(two);
    const listed = async () => (await client.secretPage({ limit: 500, after: undefined })).secrets;
    const of = async (name: string) => (await listed()).find((secret) => secret.name === name);
    const before = { a: await of('a'), b: await of('b') };
    for (const secret of await listed()) await client.rewriteSecret(secret);
    expect(['plain', 'a', 'b'].map(stored)).toEqual(Array(3).fill('k8s:enc:aescbc:v1:key2:'));
    expect((await of('a'))?.resourceVersion).not.toBe(before.a?.resourceVersion);
    expect((await of('b'))?.resourceVersion).toBe(before.b?.resourceVersion);
    expect(await read(one, 'plain')).toBe('of plain');
    // Somebody else was quicker, or has deleted it: nothing is left to be done.
    await ask(one, 'DELETE', `${SECRETS}/b`);
    await client.rewriteSecret(before.a ?? { namespace: '', name: '', uid: '', resourceVersion: '' });
    await client.rewriteSecret(before.b ?? { namespace: '', name: '', uid: '', resourceVersion: '' });
  });

  it('tell in etcd itself what they are under, and nothing else', async () => {
    const { host, flags } = { host: openHost(one.root), flags: one.services.running('kube-apiserver') ?? {} };
    const stored = await readStoredSecrets(host, flags);
    expect(stored).toEqual({ under: { 'aescbc:2': 2 }, total: 2 });
    expect(await readStoredSecrets(host, { ...flags, '--etcd-prefix': '/elsewhere' })).toEqual({ under: {}, total: 0 });
    expect(await readStoredSecrets(host, { ...flags, '--etcd-servers': `https://${one.address}:1` })).toMatch(
      /does not answer/,
    );
    expect(await readStoredSecrets(host, { ...flags, '--etcd-keyfile': '/none' })).toMatch(/cannot be read$/);
    expect(await readStoredSecrets(host, {})).toBe('kube-apiserver names no datastore');
    // etcd speaks with nobody whose certificate it does not know.
    const stranger = {
      ...flags,
      '--etcd-certfile': flags['--tls-cert-file'],
      '--etcd-keyfile': flags['--tls-private-key-file'],
    };
    expect(await readStoredSecrets(host, stranger)).toMatch(/does not answer/);
  });

  it('are listed in pages, without what they hold; after a compaction a list begins anew', async () => {
    for (const name of ['p', 'q', 'r']) await create(two, name);
    const client = await api(two);
    const first = await client.secretPage({ limit: 2, after: undefined });
    expect(first.secrets.map(({ name }) => name)).toEqual(['a', 'p']);
    expect(Object.keys(first.secrets[0] ?? {}).sort()).toEqual(['name', 'namespace', 'resourceVersion', 'uid']);
    await ask(two, 'DELETE', `${SECRETS}/a`);
    const second = await client.secretPage({ limit: 2, after: first.next });
    expect(second.secrets.map(({ name }) => name)).toEqual(['plain', 'q']);
    view.api.store.compact();
    await expect(client.secretPage({ limit: 2, after: second.next })).rejects.toMatchObject({ reason: 'Expired' });
  });

  it('are kept as before while the file is malformed; with such a file the API server does not start', async () => {
    await one.files.write(FILE, configuration('aesgcm:1 aescbc:2').replace('keys:', 'kees:'));
    const failed = 'apiserver_encryption_config_controller_automatic_reload_last_timestamp_seconds';
    await eventually(async () => (await (await api(one)).metrics([failed])).some((line) => line.includes('failure')));
    await create(one, 'kept');
    expect(stored('kept')).toBe('k8s:enc:aesgcm:v1:key1:');
    await one.services.restart('kube-apiserver');
    expect(machines.service('0', 'kube-apiserver')).toMatchObject({ active: false, failure: 'unknown field "kees"' });
    await one.files.remove(FILE);
    await one.services.restart('kube-apiserver');
    expect(machines.service('0', 'kube-apiserver').failure).toContain('no such file or directory');
    await one.files.write(FILE, configuration('aescbc:2 aesgcm:1'));
    await one.services.restart('kube-apiserver');
    expect(await read(one, 'kept')).toBe('of kept');
    expect(machines.failures).toEqual([]);
  });
});
