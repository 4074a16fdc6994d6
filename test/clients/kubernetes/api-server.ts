/** A TLS port that speaks what a test scripts, and knows its callers by their certificates as an API server does. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { onTestFinished } from 'vitest';
import type { Authority, Issued } from './authority.ts';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** Common name of the client's certificate. */
  readonly user: string | undefined;
  readonly body: unknown;
}

export type Answering = (asked: Asked, response: ServerResponse, count: number) => void;

export interface ApiServer {
  readonly url: string;
  readonly asked: readonly Asked[];
  /** How many connections there have been. */
  readonly connections: () => number;
}

export async function apiServer(authority: Authority, answering: Answering): Promise<ApiServer> {
  const { certificate, key } = await authority.server('127.0.0.1');
  const asked: Asked[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer(
    {
      cert: certificate,
      key,
      ca: [authority.root, authority.intermediate],
      requestCert: true,
      rejectUnauthorized: false,
    },
    (request, response) => {
      const chunks: Buffer[] = [];
      request.on('error', () => undefined);
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const socket = request.socket as TLSSocket;
        const text = Buffer.concat(chunks).toString('utf8');
        const one = {
          method: request.method ?? '',
          path: request.url ?? '',
          headers: request.headers,
          user: socket.authorized ? String(socket.getPeerCertificate().subject.CN) : undefined,
          body: text === '' ? undefined : JSON.parse(text),
        };
        asked.push(one);
        answering(one, response, asked.length);
      });
    },
  );
  server.on('tlsClientError', () => undefined);
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { url: `https://127.0.0.1:${address.port}`, asked, connections: () => connections };
}

export function kubeconfig(server: string, ca: string | undefined, user: Issued | { readonly token: string }): string {
  const base64 = (pem: string) => Buffer.from(pem).toString('base64');
  const credentials =
    'token' in user
      ? { token: user.token }
      : { 'client-certificate-data': base64(user.certificate), 'client-key-data': base64(user.key) };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'k8s', cluster: { server, ...(ca === undefined ? {} : { 'certificate-authority-data': base64(ca) }) } },
    ],
    users: [{ name: 'k8s-user', user: credentials }],
    contexts: [{ name: 'k8s', context: { cluster: 'k8s', user: 'k8s-user' } }],
    'current-context': 'k8s',
  });
}

export function answer(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(body));
}

export function refuse(response: ServerResponse, code: number, reason: string, message: string): void {
  answer(response, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code }, code);
}
