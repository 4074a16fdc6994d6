/** Guards the stand-in's encryption at rest, which other tests take for the real one's: what lies in etcd, who can read it, what is reloaded. */

import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readStoredSecrets } from '../../../src/clients/etcd/stored-secrets.ts';
import { openHost } from '../../../src/clients/host/open-host.ts';
import type { Kubernetes } from '../../../src/clients/kubernetes/kubernetes.ts';
import { openKubernetes } from '../../../src/clients/kubernetes/open-kubernetes.ts';
import { bootstrapped, discard, eventually, installed, joinWith, newMachines, tokenFor, usualConfig } from './ask.ts';
import { loadConfiguration } from './kubernetes/encryption.ts';
import type { ApiError } from './kubernetes/status.ts';
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

function ask(machine: NodeMachine, method: string, path: string, body?: object, query = '') {
  const codec = view.api.encryption.get(machine.id)?.codec;
  const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  const request = { user: admin, method, path, query: new URLSearchParams(query), contentType };
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
    await expect(read(two, 'a')).rejects.toThrow('Internal error occurred: no matching prefix found');
    await expect(ask(two, 'GET', SECRETS)).rejects.toThrow(
      'Internal error occurred: unable to transform key "/registry/secrets/default/a": no matching prefix found',
    );
    await use(two, 'identity aesgcm:1');
    expect(await read(two, 'a')).toBe('of a');
    await use(two, 'aescbc:2 aesgcm:1 identity');
    await create(two, 'b');
    expect(stored('b')).toBe('k8s:enc:aescbc:v1:key2:');
    expect(await read(two, 'b')).toBe('of b');
    await expect(read(one, 'b')).rejects.toThrow('no matching prefix found');
    await use(one, 'aescbc:3 aesgcm:1');
    await expect(read(one, 'b')).rejects.toThrow('no matching key was found for the provided AES transformer');
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
    const look = { patienceMs: 10_000 };
    const stored = await readStoredSecrets(host, flags, look);
    const names = ['a', 'plain'].map((name) => ({ namespace: 'default', name }));
    expect(stored).toEqual({ under: { 'aescbc:2': 2 }, names: { 'aescbc:2': names }, total: 2, until: undefined });
    expect(await readStoredSecrets(host, { ...flags, '--etcd-prefix': '/elsewhere' }, look)).toEqual({
      under: {},
      names: {},
      total: 0,
      until: undefined,
    });
    expect(await readStoredSecrets(host, { ...flags, '--etcd-servers': `https://${one.address}:1` }, look)).toMatch(
      /does not answer/,
    );
    expect(await readStoredSecrets(host, { ...flags, '--etcd-keyfile': '/none' }, look)).toMatch(/cannot be read$/);
    expect(await readStoredSecrets(host, {}, look)).toBe('kube-apiserver names no datastore');
    // etcd speaks with nobody whose certificate it does not know.
    const stranger = {
      ...flags,
      '--etcd-certfile': flags['--tls-cert-file'],
      '--etcd-keyfile': flags['--tls-private-key-file'],
    };
    expect(await readStoredSecrets(host, stranger, look)).toMatch(/does not answer/);
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
    // The answer says how the list goes on as it is by now.
    const third = await client.secretPage({ limit: 2, after: second.next });
    expect(third.secrets.map(({ name }) => name)).toEqual(['r']);
    const refusal = await ask(two, 'GET', `/api/v1/secrets`, undefined, `limit=2&continue=${second.next}`).catch(
      (error: unknown) => error,
    );
    expect(refusal).toMatchObject({ code: 410, reason: 'Expired' });
    const { metadata } = (refusal as ApiError).status() as { metadata: { continue: string } };
    expect(JSON.parse(Buffer.from(metadata.continue, 'base64url').toString())).toEqual({
      v: 'meta.k8s.io/v1',
      rv: -1,
      start: 'default/q\0',
    });
  });

  it('that no key opens keep an API server from becoming ready that starts, and can be neither read, listed, changed nor deleted', async () => {
    const { secrets } = view.state.kubernetes;
    const value = Buffer.concat([Buffer.from('k8s:enc:aesgcm:v1:key9:'), randomBytes(60)]).toString('base64');
    secrets['/secrets/default/lost'] = value;
    const client = await api(one);
    expect(await client.ready()).toBe(true);
    const why = 'Internal error occurred: no matching key was found for the provided AES transformer';
    for (const method of ['GET', 'DELETE', 'PATCH'])
      await expect(ask(one, method, `${SECRETS}/lost`, {})).rejects.toThrow(why);
    await expect(client.secretPage({ limit: 500, after: undefined })).rejects.toMatchObject({
      status: 500,
      message:
        'Internal error occurred: unable to transform key "/registry/secrets/default/lost": no matching key was found for the provided AES transformer',
    });
    await one.services.restart('kube-apiserver');
    expect(await client.ready()).toBe(false);
    // What it has read before, and its metrics, it gives all the same.
    expect(await read(one, 'p')).toBe('of p');
    expect((await client.metrics(['process_start_time_seconds'])).length).toBe(1);
    delete secrets['/secrets/default/lost'];
    expect(await client.ready()).toBe(true);
    secrets['/secrets/default/lost'] = value;
    expect(await client.ready()).toBe(true);
    delete secrets['/secrets/default/lost'];
  });

  it.each([16, 24, 32])(
    'may be under a key of %i bytes, and under one of two that have the same name',
    async (bytes) => {
      const [first, second] = [randomBytes(bytes), randomBytes(bytes)].map((key) => key.toString('base64'));
      const file = (...secrets: (string | undefined)[]) =>
        loadConfiguration(
          configuration('aesgcm:1')
            .split('\n')
            .slice(0, -3)
            .concat(secrets.flatMap((secret) => ['            - name: same', `              secret: ${secret}`]))
            .join('\n'),
        ).codec;
      const sealed = file(first).seal('/k', Buffer.from('value'));
      expect(file(second, first).open('/k', sealed).plain.toString()).toBe('value');
      expect(() => file(second).open('/k', sealed)).toThrow();
    },
  );

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
