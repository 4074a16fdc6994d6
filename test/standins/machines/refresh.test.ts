import { createPrivateKey, X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootstrapped, discard, eventually, k8sd, metadata, newMachines } from './ask.ts';
import { at } from './json.ts';
import { readKubeconfig } from './node/kubeconfig.ts';
import type { NodeMachine } from './node/machine.ts';
import { paths } from './node/paths.ts';
import { issueAuthority, issueLeaf, type Pair, publicKeyOf, type Subject } from './pki/issue.ts';
import { openKeyPool } from './pki/keys.ts';

const DAY = 86_400;
let machines: Awaited<ReturnType<typeof newMachines>>;
let node: NodeMachine;
beforeAll(async () => {
  machines = await newMachines();
  node = await bootstrapped(machines, '0', {});
});
afterAll(async () => {
  expect(machines.failures).toEqual([]);
  await discard(machines);
});

const error = (reply: { readonly body: unknown }): string => String(at(reply.body, 'error'));
const pem = (machine: NodeMachine, name: string) => machine.files.need(`${paths.pki}/${name}`);
const certificate = async (machine: NodeMachine, name: string) =>
  new X509Certificate(await pem(machine, `${name}.crt`));
const run = (machine: NodeMachine, body: unknown) => k8sd(machine, 'POST', '/1.0/k8sd/refresh-certs/run', body);
const update = (machine: NodeMachine, body: unknown) => k8sd(machine, 'POST', '/1.0/k8sd/refresh-certs/update', body);
const config = async (machine: NodeMachine, name: string) =>
  new X509Certificate(readKubeconfig(await machine.files.need(`${paths.kubernetes}/${name}`)).certificate);
const restarted = (machine: NodeMachine) =>
  eventually(
    () =>
      Object.values(machine.state.snapd.changes).at(-1)?.readyTime !== undefined &&
      machine.services.isActive('kube-apiserver'),
  );

function served(machine: NodeMachine, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: machine.address, port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()?.fingerprint256 ?? '');
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

describe('a plan', () => {
  it('has a seed that no JavaScript number holds, and on a control plane no requests', async () => {
    const reply = await k8sd(node, 'POST', '/1.0/k8sd/refresh-certs/plan', {});
    expect(metadata(reply, 'certificate-signing-requests')).toBeNull();
    const seed = metadata(reply, 'seconds');
    expect(typeof seed).toBe('bigint');
    expect(String(JSON.parse(reply.text).metadata.seconds)).not.toBe(String(seed));
    expect((await k8sd(node, 'POST', '/1.0/k8sd/refresh-certs/plan')).status).toBe(400);
    const unknown = await k8sd(node, 'POST', '/1.0/k8sd/refresh-certs/plan', { certificates: ['ca'] });
    expect([unknown.status, error(unknown)]).toEqual([400, 'invalid certificates for control-plane node: ca']);
  });
});

describe('a refresh on a control plane', () => {
  it('makes new keys and certificates, and what is served follows some time after the answer', async () => {
    const before = await certificate(node, 'apiserver');
    const key = await pem(node, 'apiserver.key');
    const serviceAccounts = await pem(node, 'serviceaccount.key');
    const etcd = await pem(node, 'etcd/server.crt');
    expect(await served(node, 6443)).toBe(before.fingerprint256);
    const reply = await run(node, {
      certificates: [],
      'expiration-seconds': 30 * DAY,
      'extra-sans': ['api.example.com'],
    });
    expect(reply.status).toBe(200);
    const after = await certificate(node, 'apiserver');
    // The answer names a moment, not a duration.
    expect(metadata(reply, 'expiration-seconds')).toBe(after.validToDate.getTime() / 1000);
    expect(after.fingerprint256).not.toBe(before.fingerprint256);
    expect(await pem(node, 'apiserver.key')).not.toBe(key);
    expect(await served(node, 6443)).toBe(before.fingerprint256);
    expect(after.checkHost('api.example.com')).toBe('api.example.com');
    await eventually(async () => (await served(node, 6443)) === after.fingerprint256);
    const kubelet = await certificate(node, 'kubelet');
    await eventually(async () => (await served(node, 10250)) === kubelet.fingerprint256);
    expect((await config(node, 'admin.conf')).validToDate.getTime()).toBeLessThan(Date.now() + 32 * DAY * 1000);
    // Neither is any matter of a refresh.
    expect(await pem(node, 'serviceaccount.key')).toBe(serviceAccounts);
    expect(await pem(node, 'etcd/server.crt')).toBe(etcd);
    await restarted(node);
  });

  it('forgets extra names that are not sent again', async () => {
    expect((await run(node, { 'expiration-seconds': 30 * DAY })).status).toBe(200);
    expect((await certificate(node, 'apiserver')).checkHost('api.example.com')).toBeUndefined();
    await restarted(node);
  });

  it('counts whole years as calendar years, and odd numbers as seconds', async () => {
    await run(node, { certificates: ['apiserver'], 'expiration-seconds': 365 * DAY });
    const year = await certificate(node, 'apiserver');
    const expected = new Date(year.validFromDate);
    expected.setUTCFullYear(expected.getUTCFullYear() + 1);
    expect(year.validToDate).toEqual(expected);
    await run(node, { certificates: ['apiserver'], 'expiration-seconds': 1001 });
    const short = await certificate(node, 'apiserver');
    expect(short.validToDate.getTime() - short.validFromDate.getTime()).toBe(1_001_000);
    await restarted(node);
  });

  it('renews the selected ones only, but the time of the API server is what it answers', async () => {
    const apiServer = await certificate(node, 'apiserver');
    const proxy = await config(node, 'proxy.conf');
    const reply = await run(node, { certificates: ['proxy.conf'], 'expiration-seconds': 60 * DAY });
    expect(metadata(reply, 'expiration-seconds')).toBe(apiServer.validToDate.getTime() / 1000);
    expect((await certificate(node, 'apiserver')).fingerprint256).toBe(apiServer.fingerprint256);
    expect((await config(node, 'proxy.conf')).fingerprint256).not.toBe(proxy.fingerprint256);
    await restarted(node);
  });

  it('refuses unknown names, strings for numbers, and no body', async () => {
    const unknown = await run(node, { certificates: ['apiserver', 'etcd'], 'expiration-seconds': 1000 });
    expect([unknown.status, error(unknown)]).toEqual([400, 'invalid certificates for control-plane node: etcd']);
    expect((await run(node, { 'expiration-seconds': '1y' })).status).toBe(400);
    expect((await run(node, undefined)).status).toBe(400);
  });

  it('of zero seconds gives certificates that are expired, after which part of them cannot be refreshed', async () => {
    expect((await run(node, { certificates: ['front-proxy-client'], 'expiration-seconds': 0 })).status).toBe(200);
    expect((await certificate(node, 'front-proxy-client')).validToDate.getTime()).toBeLessThanOrEqual(Date.now());
    const partial = await run(node, { certificates: ['apiserver'], 'expiration-seconds': 30 * DAY });
    expect([partial.status, error(partial)]).toEqual([
      500,
      expect.stringContaining('front-proxy-client certificate validation failure'),
    ]);
    expect((await run(node, { certificates: [], 'expiration-seconds': 30 * DAY })).status).toBe(200);
    await restarted(node);
  });

  it('fails when a file is gone', async () => {
    const kept = await node.files.need(`${paths.kubernetes}/scheduler.conf`);
    await node.files.remove(`${paths.kubernetes}/scheduler.conf`);
    const reply = await run(node, { certificates: ['apiserver'], 'expiration-seconds': 30 * DAY });
    expect([reply.status, error(reply)]).toEqual([500, expect.stringContaining('scheduler.conf')]);
    await node.files.write(`${paths.kubernetes}/scheduler.conf`, kept);
  });

  it('never reaches the copy in the database', async () => {
    const stale = readKubeconfig(String(metadata(await k8sd(node, 'GET', '/1.0/k8sd/kubeconfig', {}), 'kubeconfig')));
    const { validFromDate, validToDate } = new X509Certificate(stale.certificate);
    expect(validToDate.getUTCFullYear()).toBe(validFromDate.getUTCFullYear() + 20);
    expect((await config(node, 'admin.conf')).fingerprint256).not.toBe(
      new X509Certificate(stale.certificate).fingerprint256,
    );
  });

  it('restarts services even when nobody reads the answer', async () => {
    const client = new AbortController();
    node.observer = (_what, phase) => {
      if (phase === 'before') return undefined;
      client.abort();
      return new Promise(() => {});
    };
    const asked = k8sd(
      node,
      'POST',
      '/1.0/k8sd/refresh-certs/run',
      { 'expiration-seconds': 30 * DAY },
      { signal: client.signal },
    );
    await expect(asked).rejects.toThrow();
    node.observer = undefined;
    const now = await certificate(node, 'apiserver');
    await eventually(async () => (await served(node, 6443)) === now.fingerprint256);
  });
});

describe('the status of certificates', () => {
  it('lists nine in k8sd’s order and three authorities, none of them external', async () => {
    const status = metadata(await k8sd(node, 'GET', '/1.0/k8sd/certs-status')) as Record<string, unknown[]>;
    expect(status['certificates']?.map((entry) => at(entry, 'name'))).toEqual([
      'apiserver',
      'apiserver-kubelet-client',
      'front-proxy-client',
      'kubelet',
      'admin.conf',
      'controller.conf',
      'kubelet.conf',
      'proxy.conf',
      'scheduler.conf',
    ]);
    expect(status['certificates']?.every((entry) => at(entry, 'externally-managed') === false)).toBe(true);
    expect(status['certificate-authorities']).toMatchObject([
      { name: 'kubernetes-ca' },
      { name: 'kubernetes-ca-client' },
      { name: 'front-proxy-ca' },
    ]);
    const own = await certificate(node, 'apiserver');
    expect(at(status['certificates']?.[0], 'expires')).toBe(own.validToDate.toISOString().replace('.000', ''));
  });

  it('fails as a whole when one file cannot be read', async () => {
    const kept = await pem(node, 'kubelet.key');
    await node.files.write(
      `${paths.pki}/kubelet.key`,
      '-----BEGIN EC PRIVATE KEY-----\nMAo=\n-----END EC PRIVATE KEY-----\n',
    );
    const reply = await k8sd(node, 'GET', '/1.0/k8sd/certs-status');
    expect([reply.status, error(reply)]).toEqual([
      500,
      expect.stringContaining('unknown private key block type "EC PRIVATE KEY"'),
    ]);
    await node.files.write(`${paths.pki}/kubelet.key`, kept);
  });
});

describe('a cluster whose server CA is someone else’s', () => {
  const keys = openKeyPool(150);
  const validity = { notBefore: new Date(Date.now() - 1000), notAfter: new Date(Date.now() + 400 * DAY * 1000) };
  let outside: NodeMachine;
  let authority: Pair;

  async function issue(
    subject: Subject,
    sans: readonly string[],
    usages?: readonly ('clientAuth' | 'serverAuth')[],
    issuer = authority,
  ): Promise<Pair> {
    const key = await keys.draw();
    const request = {
      subject,
      publicKey: publicKeyOf(key),
      issuer,
      sans,
      validity,
      ...(usages === undefined ? {} : { usages }),
    };
    return { certificate: await issueLeaf(request), key };
  }

  async function serverPairs(): Promise<Record<string, string>> {
    const { hostname, address } = outside;
    const api = await issue({ commonName: 'kube-apiserver' }, ['kubernetes', address], ['serverAuth']);
    const kubelet = await issue(
      { commonName: `system:node:${hostname}`, organizations: ['system:nodes'] },
      [hostname, address],
      ['serverAuth'],
    );
    return {
      'apiserver-crt': api.certificate,
      'apiserver-key': api.key,
      'kubelet-crt': kubelet.certificate,
      'kubelet-key': kubelet.key,
    };
  }

  beforeAll(async () => {
    authority = await issueAuthority('corporate-ca', await keys.draw(), validity);
    outside = await machines.provision('outside');
    outside = await bootstrapped(machines, 'outside', { 'ca-crt': authority.certificate, ...(await serverPairs()) });
  });

  it('has no key of that CA anywhere, and no signing in the controller manager', async () => {
    expect(await outside.files.exists(`${paths.pki}/ca.key`)).toBe(false);
    expect(await outside.files.exists(`${paths.pki}/client-ca.key`)).toBe(true);
    expect(await outside.files.need(`${paths.args}/kube-controller-manager`)).not.toContain('--cluster-signing');
    const status = metadata(await k8sd(outside, 'GET', '/1.0/k8sd/certs-status')) as Record<string, unknown[]>;
    const external = status['certificates']?.filter((entry) => at(entry, 'externally-managed') === true);
    expect(external?.map((entry) => at(entry, 'name'))).toEqual(['apiserver', 'kubelet']);
  });

  it('cannot be refreshed as a whole, only by the names of managed CAs', async () => {
    const all = await run(outside, { certificates: [], 'expiration-seconds': 30 * DAY });
    expect([all.status, error(all)]).toEqual([
      500,
      expect.stringContaining('using an external kubernetes CA without providing the'),
    ]);
    const before = await certificate(outside, 'apiserver');
    const named = await run(outside, {
      certificates: ['admin.conf', 'front-proxy-client'],
      'expiration-seconds': 30 * DAY,
    });
    expect(named.status).toBe(200);
    expect((await certificate(outside, 'apiserver')).fingerprint256).toBe(before.fingerprint256);
    await restarted(outside);
  });

  it('takes new certificates, and makes the managed rest anew for one year', async () => {
    const pairs = await serverPairs();
    const reply = await update(outside, pairs);
    expect([reply.status, metadata(reply)]).toEqual([200, {}]);
    expect(await pem(outside, 'apiserver.crt')).toBe(pairs['apiserver-crt']);
    const now = await certificate(outside, 'apiserver');
    await eventually(async () => (await served(outside, 6443)) === now.fingerprint256);
    const admin = await config(outside, 'admin.conf');
    expect(admin.validToDate.getUTCFullYear()).toBe(admin.validFromDate.getUTCFullYear() + 1);
    await restarted(outside);
  });

  it('refuses certificates by what k8sd validates', async () => {
    const good = await serverPairs();
    const { hostname, address } = outside;
    const node: Subject = { commonName: `system:node:${hostname}`, organizations: ['system:nodes'] };
    const other = await issueAuthority('other-ca', await keys.draw(), validity);
    const cases: readonly (readonly [Record<string, string>, string])[] = [
      [
        { 'kubelet-crt': good['kubelet-crt'] ?? '', 'kubelet-key': good['kubelet-key'] ?? '' },
        'using an external kubernetes CA',
      ],
      [{ ...good, ...named('kubelet', await issue(node, [address], ['serverAuth'])) }, 'not valid for any names'],
      [{ ...good, ...named('kubelet', await issue(node, [hostname], ['clientAuth'])) }, 'incompatible key usage'],
      [
        { ...good, ...named('apiserver', await issue({ commonName: 'x' }, ['kubernetes'], undefined, other)) },
        'unknown authority',
      ],
      [
        { ...good, 'apiserver-key': '-----BEGIN EC PRIVATE KEY-----\nMAo=\n-----END EC PRIVATE KEY-----\n' },
        'unknown private key block type',
      ],
      [{ ...good, 'apiserver-crt': 'nonsense' }, 'failed to parse certificate'],
      [
        { ...good, ...named('front-proxy-client', await issue({ commonName: 'front-proxy-client' }, [])) },
        'unknown authority',
      ],
    ];
    for (const [body, words] of cases) {
      const reply = await update(outside, body);
      expect([reply.status, error(reply)]).toEqual([500, expect.stringContaining(words)]);
    }
    expect((await update(outside, { ...good, 'ca-crt': 'x' })).status).toBe(400);
    expect((await update(outside, undefined)).status).toBe(400);
  });

  it('accepts a key that belongs to another certificate, and the API server then does not run', async () => {
    const pairs = await serverPairs();
    const wrong = { ...pairs, 'apiserver-key': pairs['kubelet-key'] };
    expect((await update(outside, wrong)).status).toBe(200);
    await eventually(() => machines.service('outside', 'kube-apiserver').failure?.includes('does not match'));
    expect(machines.service('outside', 'kube-apiserver').active).toBe(false);
    expect((await update(outside, pairs)).status).toBe(200);
    await restarted(outside);
    const present = await certificate(outside, 'apiserver');
    expect(present.checkPrivateKey(createPrivateKey(await pem(outside, 'apiserver.key')))).toBe(true);
  });
});

describe('a cluster whose client CA alone is someone else’s', () => {
  it('is taken for managed, since the key of the server CA stands in', async () => {
    const keys = openKeyPool(180);
    const validity = { notBefore: new Date(Date.now() - 1000), notAfter: new Date(Date.now() + DAY * 1000) };
    const client = await issueAuthority('corporate-clients', await keys.draw(), validity);
    const pair = async (name: string) => {
      const key = await keys.draw();
      return named(name, {
        certificate: await issueLeaf({
          subject: { commonName: name },
          publicKey: publicKeyOf(key),
          issuer: client,
          validity,
        }),
        key,
      });
    };
    const given = await Promise.all(
      [
        'admin-client',
        'kube-proxy-client',
        'kube-scheduler-client',
        'kube-controller-manager-client',
        'kubelet-client',
        'apiserver-kubelet-client',
      ].map(pair),
    );
    const machine = await bootstrapped(
      machines,
      'fallback',
      Object.assign({ 'client-ca-crt': client.certificate }, ...given),
    );
    const status = metadata(await k8sd(machine, 'GET', '/1.0/k8sd/certs-status')) as Record<string, unknown[]>;
    expect(status['certificate-authorities']?.[1]).toMatchObject({
      name: 'corporate-clients',
      'externally-managed': false,
    });
    expect(await machine.files.exists(`${paths.pki}/client-ca.key`)).toBe(false);
    await run(machine, { certificates: ['proxy.conf'], 'expiration-seconds': 1000 });
    expect(await pem(machine, 'client-ca.key')).toBe(await pem(machine, 'ca.key'));
    await restarted(machine);
  });
});

function named(field: string, pair: Pair): Record<string, string> {
  return { [`${field}-crt`]: pair.certificate, [`${field}-key`]: pair.key };
}
