/** Guards that k8sd's errors arrive by their meaning, and that an answer which is not k8sd's is named and never quoted. */
import { afterEach, describe, expect, it } from 'vitest';
import {
  AlreadyBootstrapped,
  AlreadyJoined,
  BadRequest,
  ClusterBusy,
  ControlPlaneOnly,
  Immutable,
  K8sdError,
  K8sdUnavailable,
  NodeExists,
  NotFound,
  NotInitialised,
  WaitingForUpgrade,
} from '../../../src/clients/k8sd/errors.ts';
import { openK8sd } from '../../../src/clients/k8sd/open-k8sd.ts';
import { type Daemon, httpDaemon, rawDaemon, refuse, succeed } from './daemon.ts';

let daemon: Daemon | undefined;
afterEach(() => daemon?.close());

/** The error of a call. */
async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    (value) => ({ unexpectedly: value }),
    (error: unknown) => error,
  );
}

describe('an error of k8sd', () => {
  const wrapped = (text: string) => `Failed to do it: handler: ${text}: end`;
  const table = [
    [400, 'cluster is already bootstrapped', AlreadyBootstrapped],
    [400, 'failed to bootstrap new cluster: port 6443 in use', K8sdError],
    [400, 'json: unknown field "kube-proxy-enabled"', BadRequest],
    [400, 'invalid certificates for control-plane node: nonsense', BadRequest],
    [403, 'this action is restricted on workers', ControlPlaneOnly],
    [404, 'Not Found', NotFound],
    [501, 'Method "GET" not implemented', NotFound],
    [500, 'a node with this name is already part of the cluster', NodeExists],
    [400, 'a node with the same name "a" is already part of the cluster', NodeExists],
    [400, 'failed to check whether node name is available "a": connection refused', K8sdUnavailable],
    [500, 'prevented update of pod CIDR: value cannot change', Immutable],
    [500, 'cluster is unhealthy or another node is currently joining the cluster', ClusterBusy],
    [500, 'failed to get Kubernetes nodes', K8sdError],
    [503, 'Database is not yet initialized', NotInitialised],
    [503, 'Database is waiting for an upgrade: 2 cluster members have not yet received the update', WaitingForUpgrade],
    [503, 'Database is offline', K8sdUnavailable],
    [521, 'node "a" is part of the cluster', AlreadyJoined],
  ] as const;

  it.each(table)('%i "%s" has its own type', async (code, text, meaning) => {
    daemon = await httpDaemon((_asked, response) => refuse(response, code, wrapped(text)));
    const error = await failureOf(
      openK8sd({ socketPath: daemon.socketPath, minor: 36 }).clusterConfig({ timeoutMs: 150 }),
    );
    expect(error).toBeInstanceOf(meaning);
    expect((error as K8sdError).constructor).toBe(meaning);
    expect(error).toMatchObject({ status: code, message: wrapped(text) });
  });

  it('is an error too when only the envelope says so', async () => {
    daemon = await httpDaemon((_asked, response) => {
      response.end(JSON.stringify({ type: 'error', error_code: 500, error: 'merge refused', metadata: null }));
    });
    const error = await failureOf(
      openK8sd({ socketPath: daemon.socketPath, minor: 36 }).clusterConfig({ timeoutMs: 5000 }),
    );
    expect(error).toMatchObject({ status: 500, message: 'merge refused' });
  });

  it('is an error too when only its code says so', async () => {
    daemon = await httpDaemon((_asked, response) => {
      response.end(JSON.stringify({ type: 'sync', error_code: 404, error: 'no such member', metadata: {} }));
    });
    const k8sd = openK8sd({ socketPath: daemon.socketPath, minor: 36 });
    expect(await failureOf(k8sd.removeNode({ name: 'a', force: false }, { timeoutMs: 5000 }))).toBeInstanceOf(NotFound);
  });

  it('is cut when it is a dump', async () => {
    daemon = await httpDaemon((_asked, response) => refuse(response, 500, 'x'.repeat(100_000)));
    const error = await failureOf(
      openK8sd({ socketPath: daemon.socketPath, minor: 36 }).clusterConfig({ timeoutMs: 5000 }),
    );
    expect((error as Error).message.length).toBeLessThan(2100);
  });
});

describe('an answer that is not of k8sd', () => {
  const secret = 'token::0123456789abcdef';
  const bodies = [
    ['HTML', `<html><body>${secret}</body></html>`, 'is not JSON'],
    ['half JSON', `{"type":"sync","metadata":{"token":"${secret}`, 'is not JSON'],
    ['nothing', '', 'is empty'],
    ['another JSON', JSON.stringify({ token: secret }), 'has no k8sd envelope'],
    ['a list', JSON.stringify([secret]), 'has no k8sd envelope'],
    [
      'a payload of another shape',
      JSON.stringify({ type: 'sync', error_code: 0, error: '', metadata: { token: 7, x: secret } }),
      'not what was expected',
    ],
    [
      'a payload that is missing',
      JSON.stringify({ type: 'sync', error_code: 0, error: '', metadata: null }),
      'not what was expected',
    ],
  ] as const;

  it.each(bodies)('%s: names the request, quotes nothing', async (_name, body, why) => {
    daemon = await httpDaemon((_asked, response) => response.end(body));
    const k8sd = openK8sd({ socketPath: daemon.socketPath, minor: 36 });
    const error = await failureOf(k8sd.joinToken({ name: 'a', worker: false }, { timeoutMs: 5000 }));
    expect(error).toBeInstanceOf(K8sdError);
    const { message } = error as Error;
    expect(message).toContain('POST /1.0/k8sd/cluster/tokens');
    expect(message).toContain(why);
    expect(message).not.toContain(secret);
  });

  it('an error page keeps the meaning of its status', async () => {
    daemon = await httpDaemon((_asked, response) => response.writeHead(404).end('404 page not found\n'));
    const error = await failureOf(
      openK8sd({ socketPath: daemon.socketPath, minor: 36 }).certificatesStatus({ timeoutMs: 5000 }),
    );
    expect(error).toBeInstanceOf(NotFound);
    expect(error).toMatchObject({ status: 404, message: expect.stringContaining('GET /1.0/k8sd/certs-status') });
  });

  it('an answer that stops half way is a broken connection', async () => {
    daemon = await rawDaemon((socket) => {
      socket.end('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"type":"sync",');
    });
    const error = await failureOf(
      openK8sd({ socketPath: daemon.socketPath, minor: 36 }).clusterConfig({ timeoutMs: 400 }),
    );
    expect(error).toBeInstanceOf(K8sdUnavailable);
    expect(error).toMatchObject({ status: 0, message: expect.stringContaining('GET /1.0/k8sd/cluster/config') });
  });

  it('something that does not speak HTTP is a broken connection', async () => {
    daemon = await rawDaemon((socket) => socket.end('220 mail ready\r\n'));
    const error = await failureOf(
      openK8sd({ socketPath: daemon.socketPath, minor: 36 }).clusterConfig({ timeoutMs: 5000 }),
    );
    expect(error).toBeInstanceOf(K8sdUnavailable);
  });
});

describe('a node in no cluster', () => {
  it('has no status', async () => {
    daemon = await httpDaemon((_asked, response) => refuse(response, 503, 'Database is not yet initialized'));
    expect(await openK8sd({ socketPath: daemon.socketPath, minor: 36 }).node({ timeoutMs: 5000 })).toBeUndefined();
    expect(daemon.asked).toHaveLength(1);
  });

  it('is not taken for one whose peers are being refreshed', async () => {
    daemon = await httpDaemon((_asked, response) =>
      refuse(response, 503, 'Database is waiting for an upgrade: 1 cluster member'),
    );
    const error = await failureOf(openK8sd({ socketPath: daemon.socketPath, minor: 36 }).node({ timeoutMs: 5000 }));
    expect(error).toBeInstanceOf(WaitingForUpgrade);
  });

  it('is not taken for one whose database is starting', async () => {
    daemon = await httpDaemon((_asked, response, count) => {
      if (count < 3) return refuse(response, 503, 'Database is still starting');
      succeed(response, {
        status: { name: 'a', address: '10.0.0.1:6400', 'cluster-role': 'control-plane', 'datastore-role': 'voter' },
        taints: [''],
      });
    });
    expect(await openK8sd({ socketPath: daemon.socketPath, minor: 36 }).node({ timeoutMs: 5000 })).toEqual({
      name: 'a',
      address: '10.0.0.1:6400',
      role: 'control-plane',
      taints: [],
    });
  });
});
