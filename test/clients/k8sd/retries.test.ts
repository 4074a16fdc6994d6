/** Guards when a request is sent again: always while the daemon starts, never when it may have acted on what must not happen twice. */
import { describe, it, type TestContext } from 'vitest';
import { K8sdUnavailable, NotInitialised } from '../../../src/clients/k8sd/errors.ts';
import type { CallOptions, K8sd } from '../../../src/clients/k8sd/k8sd.ts';
import { openK8sd } from '../../../src/clients/k8sd/open-k8sd.ts';
import { type Daemon, httpDaemon, rawDaemon, refuse, succeed } from './daemon.ts';

/** Tests of this file wait for time to pass, so they wait side by side, each with a daemon of its own. */
async function closing<D extends Daemon>(opening: Promise<D>, { onTestFinished }: TestContext): Promise<D> {
  const daemon = await opening;
  onTestFinished(() => daemon.close());
  return daemon;
}

function at({ socketPath }: Daemon): K8sd {
  return openK8sd({ socketPath, minor: 36 });
}

const nowhere = openK8sd({ socketPath: '/nonexistent/control.socket', minor: 36 });

const once: readonly (readonly [string, (k8sd: K8sd, options: CallOptions) => Promise<unknown>])[] = [
  ['bootstrap', (k8sd, options) => k8sd.bootstrap({ name: 'a', address: '10.0.0.1:6400', config: {} }, options)],
  ['join', (k8sd, options) => k8sd.join({ name: 'a', address: '10.0.0.1:6400', token: 't', config: {} }, options)],
  ['joinToken', (k8sd, options) => k8sd.joinToken({ name: 'a', worker: true }, options)],
  ['removeNode', (k8sd, options) => k8sd.removeNode({ name: 'a', force: false }, options)],
  [
    'refreshCertificates',
    (k8sd, options) =>
      k8sd.refreshCertificates({ certificates: [], expirationSeconds: 600, extraSans: [], seed: 1 }, options),
  ],
  ['updateCertificates', (k8sd, options) => k8sd.updateCertificates({ 'kubelet-crt': 'pem' }, options)],
];

const repeatable: readonly (readonly [string, (k8sd: K8sd, options: CallOptions) => Promise<unknown>, unknown])[] = [
  ['members', (k8sd, options) => k8sd.members(options), []],
  ['clusterConfig', (k8sd, options) => k8sd.clusterConfig(options), { status: {} }],
  ['setClusterConfig', (k8sd, options) => k8sd.setClusterConfig({ config: {} }, options), {}],
  ['planRefresh', (k8sd, options) => k8sd.planRefresh([], options), { seconds: 1 }],
  ['createAuthToken', (k8sd, options) => k8sd.createAuthToken({ username: 'u', groups: [] }, options), { token: 't' }],
  ['revokeAuthToken', (k8sd, options) => k8sd.revokeAuthToken('t', options), null],
  ['deleteJoinToken', (k8sd, options) => k8sd.deleteJoinToken('t', options), {}],
];

describe.concurrent.each(once)('%s', (_name, call) => {
  it('is sent once when the connection breaks after it was sent, and says that the outcome is unknown', async (test) => {
    const daemon = await closing(
      rawDaemon((socket) => socket.destroy()),
      test,
    );
    const calling = call(at(daemon), { timeoutMs: 5000 });
    await test.expect(calling).rejects.toThrow(/whether k8sd carried it out is unknown/);
    await test.expect(calling).rejects.toBeInstanceOf(K8sdUnavailable);
    test.expect(daemon.connections()).toBe(1);
  });

  it('is sent once when no answer comes in time', async (test) => {
    const daemon = await closing(
      httpDaemon(() => undefined),
      test,
    );
    const calling = call(at(daemon), { timeoutMs: 250 });
    await test.expect(calling).rejects.toThrow(/did not answer within 250 ms; whether k8sd carried it out is unknown/);
    test.expect(daemon.asked).toHaveLength(1);
  });

  it('is sent once when the database is offline, which may last', async (test) => {
    const daemon = await closing(
      httpDaemon((_asked, response) => refuse(response, 503, 'Database is offline')),
      test,
    );
    await test.expect(call(at(daemon), { timeoutMs: 5000 })).rejects.toBeInstanceOf(K8sdUnavailable);
    test.expect(daemon.asked).toHaveLength(1);
  });

  it('waits for a socket that is not there yet, and for a database that starts', async (test) => {
    const daemon = await closing(
      httpDaemon((_asked, response, count) => {
        if (count === 1) refuse(response, 503, 'Database is still starting');
        else succeed(response, { token: 't', 'expiration-seconds': 1 });
      }),
      test,
    );
    await daemon.stop();
    setTimeout(() => void daemon.listen(), 250);
    await call(at(daemon), { timeoutMs: 5000 });
    test.expect(daemon.asked).toHaveLength(2);
  });
});

describe.concurrent.each(repeatable)('%s', (_name, call, metadata) => {
  it('is sent again when the connection breaks', async (test) => {
    const daemon = await closing(
      httpDaemon((_asked, response, count) => {
        if (count === 1) response.destroy();
        else succeed(response, metadata);
      }),
      test,
    );
    await call(at(daemon), { timeoutMs: 5000 });
    test.expect(daemon.asked).toHaveLength(2);
  });
});

describe.concurrent('the caller’s time', () => {
  it('bounds waiting for a daemon that is not there, and names what was asked', async ({ expect }) => {
    const begun = performance.now();
    await expect(nowhere.node({ timeoutMs: 500 })).rejects.toThrow(
      'GET /1.0/k8sd/node: k8sd does not accept connections (ENOENT)',
    );
    expect(performance.now() - begun).toBeLessThan(5000);
  });

  it('bounds a daemon that accepts and says nothing', async (test) => {
    const daemon = await closing(
      rawDaemon(() => undefined),
      test,
    );
    const begun = performance.now();
    await test
      .expect(at(daemon).members({ timeoutMs: 300 }))
      .rejects.toThrow('GET /core/1.0/cluster: k8sd did not answer within 300 ms');
    test.expect(performance.now() - begun).toBeLessThan(5000);
  });

  it('ends with the last refusal when the daemon keeps starting', async (test) => {
    const daemon = await closing(
      httpDaemon((_asked, response) => refuse(response, 503, 'daemon not yet initialized')),
      test,
    );
    await test.expect(at(daemon).clusterStatus({ timeoutMs: 1_500 })).rejects.toBeInstanceOf(NotInitialised);
    test.expect(daemon.asked.length).toBeGreaterThan(1);
  });
});

describe.concurrent('readiness', () => {
  it('is false without a daemon, while it starts, and when it does not answer; true when it says so', async (test) => {
    const daemon = await closing(
      httpDaemon((_asked, response, count) => {
        if (count === 1) refuse(response, 503, 'Daemon is not ready yet');
        else if (count > 2) succeed(response, {});
      }),
      test,
    );
    test.expect(await nowhere.ready({ timeoutMs: 1000 })).toBe(false);
    test.expect(await at(daemon).ready({ timeoutMs: 5000 })).toBe(false);
    test.expect(await at(daemon).ready({ timeoutMs: 200 })).toBe(false);
    test.expect(await at(daemon).ready({ timeoutMs: 5000 })).toBe(true);
    test.expect(daemon.asked[0]).toMatchObject({ method: 'GET', path: '/core/1.0/ready' });
  });

  it('is waited for across a re-execution', async (test) => {
    const daemon = await closing(
      httpDaemon((_asked, response, count) => {
        if (count < 3) refuse(response, 503, 'Daemon is shutting down');
        else succeed(response, {});
      }),
      test,
    );
    await daemon.stop();
    setTimeout(() => void daemon.listen(), 200);
    await at(daemon).waitUntilReady({ timeoutMs: 5000 });
    test.expect(daemon.asked).toHaveLength(3);
  });

  it('is not waited for longer than asked', async ({ expect }) => {
    await expect(nowhere.waitUntilReady({ timeoutMs: 300 })).rejects.toThrow('k8sd was not ready within 300 ms');
  });
});

it.concurrent('makes a connection for each request', async (test) => {
  const daemon = await closing(
    httpDaemon((_asked, response) => succeed(response, [])),
    test,
  );
  await at(daemon).members({ timeoutMs: 5000 });
  await at(daemon).members({ timeoutMs: 5000 });
  test.expect(daemon.connections()).toBe(2);
});
