/**
 * Serves HTTP for the daemons of a machine. Each request is announced to the machine's observer before it is looked at and
 * again when its answer is ready, so that a test can interrupt the client in between.
 */

import { chmod, mkdir, rm } from 'node:fs/promises';
import type {
  Server as HttpServer,
  IncomingHttpHeaders,
  IncomingMessage,
  RequestListener,
  ServerResponse,
} from 'node:http';
import type { Server as NetServer, Socket } from 'node:net';
import { dirname } from 'node:path';
import type { CallPhase } from '../../juju/machine.ts';

export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly socket: Socket;
  /** Aborted when the client is gone. */
  readonly gone: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
  /** Run once the answer has been written. */
  readonly afterSent?: () => void;
  /** Goes on writing after `body` until it resolves or the client is gone. */
  readonly stream?: (write: (chunk: string) => void, gone: AbortSignal) => Promise<void>;
}

export type Observe = (what: string, phase: CallPhase, exchange: Pick<Exchange, 'socket'>) => Promise<void>;

export interface ServeOptions {
  /** First word of what the observer is told. */
  readonly name: string;
  readonly observe: Observe;
  readonly handle: (exchange: Exchange) => Promise<Answer>;
  readonly onFailure: (error: unknown) => void;
}

export function listener(options: ServeOptions): RequestListener {
  return (request, response) => {
    void answer(options, request, response).catch((error: unknown) => {
      if (!response.destroyed) options.onFailure(error);
      response.destroy();
    });
  };
}

async function answer(options: ServeOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const exchange = await read(request, gone.signal);
  const what = `${options.name} ${exchange.method} ${exchange.path}`;
  await untilGone(options.observe(what, 'before', exchange), gone.signal);
  // A client that was ended before anything happened never asked.
  if (gone.signal.aborted) return;
  const result = await options.handle(exchange);
  await untilGone(options.observe(what, 'after', exchange), gone.signal);
  try {
    if (!gone.signal.aborted) await send(response, result, gone.signal);
  } finally {
    // What is to follow follows, whether or not there was someone to read the answer.
    result.afterSent?.();
  }
}

/** An observer may never resolve; when the client is gone there is nothing left to hold back. */
function untilGone(observed: Promise<void>, gone: AbortSignal): Promise<void> {
  if (gone.aborted) return observed;
  return Promise.race([
    observed,
    new Promise<void>((resolve) => gone.addEventListener('abort', () => resolve(), { once: true })),
  ]);
}

async function read(request: IncomingMessage, gone: AbortSignal): Promise<Exchange> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const url = new URL(request.url ?? '/', 'http://localhost');
  return {
    method: request.method ?? 'GET',
    path: decodeURI(url.pathname),
    query: url.searchParams,
    headers: request.headers,
    body: Buffer.concat(chunks),
    socket: request.socket,
    gone,
  };
}

async function send(response: ServerResponse, result: Answer, gone: AbortSignal): Promise<void> {
  response.writeHead(result.status, result.headers);
  if (result.stream !== undefined) {
    response.flushHeaders();
    response.write(result.body);
    await result.stream((chunk) => response.write(chunk), gone);
    response.end();
    return;
  }
  await new Promise<void>((resolve) => {
    response.on('close', () => resolve());
    response.end(result.body, () => resolve());
  });
}

export interface Listening {
  /** Nothing answers there any more, and open connections are cut. */
  close(): Promise<void>;
}

/** Listens on a Unix socket that replaces whatever is there. */
export async function listenOnSocket(server: HttpServer, path: string, mode: number): Promise<Listening> {
  await mkdir(dirname(path), { recursive: true });
  await rm(path, { force: true });
  const listening = await listen(server, (done) => server.listen(path, done));
  await chmod(path, mode);
  return listening;
}

export function listenOnPort(server: NetServer, host: string, port: number): Promise<Listening> {
  return listen(server, (done) => server.listen({ host, port, exclusive: true }, done));
}

async function listen(server: NetServer, start: (done: () => void) => void): Promise<Listening> {
  const sockets = new Set<Socket>();
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  };
  server.on('connection', track);
  server.on('secureConnection', track);
  server.on('tlsClientError', (_error, socket: Socket) => socket.destroy());
  server.on('clientError', (_error, socket: Socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    start(() => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
