/** kube-apiserver on a machine: the cluster's API over TLS, with the certificate that was in the file when it started. */

import { constants } from 'node:crypto';
import { createServer } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { type Answer, type Exchange, listener, listenOnPort } from '../http/server.ts';
import { at } from '../json.ts';
import type { NodeMachine } from '../node/machine.ts';
import type { Arguments, Stop } from '../node/services.ts';
import { type Api, ApiError } from './api.ts';
import { authenticateCertificate, type User } from './authenticate.ts';
import type { Mode } from './authorize.ts';
import { type EncryptionInService, loadEncryption } from './encryption-in-service.ts';
import { type PodSecurity, podSecurityOf } from './pod-security.ts';
import { internal, notAcceptable, unauthorized } from './status.ts';
import type { Watch } from './verbs.ts';

export async function serveApi(machine: NodeMachine, values: Arguments): Promise<Stop> {
  const member = machine.state.k8sd.member;
  if (member === undefined) throw new Error('the node is in no cluster');
  const api = machine.site.api(member.cluster);
  const authorities = await machine.files.need(values['--client-ca-file'] ?? '');
  const version = machine.state.snapd.snap?.version ?? '';
  const mode: Mode = values['--authorization-mode'] === 'AlwaysAllow' ? 'AlwaysAllow' : 'RBAC';
  const encryption = await loadEncryption(machine, values);
  const admission = values['--admission-control-config-file'];
  const podSecurity = podSecurityOf(admission === undefined ? undefined : await machine.files.need(admission));
  const started = Date.now() / 1000;
  const informed = { yet: api.store.through(encryption.codec).opensAll };
  const server = createServer(
    {
      cert: await machine.files.need(values['--tls-cert-file'] ?? ''),
      key: await machine.files.need(values['--tls-private-key-file'] ?? ''),
      ca: authorities,
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: values['--tls-min-version'] === 'VersionTLS13' ? 'TLSv1.3' : 'TLSv1.2',
      // Each connection shows its certificate: a resumed one would keep the identity of an expired certificate.
      secureOptions: constants.SSL_OP_NO_TICKET,
    },
    listener({
      name: 'kubernetes',
      observe: machine.observe,
      onFailure: machine.site.fail,
      handle: (exchange) =>
        answer({ api, machine, authorities, version, mode, encryption, podSecurity, started, informed }, exchange),
    }),
  );
  const listening = await listenOnPort(server, machine.address, Number(values['--secure-port'] ?? 6443));
  api.encryption.set(machine.id, encryption);
  return async () => {
    api.encryption.delete(machine.id);
    encryption.stop();
    await listening.close();
  };
}

interface Server {
  readonly api: Api;
  readonly machine: NodeMachine;
  readonly authorities: string;
  readonly version: string;
  readonly mode: Mode;
  readonly encryption: EncryptionInService;
  readonly podSecurity: PodSecurity;
  /** When the process started, in seconds. */
  readonly started: number;
  /** Whether it has read everything that it watches since it started: then it is ready, and stays so. */
  readonly informed: { yet: boolean };
}

async function answer(server: Server, exchange: Exchange): Promise<Answer> {
  try {
    const user = authenticate(server, exchange);
    if (user === undefined) throw unauthorized();
    requireAcceptable(exchange);
    return await serve(server, exchange, user);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return json(error.code, error.status());
  }
}

async function serve(server: Server, exchange: Exchange, user: User): Promise<Answer> {
  const { path } = exchange;
  const health = /^\/(readyz|livez|healthz)(\/|$)/.test(path);
  if (health && exchange.method === 'GET') return healthAnswer(server);
  if (path === '/version') return json(200, versionInfo(server.version));
  if (path === '/metrics') return metrics(server, exchange, user);
  if (!server.api.datastoreAnswers(server.machine)) throw internal('etcdserver: request timed out');
  const result = await server.api.handle({
    method: exchange.method,
    path,
    query: exchange.query,
    accept: exchange.headers.accept,
    contentType: exchange.headers['content-type'],
    body: exchange.body.toString('utf8'),
    user,
    mode: server.mode,
    codec: server.encryption.codec,
    podSecurity: server.podSecurity,
  });
  if (result.watch !== undefined) return stream(server, String(result.body), result.watch);
  return aggregated(exchange, result.body) ?? json(result.status, result.body);
}

/** Clients look at the type: without it, `kubectl` takes the document for one that it does not know. */
function aggregated({ path }: Exchange, body: unknown): Answer | undefined {
  if (path !== '/api' && path !== '/apis') return undefined;
  if (at(body, 'kind') !== 'APIGroupDiscoveryList') return undefined;
  const type = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
  return { status: 200, headers: { 'content-type': type }, body: JSON.stringify(body) };
}

function authenticate(server: Server, exchange: Exchange): User | undefined {
  const certificate = (exchange.socket as TLSSocket).getPeerX509Certificate();
  if (certificate !== undefined) {
    const user = authenticateCertificate(certificate, server.authorities);
    if (user !== undefined) return user;
  }
  const token = /^Bearer (\S+)$/i.exec(exchange.headers.authorization ?? '')?.[1];
  return token === undefined ? undefined : server.api.tokenUser(token, server.machine);
}

const acceptable = ['application/json', 'application/yaml', 'application/*', '*/*', 'text/plain'];

function requireAcceptable(exchange: Exchange): void {
  const header = exchange.headers.accept;
  if (header === undefined || header === '') return;
  const ranges = header.split(',').map((range) => (range.split(';')[0] ?? '').trim().toLowerCase());
  if (!ranges.some((range) => acceptable.includes(range))) throw notAcceptable();
}

function healthAnswer(server: Server): Answer {
  const { api, machine, encryption, informed } = server;
  if (!api.datastoreAnswers(machine))
    return text(500, '[+]ping ok\n[-]etcd failed: reason withheld\nreadyz check failed\n');
  informed.yet ||= api.store.through(encryption.codec).opensAll;
  if (informed.yet) return text(200, 'ok');
  return text(
    500,
    '[+]ping ok\n[+]etcd ok\n[-]informer-sync failed: reason withheld\n[-]poststarthook/storage-readiness failed: reason withheld\nreadyz check failed\n',
  );
}

async function metrics(server: Server, { method, path, query }: Exchange, user: User): Promise<Answer> {
  // Refused as any path is that is no resource, to who may not read it.
  await server.api.handle({ method, path, query, user, mode: server.mode }).catch((error: unknown) => {
    if (!(error instanceof ApiError) || error.code !== 404) throw error;
  });
  const lines = [`process_start_time_seconds ${server.started}`, ...server.encryption.metrics()];
  return text(200, `${lines.join('\n')}\n`);
}

function versionInfo(version: string): unknown {
  const [major, minor] = version.split('.');
  return {
    major,
    minor,
    gitVersion: `v${version}`,
    gitTreeState: 'clean',
    goVersion: 'go1.26',
    compiler: 'gc',
    platform: 'linux/amd64',
  };
}

function stream(server: Server, first: string, watch: Watch): Answer {
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: first,
    stream: (write, gone) =>
      new Promise((resolve) => {
        const stop = server.api.store.watch((event) => {
          if (watch.matches(event)) write(`${JSON.stringify({ type: event.type, object: event.object })}\n`);
        });
        const end = (): void => {
          stop();
          clearTimeout(timer);
          resolve();
        };
        const timer = setTimeout(end, watch.timeoutSeconds * 1000);
        timer.unref();
        gone.addEventListener('abort', end, { once: true });
      }),
  };
}

function json(status: number, body: unknown): Answer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

function text(status: number, body: string): Answer {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body };
}
