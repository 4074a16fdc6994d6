/** Guards whom the door trusts and who it is, what it says when there is no answer, and that it leaves nothing open. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { KubernetesError } from '../../../src/clients/kubernetes/errors.ts';
import type { Kubernetes } from '../../../src/clients/kubernetes/kubernetes.ts';
import { openKubernetes } from '../../../src/clients/kubernetes/open-kubernetes.ts';
import { answer, apiServer, kubeconfig, refuse } from './api-server.ts';
import { type Authority, type Issued, newAuthority } from './authority.ts';

let authority: Authority;
let admin: Issued;
beforeAll(async () => {
  authority = await newAuthority();
  admin = await authority.client('kubernetes-admin', 'system:masters');
});

function as(url: string, timeoutMs = 10_000): Promise<Kubernetes> {
  return openKubernetes(kubeconfig(url, authority.intermediate, admin), { timeoutMs });
}

async function errorOf(call: Promise<unknown>): Promise<KubernetesError> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(KubernetesError);
  return error as KubernetesError;
}

const noNodes = { kind: 'NodeList', apiVersion: 'v1', metadata: {}, items: [] };

describe('the identity', () => {
  it('is the certificate of the kubeconfig; an intermediate authority is trusted by itself', async () => {
    const server = await apiServer(authority, (_asked, response) => answer(response, noNodes));
    expect(await (await as(server.url)).nodes()).toEqual([]);
    expect(server.asked).toMatchObject([{ method: 'GET', path: '/api/v1/nodes?limit=500', user: 'kubernetes-admin' }]);
  });

  it('is the token of the kubeconfig when it has one', async () => {
    const server = await apiServer(authority, (_asked, response) => answer(response, noNodes));
    const kubernetes = await openKubernetes(
      kubeconfig(server.url, `${authority.intermediate}\n${authority.root}\n`, { token: 'token::ab' }),
      {
        timeoutMs: 10_000,
      },
    );
    await kubernetes.nodes();
    expect(server.asked[0]).toMatchObject({ user: undefined, headers: { authorization: 'Bearer token::ab' } });
  });

  it.each([
    ['another authority', async () => (await newAuthority()).intermediate],
    ['the machine’s authorities, when it names none', async () => undefined],
  ])('is not shown to a server of %s', async (_what, ca) => {
    const server = await apiServer(authority, (_asked, response) => answer(response, noNodes));
    const kubernetes = await openKubernetes(kubeconfig(server.url, await ca(), admin), { timeoutMs: 10_000 });
    expect(await errorOf(kubernetes.nodes())).toMatchObject({ status: 0, reason: 'Unreachable' });
    expect(await kubernetes.ready()).toBe(false);
    expect(server.asked).toEqual([]);
  });

  it('is not shown to a server that is certified for another address', async () => {
    const server = await apiServer(authority, (_asked, response) => answer(response, noNodes));
    const kubernetes = await as(server.url.replace('127.0.0.1', 'localhost'));
    expect(await errorOf(kubernetes.nodes())).toMatchObject({ reason: 'Unreachable' });
    expect(server.asked).toEqual([]);
  });
});

describe('a kubeconfig that cannot be used', () => {
  const secret = 'c2VjcmV0IGtleQ';
  it.each([
    ['no YAML', `a: [${secret}\n  b: }`, 'it is not YAML'],
    ['nothing', '', 'must be object'],
    ['another document', `kind: Secret\ndata: ${secret}\n`, 'must have "clusters"'],
    [
      'plain HTTP',
      kubeconfig('http://127.0.0.1:1', undefined, { token: secret }),
      '/clusters/0/cluster/server must be an https:// address',
    ],
    ['no address', kubeconfig('https://:x:', undefined, { token: secret }), 'its server is not an address'],
    [
      'no such context',
      kubeconfig('https://127.0.0.1:1', undefined, { token: secret }).replace(
        '"current-context":"k8s"',
        '"current-context":"other"',
      ),
      'current context',
    ],
    [
      'a key that is none',
      kubeconfig('https://127.0.0.1:1', undefined, { certificate: 'x', key: secret }),
      'not valid PEM',
    ],
  ])('%s: says so, quotes nothing', async (_what, text, why) => {
    const error = await errorOf(openKubernetes(text, { timeoutMs: 1000 }));
    expect(error).toMatchObject({ status: 0, reason: 'BadKubeconfig', message: expect.stringContaining(why) });
    expect(error.message).not.toContain(secret);
  });
});

describe('without an answer', () => {
  it('nothing listens', async () => {
    const kubernetes = await as('https://127.0.0.1:1');
    expect(await errorOf(kubernetes.node('a'))).toMatchObject({
      status: 0,
      reason: 'Unreachable',
      message: 'GET /api/v1/nodes/a: ECONNREFUSED',
    });
    expect(await kubernetes.ready()).toBe(false);
  });

  it('it takes too long, before TLS and after it', async () => {
    const deaf = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.resume();
    });
    await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      deaf.close();
    });
    const { port } = deaf.address() as { port: number };
    const mute = await apiServer(authority, () => undefined);
    for (const url of [`https://127.0.0.1:${port}`, mute.url]) {
      const begun = performance.now();
      expect(await errorOf((await as(url, 300)).nodes())).toMatchObject({
        reason: 'Unreachable',
        message: 'GET /api/v1/nodes: no answer within 300 ms',
      });
      expect(performance.now() - begun).toBeLessThan(5000);
    }
  });

  it('the connection breaks in the middle', async () => {
    const server = await apiServer(authority, (_asked, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '1000' });
      response.write('{"kind":"NodeList",');
      setTimeout(() => response.destroy(), 20);
    });
    expect(await errorOf((await as(server.url)).nodes())).toMatchObject({ reason: 'Unreachable' });
  });
});

describe('an answer that is none of Kubernetes', () => {
  it.each([
    ['HTML', 'text/html', '<html>secret</html>'],
    ['half JSON', 'application/json', '{"kind":"NodeList","items":[{"secret'],
    ['nothing', 'application/json', ''],
    ['another JSON', 'application/json', '"secret"'],
    ['no list', 'application/json', '{"kind":"NodeList"}'],
  ])('%s', async (_what, type, text) => {
    const server = await apiServer(authority, (_asked, response) =>
      response.writeHead(200, { 'Content-Type': type }).end(text),
    );
    const error = await errorOf((await as(server.url)).nodes());
    expect(error).toMatchObject({ status: 200, reason: 'BadAnswer' });
    expect(error.message).not.toContain('secret');
  });

  it('with an error’s status keeps its meaning', async () => {
    const server = await apiServer(authority, (_asked, response) =>
      response.writeHead(503, { 'Content-Type': 'text/plain' }).end('no backend'),
    );
    expect(await errorOf((await as(server.url)).nodes())).toMatchObject({ status: 503, reason: 'ServiceUnavailable' });
  });
});

it('a refusal keeps Kubernetes’ words', async () => {
  const message = 'nodes is forbidden: User "system:node:w" cannot list resource "nodes"';
  const server = await apiServer(authority, (_asked, response) => refuse(response, 403, 'Forbidden', message));
  expect(await errorOf((await as(server.url)).nodes())).toMatchObject({ status: 403, reason: 'Forbidden', message });
});

describe('readiness', () => {
  it('is what /readyz says', async () => {
    const server = await apiServer(authority, (_asked, response, count) => {
      if (count === 1) response.end('ok');
      else if (count === 2) response.writeHead(500).end('[-]etcd failed: reason withheld\nreadyz check failed');
      else response.writeHead(401).end();
    });
    const kubernetes = await as(server.url);
    expect(await kubernetes.ready()).toBe(true);
    expect(await kubernetes.ready()).toBe(false);
    expect(await kubernetes.ready()).toBe(false);
    expect(server.asked[0]).toMatchObject({ method: 'GET', path: '/readyz' });
  });
});

describe('connections', () => {
  it('one does for all that is looked at', async () => {
    const server = await apiServer(authority, (_asked, response) => answer(response, noNodes));
    const kubernetes = await as(server.url);
    await Promise.all([kubernetes.nodes(), kubernetes.nodes(), kubernetes.nodes()]);
    await kubernetes.nodes();
    expect([server.asked.length, server.connections()]).toEqual([4, 1]);
  });

  it('whether the server is ready is asked of whoever takes connections now', async () => {
    const server = await apiServer(authority, (asked, response) =>
      asked.path === '/readyz' ? response.end('ok') : answer(response, noNodes),
    );
    const kubernetes = await as(server.url);
    await kubernetes.nodes();
    expect(await kubernetes.ready()).toBe(true);
    expect(server.connections()).toBe(2);
  });

  it('one that a restarted server has closed: what only looks is asked again', async () => {
    const server = await apiServer(authority, (_asked, response, count) => {
      if (count === 2) response.socket?.destroy();
      else answer(response, noNodes);
    });
    const kubernetes = await as(server.url);
    await kubernetes.nodes();
    expect(await kubernetes.nodes()).toEqual([]);
    expect([server.asked.length, server.connections()]).toEqual([3, 2]);
  });

  it('what changes something is asked once, over one of its own', async () => {
    const server = await apiServer(authority, (asked, response) => {
      if (asked.method === 'GET') answer(response, noNodes);
      else response.socket?.destroy();
    });
    const kubernetes = await as(server.url);
    await kubernetes.nodes();
    expect(await errorOf(kubernetes.deleteCertificateRequest('a'))).toMatchObject({ reason: 'Unreachable' });
    expect(server.asked.map(({ method }) => method)).toEqual(['GET', 'DELETE']);
    expect(server.connections()).toBe(2);
  });

  it('a new one that breaks is no reason to ask again', async () => {
    const server = await apiServer(authority, (_asked, response) => response.socket?.destroy());
    expect(await errorOf((await as(server.url)).nodes())).toMatchObject({ reason: 'Unreachable' });
    expect(server.asked).toHaveLength(1);
  });
});

it('leaves no connection behind, so that a process which asked ends by itself', async () => {
  const server = await apiServer(authority, (_asked, response) => answer(response, noNodes));
  const folder = await mkdtemp(join(tmpdir(), 'kc-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const module = (path: string) => JSON.stringify(new URL(`../../../${path}`, import.meta.url).href);
  await writeFile(join(folder, 'admin.conf'), kubeconfig(server.url, authority.intermediate, admin));
  await writeFile(
    join(folder, 'ask.ts'),
    `import { registerSchemaValidators } from ${module('scripts/schema-validators-in-node.ts')};
import { readFileSync } from 'node:fs';
registerSchemaValidators();
const { openKubernetes } = await import(${module('src/clients/kubernetes/open-kubernetes.ts')});
const kubernetes = await openKubernetes(readFileSync(${JSON.stringify(join(folder, 'admin.conf'))}, 'utf8'), { timeoutMs: 60_000 });
await kubernetes.nodes();
await kubernetes.ready();
const asked = performance.now();
process.on('exit', () => console.log(Math.round(performance.now() - asked)));
`,
  );
  const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'ask.ts')], { timeout: 20_000 });
  expect(Number(stdout)).toBeLessThan(1000);
  expect(server.asked).toHaveLength(2);
});
