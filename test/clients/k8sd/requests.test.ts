/** Guards what goes over the wire: k8sd refuses unknown fields, missing bodies and numbers that are not exact integers. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BadRequest, NotSupported } from '../../../src/clients/k8sd/errors.ts';
import type { K8sd } from '../../../src/clients/k8sd/k8sd.ts';
import { openK8sd } from '../../../src/clients/k8sd/open-k8sd.ts';
import { type Daemon, httpDaemon, succeed } from './daemon.ts';

const options = { timeoutMs: 5000 };
let daemon: Daemon;
let metadata: unknown;

beforeEach(async () => {
  metadata = {};
  daemon = await httpDaemon((_asked, response) => succeed(response, metadata));
});
afterEach(() => daemon.close());

function at(minor: number): K8sd {
  return openK8sd({ socketPath: daemon.socketPath, minor });
}

function sent(): { method: string; path: string; body: unknown } {
  const [asked] = daemon.asked;
  if (asked === undefined || daemon.asked.length > 1) throw new Error(`${daemon.asked.length} requests`);
  return { method: asked.method, path: asked.path, body: asked.text === '' ? undefined : JSON.parse(asked.text) };
}

describe('requests', () => {
  it('bootstrap: an integer of nanoseconds, less than our own limit', async () => {
    await at(36).bootstrap(
      { name: 'a', address: '10.0.0.1:6400', config: { 'pod-cidr': '10.1.0.0/16' } },
      { timeoutMs: 320_000 },
    );
    expect(sent()).toEqual({
      method: 'POST',
      path: '/1.0/k8sd/cluster',
      body: { name: 'a', address: '10.0.0.1:6400', config: { 'pod-cidr': '10.1.0.0/16' }, timeout: 315_000_000_000 },
    });
  });

  it('join: the configuration is a text', async () => {
    const config = { 'extra-sans': ['a.example'], 'extra-node-kubelet-args': { '--max-pods': '50', '--v': null } };
    await at(36).join({ name: 'b', address: '10.0.0.2:6400', token: 'tok', config }, options);
    const { path, body } = sent();
    expect(path).toBe('/1.0/k8sd/cluster/join');
    expect(body).toEqual({
      name: 'b',
      address: '10.0.0.2:6400',
      token: 'tok',
      config: expect.any(String),
      timeout: 4_500_000_000,
    });
    expect(JSON.parse((body as { config: string }).config)).toEqual(config);
  });

  it('kubeconfig: a GET with a body and its length', async () => {
    metadata = { kubeconfig: 'apiVersion: v1\n' };
    expect(await at(36).kubeconfig('', options)).toBe('apiVersion: v1\n');
    expect(sent()).toEqual({ method: 'GET', path: '/1.0/k8sd/kubeconfig', body: { server: '' } });
    expect(daemon.asked[0]?.headers).toMatchObject({ 'content-length': '13', 'content-type': 'application/json' });
    expect(daemon.asked[0]?.headers['transfer-encoding']).toBeUndefined();
  });

  it('join token: its life in nanoseconds, left out when not given', async () => {
    metadata = { token: 'abc' };
    expect(await at(36).joinToken({ name: 'w', worker: true, ttlSeconds: 86_400 }, options)).toBe('abc');
    expect(sent()).toEqual({
      method: 'POST',
      path: '/1.0/k8sd/cluster/tokens',
      body: { name: 'w', worker: true, ttl: 86_400_000_000_000 },
    });
  });

  it('join token: without a life, the daemon’s own', async () => {
    metadata = { token: 'abc' };
    await at(36).joinToken({ name: '', worker: true }, options);
    expect(sent().body).toEqual({ name: '', worker: true });
  });

  it('removal', async () => {
    await at(36).removeNode({ name: 'a', force: true }, { timeoutMs: 60_000 });
    expect(sent()).toEqual({
      method: 'POST',
      path: '/1.0/k8sd/cluster/remove',
      body: { name: 'a', force: true, timeout: 55_000_000_000 },
    });
  });

  it('deleting a join token names it in the path, whatever it is called', async () => {
    await at(36).deleteJoinToken('a/b c', options);
    expect(sent()).toMatchObject({ method: 'DELETE', path: '/core/1.0/tokens/a%2Fb%20c' });
  });

  it('cluster configuration: only what is given', async () => {
    await at(36).setClusterConfig({ config: { network: { enabled: true, 'kube-proxy-enabled': false } } }, options);
    expect(sent()).toEqual({
      method: 'PUT',
      path: '/1.0/k8sd/cluster/config',
      body: { config: { network: { enabled: true, 'kube-proxy-enabled': false } } },
    });
  });

  it('refresh: all of it, with a seed and a life of at least one second', async () => {
    metadata = { 'expiration-seconds': 1_800_000_000 };
    const request = { certificates: ['apiserver'], expirationSeconds: 31_536_000, extraSans: ['x'], seed: 2 ** 53 - 1 };
    expect(await at(36).refreshCertificates(request, options)).toBe(1_800_000_000);
    expect(sent()).toEqual({
      method: 'POST',
      path: '/1.0/k8sd/refresh-certs/run',
      body: {
        certificates: ['apiserver'],
        seed: 9_007_199_254_740_991,
        // A multiple of a day would be counted by the calendar.
        'expiration-seconds': 31_535_999,
        'extra-sans': ['x'],
      },
    });
  });

  it('external certificates, auth tokens', async () => {
    await at(33).updateCertificates({ 'kubelet-crt': 'c', 'kubelet-key': 'k' }, options);
    expect(sent()).toMatchObject({
      path: '/1.0/k8sd/refresh-certs/update',
      body: { 'kubelet-crt': 'c', 'kubelet-key': 'k' },
    });
  });

  it('auth tokens are asked for and revoked', async () => {
    metadata = { token: 'token::ab' };
    expect(await at(36).createAuthToken({ username: 'u', groups: ['g'] }, options)).toBe('token::ab');
    metadata = null;
    await at(36).revokeAuthToken('token::ab', options);
    expect(daemon.asked.map(({ method, path, text }) => [method, path, text])).toEqual([
      ['POST', '/1.0/kubernetes/auth/tokens', '{"username":"u","groups":["g"]}'],
      ['DELETE', '/1.0/kubernetes/auth/tokens', '{"token":"token::ab"}'],
    ]);
  });
});

describe('a release that does not know it', () => {
  const cases: readonly (readonly [string, number, number, (k8sd: K8sd) => Promise<unknown>])[] = [
    [
      'kube-proxy-enabled at bootstrap',
      35,
      36,
      (k8sd) =>
        k8sd.bootstrap(
          { name: 'a', address: 'x', config: { 'cluster-config': { network: { 'kube-proxy-enabled': false } } } },
          options,
        ),
    ],
    [
      'kube-proxy-enabled later',
      35,
      36,
      (k8sd) => k8sd.setClusterConfig({ config: { network: { 'kube-proxy-enabled': true } } }, options),
    ],
    [
      'k8s-dqlite',
      36,
      35,
      (k8sd) => k8sd.bootstrap({ name: 'a', address: 'x', config: { 'datastore-type': 'k8s-dqlite' } }, options),
    ],
    ['certs-status', 32, 33, (k8sd) => k8sd.certificatesStatus(options)],
    ['external certificates', 32, 33, (k8sd) => k8sd.updateCertificates({}, options)],
    ['a selection to plan', 32, 33, (k8sd) => k8sd.planRefresh(['apiserver'], options).catch(unlessRefused)],
    [
      'a selection to refresh',
      32,
      33,
      (k8sd) =>
        k8sd
          .refreshCertificates({ certificates: ['apiserver'], expirationSeconds: 600, extraSans: [], seed: 1 }, options)
          .catch(unlessRefused),
    ],
  ];

  /** What is answered is not the point here. */
  function unlessRefused(error: unknown): void {
    if (error instanceof NotSupported) throw error;
  }

  it.each(cases)('%s: refused on 1.%i before anything is sent, sent on 1.%i', async (_what, without, having, call) => {
    await expect(call(at(without))).rejects.toBeInstanceOf(NotSupported);
    expect(daemon.asked).toHaveLength(0);
    await call(at(having));
    expect(daemon.asked).toHaveLength(1);
  });

  it('1.32 is not sent the field for a selection at all', async () => {
    metadata = { seconds: 5, 'certificate-signing-requests': null };
    await at(32).planRefresh([], options);
    expect(sent().body).toEqual({});
  });
});

describe('numbers', () => {
  it('a seed of 63 bits is kept', async () => {
    await daemon.close();
    daemon = await httpDaemon((_asked, response) =>
      response.end(
        '{"type":"sync","error_code":0,"error":"","metadata":{"seconds":9223372036854775807,"certificate-signing-requests":["k8sd-9223372036854775807-worker-kubelet-serving"]}}',
      ),
    );
    expect(await at(36).planRefresh([], options)).toEqual({
      seed: '9223372036854775807',
      certificateSigningRequests: ['k8sd-9223372036854775807-worker-kubelet-serving'],
    });
  });

  it('a small seed is text as well, and no requests are an empty list', async () => {
    metadata = { seconds: 42, 'certificate-signing-requests': null };
    expect(await at(36).planRefresh([], options)).toEqual({ seed: '42', certificateSigningRequests: [] });
  });

  const refresh = { certificates: [], expirationSeconds: 600, extraSans: [], seed: 1 };
  it.each([
    ['a life of zero, which would issue expired certificates', { ...refresh, expirationSeconds: 0 }],
    ['a negative life', { ...refresh, expirationSeconds: -1 }],
    ['half a second', { ...refresh, expirationSeconds: 0.5 }],
    ['no number', { ...refresh, expirationSeconds: Number.NaN }],
    ['a seed of zero', { ...refresh, seed: 0 }],
    ['a seed beyond what is exact', { ...refresh, seed: 2 ** 53 }],
  ])('%s is refused before anything is sent', async (_what, request) => {
    await expect(at(36).refreshCertificates(request, options)).rejects.toBeInstanceOf(BadRequest);
    expect(daemon.asked).toHaveLength(0);
  });

  it.each([[0], [-5], [1.5], [200 * 86_400]])('a token’s life of %d s is refused', async (ttlSeconds) => {
    await expect(at(36).joinToken({ name: 'a', worker: false, ttlSeconds }, options)).rejects.toBeInstanceOf(
      BadRequest,
    );
    expect(daemon.asked).toHaveLength(0);
  });
});

describe('answers', () => {
  it('cluster status: not ready when the field is left out, features that are not there are left out', async () => {
    metadata = {
      status: {
        members: [{ name: 'a', address: '10.0.0.1:6400', 'cluster-role': 'control-plane', 'datastore-role': 'voter' }],
        dns: {
          enabled: true,
          message: 'enabled at 10.152.183.10',
          version: '1.12',
          'updated-at': '2026-01-01T00:00:00Z',
        },
        gateway: null,
      },
    };
    expect(await at(36).clusterStatus(options)).toEqual({
      ready: false,
      members: [{ name: 'a', address: '10.0.0.1:6400', role: 'voter', status: 'unknown' }],
      features: { dns: { enabled: true, message: 'enabled at 10.152.183.10', version: '1.12' } },
    });
  });

  it('cluster configuration: what Go never set is absent', async () => {
    metadata = {
      status: {
        network: { enabled: true, 'kube-proxy-enabled': null },
        dns: { enabled: null, 'upstream-nameservers': ['1.1.1.1'] },
        'cloud-provider': null,
        annotations: { a: 'b' },
      },
      datastore: null,
      'pod-cidr': '10.1.0.0/16',
    };
    expect(await at(36).clusterConfig(options)).toEqual({
      config: { network: { enabled: true }, dns: { 'upstream-nameservers': ['1.1.1.1'] }, annotations: { a: 'b' } },
      podCidr: '10.1.0.0/16',
    });
  });

  it('a worker: a bare address and no taints', async () => {
    metadata = { status: { name: 'w', address: '10.0.0.9', 'cluster-role': 'worker' }, taints: [''] };
    expect(await at(36).node(options)).toEqual({ name: 'w', address: '10.0.0.9', role: 'worker', taints: [] });
  });

  it('certificates', async () => {
    metadata = {
      certificates: [
        {
          name: 'apiserver',
          expires: '2027-01-01T00:00:00Z',
          'certificate-authority': 'kubernetes-ca',
          'externally-managed': false,
        },
      ],
      'certificate-authorities': null,
    };
    expect(await at(36).certificatesStatus(options)).toEqual({
      certificates: [
        { name: 'apiserver', expires: '2027-01-01T00:00:00Z', authority: 'kubernetes-ca', externallyManaged: false },
      ],
      authorities: [],
    });
  });
});
